//! Megaflows: what was decided of all packets that look alike where it mattered. Written by one
//! PMD, read by the control core while the PMD goes on.
//!
//! The PMD owns which flow is where; here is what others may see of it. A flow is sealed under a
//! name that no other flow has or had, so that whoever remembers a flow by place and name notices
//! when it is another.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use perf::{Seal, Tally};

use crate::batch::Verdict;
use crate::key::{Key, Mask, WORDS};

/// One flow. Its words are those of the key that its mask uses, one after the other.
#[derive(Default)]
#[repr(C, align(64))]
pub struct Flow {
    packets: Tally,
    bytes: Tally,
    used: AtomicU64,
    seal: Seal,
    verdict: AtomicU64,
    actions: AtomicU64,
    mask: AtomicU64,
    words: [AtomicU64; WORDS],
}

/// A mask that flows share.
#[derive(Default)]
pub struct SharedMask([AtomicU64; WORDS]);

/// A copy of a flow.
#[derive(Clone, Copy, Debug)]
pub struct Megaflow {
    /// Its place among its PMD's flows.
    pub place: u32,
    /// Its name.
    pub name: u64,
    /// What its packets have in common; zeros where it does not matter.
    pub key: Key,
    /// Where it matters.
    pub mask: Mask,
    /// What is done with them.
    pub verdict: Verdict,
    /// A hash of all that is done with them.
    pub actions: u64,
    /// Packets that met it.
    pub packets: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// When the last of them came, or it was made, as a count of the time-stamp counter.
    pub used: u64,
}

/// The flows of one PMD.
#[derive(Clone, Copy)]
pub struct Flows {
    flows: &'static [Flow],
    masks: &'static [SharedMask],
}

/// What a new flow is made of.
pub(crate) struct New<'a> {
    pub(crate) name: u64,
    pub(crate) mask: u32,
    pub(crate) words: &'a [u64],
    pub(crate) verdict: Verdict,
    pub(crate) actions: u64,
    pub(crate) now: u64,
}

impl Flows {
    /// Flows in this memory, and masks for them.
    pub const fn new(flows: &'static [Flow], masks: &'static [SharedMask]) -> Self {
        Self { flows, masks }
    }

    /// How many there can be.
    pub const fn capacity(&self) -> usize {
        self.flows.len()
    }

    /// Masks that there can be.
    pub const fn masks(&self) -> usize {
        self.masks.len()
    }

    /// A copy of the flow at `place`; none if there is none, or it is just being made.
    pub fn read(&self, place: u32) -> Option<Megaflow> {
        let flow = self.flows.get(place as usize)?;
        let name = flow.seal.name()?;
        let mask = self.mask(flow.mask.load(Relaxed) as usize)?;
        let mut key = Key::ZERO;
        let used = (0..WORDS).filter(|word| mask.0[*word] != 0);
        used.zip(&flow.words).for_each(|(word, value)| key[word] = value.load(Relaxed));
        let copy = Megaflow {
            place,
            name,
            key,
            mask,
            verdict: Verdict::decode(flow.verdict.load(Relaxed)),
            actions: flow.actions.load(Relaxed),
            packets: flow.packets.read(),
            bytes: flow.bytes.read(),
            used: flow.used.load(Relaxed),
        };
        flow.seal.still_holds(name).then_some(copy)
    }

    fn mask(&self, number: usize) -> Option<Mask> {
        let shared = self.masks.get(number)?;
        Some(Mask(core::array::from_fn(|word| shared.0[word].load(Relaxed))))
    }

    /// Says what the mask `number` is. Only while no flow uses it.
    pub(crate) fn set_mask(&self, number: usize, mask: &Mask) {
        self.masks[number]
            .0
            .iter()
            .zip(mask.0)
            .for_each(|(word, value)| word.store(value, Relaxed));
    }

    /// Puts a flow into an empty `place`.
    pub(crate) fn install(&self, place: u32, new: &New<'_>) {
        let flow = &self.flows[place as usize];
        flow.seal.open();
        flow.packets.set(0);
        flow.bytes.set(0);
        flow.used.store(new.now, Relaxed);
        flow.verdict.store(new.verdict.encode(), Relaxed);
        flow.actions.store(new.actions, Relaxed);
        flow.mask.store(new.mask.into(), Relaxed);
        flow.words.iter().zip(new.words).for_each(|(word, value)| word.store(*value, Relaxed));
        flow.seal.close(new.name);
    }

    /// Empties `place`.
    pub(crate) fn remove(&self, place: u32) {
        self.flows[place as usize].seal.open();
    }

    /// The name of the flow at `place`, 0 if there is none.
    #[inline]
    pub(crate) fn name(&self, place: u32) -> u64 {
        self.flows[place as usize].seal.name().unwrap_or(0)
    }

    /// What is done with packets of the flow at `place`.
    #[inline]
    pub(crate) fn verdict(&self, place: u32) -> Verdict {
        Verdict::decode(self.flows[place as usize].verdict.load(Relaxed))
    }

    /// Counts `packets` of together so many `bytes` that met the flow at `place`.
    #[inline]
    pub(crate) fn hit(&self, place: u32, (packets, bytes): (u64, u64), now: u64) {
        let flow = &self.flows[place as usize];
        flow.packets.add(packets);
        flow.bytes.add(bytes);
        flow.used.store(now, Relaxed);
    }

    /// Whether the flow at `place` has the mask `number` and these words.
    #[inline]
    pub(crate) fn is(&self, place: u32, number: u32, mut words: impl Iterator<Item = u64>) -> bool {
        let flow = &self.flows[place as usize];
        if flow.mask.load(Relaxed) != u64::from(number) {
            return false;
        }
        let mut own = flow.words.iter();
        words.all(|word| own.next().is_some_and(|own| own.load(Relaxed) == word))
    }
}

impl Verdict {
    /// As a number: which it is above, of what below.
    fn encode(self) -> u64 {
        match self {
            Self::Output(port) => u64::from(port),
            Self::Drop(reason) => 1 << 32 | reason as u64,
            Self::Run(program) => 2 << 32 | u64::from(program),
        }
    }

    #[inline]
    fn decode(code: u64) -> Self {
        match code >> 32 {
            0 => Self::Output(code as u16),
            2 => Self::Run(code as u32),
            _ => Self::Drop(crate::Reason::ALL[code as u32 as usize % crate::Reason::COUNT]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;

    #[test]
    fn verdicts_survive_as_numbers() {
        let drops = Reason::ALL.map(Verdict::Drop);
        for verdict in drops.into_iter().chain([Verdict::Output(65534), Verdict::Run(u32::MAX)]) {
            assert_eq!(Verdict::decode(verdict.encode()), verdict);
        }
    }

    #[test]
    fn what_was_installed_is_read_until_it_is_removed() {
        let flows = Flows::new(vec![Flow::default()].leak(), vec![SharedMask::default()].leak());
        assert!(flows.read(0).is_none());
        let mut mask = Mask::NONE;
        (mask.0[4], mask.0[7]) = (0xff, !0);
        flows.set_mask(0, &mask);
        let verdict = Verdict::Output(3);
        let words = [0x12, 0x34];
        flows.install(0, &New { name: 9, mask: 0, words: &words, verdict, actions: 5, now: 77 });
        flows.hit(0, (2, 120), 99);
        let flow = flows.read(0).unwrap();
        assert_eq!((flow.key[4], flow.key[7], flow.mask), (0x12, 0x34, mask));
        assert_eq!((flow.packets, flow.bytes, flow.used, flow.name), (2, 120, 99, 9));
        assert!(flows.is(0, 0, words.into_iter()) && !flows.is(0, 0, [0x12, 0x35].into_iter()));
        flows.remove(0);
        assert!(flows.read(0).is_none() && flows.name(0) == 0);
    }
}
