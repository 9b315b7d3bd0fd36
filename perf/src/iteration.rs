//! One iteration of a PMD loop, and the words that it is stored in.
//!
//! Two cache lines. The first says what happened and for how long; the second says in which
//! rooms, and is only written and read for iterations in which a room other than
//! [`Room::Rx`] had work. Nothing that follows from other fields is stored.

use crate::room::Room;
use crate::suspicion::Reasons;

/// Counts in the first line, beside its mark, its start and its length.
pub(crate) const COUNTS: usize = 8;
/// Words of the second line: every room but [`Room::Rx`].
pub(crate) const ROOMS: usize = Room::COUNT - 1;

/// Facts about an iteration that are either so or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u32);

impl Flags {
    /// A room other than [`Room::Rx`] had work.
    pub const ROOMS: Self = Self(1 << 0);
    /// Part of the time was spent on purpose, by the command `stall`.
    pub const INJECTED: Self = Self(1 << 1);
    /// A pool had no frame for one that a device had ready.
    pub const STARVED: Self = Self(1 << 2);
    /// The time-stamp counter went backwards; the step was taken as no time at all.
    pub const BACKWARDS: Self = Self(1 << 3);

    /// None of them.
    pub const fn none() -> Self {
        Self(0)
    }

    /// Whether all of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Sets all of `other`.
    pub const fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// One iteration: every queue of a core polled once, and what came carried to the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Iteration {
    /// Which iteration of its core this is. Counts from 1; never reused.
    pub number: u64,
    /// Time-stamp counter at its start.
    pub start: u64,
    /// Its length in cycles of the time-stamp counter.
    pub cycles: u64,
    /// Frames received.
    pub packets: u32,
    /// Polls that brought frames.
    pub batches: u32,
    /// Frames that transmit rings took.
    pub sent: u32,
    /// Frames dropped.
    pub dropped: u32,
    /// Highest fill of a receive ring when it was polled, in frames: those that the poll brought
    /// and those it left. A maximum.
    pub fill: u32,
    /// The receive queue with that fill, as its core counts queues.
    pub deepest: u16,
    /// Why it is suspicious; empty if it is not.
    pub reasons: Reasons,
    /// Frames handed to the slow path.
    pub upcalls: u32,
    /// What else is known of it.
    pub flags: Flags,
    /// Cycles of each room but [`Room::Rx`].
    pub(crate) rooms: [u64; ROOMS],
}

impl Iteration {
    /// Cycles spent in `room`. Over all rooms they add up to `cycles`.
    pub fn room(&self, room: Room) -> u64 {
        match room {
            Room::Rx => self.cycles - self.rooms.iter().sum::<u64>().min(self.cycles),
            other => self.rooms[other as usize - 1],
        }
    }

    /// Whether a frame was received or sent. Cycles of such iterations count as busy.
    pub fn is_busy(&self) -> bool {
        self.packets > 0 || self.sent > 0
    }

    /// Empties it of all that was counted; its number and start stay. Field by field, because
    /// this is done in every iteration and the rooms are mostly empty already.
    #[inline]
    pub(crate) fn clear(&mut self) {
        if self.flags.has(Flags::ROOMS) {
            self.rooms = [0; ROOMS];
        }
        self.cycles = 0;
        (self.packets, self.batches, self.sent, self.dropped) = (0, 0, 0, 0);
        (self.fill, self.deepest, self.upcalls) = (0, 0, 0);
        (self.reasons, self.flags) = (Reasons::none(), Flags::none());
    }

    /// What its first line holds beside mark, start and length.
    #[inline]
    pub(crate) fn counts(&self) -> [u32; COUNTS] {
        let why = u32::from(self.deepest) << 16 | u32::from(self.reasons.bits());
        let Self { packets, batches, sent, dropped, fill, upcalls, flags, .. } = *self;
        [packets, batches, sent, dropped, fill, why, upcalls, flags.0]
    }

    /// Takes over what [`counts`](Self::counts) gave.
    pub(crate) fn set_counts(&mut self, counts: [u32; COUNTS]) {
        let [packets, batches, sent, dropped, fill, why, upcalls, flags] = counts;
        (self.packets, self.batches, self.sent, self.dropped) = (packets, batches, sent, dropped);
        (self.fill, self.deepest, self.upcalls) = (fill, (why >> 16) as u16, upcalls);
        (self.reasons, self.flags) = (Reasons::from_bits(why as u16), Flags(flags));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Iteration {
        Iteration {
            number: 7,
            start: u64::MAX - 1,
            cycles: 1000,
            packets: 1,
            batches: 2,
            sent: 3,
            dropped: 4,
            fill: u32::MAX,
            deepest: 0xabcd,
            reasons: Reasons::DURATION,
            upcalls: 5,
            flags: Flags::INJECTED,
            rooms: [1, 2, 3, 4, 5, 6, 7, 8],
        }
    }

    #[test]
    fn an_iteration_survives_being_stored() {
        let full = full();
        let mut stored = Iteration { packets: 0, sent: 0, flags: Flags::none(), ..full };
        stored.set_counts(full.counts());
        assert_eq!(stored, full);
    }

    #[test]
    fn a_cleared_iteration_holds_nothing_but_its_place() {
        let mut iteration = full();
        iteration.flags.set(Flags::ROOMS);
        iteration.clear();
        let (number, start) = (7, u64::MAX - 1);
        assert_eq!(iteration, Iteration { number, start, ..Iteration::default() });
    }

    #[test]
    fn rooms_add_up_to_the_iteration() {
        let iteration = full();
        let sum: u64 = Room::ALL.iter().map(|&room| iteration.room(room)).sum();
        assert_eq!(sum, iteration.cycles);
        assert_eq!(iteration.room(Room::Rx), 1000 - 36);
        assert_eq!(iteration.room(Room::Housekeeping), 8);
    }
}
