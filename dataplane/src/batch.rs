//! Frames on their way through the rooms: thirty-two frames, thirty-two bits.

use frame::{BURST, Burst};

use crate::ledger::Reason;

/// What is to become of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It leaves by the port of this number.
    Output(u16),
    /// It goes back to the pool.
    Drop(Reason),
}

/// Up to 32 frames of one poll, with a verdict for each.
pub struct Batch {
    /// Number of the port that all frames came in by.
    pub port: u16,
    /// The frames, in order of arrival.
    pub frames: Burst,
    /// Bytes of all frames together.
    pub bytes: u64,
    /// What was decided of each that is not open, where they do not share a verdict.
    pub verdicts: [Verdict; BURST],
    /// Bit i says that frame i has no verdict yet.
    pub open: u32,
    /// The verdict that all frames share, where it was given to all at once.
    pub shared: Option<Verdict>,
}

impl Batch {
    /// A batch without frames.
    pub const fn new() -> Self {
        Self {
            port: 0,
            frames: Burst::new(),
            verdicts: [Verdict::Drop(Reason::NoRule); BURST],
            open: 0,
            bytes: 0,
            shared: None,
        }
    }

    /// Declares all frames open.
    pub fn open_all(&mut self) {
        self.open = ((1_u64 << self.frames.len()) - 1) as u32;
        self.shared = None;
    }

    /// Gives all open frames the same `verdict`, and returns to how many.
    #[inline]
    pub fn settle_all(&mut self, verdict: Verdict) -> u32 {
        let mut open = core::mem::take(&mut self.open);
        let settled = open.count_ones();
        if settled as usize == self.frames.len() {
            self.shared = Some(verdict);
            return settled;
        }
        while open != 0 {
            self.verdicts[open.trailing_zeros() as usize] = verdict;
            open &= open - 1;
        }
        settled
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use frame::Frame;

    use super::*;

    #[test]
    fn only_open_frames_are_settled() {
        let mut batch = Batch::new();
        assert!(batch.frames.push(Frame::new(Box::leak(Box::default()))).is_ok());
        batch.open = 0b1011;
        assert_eq!(batch.settle_all(Verdict::Output(7)), 3);
        let settled = |i: usize| batch.verdicts[i] == Verdict::Output(7);
        assert_eq!([0, 1, 2, 3, 4].map(settled), [true, true, false, true, false]);
        assert_eq!((batch.open, batch.shared), (0, None));
    }

    #[test]
    fn a_verdict_on_all_frames_is_shared() {
        let mut batch = Batch::new();
        assert!(batch.frames.push(Frame::new(Box::leak(Box::default()))).is_ok());
        batch.open_all();
        assert_eq!(batch.settle_all(Verdict::Output(7)), 1);
        assert_eq!((batch.open, batch.shared), (0, Some(Verdict::Output(7))));
    }
}
