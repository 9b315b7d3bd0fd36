//! The last iterations of a core: a chain of segments in static memory.
//!
//! One core writes, any core reads, nobody waits. Iterations are stored by number: 64 in a row
//! make a chunk, and a chunk lives in one segment. When a chunk is full the writer goes on in its
//! oldest segment that no window has pinned.
//!
//! A slot is under a `Seal` that names its iteration: a reader gets a whole one, or none. Who lives
//! in a segment and whether it is pinned is its `Tenancy`.

use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU32, AtomicU64};

use crate::cross::tenancy::Apart;
use crate::cross::{Seal, Tenancy};
use crate::iteration::{COUNTS, Flags, Iteration, ROOMS};

mod writer;

pub(crate) use writer::{Pin, Writer};

/// Iterations in a segment.
pub const CHUNK: u64 = 64;
/// Segments that one history has at most.
pub const SEGMENTS: usize = 256;

/// Two cache lines: an iteration, and its number, which is never 0, as the seal.
#[repr(C, align(64))]
struct Slot {
    seal: Seal,
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
        seal: Seal(AtomicU64::new(0)),
        start: AtomicU64::new(0),
        cycles: AtomicU64::new(0),
        counts: [const { AtomicU64::new(0) }; COUNTS],
        rooms: Rooms([const { AtomicU64::new(0) }; ROOMS]),
    };

    #[inline]
    fn write(&self, iteration: &Iteration) {
        self.seal.open();
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
        self.seal.close(iteration.number);
    }

    /// Writes an iteration of which nothing is to be said but its length.
    #[inline]
    fn write_idle(&self, iteration: &Iteration) {
        self.seal.open();
        self.start.store(iteration.start, Relaxed);
        self.cycles.store(iteration.cycles, Relaxed);
        self.counts.iter().for_each(|count| count.store(0, Relaxed));
        self.seal.close(iteration.number);
    }

    fn read(&self, number: u64) -> Option<Iteration> {
        if !self.seal.holds(number) {
            return None;
        }
        let (start, cycles) = (self.start.load(Relaxed), self.cycles.load(Relaxed));
        let mut iteration = Iteration { number, start, cycles, ..Iteration::default() };
        iteration.set_counts(core::array::from_fn(|i| self.counts[i].load(Relaxed)));
        if iteration.flags.has(Flags::ROOMS) {
            iteration.rooms = core::array::from_fn(|i| self.rooms.0[i].load(Relaxed));
        }
        self.seal.still_holds(number).then_some(iteration)
    }
}

/// Room for one chunk of iterations.
#[repr(C, align(64))]
pub struct Segment {
    tenancy: Tenancy,
    slots: [Slot; CHUNK as usize],
}

impl Segment {
    /// A segment that holds nothing.
    #[expect(clippy::declare_interior_mutable_const, reason = "the value that arrays are made of")]
    pub const EMPTY: Self = Self {
        tenancy: Tenancy {
            chunk: AtomicU64::new(0),
            pinned: AtomicU32::new(0),
            released: Apart(AtomicU32::new(0)),
        },
        slots: [const { Slot::EMPTY }; CHUNK as usize],
    };
}

/// The reader lets go of pins on a line that the writer does not write.
const _: () = {
    use core::mem::offset_of;
    let released = offset_of!(Tenancy, released);
    assert!(released.abs_diff(offset_of!(Tenancy, chunk)) >= 64);
    assert!(released.abs_diff(offset_of!(Tenancy, pinned)) >= 64);
    assert!(offset_of!(Segment, slots).is_multiple_of(64) && size_of::<Tenancy>() == 128);
};

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
            if let Some(segment) = self.find(chunk) {
                segment.tenancy.release();
            }
        }
    }

    fn find(&self, chunk: u64) -> Option<&'static Segment> {
        self.segments.iter().find(|segment| segment.tenancy.holds(chunk))
    }
}
