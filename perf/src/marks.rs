//! Notes of suspicious iterations, from the PMD that made them to the control core.
//!
//! A bounded queue with one writer and one reader. The writer never waits: what finds no room is
//! counted. At any time `triggers = taken + suppressed + pending`.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use crate::counters::Tally;
use crate::cross::Turns;
use crate::stolen::{Readings, Source};
use crate::suspicion::Reasons;

/// Notes that can wait for their reader.
const PENDING: usize = 256;
/// Words of a note.
const WORDS: usize = 4 + Source::COUNT;
/// Bit of the last word that says that the window was cut.
const CUT: u64 = 1 << 16;

/// A suspicious iteration, and the window around it that the history keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Number of the suspicious iteration.
    pub number: u64,
    /// First iteration of its window.
    pub first: u64,
    /// Last iteration of its window. May still be to come.
    pub last: u64,
    /// Why it is suspicious.
    pub reasons: Reasons,
    /// Whether the window is smaller than what was asked for, because too many are waiting.
    pub cut: bool,
    /// What the core's slow registers counted since it had last looked at them; nothing where it
    /// did not look.
    pub readings: Readings,
}

impl Mark {
    fn words(&self) -> [u64; WORDS] {
        let cut = if self.cut { CUT } else { 0 };
        let [a, b, c, d, e, f] = self.readings.words();
        let why = u64::from(self.reasons.bits()) | cut;
        [self.number, self.first, self.last, why, a, b, c, d, e, f]
    }

    fn from_words([number, first, last, why, readings @ ..]: [u64; WORDS]) -> Self {
        let reasons = Reasons::from_bits(why as u16);
        let readings = Readings::from_words(readings);
        Self { number, first, last, reasons, cut: why & CUT != 0, readings }
    }
}

/// The queue, and the counts that tell what became of each suspicious iteration. Its cache lines
/// are its own; the reader writes to one of them, and the writer to all others.
#[derive(Default)]
#[repr(align(64))]
pub struct Marks {
    turns: Turns,
    triggers: Tally,
    suppressed: [Tally; Reasons::COUNT],
    notes: Notes,
}

const _: () = assert!(size_of::<Turns>() == 128, "the two ends of a queue write to a line each");

struct Notes([[AtomicU64; WORDS]; PENDING]);

impl Default for Notes {
    fn default() -> Self {
        Self([const { [const { AtomicU64::new(0) }; WORDS] }; PENDING])
    }
}

impl Marks {
    /// Suspicious iterations since boot.
    pub fn triggers(&self) -> u64 {
        self.triggers.read()
    }

    /// Those of them that could not be kept, because too many were waiting. Each is counted once,
    /// by the first of its reasons.
    pub fn suppressed(&self) -> [u64; Reasons::COUNT] {
        core::array::from_fn(|i| self.suppressed[i].read())
    }

    /// Those of them that the reader has taken.
    pub fn taken(&self) -> u64 {
        self.turns.taken()
    }

    /// Those of them that wait for the reader.
    pub fn pending(&self) -> u64 {
        self.turns.waiting()
    }

    /// The oldest that waits, which goes on waiting.
    pub(crate) fn oldest(&self) -> Option<Mark> {
        let note = &self.notes.0[self.turns.to_read()? as usize % PENDING];
        Some(Mark::from_words(core::array::from_fn(|i| note[i].load(Relaxed))))
    }

    /// Forgets the oldest that waits. Only the reader may, and only if there is one.
    pub(crate) fn forget_oldest(&self) {
        self.turns.read();
    }

    /// The entry that the next note goes to; none while too many wait.
    pub(crate) fn entry(&self) -> Option<u64> {
        self.turns.to_write(PENDING as u64)
    }

    /// Queues `mark` as this [`entry`](Self::entry). Only the writer may.
    pub(crate) fn post(&self, entry: u64, mark: &Mark) {
        let note = &self.notes.0[entry as usize % PENDING];
        for (word, value) in note.iter().zip(mark.words()) {
            word.store(value, Relaxed);
        }
        self.triggers.add(1);
        self.turns.wrote();
    }

    /// Counts a suspicious iteration that finds no room.
    pub(crate) fn suppress(&self, reasons: Reasons) {
        let first = reasons.first();
        self.triggers.add(1);
        if let Some(count) = self.suppressed.get(first) {
            count.add(1);
        }
    }
}
