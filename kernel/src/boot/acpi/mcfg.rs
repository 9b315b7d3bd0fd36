//! PCI segments (PCI Firmware Specification 3.0, 4.1.2).

use heapless::Vec;

use super::table::{Fault, HEADER};
use super::{SEGMENTS, Segment};
use crate::boot::bytes::{u8_at, u16_at, u64_at};

/// Where entries begin, behind eight reserved bytes, and how long each is.
const ENTRIES: usize = HEADER + 8;
const LEN: usize = 16;

/// The segments in `table`, up to the first that cannot be.
pub(super) fn read(table: &[u8], segments: &mut Vec<Segment, SEGMENTS>) -> Result<(), Fault> {
    let entries = table.get(ENTRIES..).ok_or(Fault::Length(table.len() as u32))?;
    for (number, entry) in entries.chunks(LEN).enumerate() {
        let broken = Fault::Entry(ENTRIES + LEN * number);
        let segment = segment(entry).ok_or(broken)?;
        segments.push(segment).map_err(|_| Fault::TooMany)?;
    }
    Ok(())
}

/// Buses are 1 MiB each from the base on, so that the last must not lie behind all addresses.
fn segment(entry: &[u8]) -> Option<Segment> {
    let (base, group) = (u64_at(entry, 0)?, u16_at(entry, 8)?);
    let (first, last) = (u8_at(entry, 10)?, u8_at(entry, 11)?);
    let is_sane = base != 0 && first <= last && base.checked_add(256 << 20).is_some();
    (is_sane && entry.len() == LEN).then_some(Segment { group, buses: first..=last, base })
}
