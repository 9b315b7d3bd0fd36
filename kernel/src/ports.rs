//! The network cards: which there are, and how one becomes a port.
#![expect(unsafe_code, reason = "configuration space and registers are handed to drivers here")]

use core::fmt;

use bus::pci::{PciAddress, Seen, Segment};
use bus::{Dma, Registers, Translation};
use dataplane::Exit;
use heapless::Vec;
use spin::Once;
use virtio::{Kind, Net};

use crate::arch::acpi::SEGMENTS_LEN;
use crate::arch::{memory, paging, pci, tsc};
use crate::pmds::{self, NoMemory, Queues};

/// Class and subclass of an Ethernet controller (PCI Code and ID Assignment, 1.3).
const ETHERNET: (u8, u8) = (2, 0);
/// Alignment of a virtio card's rings.
const RING_ALIGN: usize = 64;

type Card = Net<'static, pci::Config, Registers>;

static SEGMENTS: Once<Vec<Segment<pci::Config>, SEGMENTS_LEN>> = Once::new();

/// A network card that was taken.
pub(crate) struct Port {
    pub(crate) address: PciAddress,
    card: Card,
}

/// Why a card is not a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// No segment has that address, or nothing answers there.
    Absent,
    /// There is no driver for it.
    NoDriver,
    /// No memory is left for its rings.
    NoMemory,
    /// The PCI function cannot be used.
    Bus(bus::Error),
    /// The device cannot be used.
    Virtio(virtio::Error),
}

impl From<NoMemory> for Error {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => out.write_str("no network card is there"),
            Self::NoDriver => out.write_str("there is no driver for it"),
            Self::NoMemory => out.write_str("too little memory for its rings"),
            Self::Bus(error) => write!(out, "it cannot be reached: {error:?}"),
            Self::Virtio(error) => write!(out, "it cannot be set up: {error:?}"),
        }
    }
}

/// All network cards, in ascending order of address.
pub(crate) fn cards() -> impl Iterator<Item = Seen> {
    functions().filter(|seen| (seen.class, seen.subclass) == ETHERNET)
}

/// The name of the driver for a card, if there is one.
pub(crate) fn driver(seen: &Seen) -> Option<&'static str> {
    (Kind::of(seen) == Some(Kind::Net)).then_some("virtio-net")
}

/// Takes the card at `address` away from whoever used it, and sets it up as port `number`.
pub(crate) fn take(number: u16, address: PciAddress) -> Result<(Port, Queues), Error> {
    let taken = segments().iter().map(|segment| segment.take_over(address));
    let reached = taken.reduce(|first, second| first.or(second)).ok_or(Error::Absent)?;
    let function = reached.map_err(Error::Bus)?;
    driver(&function.seen()).ok_or(Error::NoDriver)?;
    let rings = memory::carve_dma(Card::MEMORY, RING_ALIGN).ok_or(Error::NoMemory)?;
    let rings = Dma::new(rings, Translation::IDENTITY);
    let opened = Net::open(&function, &mut map, rings, &Uptime);
    let (card, rx, tx) = opened.map_err(Error::Virtio)?;
    let (rx, exit) = (pmds::carve(rx)?, pmds::carve(Exit::new(number, tx))?);
    Ok((Port { address, card }, Queues { rx, exit }))
}

/// Keeps every device from writing to memory. For a crash.
pub(crate) fn silence() {
    let Some(segments) = SEGMENTS.get() else { return };
    for segment in segments {
        segment.functions().for_each(|seen| segment.forbid_bus_master(seen.address));
    }
}

impl Port {
    /// Its own address; none if the card has none.
    pub(crate) fn mac(&self) -> Option<[u8; 6]> {
        self.card.mac()
    }

    pub(crate) fn is_link_up(&self) -> bool {
        self.card.is_link_up()
    }
}

fn functions() -> impl Iterator<Item = Seen> {
    segments().iter().flat_map(Segment::functions)
}

fn segments() -> &'static [Segment<pci::Config>] {
    SEGMENTS.call_once(|| pci::segments().map(|(number, buses)| segment(number, *buses.end())).collect())
}

fn segment(number: u16, last_bus: u8) -> Segment<pci::Config> {
    // SAFETY: `Config` reaches every register of these buses, or answers all ones in its place.
    unsafe { Segment::new(pci::Config, number, last_bus) }
}

/// Maps registers of a device for its driver.
fn map(address: u64, len: usize) -> Option<Registers> {
    let base = paging::map_mmio(address, len)?;
    // SAFETY: The mapping is uncached, the same on all cores, and stays; a driver asks for each
    // part of its own device once.
    Some(unsafe { Registers::new(base, len) })
}

/// Nanoseconds, for the limits of drivers' waits.
struct Uptime;

impl bus::Clock for Uptime {
    fn now(&self) -> u64 {
        (u128::from(tsc::now()) * 1_000_000_000 / u128::from(tsc::frequency().max(1))) as u64
    }
}
