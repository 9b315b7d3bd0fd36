//! `pmdstat serve`, and what is shipped for those who read it: asked by HTTP, checked with Prometheus' own
//! tools, and scraped by its server, where those are installed.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod player;
mod serve;
mod serving;
#[path = "../tool/mod.rs"]
mod tool;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let trials: Vec<Trial> = serving::trials();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
