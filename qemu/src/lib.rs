//! Machines in QEMU, seen from the host: what they are made of, what runs between their
//! network cards and this process, and what they say on their consoles.
//!
//! - [`machine`] describes a machine in types and turns it into one exact QEMU command line;
//!   [`command_line`], [`accel`] and [`find`] serve it.
//! - [`run_directory`], [`guest`], [`console`], [`screen`], [`sockets`] and [`qmp`] run it. Every wait has a
//!   limit, and an expired one says what was waited for and what was on the screen. [`debugger`]
//!   breaks what a guest has in its memory.
//! - [`wire`], [`frames`] and [`traffic`] feed it and check what comes back, byte for byte;
//!   [`namespace`] lets the Linux host's own network stack do so.
//! - [`reading`] parses what the image reports, [`ledger`] compares it with what the host saw,
//!   and [`cost`] counts the instructions that a frame takes. [`faults`] forces crashes and reads their
//!   reports.
//! - [`loaders`] and [`pxe`] let it boot by the loaders and the firmware that a lab has; [`debian`] is
//!   what they and others take of Debian, and [`missing`] what this host lacks for them.
//!
//! - [`documents`] tells what the project's documents have a reader type.
//! - [`seats`] puts cards of a model outside QEMU, [`nic82599`], into a machine.
//!
//! Nothing here trusts the guest: its console is text of any shape, its frames are compared
//! and never followed.

#![forbid(unsafe_code)]

pub mod accel;
pub mod asking;
pub mod boot_image;
pub mod command_line;
pub mod console;
pub mod cost;
pub mod debian;
pub mod debugger;
pub mod documents;
pub mod faults;
pub mod find;
pub mod frames;
pub mod guest;
pub mod ledger;
pub mod loaders;
pub mod machine;
pub mod missing;
pub mod namespace;
pub mod pxe;
pub mod qmp;
pub mod reading;
pub mod run_directory;
pub mod screen;
pub mod seats;
pub mod sockets;
pub mod traffic;
pub mod wire;
