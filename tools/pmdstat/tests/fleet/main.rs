//! `pmdstat serve`, and what is shipped for those who read it: asked by HTTP, checked with Prometheus' own
//! tools, and scraped by its server, where those are installed.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod monitor;
mod player;
mod promql;
mod serve;
mod serving;
mod shipped;
#[path = "../tool/mod.rs"]
mod tool;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let trials: Vec<Trial> =
        [serving::trials(), shipped::trials(), monitor::trials()].into_iter().flatten().collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
