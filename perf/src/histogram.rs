//! Buckets fine enough for percentiles that add up to Open vSwitch's bins exactly, filled without
//! a search.
//!
//! Samples below 128 have a cell each; above, every power of two has 32 cells of equal width, so
//! that a cell is at most 1/32 as wide as its least sample. A cell that one of Open vSwitch's
//! walls stands in is split there into two buckets. No cell holds two walls, so one comparison
//! settles which bucket a sample falls into.

use core::ops::RangeInclusive;

/// Bins of Open vSwitch's histograms: one for each wall, and one for all that lies beyond the last.
pub const BINS: usize = 32;
/// Walls of Open vSwitch's histograms.
pub const WALLS: usize = BINS - 1;

/// Samples below this have a cell each, and in it one bucket of the same number.
pub(crate) const EXACT: usize = 1 << EXACT_POWER;
const EXACT_POWER: usize = 7;
/// Cells of each power of two above.
const STEPS: usize = 1 << STEPS_POWER;
const STEPS_POWER: usize = 5;

/// Where a cell's buckets are: a sample that is not above `wall` falls into `bucket`, all others
/// into the next. In a cell with one bucket only, all are above.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    wall: u32,
    bucket: u32,
}

impl Cell {
    /// The first of its buckets, the only one in most cells.
    const fn first(&self) -> usize {
        self.bucket.wrapping_add((self.wall == NO_WALL) as u32) as usize
    }
}

/// The wall of cells that have none.
const NO_WALL: u32 = 0;

/// Cells for samples below `1 << power`.
pub(crate) const fn cell_count(power: usize) -> usize {
    EXACT + (power - EXACT_POWER) * STEPS
}

/// Buckets where the walls of a histogram are `walls` and its samples mostly lie below
/// `1 << power`, the one for all other samples among them.
pub(crate) const fn bucket_count(walls: &[u32; WALLS], power: usize) -> usize {
    let mut splits = 0;
    let mut i = 0;
    while i < WALLS {
        splits += is_split(walls[i] as u64) as usize;
        i += 1;
    }
    cell_count(power) + splits + 1
}

/// The cells of a histogram with these `walls`.
pub(crate) const fn cells<const N: usize>(walls: &[u32; WALLS]) -> [Cell; N] {
    let mut cells = [Cell { wall: NO_WALL, bucket: 0 }; N];
    let (mut cell, mut next, mut splits) = (0, 0, 0);
    while cell < N {
        let bucket = (cell + splits) as u32;
        cells[cell].bucket = bucket.wrapping_sub(1);
        while next < WALLS && (walls[next] as u64) < least(cell + 1) {
            if is_split(walls[next] as u64) {
                assert!(cells[cell].wall == NO_WALL, "no cell holds two walls");
                cells[cell] = Cell { wall: walls[next], bucket };
                splits += 1;
            }
            next += 1;
        }
        cell += 1;
    }
    cells
}

/// Whether `wall` stands inside a cell, not at its end.
const fn is_split(wall: u64) -> bool {
    cell(wall) == cell(wall + 1)
}

/// The cell of `sample`, which may lie beyond the last.
#[inline]
const fn cell(sample: u64) -> usize {
    if sample < EXACT as u64 {
        return sample as usize;
    }
    let shift = (sample >> STEPS_POWER).ilog2() as usize;
    let step = (sample >> shift) as usize;
    shift * STEPS + step + EXACT - (EXACT_POWER - STEPS_POWER) * STEPS - STEPS
}

/// The least sample in `cell`.
const fn least(cell: usize) -> u64 {
    if cell < EXACT {
        return cell as u64;
    }
    let above = cell - EXACT;
    let power = EXACT_POWER + above / STEPS;
    ((STEPS + above % STEPS) as u64) << (power - STEPS_POWER)
}

/// Where the walls and the buckets of a histogram stand.
#[derive(Debug)]
pub struct Layout {
    /// Upper bounds of all Open vSwitch's bins but the last, inclusive, ascending.
    pub walls: [u32; WALLS],
    pub(crate) cells: &'static [Cell],
    /// How many buckets there are.
    pub(crate) buckets: usize,
}

impl Layout {
    /// The bucket of `sample`.
    #[inline]
    pub fn bucket(&self, sample: u64) -> usize {
        if sample < EXACT as u64 {
            return sample as usize;
        }
        match self.cells.get(cell(sample)) {
            Some(cell) => cell.bucket as usize + usize::from(sample > u64::from(cell.wall)),
            None => self.buckets - 1,
        }
    }

    /// The last of Open vSwitch's walls: a sample beyond all buckets is above it at least.
    pub fn last_wall(&self) -> u64 {
        self.walls[WALLS - 1].into()
    }

    /// The samples that fall into `bucket`: those from the first to the last.
    pub fn range(&self, bucket: usize) -> RangeInclusive<u64> {
        let beyond = least(self.cells.len());
        let after = self.cells.partition_point(|cell| cell.first() <= bucket);
        if bucket + 1 >= self.buckets || after == 0 {
            return beyond..=u64::MAX;
        }
        let (cell, ends) = (&self.cells[after - 1], least(after) - 1);
        let wall = u64::from(cell.wall);
        match bucket - cell.first() {
            0 if cell.wall == NO_WALL => least(after - 1)..=ends,
            0 => least(after - 1)..=wall,
            _ => wall + 1..=ends,
        }
    }

    /// Open vSwitch's bin of `sample`.
    pub fn bin(&self, sample: u64) -> usize {
        self.walls.partition_point(|&wall| u64::from(wall) < sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Quantity;

    fn layouts() -> impl Iterator<Item = &'static Layout> {
        Quantity::ALL.into_iter().map(Quantity::layout)
    }

    fn samples(layout: &Layout) -> impl Iterator<Item = u64> {
        let near = layout.walls.into_iter().flat_map(|wall| {
            let wall = u64::from(wall);
            wall.saturating_sub(2)..wall + 3
        });
        let powers = (0..64).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + 1]);
        (0..100_000).chain(near).chain(powers).chain([u64::MAX])
    }

    #[test]
    fn every_sample_lies_in_the_range_of_its_bucket() {
        for layout in layouts() {
            for sample in samples(layout) {
                let bucket = layout.bucket(sample);
                assert!(bucket < layout.buckets, "{sample}");
                let range = layout.range(bucket);
                assert!(range.contains(&sample), "{sample}: bucket {bucket} is {range:?}");
            }
        }
    }

    #[test]
    fn buckets_follow_one_another_without_gap_or_overlap() {
        for layout in layouts() {
            let mut next = 0;
            for bucket in 0..layout.buckets {
                assert_eq!(*layout.range(bucket).start(), next, "bucket {bucket}");
                next = layout.range(bucket).end().wrapping_add(1);
            }
            assert_eq!(next, 0);
        }
    }

    #[test]
    fn no_bucket_crosses_a_wall() {
        for layout in layouts() {
            for bucket in 0..layout.buckets - 1 {
                let range = layout.range(bucket);
                assert_eq!(layout.bin(*range.start()), layout.bin(*range.end()), "{range:?}");
            }
            assert_eq!(layout.bin(*layout.range(layout.buckets - 1).start()), BINS - 1);
        }
    }

    #[test]
    fn a_bucket_is_at_most_a_32nd_as_wide_as_its_least_sample() {
        for layout in layouts() {
            for bucket in 0..layout.buckets - 1 {
                let range = layout.range(bucket);
                assert!((range.end() - range.start()) * 32 <= *range.start(), "{range:?}");
            }
        }
    }
}
