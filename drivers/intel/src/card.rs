//! What the control core has of a card: address, link, counts.

use core::cell::Cell;

use bit_field::BitField;
use bus::pci::{BusMaster, ConfigRegionAccess, Function, Seen};
use bus::{Clock, Dma, Mmio};

use crate::e1000::{MPC, RAH0, RAL0, STATUS, queue, rah, status};
use crate::flavour::EXTENDED;
use crate::{Error, Rx, Tx, e1000e, ring};

/// The vendor number of Intel.
const VENDOR: u16 = 0x8086;
/// Bytes of registers that this crate reaches.
const REGISTERS: usize = 0x2_0000;

/// Maps a number of bytes of device registers from a bus address on, for good. They need not
/// start or end at a page, and may lie in a page that was mapped before.
pub type Map<'m, M> = &'m mut dyn FnMut(u64, usize) -> Option<M>;

/// A family of cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The 82574, 1 Gb/s.
    E1000e,
}

impl Family {
    /// The family of the function that was seen, if this crate can drive it.
    pub fn of(seen: &Seen) -> Option<Self> {
        match (seen.vendor, seen.device) {
            (VENDOR, 0x10d3 | 0x10f6) => Some(Self::E1000e),
            _ => None,
        }
    }

    /// The name of its driver, as DPDK and Linux call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::E1000e => "e1000e",
        }
    }
}

/// A link as it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Frames can pass.
    pub is_up: bool,
    /// Mb/s; 0 while the link is down.
    pub speed: u32,
}

/// The address of the card `function`, read without taking it or changing anything; none if it
/// cannot be reached.
pub fn mac_of<A: ConfigRegionAccess, M: Mmio>(
    function: &Function<'_, A>,
    map: Map<'_, M>,
) -> Option<[u8; 6]> {
    Family::of(&function.seen())?;
    mac(&map(function.bar_address(0)?, REGISTERS)?)
}

/// The first address of a card, if it has one.
fn mac(registers: &impl Mmio) -> Option<[u8; 6]> {
    let (low, high) = (registers.read32(RAL0), registers.read32(RAH0));
    let [a, b, c, d] = low.to_le_bytes();
    let [e, f, ..] = high.to_le_bytes();
    let is_there = high & rah::VALID != 0 && (low, high) != (u32::MAX, u32::MAX);
    is_there.then_some([a, b, c, d, e, f])
}

/// A card. Its queues stand still once this is dropped.
pub struct Card<'a, A: ConfigRegionAccess, M> {
    family: Family,
    registers: M,
    mac: Option<[u8; 6]>,
    /// What counters that are cleared by reading said until now.
    missed: Cell<u64>,
    _bus_master: BusMaster<'a, A>,
}

impl<'a, A: ConfigRegionAccess, M: Mmio> Card<'a, A, M> {
    /// Bytes of memory that a card needs for its rings, aligned to [`Self::ALIGN`].
    pub const MEMORY: usize = 2 * ring::BYTES;
    /// What that is a multiple of.
    pub const ALIGN: usize = ring::ALIGN;

    /// Resets the card and sets it up, with rings in `memory`, which is zeroed. It receives once
    /// [`Rx::start`] was called.
    ///
    /// # Errors
    ///
    /// The card is none of this crate's, does not answer as it should, or there is too little memory.
    pub fn open(
        function: &Function<'a, A>,
        map: Map<'_, M>,
        mut memory: Dma,
        clock: &impl Clock,
    ) -> Result<(Self, Rx<M>, Tx<M>), Error> {
        let family = Family::of(&function.seen()).ok_or(Error::WrongKind)?;
        let bar = function.bar(0).map_err(|_| Error::NoRegisters)?;
        let mut registers = |offset: usize, len: usize| {
            let is_inside = (offset + len) as u64 <= bar.len;
            let address = bar.address.checked_add(offset as u64).filter(|_| is_inside);
            map(address.ok_or(Error::NoRegisters)?, len).ok_or(Error::NotMapped)
        };
        let own = registers(0, REGISTERS)?;
        e1000e::reset(&own, clock)?;
        let mac = mac(&own);
        e1000e::set_up(&own);
        let rx_tail = registers(e1000e::RECEIVE + queue::TAIL, 4)?;
        let tx_tail = registers(e1000e::TRANSMIT + queue::TAIL, 4)?;
        let rx = Rx::new(&mut memory, &EXTENDED, rx_tail).ok_or(Error::NoMemory)?;
        let tx = Tx::new(&mut memory, &EXTENDED, tx_tail).ok_or(Error::NoMemory)?;
        let bus_master = function.bus_master();
        e1000e::start(&own, rx.bus_address(), tx.bus_address());
        let card =
            Self { family, registers: own, mac, missed: Cell::new(0), _bus_master: bus_master };
        Ok((card, rx, tx))
    }

    /// Its family.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The card's own address, if it has one.
    pub fn mac(&self) -> Option<[u8; 6]> {
        self.mac
    }

    /// Its link.
    pub fn link(&self) -> Link {
        let now = self.registers.read32(STATUS);
        let is_up = now & status::LINK_UP != 0 && now != u32::MAX;
        let speed = match now.get_bits(status::SPEED) {
            0 => 10,
            1 => 100,
            _ => 1000,
        };
        Link { is_up, speed: if is_up { speed } else { 0 } }
    }

    /// Frames that it had no room for, since it was opened.
    pub fn missed(&self) -> u64 {
        let news = self.registers.read32(MPC);
        let missed = self.missed.get() + if news == u32::MAX { 0 } else { u64::from(news) };
        self.missed.set(missed);
        missed
    }
}
