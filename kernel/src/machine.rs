//! What the console needs of the machine, and does not know how to do.

use crate::address::{Mac, Place};
use crate::command::Crash;

/// The machine that the console runs on.
pub trait Machine {
    /// The time-stamp counter now.
    fn now(&self) -> u64;

    /// The port `number`, counted from 0; none beyond the last.
    fn port(&self, number: usize) -> Option<Port>;

    /// The function that crashes the core that calls it.
    fn crash(&self, kind: Crash) -> fn();

    /// Starts the machine again. Returns only if that cannot be done.
    fn reboot(&mut self);

    /// Leaves the emulator. Returns only if there is none.
    fn exit(&mut self);
}

/// A port as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// Where its card is.
    pub place: Place,
    /// The name of its driver.
    pub driver: &'static str,
    /// Its address on Ethernet.
    pub mac: Mac,
    /// Whether its link is up.
    pub link: bool,
    /// The core that polls it.
    pub core: usize,
    /// Frames that its transmit ring holds.
    pub ring_pending: u32,
    /// Frames that the card says it had no room for, where it can tell.
    pub missed: Option<u64>,
}
