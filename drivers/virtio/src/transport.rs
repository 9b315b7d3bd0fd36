//! A virtio device behind PCI (4.1): where its registers are, and how it is set up.

mod registers;

pub use registers::Register;

use bit_field::BitField;
use bus::pci::{ConfigRegionAccess, Function, Seen};
use bus::{Clock, Limit, Mmio, wait_until};

use crate::Error;
use crate::queue::{Layout, N};

/// The vendor number of all virtio devices (4.1.2).
const VENDOR: u16 = 0x1AF4;
/// The capability in which a vendor describes its own things, and what it tells here (4.1.4).
const VENDOR_SPECIFIC: u8 = 0x09;
const COMMON: u8 = 1;
const NOTIFY: u8 = 2;
const DEVICE: u8 = 4;

/// The common registers (4.1.4.3), and how many bytes they take.
const FEATURE_SELECT: usize = 0x00;
const FEATURES: usize = 0x04;
const ACCEPT_SELECT: usize = 0x08;
const ACCEPTED: usize = 0x0C;
const CONFIG_VECTOR: usize = 0x10;
const STATUS: usize = 0x14;
const QUEUE_SELECT: usize = 0x16;
const QUEUE_SIZE: usize = 0x18;
const QUEUE_VECTOR: usize = 0x1A;
const QUEUE_ENABLE: usize = 0x1C;
const QUEUE_NOTIFY: usize = 0x1E;
const QUEUE_DESCRIPTORS: usize = 0x20;
const QUEUE_DRIVER: usize = 0x28;
const QUEUE_DEVICE: usize = 0x30;
const COMMON_LEN: u64 = 0x38;

/// Bits of the status register (2.1).
const ACKNOWLEDGE: u8 = 1;
const DRIVER: u8 = 2;
const DRIVER_OK: u8 = 4;
const FEATURES_OK: u8 = 8;
const NEEDS_RESET: u8 = 64;
const FAILED: u8 = 128;

/// Interrupt vector that stands for none (4.1.4.3).
const NO_VECTOR: u16 = 0xFFFF;
/// The feature of following version 1 of the specification (6).
const VERSION_1: usize = 32;
/// Milliseconds that a reset may take. The specification has no limit.
pub(crate) const RESET: u32 = 500;

/// What kind of virtio device a function is. Numbers of transitional devices come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A network card.
    Net,
    /// A console.
    Console,
}

impl Kind {
    /// The kind of the function that was seen, if this crate can drive it.
    pub fn of(seen: &Seen) -> Option<Self> {
        match (seen.vendor, seen.device) {
            (VENDOR, 0x1000 | 0x1041) => Some(Self::Net),
            (VENDOR, 0x1003 | 0x1043) => Some(Self::Console),
            _ => None,
        }
    }
}

/// Maps a number of bytes of device registers from a bus address on, for good. They need not
/// start or end at a page, and may lie in a page that was mapped before.
pub type Map<'m, M> = &'m mut dyn FnMut(u64, usize) -> Option<M>;

/// Bus addresses within a device's memory.
#[derive(Clone, Copy)]
struct Stretch {
    address: u64,
    len: u64,
}

impl Stretch {
    /// The stretch that the capability at `offset` is about, if it lies in the device's memory.
    fn told_by<A: ConfigRegionAccess>(function: &Function<'_, A>, offset: u8) -> Option<Self> {
        let slot = function.read(offset + 4).get_bits(0..8) as u8;
        let start = u64::from(function.read(offset + 8));
        let len = u64::from(function.read(offset + 12));
        let bar = function.bar(slot).ok()?;
        let is_inside = len > 0 && start + len <= bar.len;
        Some(Self { address: bar.address.checked_add(start)?, len }).filter(|_| is_inside)
    }

    fn map<M>(self, map: Map<'_, M>) -> Result<M, Error> {
        let len = usize::try_from(self.len).map_err(|_| Error::NotMapped)?;
        map(self.address, len).ok_or(Error::NotMapped)
    }
}

/// Where a device says that its registers are. Of several places for the same ones, the first.
#[derive(Default)]
struct Places {
    common: Option<Stretch>,
    device: Option<Stretch>,
    notify: Option<(Stretch, u32)>,
}

impl Places {
    fn of<A: ConfigRegionAccess>(function: &Function<'_, A>) -> Self {
        let mut places = Self::default();
        for capability in function.capabilities() {
            let head = function.read(capability.offset);
            let (len, kind) = (head.get_bits(16..24) as u8, head.get_bits(24..32) as u8);
            let least = if kind == NOTIFY { 20 } else { 16 };
            let is_whole = len >= least && capability.offset.checked_add(least - 1).is_some();
            if capability.id == VENDOR_SPECIFIC && is_whole {
                places.note(function, capability.offset, kind);
            }
        }
        places
    }

    fn note<A: ConfigRegionAccess>(&mut self, function: &Function<'_, A>, offset: u8, kind: u8) {
        let told = || Stretch::told_by(function, offset);
        match kind {
            COMMON => {
                let long_enough = |stretch: &Stretch| stretch.len >= COMMON_LEN;
                self.common = self.common.or_else(|| told().filter(long_enough));
            }
            DEVICE => self.device = self.device.or_else(told),
            NOTIFY => {
                let multiplier = || function.read(offset + 16);
                self.notify = self.notify.or_else(|| Some((told()?, multiplier())));
            }
            _ => {}
        }
    }
}

/// The first registers of the device's own kind, of which there must be `least` bytes, of a
/// function that may be somebody else's: nothing is changed.
pub(crate) fn peek<A: ConfigRegionAccess, M>(
    function: &Function<'_, A>,
    least: u64,
    map: Map<'_, M>,
) -> Option<M> {
    let is_own = |offset: u8| {
        let head = function.read(offset);
        head.get_bits(16..24) >= 16 && head.get_bits(24..32) == u32::from(DEVICE)
    };
    let mut vendors = function.capabilities().filter(|found| found.id == VENDOR_SPECIFIC);
    let offset = vendors.find(|found| found.offset <= 0xF0 && is_own(found.offset))?.offset;
    let bar = function.bar_address(function.read(offset + 4).get_bits(0..8) as u8)?;
    let len = u64::from(function.read(offset + 12));
    let address = bar.checked_add(u64::from(function.read(offset + 8)))?;
    Stretch { address, len }.map(map).ok().filter(|_| len >= least)
}

/// How a device is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Works,
    /// It wants to be reset, or has been by somebody.
    NeedsReset,
    /// It answers no more.
    Gone,
}

/// A device while it is being set up.
pub(crate) struct Transport<M> {
    common: M,
    device: Option<Stretch>,
    notify: Stretch,
    multiplier: u32,
}

impl<M: Mmio> Transport<M> {
    /// Maps the registers of `function`, and lets go of what the device was doing.
    pub(crate) fn open<A: ConfigRegionAccess>(
        function: &Function<'_, A>,
        map: Map<'_, M>,
        clock: &impl Clock,
    ) -> Result<Self, Error> {
        let places = Places::of(function);
        let common = places.common.ok_or(Error::NoRegisters)?.map(map)?;
        let (notify, multiplier) = places.notify.ok_or(Error::NoRegisters)?;
        let transport = Self { common, device: places.device, notify, multiplier };
        transport.reset(clock)?;
        Ok(transport)
    }

    fn reset(&self, clock: &impl Clock) -> Result<(), Error> {
        self.begin_reset();
        let limit = Limit::milliseconds(RESET);
        wait_until(clock, limit, || self.is_reset()).map_err(|_| Error::StuckInReset)
    }

    /// Tells the device to let go of what it was doing (2.4).
    pub(crate) fn begin_reset(&self) {
        self.common.write8(STATUS, 0);
    }

    /// Whether it has.
    pub(crate) fn is_reset(&self) -> bool {
        self.common.read8(STATUS) == 0
    }

    /// How the device is, by its own word (2.1).
    pub(crate) fn state(&self) -> State {
        match self.common.read8(STATUS) {
            u8::MAX => State::Gone,
            status if status & (NEEDS_RESET | DRIVER_OK) == DRIVER_OK => State::Works,
            _ => State::NeedsReset,
        }
    }

    /// The registers of the device's own kind, of which there must be `least` bytes.
    pub(crate) fn map_own(&self, least: u64, map: Map<'_, M>) -> Result<M, Error> {
        let own = self.device.filter(|own| own.len >= least);
        own.ok_or(Error::NoRegisters)?.map(map)
    }

    /// Begins set-up (3.1.1): accepts those features of `wanted` that the device offers, and
    /// version 1. Returns what was accepted.
    pub(crate) fn negotiate(&self, wanted: u64) -> Result<u64, Error> {
        self.common.write8(STATUS, ACKNOWLEDGE);
        self.common.write8(STATUS, ACKNOWLEDGE | DRIVER);
        let offered = self.offered();
        if !offered.get_bit(VERSION_1) {
            return Err(Error::TooOld);
        }
        let accepted = offered & wanted | 1 << VERSION_1;
        self.accept(accepted);
        self.common.write8(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
        let is_content = self.common.read8(STATUS) & FEATURES_OK != 0;
        self.common.write16(CONFIG_VECTOR, NO_VECTOR);
        is_content.then_some(accepted).ok_or(Error::FeaturesRefused)
    }

    fn offered(&self) -> u64 {
        let half = |select| {
            self.common.write32(FEATURE_SELECT, select);
            u64::from(self.common.read32(FEATURES))
        };
        half(0) | half(1) << 32
    }

    fn accept(&self, features: u64) {
        for (select, half) in [(0, features as u32), (1, (features >> 32) as u32)] {
            self.common.write32(ACCEPT_SELECT, select);
            self.common.write32(ACCEPTED, half);
        }
    }

    /// Descriptors that queue `index` is to have: what the device offers, down to a power of two
    /// and to what a queue of ours can have.
    pub(crate) fn queue_size(&self, index: u16) -> Result<u16, Error> {
        self.common.write16(QUEUE_SELECT, index);
        let offered = self.common.read16(QUEUE_SIZE).min(N as u16);
        offered.checked_ilog2().map(|log| 1 << log).ok_or(Error::NoQueue)
    }

    /// Starts queue `index`. Returns its doorbell.
    pub(crate) fn start_queue(
        &self,
        index: u16,
        layout: &Layout,
        map: Map<'_, M>,
    ) -> Result<Doorbell<M>, Error> {
        self.common.write16(QUEUE_SELECT, index);
        let register = self.doorbell(self.common.read16(QUEUE_NOTIFY))?.map(map)?;
        self.enable_queue(index, layout);
        Ok(Doorbell { register, queue: index })
    }

    /// Has queue `index` work (4.1.5.1.3), without interrupts.
    pub(crate) fn enable_queue(&self, index: u16, layout: &Layout) {
        self.common.write16(QUEUE_SELECT, index);
        self.common.write16(QUEUE_SIZE, layout.size);
        self.common.write16(QUEUE_VECTOR, NO_VECTOR);
        self.write64(QUEUE_DESCRIPTORS, layout.descriptors);
        self.write64(QUEUE_DRIVER, layout.driver);
        self.write64(QUEUE_DEVICE, layout.device);
        self.common.write16(QUEUE_ENABLE, 1);
    }

    fn doorbell(&self, offset: u16) -> Result<Stretch, Error> {
        let start = u64::from(offset) * u64::from(self.multiplier);
        let address = self.notify.address.checked_add(start).ok_or(Error::NoRegisters)?;
        let is_inside = start + 2 <= self.notify.len;
        is_inside.then_some(Stretch { address, len: 2 }).ok_or(Error::NoRegisters)
    }

    /// Lets the device work.
    pub(crate) fn finish(&self) {
        self.common.write8(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    }

    /// Tells the device that it cannot be used.
    pub(crate) fn give_up(&self) {
        self.common.write8(STATUS, FAILED);
    }

    /// Registers of 64 bits are written in halves, low one first (4.1.3.1).
    fn write64(&self, offset: usize, value: u64) {
        self.common.write32(offset, value as u32);
        self.common.write32(offset + 4, (value >> 32) as u32);
    }
}

/// The register that tells a device to look at a queue (4.1.4.4).
pub(crate) struct Doorbell<M> {
    register: M,
    queue: u16,
}

impl<M: Mmio> Doorbell<M> {
    #[inline]
    pub(crate) fn ring(&self) {
        self.register.write16(0, self.queue);
    }
}
