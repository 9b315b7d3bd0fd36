//! What the control core has of a card: address, link, counts.

use core::cell::Cell;

use bus::pci::{BusMaster, ConfigRegionAccess, Function, Seen};
use bus::{Clock, Dma, Mmio};
use frame::Frame;

use crate::checksum::Checksum;
use crate::chip::Chip;
use crate::counters::Sums;
use crate::device::Device;
use crate::e1000::{RAH0, RAL0, queue, rah};
use crate::ixgbe::{Cage, Swap};
use crate::longest::Longest;
use crate::ring::{Placed, Sizes};
use crate::shown::{self, Register};
use crate::{Error, Report, Rx, Tx, ring};

/// Bytes of registers that this crate reaches.
const REGISTERS: usize = 0x2_0000;
/// The capability of a PCIe function (PCIe 3.0, 7.8), where its word of control and status is, and the
/// bit that says that answers are due.
const PCIE: u8 = 0x10;
const PCIE_STATUS: u8 = 0x08;
const PENDING: u32 = 1 << 21;

/// Maps a number of bytes of device registers from a bus address on, for good. They need not
/// start or end at a page, and may lie in a page that was mapped before.
pub type Map<'m, M> = &'m mut dyn FnMut(u64, usize) -> Option<M>;

/// A family of cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The 82574, 1 Gb/s.
    E1000e,
    /// The 82576, I350 and I210, 1 Gb/s.
    Igb,
    /// The 82599 and what came of it, 10 Gb/s.
    Ixgbe(Generation),
}

/// A generation of the 82599's family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// The 82599 itself, which cards of this name carry.
    X520,
    /// With a transceiver for twisted pair.
    X540,
    /// The same with 2.5 and 5 Gb/s. Not the X552 and X553.
    X550,
}

impl Family {
    /// The family of the function that was seen, if this crate can drive it.
    pub fn of(seen: &Seen) -> Option<Self> {
        Chip::of(seen).map(Chip::family)
    }

    /// The name of its driver, as DPDK and Linux call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::E1000e => "e1000e",
            Self::Igb => "igb",
            Self::Ixgbe(_) => "ixgbe",
        }
    }
}

/// A link as it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Frames can pass.
    pub is_up: bool,
    /// Mb/s; 0 while the link is down, or if the card does not tell.
    pub speed: u32,
}

/// What the queues of a card are made of, and who gets them.
pub struct Rings<'r, M> {
    /// How many descriptors the rings have.
    pub sizes: Sizes,
    /// [`Sizes::bytes`] for each pair, aligned to [`Card::ALIGN`] and zeroed.
    pub memory: Dma,
    /// Nothing, [`Sizes::sum`] times for each pair of queues that is wanted: the frames that the card has
    /// got. There are no more pairs than it has.
    pub given: &'static mut [Option<Frame>],
    /// Bytes of the longest frame that is to be received, without checksum and VLAN tag: 1514 at
    /// least, 9014 at most. A receive queue takes no frames of a pool with less room for them.
    pub longest: usize,
    /// Takes the queues of each pair, in order; they are too large to be returned together. If the
    /// card cannot be opened after all, they are of no use.
    pub take: &'r mut dyn FnMut(Rx<M>, Tx<M>),
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

/// A card. Its queues stand still once this is dropped, or closed, which waits for it.
pub struct Card<'a, A: ConfigRegionAccess, M> {
    chip: Chip,
    registers: M,
    mac: Option<[u8; 6]>,
    checksum: Checksum,
    cage: Cage,
    swap: Cell<Swap>,
    pairs: usize,
    sums: Sums,
    _bus_master: BusMaster<'a, A>,
}

impl<'a, A: ConfigRegionAccess, M: Mmio> Card<'a, A, M> {
    /// What the memory of rings begins at a multiple of.
    pub const ALIGN: usize = ring::ALIGN;

    /// Resets the card and sets it up with pairs of queues, over which it spreads what it receives: both
    /// directions of a flow come to the same. Each receives once [`Rx::start`] was
    /// called.
    ///
    /// # Errors
    ///
    /// The card is none of this crate's, does not answer as it should, or there is too little memory.
    pub fn open(
        function: &Function<'a, A>,
        map: Map<'_, M>,
        mut rings: Rings<'_, M>,
        clock: &impl Clock,
    ) -> Result<Self, Error> {
        let chip = Chip::of(&function.seen()).ok_or(Error::WrongKind)?;
        let bar = function.bar(0).map_err(|_| Error::NoRegisters)?;
        let mut map_part = |offset: usize, len: usize| {
            let is_inside = (offset + len) as u64 <= bar.len;
            let address = bar.address.checked_add(offset as u64).filter(|_| is_inside);
            map(address.ok_or(Error::NoRegisters)?, len).ok_or(Error::NotMapped)
        };
        let registers = map_part(0, REGISTERS)?;
        let device = Device { registers: &registers, clock };
        chip.reset(&device, &|| is_pending(function))?;
        let (mac, checksum) = (mac(&registers), chip.checksum(&device));
        let pairs = (rings.given.len() / rings.sizes.sum()).min(chip.pairs());
        if pairs == 0 {
            return Err(Error::NoMemory);
        }
        let longest = Longest::new(rings.longest);
        chip.set_up(&device, pairs, longest);
        let mut places = [(Placed::default(), Placed::default()); 16];
        let places = &mut places[..pairs];
        let given = rings.given.chunks_exact_mut(rings.sizes.sum());
        for ((n, place), given) in places.iter_mut().enumerate().zip(given) {
            let (received, sent) = given.split_at_mut(rings.sizes.receive());
            let (receive, transmit) = chip.blocks(n);
            let rx_tail = map_part(receive + queue::TAIL, 4)?;
            let tx_tail = map_part(transmit + queue::TAIL, 4)?;
            let memory = &mut rings.memory;
            let rx = Rx::new(memory, received, chip.flavour(), rx_tail).ok_or(Error::NoMemory)?;
            let rx = rx.of(longest);
            let tx = Tx::new(memory, sent, chip.flavour(), tx_tail).ok_or(Error::NoMemory)?;
            *place = (rx.placed(), tx.placed());
            (rings.take)(rx, tx);
        }
        let bus_master = function.bus_master();
        let (cage, swap) = chip.start(&device, places, longest)?;
        let swap = Cell::new(swap);
        let sums = Sums::new(chip.counters(), pairs);
        Ok(Self {
            chip,
            registers,
            mac,
            checksum,
            cage,
            swap,
            pairs,
            sums,
            _bus_master: bus_master,
        })
    }

    /// Ends whatever the card does, and then its right to reach memory. Its queues can be ended after
    /// that: [`Rx::end`], [`Tx::end`].
    ///
    /// # Errors
    ///
    /// The card is gone or does not answer as it should; it reaches no memory any more all the same.
    pub fn close(self, function: &Function<'a, A>, clock: &impl Clock) -> Result<(), Error> {
        let device = Device { registers: &self.registers, clock };
        self.chip.reset(&device, &|| is_pending(function))
    }

    /// Its family.
    pub fn family(&self) -> Family {
        self.chip.family()
    }

    /// The card's own address, if it has one.
    pub fn mac(&self) -> Option<[u8; 6]> {
        self.mac
    }

    /// Pairs of queues that it could have.
    pub fn most_pairs(&self) -> usize {
        self.chip.pairs()
    }

    /// Pairs of queues that it was opened with.
    pub fn pairs(&self) -> usize {
        self.pairs
    }

    /// Its link.
    pub fn link(&self) -> Link {
        self.chip.link(&self.registers, self.cage)
    }

    /// Makes a module ready that was plugged in since the card was opened, one step at a time: look ten
    /// times a second. That reads one register as a rule, and takes 50 ms at most.
    pub fn tend(&self, clock: &impl Clock) {
        let device = Device { registers: &self.registers, clock };
        self.swap.set(self.chip.tend(&device, self.swap.get()));
    }

    /// All that it tells of its link, and why that is down. It asks modules and transceivers, which
    /// takes some milliseconds, and 50 at most, whatever firmware or a module does.
    pub fn link_report(&self, clock: &impl Clock) -> Report {
        let device = Device { registers: &self.registers, clock };
        self.chip.report(&device, (self.cage, self.swap.get()))
    }

    /// Has it receive what it sends and send nothing out, or not any more: the 82599 and its kind in the
    /// MAC, the others in their transceiver. False if it does not do as it is told.
    #[must_use]
    pub fn set_loopback(&self, is_on: bool, clock: &impl Clock) -> bool {
        self.chip.set_loopback(&Device { registers: &self.registers, clock }, is_on)
    }

    /// The version of its NVM, if that is stored there.
    pub fn nvm_version(&self, clock: &impl Clock) -> Option<u32> {
        self.chip.nvm().version(&Device { registers: &self.registers, clock })
    }

    /// Whether its NVM was as it was written when the card was opened.
    pub fn nvm_checksum(&self) -> Checksum {
        self.checksum
    }

    /// Frames that it had no room for, or no descriptor, since it was opened.
    pub fn missed(&self) -> u64 {
        self.sums.missed(&self.registers)
    }

    /// What it counts with this `index`, since it was opened: name in the datasheet, pair of queues if it
    /// is one's, and count. None beyond the last. Counters of a 10G card stop after minutes at the full
    /// rate of the smallest frames: have all of them read more often.
    pub fn counter(&self, index: usize) -> Option<(&'static str, Option<usize>, u64)> {
        self.sums.sum(&self.registers, index)
    }

    /// The register with this `index` among those that can be read without a side effect; none beyond
    /// the last.
    pub fn register(&self, index: usize) -> Option<Register> {
        shown::register((self.chip, self.pairs), &self.registers, index)
    }
}

/// Whether PCIe owes answers to the function.
fn is_pending<A: ConfigRegionAccess>(function: &Function<'_, A>) -> bool {
    let pcie = function.capabilities().find(|it| it.id == PCIE);
    let status = pcie.and_then(|it| it.offset.checked_add(PCIE_STATUS));
    status.is_some_and(|offset| function.read(offset) & PENDING != 0)
}
