//! The last iterations of a core: a chain of segments in static memory.
//!
//! One core writes, any core reads, nobody waits. Iterations are stored by number: 64 in a row
//! make a chunk, and a chunk lives in one segment. When a chunk is full the writer goes on in its
//! oldest segment that no window has pinned.
//!
//! # Who writes what
//!
//! The writer alone writes slots, chunk numbers and pin counts. The reader alone writes release
//! counts. A segment is pinned while the two counts differ. The writer empties a slot's mark,
//! then writes its words, then its mark; a reader that finds the same mark before and after has
//! read one whole iteration.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU32, AtomicU64, fence};

use crate::iteration::{COUNTS, Flags, Iteration, ROOMS};

mod writer;

pub(crate) use writer::{Pin, Writer};

/// Iterations in a segment.
pub const CHUNK: u64 = 64;
/// Segments that one history has at most.
pub const SEGMENTS: usize = 256;

/// Two cache lines: an iteration, and the mark that says which one it is.
#[repr(C, align(64))]
struct Slot {
    /// Number of the iteration in it; 0 while empty or being written.
    mark: AtomicU64,
    start: AtomicU64,
    cycles: AtomicU64,
    counts: [AtomicU64; COUNTS],
    rooms: Rooms,
}

/// The second line.
#[repr(align(64))]
struct Rooms([AtomicU64; ROOMS]);

const _: () = assert!(size_of::<Slot>() == 128);

impl Slot {
    #[expect(clippy::declare_interior_mutable_const, reason = "the value that arrays are made of")]
    const EMPTY: Self = Self {
        mark: AtomicU64::new(0),
        start: AtomicU64::new(0),
        cycles: AtomicU64::new(0),
        counts: [const { AtomicU64::new(0) }; COUNTS],
        rooms: Rooms([const { AtomicU64::new(0) }; ROOMS]),
    };

    #[inline]
    fn write(&self, iteration: &Iteration) {
        self.mark.store(0, Relaxed);
        fence(Release);
        self.start.store(iteration.start, Relaxed);
        self.cycles.store(iteration.cycles, Relaxed);
        for (count, value) in self.counts.iter().zip(iteration.counts()) {
            count.store(value, Relaxed);
        }
        if iteration.flags.has(Flags::ROOMS) {
            for (room, value) in self.rooms.0.iter().zip(iteration.rooms) {
                room.store(value, Relaxed);
            }
        }
        self.mark.store(iteration.number, Release);
    }

    /// Writes an iteration of which nothing is to be said but its length.
    #[inline]
    fn write_idle(&self, iteration: &Iteration) {
        self.mark.store(0, Relaxed);
        fence(Release);
        self.start.store(iteration.start, Relaxed);
        self.cycles.store(iteration.cycles, Relaxed);
        self.counts.iter().for_each(|count| count.store(0, Relaxed));
        self.mark.store(iteration.number, Release);
    }

    fn read(&self, number: u64) -> Option<Iteration> {
        // 0 is the mark of an empty slot, and no iteration's number.
        if number == 0 || self.mark.load(Acquire) != number {
            return None;
        }
        let (start, cycles) = (self.start.load(Relaxed), self.cycles.load(Relaxed));
        let mut iteration = Iteration { number, start, cycles, ..Iteration::default() };
        iteration.set_counts(core::array::from_fn(|i| self.counts[i].load(Relaxed)));
        if iteration.flags.has(Flags::ROOMS) {
            iteration.rooms = core::array::from_fn(|i| self.rooms.0[i].load(Relaxed));
        }
        fence(Acquire);
        (self.mark.load(Relaxed) == number).then_some(iteration)
    }
}

/// A count on a cache line of its own.
#[repr(align(64))]
struct Apart(AtomicU32);

/// Room for one chunk of iterations.
#[repr(C, align(64))]
pub struct Segment {
    /// Number of the chunk in it plus one; 0 before its first.
    chunk: AtomicU64,
    pinned: AtomicU32,
    released: Apart,
    slots: [Slot; CHUNK as usize],
}

impl Segment {
    /// A segment that holds nothing.
    #[expect(clippy::declare_interior_mutable_const, reason = "the value that arrays are made of")]
    pub const EMPTY: Self = Self {
        chunk: AtomicU64::new(0),
        pinned: AtomicU32::new(0),
        released: Apart(AtomicU32::new(0)),
        slots: [const { Slot::EMPTY }; CHUNK as usize],
    };

    fn is_pinned(&self) -> bool {
        self.pinned.load(Relaxed) != self.released.0.load(Acquire)
    }

    fn holds(&self, chunk: u64) -> bool {
        self.chunk.load(Acquire) == chunk + 1
    }
}

/// The last iterations of one core, as its reader sees them.
#[derive(Clone, Copy)]
pub struct History {
    segments: &'static [Segment],
}

impl History {
    /// A history in `segments`: of no more than [`SEGMENTS`] of them it uses all.
    pub fn new(segments: &'static [Segment]) -> Self {
        Self { segments: &segments[..segments.len().min(SEGMENTS)] }
    }

    /// Iterations it can hold.
    pub fn capacity(&self) -> u64 {
        self.segments.len() as u64 * CHUNK
    }

    /// Iteration `number`, if it was recorded and has not been overwritten.
    pub fn iteration(&self, number: u64) -> Option<Iteration> {
        let segment = self.find(number / CHUNK)?;
        segment.slots[(number % CHUNK) as usize].read(number)
    }

    /// Lets go of the chunks of a window, which a mark pinned. Call it once for each mark, and
    /// not before the iteration `last` has ended.
    pub(crate) fn release(&self, first: u64, last: u64) {
        for chunk in first / CHUNK..=last / CHUNK {
            let Some(segment) = self.find(chunk) else { continue };
            let released = &segment.released.0;
            released.store(released.load(Relaxed).wrapping_add(1), Release);
        }
    }

    fn find(&self, chunk: u64) -> Option<&'static Segment> {
        self.segments.iter().find(|segment| segment.holds(chunk))
    }
}
