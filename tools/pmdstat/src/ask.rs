//! What programs do at consoles: `pmdstat exec`, `put` and `pull`, at many machines at once.

mod exec;
mod fleet;
mod pull;
mod put;
mod session;

pub(crate) use exec::{Options as Exec, run as exec};
pub(crate) use pull::{Options as Pull, run as pull};
pub(crate) use put::{Options as Put, run as put};
