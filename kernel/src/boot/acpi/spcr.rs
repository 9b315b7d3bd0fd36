//! The serial port of the firmware's console (Microsoft, Serial Port Console Redirection Table, revision 4).

use serial::Place;

use super::table::Fault;
use crate::boot::bytes::{u8_at, u32_at, u64_at};

const REVISION: usize = 8;
const INTERFACE: usize = 36;
const ADDRESS: usize = 40; // a generic address: space, width, offset, size of access, address
const BAUD: usize = 58;
const PRECISE_BAUD: usize = 80; // since revision 4
const LEN: usize = 80;

/// Interfaces that are 16550s (Microsoft, Debug Port Table 2, table 3).
const FULL_16550: u8 = 0x00;
const LIKE_16450: u8 = 0x01;
const ADDRESSED_16550: u8 = 0x12;

/// A 16550 that the firmware has its console on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Console {
    /// Where it is.
    pub place: Place,
    /// Symbols in a second; none if it is to stay as it was left. So is every chip in memory, as nothing
    /// tells how fast its clock is.
    pub baud: Option<u32>,
}

/// The port that `table` tells of; none if the firmware has no console there, or on no 16550.
pub(super) fn read(table: &[u8]) -> Result<Option<Console>, Fault> {
    if table.len() < LEN {
        return Err(Fault::Length(table.len() as u32));
    }
    let is_16550 = u8_at(table, INTERFACE)
        .is_some_and(|kind| [FULL_16550, LIKE_16450, ADDRESSED_16550].contains(&kind));
    let place = place(table).filter(|_| is_16550);
    Ok(place.map(|place| match place {
        Place::Port(_) => Console { place, baud: baud(table) },
        Place::Memory { .. } => Console { place, baud: None },
    }))
}

fn place(table: &[u8]) -> Option<Place> {
    let address = u64_at(table, ADDRESS + 4)?;
    match u8_at(table, ADDRESS)? {
        // The first register at 0 says that there is no console.
        _ if address == 0 => None,
        0 => Some(Place::Memory { address, stride: stride(table)? }),
        1 => u16::try_from(address).ok().filter(|&port| port <= u16::MAX - 7).map(Place::Port),
        _ => None,
    }
}

/// Registers are as far from each other as each is wide; the size of an access says so, as tables
/// before it was there have 0 in it the width of the register does (5.2.3.2).
fn stride(table: &[u8]) -> Option<u8> {
    match (u8_at(table, ADDRESS + 3)?, u8_at(table, ADDRESS + 1)?) {
        (1, _) | (0, 0..=8) => Some(1),
        (2, _) | (0, 9..=16) => Some(2),
        (3, _) | (0, 17..=32) => Some(4),
        _ => None,
    }
}

fn baud(table: &[u8]) -> Option<u32> {
    let is_precise = u8_at(table, REVISION)? >= 4;
    let precise = u32_at(table, PRECISE_BAUD).filter(|&baud| is_precise && baud != 0);
    precise.or(match u8_at(table, BAUD)? {
        3 => Some(9_600),
        4 => Some(19_200),
        6 => Some(57_600),
        7 => Some(115_200),
        // 0 says: as it is. Nothing else is defined.
        _ => None,
    })
}
