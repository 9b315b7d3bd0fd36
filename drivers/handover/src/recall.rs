//! Something that one core lends to others, and calls back to put it in order: a card, whose queues
//! belong to PMDs.
//!
//! The owner counts turns. In even ones holders use what they have; in odd ones they have given it up,
//! and it is the owner's. A holder looks at the turn now and then, does what that asks for, and says
//! that it has followed. Nobody waits for anybody: where holders are late the owner looks again later.

use super::atomic::AtomicU64;
use super::atomic::Ordering::{Acquire, Release};

/// Holders at most.
pub const HOLDERS: usize = 32;

/// Bits below the turn in what a holder says: why it asks, or 0.
const WHY: u32 = 16;

/// Memory of what is said. What holders look at shares no cache line with what they write.
pub struct Recall {
    turn: Line,
    said: [Line; HOLDERS],
}

#[repr(align(64))]
struct Line(AtomicU64);

impl Recall {
    /// Nobody holds anything yet.
    pub fn new() -> Self {
        let line = || Line(AtomicU64::new(0));
        Self { turn: line(), said: core::array::from_fn(|_| line()) }
    }

    /// The owner's end.
    pub fn open(&'static mut self) -> Owner {
        Owner { shared: self, holders: 0, turn: 0 }
    }
}

impl Default for Recall {
    fn default() -> Self {
        Self::new()
    }
}

/// Whoever lends it.
pub struct Owner {
    shared: &'static Recall,
    holders: usize,
    turn: u64,
}

impl Owner {
    /// One more holder, who may use it at once; none if there are [`HOLDERS`] already, or once it was
    /// called back.
    pub fn lend(&mut self) -> Option<Holder> {
        let number = self.holders;
        let has_place = number < HOLDERS && self.turn == 0;
        self.holders += usize::from(has_place);
        has_place.then_some(Holder { shared: self.shared, number, turn: 0 })
    }

    /// The first holder that asks for it to be called back, and why it does.
    pub fn asked(&self) -> Option<(usize, u16)> {
        let why = |said: &Line| {
            let said = said.0.load(Acquire);
            if said >> WHY == self.turn { said as u16 } else { 0 }
        };
        self.shared.said[..self.holders].iter().map(why).enumerate().find(|(_, why)| *why != 0)
    }

    /// Has all holders give it up.
    pub fn call_back(&mut self) {
        self.turn |= 1;
        self.shared.turn.0.store(self.turn, Release);
    }

    /// Whether all have given it up: it is the owner's then.
    pub fn is_back(&self) -> bool {
        let has_followed = |said: &Line| said.0.load(Acquire) >> WHY == self.turn;
        self.turn & 1 == 1 && self.shared.said[..self.holders].iter().all(has_followed)
    }

    /// Has all holders use it again. They have all given it up.
    pub fn lend_again(&mut self) {
        debug_assert!(self.is_back(), "what somebody still has is not lent");
        self.turn = (self.turn | 1) + 1;
        self.shared.turn.0.store(self.turn, Release);
    }
}

/// A turn that a holder has not followed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn(u64);

impl Turn {
    /// Whether it asks to give up, and not to go on.
    pub fn is_recall(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Whoever it is lent to.
pub struct Holder {
    shared: &'static Recall,
    number: usize,
    /// The turn that it followed last.
    turn: u64,
}

impl Holder {
    /// Whether it may use what it holds.
    pub fn may_use(&self) -> bool {
        self.turn & 1 == 0
    }

    /// What is to be done now; none if that has been done.
    pub fn look(&self) -> Option<Turn> {
        let turn = self.shared.turn.0.load(Acquire);
        (turn != self.turn).then_some(Turn(turn))
    }

    /// Says that it has done what `turn` asks for.
    pub fn follow(&mut self, turn: Turn) {
        self.turn = turn.0;
        self.say(0);
    }

    /// Asks for it to be called back, for a reason that is not 0.
    pub fn ask(&mut self, why: u16) {
        self.say(why);
    }

    fn say(&mut self, why: u16) {
        let said = self.turn << WHY | u64::from(why);
        self.shared.said[self.number].0.store(said, Release);
    }
}
