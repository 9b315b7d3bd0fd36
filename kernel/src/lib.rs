//! What the kernel decides, apart from the machine: pure, and tested on the host.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod address;
pub mod balance;
pub mod boot;
pub mod cmos;
pub mod command;
pub mod config;
pub mod control;
#[cfg(test)]
mod documents;
mod ether;
pub mod isolation;
pub mod logs;
pub mod loopback;
pub mod machine;
pub mod management;
mod nearest;
pub mod options;
pub mod output;
#[cfg(test)]
mod played;
pub mod port_name;
pub mod shell;
pub mod show;
pub mod stream;
