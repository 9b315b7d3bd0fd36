//! The signature cache: of keys that were met lately a part of the hash, and the flows that they met.
//!
//! As Open vSwitch's: behind the exact-match cache, for more keys than that has room for, since a
//! place takes 6 bytes instead of 64. Whether the flow fits is seen at the flow. Off unless it has
//! memory.

use frame::cpu;

/// Keys of one bucket.
const WIDTH: usize = 8;
/// Buckets of a cache: in all 262,144 keys, and 2 MiB.
pub const BUCKETS: usize = 1 << 15;

/// A part of the cache, one line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Bucket {
    signatures: [u16; WIDTH],
    flows: [u32; WIDTH],
    /// The place that is given away next.
    next: u16,
}

impl Bucket {
    /// A bucket of nothing: signature 0 stands for a free place.
    pub const EMPTY: Self = Self { signatures: [0; WIDTH], flows: [0; WIDTH], next: 0 };
}

const _: () = assert!(size_of::<Bucket>() == 64);

/// One PMD's cache.
pub(crate) struct Smc(Option<&'static mut [Bucket; BUCKETS]>);

impl Smc {
    /// A cache in this memory; none without.
    pub(crate) const fn new(buckets: Option<&'static mut [Bucket; BUCKETS]>) -> Self {
        Self(buckets)
    }

    /// Whether keys are looked up at all.
    #[inline]
    pub(crate) const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Has what is known of keys of `hash` on its way.
    #[inline]
    pub(crate) fn prefetch(&self, hash: u32) {
        if let Some(buckets) = &self.0 {
            cpu::prefetch_value(&buckets[place(hash)]);
        }
    }

    /// The first flow that a key of `hash` may have met and that `fits`.
    pub(crate) fn find(&self, hash: u32, fits: impl Fn(u32) -> bool) -> Option<u32> {
        let bucket = &self.0.as_ref()?[place(hash)];
        let alike = bucket.signatures.iter().zip(&bucket.flows);
        let mut alike = alike.filter(|(own, _)| **own == signature(hash)).map(|(_, flow)| *flow);
        alike.find(|flow| fits(*flow))
    }

    /// Remembers that a key of `hash` met `flow`, in the place of the oldest of its bucket.
    pub(crate) fn insert(&mut self, hash: u32, flow: u32) {
        let Some(buckets) = &mut self.0 else { return };
        let bucket = &mut buckets[place(hash)];
        let mut known = bucket.signatures.iter().position(|own| *own == signature(hash));
        let next = usize::from(bucket.next) % WIDTH;
        if known.is_none() {
            bucket.next = (next as u16 + 1) % WIDTH as u16;
        }
        let place = *known.get_or_insert(next);
        (bucket.signatures[place], bucket.flows[place]) = (signature(hash), flow);
    }
}

const fn place(hash: u32) -> usize {
    hash as usize % BUCKETS
}

/// What is kept of a hash beside its place; never 0.
const fn signature(hash: u32) -> u16 {
    (hash >> 16) as u16 | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> Smc {
        Smc::new(Some(vec![Bucket::EMPTY; BUCKETS].leak().try_into().unwrap()))
    }

    #[test]
    fn a_key_is_found_by_its_hash_and_only_if_the_flow_fits() {
        let mut cache = cache();
        assert_eq!(cache.find(0, |_| true), None);
        cache.insert(0x1234_0007, 5);
        assert_eq!(cache.find(0x1234_0007, |flow| flow == 5), Some(5));
        assert_eq!(cache.find(0x1234_0007, |_| false), None);
        assert_eq!(cache.find(0x4321_0007, |_| true), None);
        cache.insert(0x1234_0007, 6);
        assert_eq!(cache.find(0x1234_0007, |_| true), Some(6));
    }

    #[test]
    fn the_oldest_of_a_full_bucket_gives_way() {
        let mut cache = cache();
        let hash = |number: u32| number << 17 | 3;
        (0..=WIDTH as u32).for_each(|number| cache.insert(hash(number), number));
        let found: Vec<_> = (0..=WIDTH as u32).map(|it| cache.find(hash(it), |_| true)).collect();
        assert_eq!(found[0], None);
        assert!((1..=WIDTH as u32).all(|number| found[number as usize] == Some(number)));
    }

    #[test]
    fn without_memory_nothing_is_remembered() {
        let mut cache = Smc::new(None);
        cache.insert(7, 7);
        assert!(!cache.is_on() && cache.find(7, |_| true).is_none());
    }
}
