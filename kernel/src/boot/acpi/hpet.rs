//! The high precision event timer (IA-PC HPET Specification 1.0a, 3.2.4).

use super::table::{Fault, generic_address};

const ADDRESS: usize = 40;
const IN_MEMORY: u8 = 0;

/// Physical address of its registers; none if they are not in memory.
pub(super) fn read(table: &[u8]) -> Result<Option<u64>, Fault> {
    let short = Fault::Length(table.len() as u32);
    let (space, address) = generic_address(table, ADDRESS).ok_or(short)?;
    Ok((space == IN_MEMORY && address != 0).then_some(address))
}
