//! Logs: defmt frames that wait for the stream.
//!
//! What finds no room is lost and counted; nobody ever waits.

mod levels;

use heapless::{Deque, Vec};
use perf::stream::PAYLOAD;

pub use levels::{Chosen, Level, Levels, Module};

/// Bytes of a log at most.
pub const LONGEST: usize = 256;
const _: () = assert!(LONGEST <= PAYLOAD);

/// Logs that wait at most: some are written before anybody takes them.
const WAITING: usize = 64;

/// A defmt frame, without an encoding of its own.
pub type Log = Vec<u8, LONGEST>;

/// The log that is being written, and those that wait.
#[derive(Debug, Default)]
pub struct Logs {
    log: Log,
    /// The one that is being written did not fit.
    is_cut: bool,
    waiting: Deque<Log, WAITING>,
    lost: u64,
}

impl Logs {
    /// None.
    pub const fn new() -> Self {
        Self { log: Vec::new(), is_cut: false, waiting: Deque::new(), lost: 0 }
    }

    /// Begins one.
    pub fn begin(&mut self) {
        self.log.clear();
        self.is_cut = false;
    }

    /// Goes on with it.
    pub fn write(&mut self, bytes: &[u8]) {
        self.is_cut |= self.log.extend_from_slice(bytes).is_err();
    }

    /// Has it wait, whole or not at all.
    pub fn end(&mut self) {
        if self.is_cut || self.waiting.push_back(self.log.clone()).is_err() {
            self.lost += 1;
        }
    }

    /// The one that has waited longest.
    pub fn take(&mut self) -> Option<Log> {
        self.waiting.pop_front()
    }

    /// How many were lost since boot.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(logs: &mut Logs, pieces: &[&[u8]]) {
        logs.begin();
        pieces.iter().for_each(|piece| logs.write(piece));
        logs.end();
    }

    #[test]
    fn logs_wait_in_order_and_whole() {
        let mut logs = Logs::new();
        write(&mut logs, &[b"one", b"two"]);
        write(&mut logs, &[&[0; LONGEST], b"x"]);
        write(&mut logs, &[b"three"]);
        let taken: std::vec::Vec<_> = std::iter::from_fn(|| logs.take()).collect();
        assert_eq!(taken, [&b"onetwo"[..], b"three"]);
        assert_eq!(logs.lost(), 1);
    }

    #[test]
    fn what_finds_no_room_is_counted_and_the_older_ones_stay() {
        let mut logs = Logs::new();
        (0..WAITING as u8 + 3).for_each(|number| write(&mut logs, &[&[number]]));
        assert_eq!((logs.lost(), logs.take().as_deref()), (3, Some(&[0][..])));
    }
}
