//! What was not sent, by kind.

use perf::stream::{Draft, Gap, Kind};

/// Counts since boot, and whether they were told.
#[derive(Default)]
pub(super) struct Gaps {
    counts: heapless::Vec<(Kind, u64), 8>,
    is_owed: bool,
    told: u64,
}

impl Gaps {
    /// So many more of this `kind` were not sent.
    pub(super) fn count(&mut self, kind: Kind, more: u64) {
        let known = self.counts.iter().find(|(own, _)| *own == kind).map_or(0, |(_, count)| *count);
        self.set(kind, known + more);
    }

    /// So many of this `kind` were not sent in all.
    pub(super) fn set(&mut self, kind: Kind, count: u64) {
        match self.counts.iter_mut().find(|(own, _)| *own == kind) {
            Some((_, known)) => self.is_owed |= core::mem::replace(known, count) != count,
            None if count == 0 => {}
            None => self.is_owed |= self.counts.push((kind, count)).is_ok(),
        }
    }

    /// The message that tells of them, once a second at most while they grow.
    pub(super) fn next(&mut self, limit: usize, (now, hertz): (u64, u64)) -> Option<Draft> {
        if !self.is_owed || now < self.told.saturating_add(hertz) {
            return None;
        }
        (self.is_owed, self.told) = (false, now);
        let mut draft = Draft::new(Kind::Gap, limit);
        for (kind, count) in &self.counts {
            let _fits = draft.add(&Gap { kind: *kind as u8, count: *count });
        }
        Some(draft)
    }
}
