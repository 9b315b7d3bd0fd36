//! One histogram, as its reader looks at it.

use crate::histogram::{BINS, Layout};

/// How samples of a quantity are distributed.
#[derive(Clone, Copy, Debug)]
pub struct Distribution<'a> {
    /// Where the buckets stand.
    pub layout: &'static Layout,
    /// Samples in each bucket.
    pub(crate) counts: &'a [u64],
}

/// The shares of samples that percentiles are shown for, in ten-thousandths, and their names.
pub const PERCENTILES: [(u32, &str); 5] =
    [(5000, "p50"), (9000, "p90"), (9900, "p99"), (9990, "p99.9"), (9999, "p99.99")];

impl Distribution<'_> {
    /// How many samples there are; the largest number there is where they are more.
    pub fn samples(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Samples in each of Open vSwitch's bins.
    pub fn bins(&self) -> [u64; BINS] {
        let mut bins = [0_u64; BINS];
        for (bucket, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let bin = &mut bins[self.layout.bin(*self.layout.range(bucket).start())];
            *bin = bin.saturating_add(*count);
        }
        bins
    }

    /// The largest sample of the bucket in which the smallest `share` ten-thousandths of all
    /// samples end: not below the sample itself, and by at most 1/32 above it. Nothing without
    /// samples; the largest number there is where the sample lies beyond the last bucket.
    pub fn percentile(&self, share: u32) -> Option<u64> {
        let samples = u128::from(self.samples());
        let rank = (samples * u128::from(share)).div_ceil(10_000).max(1);
        let mut below = 0;
        let bucket = self.counts.iter().position(|&count| {
            below += u128::from(count);
            below >= rank
        })?;
        Some(*self.layout.range(bucket).end())
    }

    /// The least sample of the first bucket with samples: not above the smallest sample, and by at
    /// most 1/32 below it.
    pub fn least(&self) -> Option<u64> {
        let bucket = self.counts.iter().position(|&count| count > 0)?;
        Some(*self.layout.range(bucket).start())
    }

    /// The largest sample of the last bucket with samples: not below the largest sample, and by at
    /// most 1/32 above it.
    pub fn greatest(&self) -> Option<u64> {
        let bucket = self.counts.iter().rposition(|&count| count > 0)?;
        Some(*self.layout.range(bucket).end())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::quantity::Quantity;

    fn counted(of: Quantity, samples: &[u64]) -> Vec<u64> {
        let mut counts = vec![0; of.buckets()];
        samples.iter().for_each(|&sample| counts[of.layout().bucket(sample)] += 1);
        counts
    }

    fn is_near(shown: u64, sample: u64) -> bool {
        shown.abs_diff(sample) <= sample / 32
    }

    proptest! {
        #[test]
        fn bins_are_those_that_a_search_finds(
            samples in prop::collection::vec((0..64_u32).prop_flat_map(|p| 0..=1_u64 << p), 0..50),
        ) {
            for of in Quantity::ALL {
                let counts = counted(of, &samples);
                let distribution = Distribution { layout: of.layout(), counts: &counts };
                let mut bins = [0; BINS];
                for &sample in &samples {
                    let walls = &of.layout().walls;
                    let bin = walls.iter().position(|&wall| u64::from(wall) >= sample);
                    bins[bin.unwrap_or(BINS - 1)] += 1;
                }
                prop_assert_eq!(distribution.bins(), bins);
                prop_assert_eq!(distribution.samples(), samples.len() as u64);
            }
        }

        #[test]
        fn percentiles_are_within_a_32nd_of_the_sample(
            mut samples in prop::collection::vec((0..36_u32).prop_flat_map(|p| 0..1_u64 << p), 1..80),
        ) {
            let counts = counted(Quantity::Cycles, &samples);
            let distribution =
                Distribution { layout: Quantity::Cycles.layout(), counts: &counts };
            samples.sort_unstable();
            for (share, name) in PERCENTILES {
                let rank = (samples.len() * share as usize).div_ceil(10_000);
                let shown = distribution.percentile(share).unwrap();
                prop_assert!(is_near(shown, samples[rank - 1]), "{}: {} {:?}", name, shown, samples);
            }
            prop_assert!(is_near(distribution.least().unwrap(), samples[0]));
            prop_assert!(is_near(distribution.greatest().unwrap(), samples[samples.len() - 1]));
        }
    }

    #[test]
    fn more_samples_than_can_be_counted_are_as_many_as_can_be() {
        let counts = vec![u64::MAX; Quantity::Fill.buckets()];
        let many = Distribution { layout: Quantity::Fill.layout(), counts: &counts };
        assert_eq!((many.samples(), many.bins()[BINS - 1]), (u64::MAX, u64::MAX));
        assert_eq!((many.least(), many.percentile(9999).is_some()), (Some(0), true));
    }

    #[test]
    fn without_samples_there_is_nothing_to_tell() {
        let counts = counted(Quantity::Fill, &[]);
        let nothing = Distribution { layout: Quantity::Fill.layout(), counts: &counts };
        assert_eq!(
            (nothing.percentile(5000), nothing.least(), nothing.greatest()),
            (None, None, None)
        );
    }
}
