//! The 82599 (X520), the X540 and the X550, 10 Gb/s. Not yet run on hardware.
//!
//! | module | what lives there |
//! |---|---|
//! | `registers` | the map |
//! | `reset` | taking a card over from whoever used it (datasheet of the 82599, 4.2 and 5.2.5.3) |
//! | `set_up` | all but queues and link (4.6) |
//! | `queues` | the queues (4.6.7, 4.6.8) |
//! | `link` | the link (3.7, 4.6.5) |
//! | `sfp`, `wires` | what module is in the cage |
//! | `sequence` | what the NVM has for it (6.3.2.2.1) |
//! | `swap` | another module that is plugged in |
//! | `mdio` | the transceiver of the X540 and X550 |
//! | `report` | why the link is down |
//! | `statistics` | the counters, and what can be read without a side effect |
//!
//! Sections are those of the datasheet of the 82599, revision 3.4, unless said otherwise.

mod link;
mod mdio;
mod queues;
mod registers;
mod report;
mod reset;
mod sequence;
mod set_up;
mod sfp;
mod statistics;
mod swap;
mod wires;

pub(crate) use link::{Cage, link, restart, set_loopback};
pub(crate) use queues::start;
pub(crate) use registers::{receive, transmit};
pub(crate) use report::report;
pub(crate) use reset::reset;
pub(crate) use set_up::set_up;
pub(crate) use statistics::{COUNTERS, REGISTERS};
pub(crate) use swap::Swap;

use crate::card::Generation;
use crate::checksum::Covered;
use crate::nvm::Nvm;
use crate::semaphore::{Lock, Semaphore};

/// Pairs of queues that frames can be spread over.
pub(crate) const PAIRS: usize = 16;

/// The NVM, whose version is that of the tool that made it (ETRACK_ID).
pub(crate) const NVM: Nvm =
    Nvm { control: registers::EEC, read: registers::EERD, version: (0x2d, Some(0x2e)) };

/// Words of the NVM that lead to sections of it which the checksum is over: all before the firmware's. On
/// the X540 two of them lead to what others write, the transceiver's firmware and a ROM to boot from.
const SECTIONS: [u16; 12] = [3, 4, 5, 6, 7, 8, 9, 0xa, 0xb, 0xc, 0xd, 0xe];
const SECTIONS_OF_X540: [u16; 10] = [3, 6, 7, 8, 9, 0xa, 0xb, 0xc, 0xd, 0xe];

/// What the NVM's checksum is over. Not known of the X550: firmware reads its words, by command.
pub(crate) const fn covered(model: Model) -> Option<Covered> {
    let pointers: &[u16] = match model.generation {
        Generation::X520 => &SECTIONS,
        Generation::X540 => &SECTIONS_OF_X540,
        Generation::X550 => return None,
    };
    Some(Covered { first: 0, pointers })
}

/// What a card's link runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Medium {
    /// A module in a cage.
    Sfp,
    /// A backplane, or a transceiver that needs nothing of us but a restart.
    Backplane,
    /// Twisted pair, by a transceiver that firmware runs.
    Copper,
}

/// A card, as its device number says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) generation: Generation,
    pub(crate) medium: Medium,
}

impl Model {
    /// The model of a device number, if it is one of these. Not the X552 and X553, whose registers lie
    /// elsewhere.
    pub(crate) const fn of(device: u16) -> Option<Self> {
        let (generation, medium) = match device {
            0x10fb | 0x154d | 0x1507 | 0x154a | 0x1557 | 0x1529 => (Generation::X520, Medium::Sfp),
            // The last two have transceivers of their own, by MDIO, and a cage for four modules.
            0x10f7 | 0x10f8 | 0x10f9 | 0x10fc | 0x1514 | 0x1517 | 0x152a | 0x151c | 0x1558 => {
                (Generation::X520, Medium::Backplane)
            }
            0x1528 | 0x1560 => (Generation::X540, Medium::Copper),
            0x1563 | 0x15d1 => (Generation::X550, Medium::Copper),
            _ => return None,
        };
        Some(Self { generation, medium })
    }

    /// Its semaphores.
    pub(crate) const fn semaphore(self) -> Semaphore {
        let lock = match self.generation {
            Generation::X520 => Lock::Request,
            Generation::X540 | Generation::X550 => Lock::Register,
        };
        Semaphore::new((registers::SWSM, registers::SW_FW_SYNC), lock)
    }
}
