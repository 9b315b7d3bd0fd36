//! Frames on their way through the rooms: thirty-two frames, thirty-two bits.

use frame::{BURST, Burst};

use crate::key::Key;
use crate::ledger::Reason;
use crate::parse::LARGEST;

/// What is to become of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It leaves by the port of this number.
    Output(u16),
    /// It goes back to the pool.
    Drop(Reason),
    /// The program of this number is carried out.
    Run(u32),
}

/// How flows of frames are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// All meet this flow, whose verdict this is: no frame has to be looked at.
    Whole(u32, Verdict),
    /// By simple match, else by the classifier.
    Simple,
    /// By the other caches, else by the classifier.
    Caches,
}

/// Up to 32 frames, with what is known of each and a verdict for each.
pub struct Batch {
    /// Number of the port that all frames came in by; of those that come again, what the first did.
    pub port: u16,
    /// The frames, in order of arrival.
    pub frames: Burst,
    /// Bytes of all frames together.
    pub bytes: u64,
    /// None is longer than this, but for a VLAN tag, once those that may not be are settled.
    pub largest: usize,
    /// How their flows are found.
    pub way: Way,
    /// What each is looked up by, if it has to be looked at.
    pub keys: [Key; BURST],
    /// The flow that each met.
    pub flows: [u32; BURST],
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
            bytes: 0,
            largest: LARGEST,
            way: Way::Caches,
            keys: [Key::ZERO; BURST],
            flows: [0; BURST],
            verdicts: [Verdict::Drop(Reason::NoRule); BURST],
            open: 0,
            shared: None,
        }
    }

    /// Numbers of the frames that are open.
    #[inline]
    pub fn each_open(&self) -> impl Iterator<Item = usize> + use<> {
        let mut open = self.open;
        core::iter::from_fn(move || {
            let first = open.trailing_zeros() as usize;
            (open != 0).then(|| {
                open &= open - 1;
                first
            })
        })
    }

    /// Gives frame `i` a verdict.
    #[inline]
    pub fn settle(&mut self, i: usize, verdict: Verdict) {
        self.verdicts[i] = verdict;
        self.open &= !(1 << i);
    }

    /// The verdict that is the same for all frames, if it is.
    #[inline]
    pub fn common(&self) -> Option<Verdict> {
        if self.shared.is_some() {
            return self.shared;
        }
        let (first, others) = self.verdicts[..self.frames.len()].split_first()?;
        others.iter().all(|verdict| verdict == first).then_some(*first)
    }

    /// Forgets what was known of frames that are gone.
    pub fn clear(&mut self) {
        (self.bytes, self.open, self.way, self.shared) = (0, 0, Way::Caches, None);
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
