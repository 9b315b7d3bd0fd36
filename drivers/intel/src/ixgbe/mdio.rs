//! The transceiver of the X540 and X550, over MDIO (IEEE 802.3, clause 45; 82599 datasheet, 8.2.3.22.11).
//!
//! Firmware runs it, and makes the link. A driver sees to it that it has power, which whoever used the card
//! before may have taken away, as drivers do with ports that are down.

use bit_field::BitField;
use bus::{Clock, Limit, Mmio};

use super::Model;
use super::registers::bits::{msca, status, sw_fw_sync};
use super::registers::{MSCA, MSRWD, STATUS};
use crate::device::Device;

/// Devices in it, and their registers: the first half of its number; control, with the bit for low power.
const PMA: u32 = 1;
const NUMBER: u32 = 2;
const VENDOR: u32 = 30;
const CONTROL: u32 = 0;
const LOW_POWER: u16 = 1 << 11;
/// What the number is where there is none.
const NOBODY: [u16; 2] = [0, 0xffff];

/// Addresses on the bus.
const ADDRESSES: u32 = 32;
/// How long a command may take: some 30 µs, at 2.5 MHz.
const COMMAND: Limit = Limit::milliseconds(1);

/// Has the transceiver leave low power. None if it does not answer, or firmware does not let it go: then it
/// stays as it is.
pub(super) fn power_on<M: Mmio, C: Clock>(device: &Device<'_, M, C>, model: Model) -> Option<()> {
    let port = device.read(STATUS).get_bits(status::LAN_ID) & 1;
    let work = || {
        let phy = find(device)?;
        let control = phy.read(VENDOR, CONTROL)?;
        if control & LOW_POWER != 0 {
            phy.write(VENDOR, CONTROL, control & !LOW_POWER)?;
        }
        Some(())
    };
    model.semaphore().with(device, sw_fw_sync::PHY_0 << port, work).ok()?
}

/// The first transceiver on the bus. An address where nobody is reads as ones.
fn find<'p, 'd, M: Mmio, C: Clock>(device: &'p Device<'d, M, C>) -> Option<Phy<'p, 'd, M, C>> {
    for address in 0..ADDRESSES {
        let phy = Phy { device, address };
        if !NOBODY.contains(&phy.read(PMA, NUMBER)?) {
            return Some(phy);
        }
    }
    None
}

/// A transceiver at this address.
struct Phy<'p, 'd, M, C> {
    device: &'p Device<'d, M, C>,
    address: u32,
}

impl<M: Mmio, C: Clock> Phy<'_, '_, M, C> {
    /// What a register of one of its devices holds; none if the command does not end.
    fn read(&self, within: u32, register: u32) -> Option<u16> {
        self.command(msca::ADDRESS, (within, register))?;
        self.command(msca::READ, (within, register))?;
        Some((self.device.read(MSRWD) >> 16) as u16)
    }

    fn write(&self, within: u32, register: u32, value: u16) -> Option<()> {
        self.device.write(MSRWD, value.into());
        self.command(msca::ADDRESS, (within, register))?;
        self.command(msca::WRITE, (within, register))
    }

    fn command(&self, what: u32, (within, register): (u32, u32)) -> Option<()> {
        let place = self.address << msca::PORT | within << msca::DEVICE | register;
        self.device.write(MSCA, place | what | msca::COMMAND);
        self.device.wait(COMMAND, || !self.device.has(MSCA, msca::COMMAND)).then_some(())
    }
}
