//! One iteration of a PMD loop, and the words that it is stored in.
//!
//! Two cache lines. The first says what happened and for how long; the second says in which
//! rooms, and is only written and read for iterations in which a room other than
//! [`Room::Rx`] had work. Nothing that follows from other fields is stored.

use serde::{Deserialize, Serialize};

use crate::room::Room;
use crate::suspicion::Reasons;

/// Words of the first line beside its mark, its start and its length: two counts each.
pub(crate) const COUNTS: usize = 5;
/// Words of the second line: every room but [`Room::Rx`].
pub(crate) const ROOMS: usize = Room::COUNT - 1;

/// Facts about an iteration that are either so or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags(u32);

impl Flags {
    /// Time was charged to a room other than [`Room::Rx`].
    pub const ROOMS: Self = Self(1 << 0);
    /// Part of the time was spent on purpose, by the command `stall`.
    pub const INJECTED: Self = Self(1 << 1);
    /// A pool had no frame for one that a device had ready.
    pub const STARVED: Self = Self(1 << 2);
    /// The time-stamp counter went backwards; the step was taken as no time at all, and time went on
    /// from there.
    pub const BACKWARDS: Self = Self(1 << 3);
    /// A transmit ring had no room for a frame.
    pub const TX_FULL: Self = Self(1 << 4);
    /// An NMI was taken that the kernel did not send.
    pub const NMI: Self = Self(1 << 5);
    /// A machine check was taken.
    pub const MACHINE_CHECK: Self = Self(1 << 6);
    /// A system management interrupt was taken since the core last looked.
    pub const SMI: Self = Self(1 << 7);
    /// The hypervisor ran something else since the core last looked.
    pub const STEAL: Self = Self(1 << 8);
    /// The core's clock ran at another speed than when the core looked before.
    pub const SPEED: Self = Self(1 << 9);
    /// It took too long, although no room had work that explains it.
    pub const GAP: Self = Self(1 << 10);
    /// The slow path failed for a frame.
    pub const LOST_UPCALL: Self = Self(1 << 11);
    /// As many frames as the limit, or more, went to the slow path.
    pub const STORM: Self = Self(1 << 12);
    /// The sleep before it lasted longer than asked for, by more than the limit.
    pub const OVERSLEPT: Self = Self(1 << 13);
    /// Packets needed more look-ups than they may have, so that flows had to give way.
    pub const LOOKUP_BUDGET: Self = Self(1 << 17);
    /// A frame was handed to the slow path.
    pub const UPCALL: Self = Self(1 << 15);
    /// A frame was dropped.
    pub const DROP: Self = Self(1 << 16);
    /// What few iterations have.
    pub(crate) const RARITIES: Self = Self::UPCALL.and(Self::DROP);
    /// A room had work. Without any flag an iteration has nothing to count.
    pub const WORK: Self = Self(1 << 14);

    /// Those that say what took time from it, or that somebody did on purpose, with their names
    /// in reports.
    pub const NAMES: [(Self, &'static str); 8] = [
        (Self::INJECTED, "injected"),
        (Self::NMI, "nmi"),
        (Self::MACHINE_CHECK, "machine-check"),
        (Self::SMI, "smi"),
        (Self::STEAL, "steal"),
        (Self::SPEED, "clock-speed"),
        (Self::GAP, "gap"),
        (Self::BACKWARDS, "clock-backwards"),
    ];

    /// None of them.
    pub const fn none() -> Self {
        Self(0)
    }

    /// Whether all of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether none is set.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether any of `other` is set.
    #[inline]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Those that are in both sets.
    #[must_use]
    #[inline]
    pub(crate) const fn only(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Sets all of `other`.
    pub const fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// One iteration: every queue of a core polled once, and what came carried to the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[repr(C)]
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
    /// Frames dropped, for whatever reason.
    pub dropped: u32,
    /// Highest fill of a receive ring when it was polled, in frames: those that the poll brought
    /// and those it left. A maximum.
    pub fill: u32,
    /// The receive queue with that fill, by the number that the loop gives it: in the kernel that of
    /// its port.
    pub deepest: u16,
    /// Why it is suspicious; empty if it is not.
    pub reasons: Reasons,
    /// Frames handed to the slow path.
    pub upcalls: u32,
    /// Those of them that the slow path failed for.
    pub lost: u32,
    /// What else is known of it.
    pub flags: Flags,
    /// Frames dropped because a transmit ring had no room.
    pub tx_dropped: u32,
    /// Cycles of each room but [`Room::Rx`].
    pub(crate) rooms: [u64; ROOMS],
}

impl Iteration {
    /// Cycles spent in `room`. Over all rooms they add up to `cycles`, where a recorder wrote them; of
    /// what a file says the others may be more, which leaves nothing for [`Room::Rx`].
    pub fn room(&self, room: Room) -> u64 {
        match room {
            Room::Rx => self.rooms.iter().fold(self.cycles, |rest, own| rest.saturating_sub(*own)),
            other => self.rooms[other as usize - 1],
        }
    }

    /// The same with so many cycles in `room`; [`Room::Rx`] is what the others leave.
    #[must_use]
    pub(crate) fn with_room(mut self, room: Room, cycles: u64) -> Self {
        if let Some(place) = (room as usize).checked_sub(1) {
            self.rooms[place] = cycles;
        }
        self
    }

    /// Whether a frame was received or sent. Cycles of such iterations count as busy.
    #[inline]
    pub fn is_busy(&self) -> bool {
        self.packets > 0 || self.sent > 0
    }

    /// Empties it of all that was counted; its number and start stay.
    #[inline]
    pub(crate) fn clear(&mut self) {
        if self.flags.has(Flags::ROOMS) {
            self.rooms = [0; ROOMS];
        }
        let Self { number, start, rooms, .. } = *self;
        *self = Self { number, start, rooms, ..Self::default() };
    }

    /// What its first line holds beside mark, start and length.
    #[inline]
    pub(crate) fn counts(&self) -> [u64; COUNTS] {
        let why = u32::from(self.deepest) | u32::from(self.reasons.bits()) << 16;
        [
            pair(self.packets, self.batches),
            pair(self.sent, self.dropped),
            pair(self.fill, why),
            pair(self.upcalls, self.lost),
            pair(self.flags.0, self.tx_dropped),
        ]
    }

    /// Takes over what [`counts`](Self::counts) gave.
    pub(crate) fn set_counts(&mut self, counts: [u64; COUNTS]) {
        let [received, sent, fill, upcalls, flags] = counts.map(halves);
        (self.packets, self.batches) = received;
        (self.sent, self.dropped) = sent;
        (self.fill, self.deepest) = (fill.0, fill.1 as u16);
        self.reasons = Reasons::from_bits((fill.1 >> 16) as u16);
        (self.upcalls, self.lost) = upcalls;
        (self.flags, self.tx_dropped) = (Flags(flags.0), flags.1);
    }
}

#[inline]
fn pair(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

fn halves(word: u64) -> (u32, u32) {
    (word as u32, (word >> 32) as u32)
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
            lost: 6,
            tx_dropped: 7,
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
    fn rooms_that_are_more_than_there_can_be_leave_nothing() {
        let iteration = Iteration { rooms: [u64::MAX; ROOMS], ..full() };
        assert_eq!(iteration.room(Room::Rx), 0);
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
