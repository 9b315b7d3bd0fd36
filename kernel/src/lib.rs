//! What the kernel decides, apart from the machine: pure, and tested on the host.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod address;
pub mod boot;
pub mod command;
mod nearest;
pub mod options;
pub mod output;
pub mod shell;
