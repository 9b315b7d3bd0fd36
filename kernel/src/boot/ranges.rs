//! Which memory is ours: the usable regions, less everything that is spoken for.

use core::ops::Range;

use heapless::Vec;

use super::{Kind, Region};

/// The most separate ranges of free memory that are kept.
pub const RANGES_LEN: usize = 192;

/// Ranges of physical addresses: whole pages, sorted, apart from each other.
pub type Ranges = Vec<Range<u64>, RANGES_LEN>;

const PAGE: u64 = 4096;

/// All memory of `kind` in `regions`, without what other kinds claim too.
///
/// Firmware maps are neither sorted nor free of overlaps: where two regions disagree, the
/// less usable one wins. Usable regions shrink to whole pages, others grow to them.
pub fn of_kind(regions: &[Region], kind: Kind) -> Ranges {
    let mut ranges = Ranges::new();
    for region in regions.iter().filter(|region| region.kind == kind) {
        let start = region.start.checked_next_multiple_of(PAGE);
        let end = region.start.saturating_add(region.len) & !(PAGE - 1);
        if let Some(start) = start.filter(|&start| start < end) {
            // A map with more ranges than places loses its last ones: memory we do not use.
            let _ = ranges.push(start..end);
        }
    }
    merge(&mut ranges);
    for other in regions.iter().filter(|region| region.kind != kind) {
        if kind == Kind::Usable || other.kind == Kind::Reserved {
            remove(&mut ranges, other.start..other.start.saturating_add(other.len));
        }
    }
    ranges
}

/// Takes `hole`, grown to whole pages, out of `ranges`.
pub fn remove(ranges: &mut Ranges, hole: Range<u64>) {
    if hole.is_empty() {
        return;
    }
    let hole =
        (hole.start & !(PAGE - 1))..hole.end.checked_next_multiple_of(PAGE).unwrap_or(u64::MAX);
    let mut index = 0;
    while let Some(range) = ranges.get(index).cloned() {
        let (left, right) =
            (range.start..range.end.min(hole.start), range.start.max(hole.end)..range.end);
        ranges.remove(index);
        for rest in [left, right] {
            if !rest.is_empty() && ranges.insert(index, rest).is_ok() {
                index += 1;
            }
        }
    }
}

/// Takes `len` bytes at a multiple of `align` out of `free`, as low as possible: out of one of the
/// `near` ranges, or where those have no room from anywhere. `align` is a power of two.
pub fn carve(
    free: &mut Ranges,
    (len, align): (u64, u64),
    near: impl Iterator<Item = Range<u64>>,
) -> Option<u64> {
    let fits = |range: &Range<u64>, near: &Range<u64>| {
        let start = range.start.max(near.start).checked_next_multiple_of(align)?;
        let end = start.checked_add(len)?;
        (end <= range.end.min(near.end)).then_some(start..end)
    };
    let (index, taken) = near.chain(core::iter::once(0..u64::MAX)).find_map(|near| {
        free.iter().enumerate().find_map(|(index, range)| Some((index, fits(range, &near)?)))
    })?;
    let range = free.get_mut(index)?;
    let below = range.start..taken.start;
    range.start = taken.end;
    if !below.is_empty() {
        // With a full list, what is below is lost.
        let _ = free.insert(index, below);
    }
    Some(taken.start)
}

fn merge(ranges: &mut Ranges) {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut merged = Ranges::new();
    for range in ranges.iter() {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => {
                // No more ranges come out than went in.
                let _ = merged.push(range.clone());
            }
        }
    }
    *ranges = merged;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(start: u64, end: u64, kind: Kind) -> Region {
        Region { start, len: end - start, kind }
    }

    fn pairs(ranges: &Ranges) -> std::vec::Vec<(u64, u64)> {
        ranges.iter().map(|range| (range.start, range.end)).collect()
    }

    #[test]
    fn overlapping_usable_regions_are_handed_out_once() {
        let regions = [
            region(0x4000, 0x9000, Kind::Usable),
            region(0x1000, 0x5000, Kind::Usable),
            region(0x9000, 0xa000, Kind::Usable),
        ];
        assert_eq!(pairs(&of_kind(&regions, Kind::Usable)), [(0x1000, 0xa000)]);
    }

    #[test]
    fn where_regions_disagree_the_reserved_one_wins() {
        let regions =
            [region(0x1000, 0x9000, Kind::Usable), region(0x3fff, 0x4001, Kind::Reserved)];
        assert_eq!(pairs(&of_kind(&regions, Kind::Usable)), [(0x1000, 0x3000), (0x5000, 0x9000)]);
    }

    #[test]
    fn usable_regions_shrink_to_whole_pages() {
        let regions = [region(0x1001, 0x2fff, Kind::Usable), region(0x4000, 0x5fff, Kind::Usable)];
        assert_eq!(pairs(&of_kind(&regions, Kind::Usable)), [(0x4000, 0x5000)]);
    }

    #[test]
    fn a_region_that_wraps_around_ends_at_the_last_page() {
        let regions = [Region { start: 0x1000, len: u64::MAX, kind: Kind::Usable }];
        assert_eq!(pairs(&of_kind(&regions, Kind::Usable)), [(0x1000, u64::MAX - 0xfff)]);
        let regions = [Region { start: u64::MAX, len: u64::MAX, kind: Kind::Usable }];
        assert!(of_kind(&regions, Kind::Usable).is_empty());
    }

    #[test]
    fn a_hole_splits_cuts_or_swallows() {
        let mut ranges = of_kind(&[region(0x1000, 0x9000, Kind::Usable)], Kind::Usable);
        remove(&mut ranges, 0x4000..0x5000);
        assert_eq!(pairs(&ranges), [(0x1000, 0x4000), (0x5000, 0x9000)]);
        remove(&mut ranges, 0..0x2000);
        remove(&mut ranges, 0x8fff..u64::MAX);
        assert_eq!(pairs(&ranges), [(0x2000, 0x4000), (0x5000, 0x8000)]);
        remove(&mut ranges, 0x1000..0x8000);
        assert!(ranges.is_empty());
    }

    #[test]
    fn memory_is_carved_near_while_there_is_room_and_then_anywhere() {
        let regions = [region(0x10_0000, 0x80_0000, Kind::Usable)];
        let mut free = of_kind(&regions, Kind::Usable);
        let near = || [0x20_0000..0x20_1000, 0x40_0000..0x60_0000].into_iter();
        let mut carved =
            |len, near: &mut dyn Iterator<Item = Range<u64>>| carve(&mut free, (len, 0x1000), near);
        assert_eq!(carved(0x1000, &mut near()), Some(0x20_0000), "the first piece has room");
        assert_eq!(carved(0x1000, &mut near()), Some(0x40_0000));
        assert_eq!(carved(0x1f_f000, &mut near()), Some(0x40_1000), "the last page is in it");
        assert_eq!(carved(0x1000, &mut near()), Some(0x10_0000), "it is full");
        assert_eq!(carved(0x1000, &mut core::iter::empty()), Some(0x10_1000));
        assert_eq!(carved(0x80_0000, &mut near()), None);
        let rest = [(0x10_2000, 0x20_0000), (0x20_1000, 0x40_0000), (0x60_0000, 0x80_0000)];
        assert_eq!(pairs(&free), rest);
    }

    #[test]
    fn a_full_list_loses_memory_and_never_panics() {
        let regions: std::vec::Vec<_> = (1..=RANGES_LEN as u64)
            .map(|n| region(n * 0x10_0000, n * 0x10_0000 + 0x8000, Kind::Usable))
            .collect();
        let mut ranges = of_kind(&regions, Kind::Usable);
        for hole in &regions {
            remove(&mut ranges, hole.start + 0x2000..hole.start + 0x3000);
        }
        assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
        assert!(ranges.is_full());
    }
}
