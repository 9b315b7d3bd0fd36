//! `pmdstat`, the program; all of it is in the library, for tools that read the same.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    pmdstat::main()
}
