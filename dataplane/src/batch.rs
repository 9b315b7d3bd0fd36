//! Frames on their way through the rooms: thirty-two frames, thirty-two bits.

use frame::{BURST, Burst};

use crate::ledger::Reason;

/// What is known of a frame: all that verdicts may depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Number of the port it came in by.
    pub port: u16,
}

/// What is to become of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It leaves by the port of this number.
    Output(u16),
    /// It goes back to the pool.
    Drop(Reason),
}

/// Up to 32 frames of one poll, with a key and a verdict for each.
pub struct Batch {
    /// Number of the port that all frames came in by.
    pub port: u16,
    /// The frames, in order of arrival.
    pub frames: Burst,
    /// What is known of each.
    pub keys: [Key; BURST],
    /// What was decided of each that is not open.
    pub verdicts: [Verdict; BURST],
    /// Bit i says that frame i has no verdict yet.
    pub open: u32,
}

impl Batch {
    /// A batch without frames.
    pub const fn new() -> Self {
        Self {
            port: 0,
            frames: Burst::new(),
            keys: [Key { port: 0 }; BURST],
            verdicts: [Verdict::Drop(Reason::NoRule); BURST],
            open: 0,
        }
    }

    /// Declares all frames open.
    pub fn open_all(&mut self) {
        self.open = ((1_u64 << self.frames.len()) - 1) as u32;
    }

    /// Gives a verdict to each open frame for which `decide` has one, and returns to how many.
    #[inline]
    pub fn settle(&mut self, mut decide: impl FnMut(&Key) -> Option<Verdict>) -> u32 {
        let mut asked = self.open;
        let before = asked.count_ones();
        while asked != 0 {
            let i = asked.trailing_zeros() as usize;
            asked &= asked - 1;
            if let Some(verdict) = decide(&self.keys[i]) {
                self.verdicts[i] = verdict;
                self.open &= !(1 << i);
            }
        }
        before - self.open.count_ones()
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_open_frames_are_asked_about_and_only_answers_close_them() {
        let mut batch = Batch::new();
        for (i, key) in batch.keys.iter_mut().enumerate() {
            key.port = i as u16;
        }
        batch.open = 0b1011;
        let mut asked = Vec::new();
        let settled = batch.settle(|key| {
            asked.push(key.port);
            (key.port != 1).then_some(Verdict::Output(key.port))
        });
        assert_eq!((settled, batch.open, asked), (2, 0b0010, vec![0, 1, 3]));
        assert_eq!(batch.verdicts[3], Verdict::Output(3));
    }
}
