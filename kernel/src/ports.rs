//! The network cards: which there are, and how one becomes a port.
#![expect(unsafe_code, reason = "configuration space and registers are handed to drivers here")]

mod port;

use core::fmt;

use bus::pci::{Seen, Segment};
use bus::{Dma, Registers, Translation};
use dataplane::{LARGEST, PORTS};
use handover::Recall;
use heapless::Vec;
use kernel::address::{Mac, Place};
use kernel::boot::acpi;
use kernel::machine::{Identity, Loopback};
use kernel::options::{MTU, Ports as Wanted, RXQS};
use kernel::port_name::PortName;
use spin::Once;
use virtio::{Kind, Net};

use crate::arch::{memory, paging, pci, tsc};
use crate::pmds::{self, NoMemory};
use crate::queues::{Queues, Ring, Rx};

/// Class and subclass of an Ethernet controller (PCI Code and ID Assignment, 1.3).
const ETHERNET: (u8, u8) = (2, 0);
/// Bytes of an Ethernet header, which an MTU does not count.
const HEADER: usize = LARGEST - MTU as usize;
/// Alignment of a virtio device's rings.
const RING_ALIGN: usize = 64;

type Function = bus::pci::Function<'static, pci::Config>;
type VirtioCard = Net<'static, pci::Config, Registers>;
type IntelCard = intel::Card<'static, pci::Config, Registers>;

/// A network card that was taken, by its driver.
enum Card {
    Virtio(&'static mut VirtioCard),
    Intel(&'static IntelCard),
}

static SEGMENTS: Once<Vec<Segment<pci::Config>, { acpi::SEGMENTS + 1 }>> = Once::new();

/// A network card that was taken.
pub(crate) struct Port {
    /// What its user calls it.
    pub(crate) name: Option<PortName>,
    pub(crate) place: Place,
    /// Frames that its receive rings can hold.
    pub(crate) ring: u32,
    /// Receive queues that it has, and that its card can have.
    pub(crate) queues: (usize, usize),
    /// Descriptors of each of its receive rings, and of each of its transmit rings.
    pub(crate) rings: (u32, u32),
    /// Bytes behind the Ethernet header that its frames may have.
    pub(crate) mtu: u32,
    /// Whether its card was made to receive what it sends.
    pub(crate) loopback: Loopback,
    identity: Identity,
    card: Card,
}

/// What a port is to be like.
pub(crate) struct Shape {
    /// Receive queues that it has, if its card has so many.
    pub(crate) queues: usize,
    /// Descriptors of each of its receive rings, and of each of its transmit rings, if its card has so
    /// many.
    pub(crate) rings: (u32, u32),
    /// Bytes behind the Ethernet header that its frames may have.
    pub(crate) mtu: u32,
}

impl Shape {
    /// Bytes of the largest frame, as [`LARGEST`].
    fn largest(&self) -> usize {
        HEADER + self.mtu as usize
    }
}

/// A network card that nobody has touched.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    pub(crate) place: Place,
    pub(crate) mac: Option<Mac>,
    pub(crate) driver: Option<&'static str>,
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
    Intel(intel::Error),
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
            Self::Intel(error) => write!(out, "it cannot be set up: {error:?}"),
        }
    }
}

/// All network cards, in ascending order of place. Looking changes nothing.
pub(crate) fn cards() -> impl Iterator<Item = Found> {
    functions().filter(|(_, seen)| (seen.class, seen.subclass) == ETHERNET).map(
        |(segment, seen)| Found {
            place: Place(seen.address),
            mac: driver(&seen).and_then(|_| {
                let function = segment.look(seen.address)?;
                let virtio = virtio::mac_of(&function, &mut map);
                virtio.or_else(|| intel::mac_of(&function, &mut map)).map(Mac)
            }),
            driver: driver(&seen),
        },
    )
}

/// Those of all cards that are `wanted`, in the order that was asked for. Where all are, those
/// that there is a driver for.
pub(crate) fn chosen(wanted: &Wanted) -> Vec<Found, PORTS> {
    let position = |found: &Found| wanted.position(found.place, found.mac.unwrap_or_default());
    let is_wanted = |found: &Found| {
        position(found).is_some() && (found.driver.is_some() || *wanted != Wanted::All)
    };
    let mut chosen: Vec<Found, PORTS> = cards().filter(is_wanted).take(PORTS).collect();
    chosen.sort_unstable_by_key(|found| (position(found), found.place.0));
    chosen
}

/// Takes `card` away from whoever used it, and sets it up as a port of this `shape`, as far as it has what
/// that needs. A card without a driver is left as it is.
#[inline(never)]
pub(crate) fn take(card: &Found, shape: &Shape) -> Result<(Port, &'static mut Queues), Error> {
    card.driver.ok_or(Error::NoDriver)?;
    let place = card.place;
    let taken = segments().iter().map(|segment| segment.take_over(place.0));
    let reached = taken.reduce(|first, second| first.or(second)).ok_or(Error::Absent)?;
    let function = reached.map_err(Error::Bus)?;
    let (card, most, queues) = match intel::Family::of(&function.seen()) {
        Some(_) => open_intel(&function, shape)?,
        None => open_virtio(&function, shape)?,
    };
    let (ring, counts) = (queues.capacity() as u32, (queues.rx.len(), most));
    let (loopback, identity) = (Loopback::NotRun, port::identify(&function));
    let (rings, mtu) = (queues.rings(), shape.mtu);
    let name = None;
    Ok((Port { name, place, ring, queues: counts, rings, mtu, loopback, identity, card }, queues))
}

/// A card, the queues that it can have, and those that it has.
type Opened = (Card, usize, &'static mut Queues);

#[inline(never)]
fn open_virtio(function: &Function, shape: &Shape) -> Result<Opened, Error> {
    let recall = pmds::carve(Recall::new())?;
    let mut card = Net::open(function, &mut map, recall, &Uptime).map_err(Error::Virtio)?;
    card.limit_rings(shape.rings.0 as usize, shape.rings.1 as usize);
    let most = card.most_pairs().min(RXQS);
    let queues = pmds::carve(Queues::of_frames(shape.largest()))?;
    for _ in 0..shape.queues.clamp(1, most) {
        let rings = rings(VirtioCard::MEMORY, RING_ALIGN)?;
        let (rx, tx) = card.add_pair(&mut map, rings).map_err(Error::Virtio)?;
        queues.add(Rx::Virtio(pmds::carve(rx)?), Ring::Virtio(pmds::carve(tx)?));
    }
    let commands = rings(VirtioCard::CONTROL_MEMORY, RING_ALIGN)?;
    card.start(&mut map, commands, &Uptime).map_err(Error::Virtio)?;
    Ok((Card::Virtio(pmds::carve(card)?), most, queues))
}

#[inline(never)]
fn open_intel(function: &Function, shape: &Shape) -> Result<Opened, Error> {
    let (pairs, longest) = (shape.queues.clamp(1, RXQS), shape.largest());
    let sizes = intel::Sizes::new(shape.rings.0 as usize, shape.rings.1 as usize);
    let memory = rings(pairs * sizes.bytes(), IntelCard::ALIGN)?;
    let queues = pmds::carve(Queues::of_frames(longest))?;
    let take = &mut |rx, tx| {
        // A queue that there is no memory for stands still, and is missed below.
        if let (Ok(rx), Ok(tx)) = (pmds::carve(rx), pmds::carve(tx)) {
            queues.add(Rx::Intel(rx), Ring::Intel(tx));
        }
    };
    let given = memory::carve_with(pairs * sizes.sum(), |_| None).ok_or(Error::NoMemory)?;
    let rings = intel::Rings { sizes, memory, given, longest, take };
    let card = IntelCard::open(function, &mut map, rings, &Uptime).map_err(Error::Intel)?;
    if queues.rx.len() < card.pairs() {
        return Err(Error::NoMemory);
    }
    let most = card.most_pairs().min(RXQS);
    Ok((Card::Intel(pmds::carve(card)?), most, queues))
}

/// Memory for the rings of a card.
fn rings(len: usize, align: usize) -> Result<Dma, Error> {
    let memory = memory::carve_dma(len, align).ok_or(Error::NoMemory)?;
    Ok(Dma::new(memory, Translation::IDENTITY))
}

/// Opens the first virtio console there is, for the log stream.
pub(crate) fn console() -> Option<Console> {
    let is_console = |(_, seen): &(_, Seen)| Kind::of(seen) == Some(Kind::Console);
    let (segment, seen) = functions().find(is_console)?;
    let function = segment.take_over(seen.address).ok()?;
    let rings = memory::carve_dma(Console::MEMORY, RING_ALIGN)?;
    Console::open(&function, &mut map, Dma::new(rings, Translation::IDENTITY), &Uptime).ok()
}

/// A virtio console.
pub(crate) type Console = virtio::Console<'static, pci::Config, Registers>;

/// Keeps every device from writing to memory. For a crash.
pub(crate) fn silence() {
    let Some(segments) = SEGMENTS.get() else { return };
    for segment in segments {
        segment.functions().for_each(|seen| segment.forbid_bus_master(seen.address));
    }
}

/// The name of the driver for virtio's network cards.
const VIRTIO: &str = "virtio-net";

/// The name of the driver for what was seen, if there is one.
fn driver(seen: &Seen) -> Option<&'static str> {
    let virtio = (Kind::of(seen) == Some(Kind::Net)).then_some(VIRTIO);
    virtio.or_else(|| intel::Family::of(seen).map(intel::Family::name))
}

/// Everything that answers on the PCI buses, each with its segment.
pub(crate) fn functions() -> impl Iterator<Item = (&'static Segment<pci::Config>, Seen)> {
    segments().iter().flat_map(|segment| segment.functions().map(move |seen| (segment, seen)))
}

fn segments() -> &'static [Segment<pci::Config>] {
    SEGMENTS.call_once(|| pci::segments().map(|(number, last)| segment(number, last)).collect())
}

fn segment(number: u16, last_bus: u8) -> Segment<pci::Config> {
    // SAFETY: `Config` reaches every register of these buses, or answers all ones in its place.
    unsafe { Segment::new(pci::Config, number, last_bus) }
}

/// Maps registers of a device for its driver.
pub(crate) fn map(address: u64, len: usize) -> Option<Registers> {
    let base = paging::map_mmio(address, len)?;
    // SAFETY: The mapping is uncached, the same on all cores, and stays; of each device only one
    // driver is set up, and looking at an address before that is done with by then.
    Some(unsafe { Registers::new(base, len) })
}

/// Nanoseconds, for the limits of drivers' waits.
struct Uptime;

impl bus::Clock for Uptime {
    fn now(&self) -> u64 {
        (u128::from(tsc::now()) * 1_000_000_000 / u128::from(tsc::frequency().max(1))) as u64
    }
}
