//! The configuration space of a segment, and what answers in it.

#![expect(unsafe_code, reason = "the trait for configuration access has unsafe functions")]

use pci_types::{CommandRegister, ConfigRegionAccess, HeaderType, PciAddress, PciHeader};

use crate::Error;

use super::Function;

/// What a function says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Where it is.
    pub address: PciAddress,
    /// Who made it: the vendor's number.
    pub vendor: u16,
    /// The vendor's number of the model.
    pub device: u16,
    /// Base class; 2 is a network controller.
    pub class: u8,
    /// Subclass; 0 is Ethernet among network controllers.
    pub subclass: u8,
}

/// The first 256 bytes of configuration space of each function of one segment.
pub struct Segment<A> {
    access: A,
    number: u16,
    last_bus: u8,
}

impl<A: ConfigRegionAccess> Segment<A> {
    /// The buses 0 to `last_bus` of the segment `number`.
    ///
    /// # Safety
    ///
    /// `access` must allow reads and writes at every address on these buses, whether a function is
    /// there or not, and at every offset below 256 that is a multiple of 4.
    pub const unsafe fn new(access: A, number: u16, last_bus: u8) -> Self {
        Self { access, number, last_bus }
    }

    /// All functions, in ascending order of address. It asks every bus instead of following
    /// bridges, as larger machines have several root buses; that is 32 reads per bus.
    pub fn functions(&self) -> impl Iterator<Item = Seen> + '_ {
        let devices = (0..=self.last_bus).flat_map(|bus| (0..32).map(move |device| (bus, device)));
        devices.flat_map(move |(bus, device)| {
            let address = move |function| PciAddress::new(self.number, bus, device, function);
            let functions = 0..self.functions_of(address(0));
            functions.filter_map(move |function| self.seen(address(function)))
        })
    }

    /// Takes the function at `address` away from whoever used it: no bus mastering, no interrupt
    /// of any kind, and its registers can be reached.
    pub fn take_over(&self, address: PciAddress) -> Result<Function<'_, A>, Error> {
        let seen = self.seen(address).ok_or(Error::Absent)?;
        if PciHeader::new(address).header_type(&self.access) != HeaderType::Endpoint {
            return Err(Error::NotADevice);
        }
        self.forbid_bus_master(address);
        Ok(Function::take(self, seen))
    }

    /// The function at `address`, to look at and leave as it is.
    pub fn look(&self, address: PciAddress) -> Option<Function<'_, A>> {
        self.seen(address).map(|seen| Function::look(self, seen))
    }

    /// Ends all access to memory by the function at `address`, at once. For a crash: it takes no
    /// lock and asks nobody.
    pub fn forbid_bus_master(&self, address: PciAddress) {
        self.change_command(address, |command| command - CommandRegister::BUS_MASTER_ENABLE);
    }

    /// What answers at `address`.
    fn seen(&self, address: PciAddress) -> Option<Seen> {
        if !self.contains(address) {
            return None;
        }
        let header = PciHeader::new(address);
        let (vendor, device) = header.id(&self.access);
        let (_, class, subclass, _) = header.revision_and_class(&self.access);
        let is_there = vendor != 0xFFFF && vendor != 0;
        is_there.then_some(Seen { address, vendor, device, class, subclass })
    }

    /// How many functions to ask for at a device whose function 0 is at `address`.
    fn functions_of(&self, address: PciAddress) -> u8 {
        match self.seen(address) {
            None => 0,
            Some(_) if PciHeader::new(address).has_multiple_functions(&self.access) => 8,
            Some(_) => 1,
        }
    }

    /// The command register (PCI 3.0, 6.2.2) of the function at `address`, before `change`. The
    /// status register beside it keeps its bits: it clears those that a one is written to.
    pub(super) fn change_command(
        &self,
        address: PciAddress,
        change: impl FnOnce(CommandRegister) -> CommandRegister,
    ) -> CommandRegister {
        let before = CommandRegister::from_bits_retain(self.read(address, 0x04) as u16);
        self.write(address, 0x04, u32::from(change(before).bits()));
        before
    }

    /// The word at `offset`; all ones outside of this segment.
    pub(super) fn read(&self, address: PciAddress, offset: u8) -> u32 {
        if !self.contains(address) {
            return u32::MAX;
        }
        // SAFETY: `new` was promised access to every multiple of 4 below 256 on these buses.
        unsafe { self.access.read(address, u16::from(offset & !3)) }
    }

    pub(super) fn write(&self, address: PciAddress, offset: u8, value: u32) {
        if self.contains(address) {
            // SAFETY: `new` was promised access to every multiple of 4 below 256 on these buses.
            unsafe { self.access.write(address, u16::from(offset & !3), value) }
        }
    }

    fn contains(&self, address: PciAddress) -> bool {
        address.segment() == self.number && address.bus() <= self.last_bus
    }
}
