//! Open vSwitch's bins, filled without a search.
//!
//! A sample falls into the first bin whose wall is not below it. Its power of two and the next
//! three bits name a [`Layout`] cell, which holds at most one wall, so one comparison settles
//! which side of it the sample lies on.

use crate::counters::Tally;

/// Bins of a histogram: one for each wall, and one for all that lies beyond the last.
pub const BINS: usize = 32;
/// Walls of a histogram.
pub const WALLS: usize = BINS - 1;

/// Cells of a layout: eight for each power of two up to 2^24, the first eight for 0 to 7.
const CELLS: usize = 184;

/// Where the walls of a histogram stand.
#[derive(Debug)]
pub struct Layout {
    /// Upper bounds of all bins but the last, inclusive, ascending.
    pub walls: [u32; WALLS],
    /// For each cell the first bin that a sample in it can fall into.
    first: [u8; CELLS],
}

/// Cycles per iteration: logarithmic, 500 to 24,000,000.
pub static CYCLES: Layout = Layout::new([
    499, 716, 1025, 1469, 2104, 3014, 4317, 6183, 8857, 12686, 18171, 26027, 37279, 53395, 76480,
    109544, 156903, 224736, 321895, 461058, 660385, 945886, 1354815, 1940535, 2779476, 3981111,
    5702243, 8167461, 11698454, 16755981, 24000000,
]);

/// Packets per iteration: logarithmic, 0 to 1000.
pub static PACKETS: Layout = Layout::new([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 17, 22, 28, 35, 45, 57, 72, 92, 117, 148, 188, 239,
    303, 385, 489, 621, 788, 1000,
]);

impl Layout {
    const fn new(walls: [u32; WALLS]) -> Self {
        let mut first = [0; CELLS];
        let mut cell = 0;
        while cell < CELLS {
            let mut bin = 0;
            while bin < WALLS && (walls[bin] as u64) < least(cell) {
                bin += 1;
            }
            first[cell] = bin as u8;
            cell += 1;
        }
        Self { walls, first }
    }

    /// The bin of `sample`.
    #[inline]
    pub fn bin(&self, sample: u64) -> usize {
        let Some(&first) = self.first.get(cell(sample)) else { return BINS - 1 };
        let first = usize::from(first);
        match self.walls.get(first) {
            Some(&wall) => first + usize::from(sample > u64::from(wall)),
            None => BINS - 1,
        }
    }
}

/// The cell of `sample`, which may lie beyond the last.
#[inline]
const fn cell(sample: u64) -> usize {
    if sample < 8 {
        return sample as usize;
    }
    let power = 63 - sample.leading_zeros() as usize;
    (power - 2) * 8 + ((sample >> (power - 3)) & 7) as usize
}

/// The least sample in `cell`.
const fn least(cell: usize) -> u64 {
    if cell < 8 {
        return cell as u64;
    }
    let power = cell / 8 + 2;
    (8 + cell as u64 % 8) << (power - 3)
}

/// How often samples fell into each bin. Written by one core, read by any.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Histogram([Tally; BINS]);

impl Histogram {
    /// A histogram without samples.
    pub const fn new() -> Self {
        Self([const { Tally::new() }; BINS])
    }

    /// Counts `sample`. Only the core that owns the histogram may.
    #[inline]
    pub fn sample(&self, layout: &Layout, sample: u64) {
        self.0[layout.bin(sample)].add(1);
    }

    /// Samples in each bin.
    pub fn read(&self) -> [u64; BINS] {
        core::array::from_fn(|bin| self.0[bin].read())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(layout: &Layout, sample: u64) -> usize {
        layout.walls.iter().position(|&wall| u64::from(wall) >= sample).unwrap_or(BINS - 1)
    }

    #[test]
    fn every_sample_falls_into_the_bin_that_a_search_finds() {
        for layout in [&CYCLES, &PACKETS] {
            let near_walls = layout.walls.iter().flat_map(|&wall| {
                let wall = u64::from(wall);
                wall.saturating_sub(2)..wall + 3
            });
            let powers = (0..64).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + 1]);
            for sample in (0..100_000).chain(near_walls).chain(powers).chain([u64::MAX]) {
                assert_eq!(layout.bin(sample), searched(layout, sample), "{sample}");
            }
        }
    }

    #[test]
    fn the_last_bin_takes_all_beyond_the_last_wall() {
        let histogram = Histogram::new();
        histogram.sample(&CYCLES, 24_000_000);
        histogram.sample(&CYCLES, 24_000_001);
        histogram.sample(&CYCLES, u64::MAX);
        assert_eq!(histogram.read()[WALLS - 1..], [1, 2]);
    }
}
