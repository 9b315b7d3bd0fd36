//! The 82574: one queue each way.
//!
//! Sections are those of its datasheet, revision 3.4.

use bus::{Clock, Limit, Mmio, wait_until};

use crate::Error;
use crate::e1000::{
    CTRL, CTRL_EXT, EECD, GROUPS, ICR, IMC, MTA, RCTL, RFCTL, STATUS, TCTL, TIPG, ctrl, ctrl_ext,
    eecd, queue, rctl, rfctl, status, tctl,
};
use crate::ring::BYTES;

/// Where the registers of the queues begin.
pub(crate) const RECEIVE: usize = 0x2800; // 10.2.5.4
pub(crate) const TRANSMIT: usize = 0x3800; // 10.2.6.4

/// How long requests under way may take (5.2.5.2.3 of the 82599's datasheet, which says it of PCIe).
const QUIET: Limit = Limit::milliseconds(100);
/// How long a reset and reading the NVM may take (4.6.1, 3.4.1.4).
const RESET: Limit = Limit::milliseconds(10);
const SETTINGS: Limit = Limit::milliseconds(100);
/// What the datasheet advises for copper at all speeds (10.2.6.3): IPGT 8, IPGR1 8, IPGR2 6.
const GAP: u32 = 8 | 8 << 10 | 6 << 20;
/// Descriptors are fetched and written back one by one, counted in descriptors (GRAN); the bit 22 of
/// TXDCTL has to be 1 (10.2.6.8).
const RECEIVE_CONTROL: u32 = 1 << 24;
const TRANSMIT_CONTROL: u32 = 1 << 24 | 1 << 22;

/// Resets the card, so that nothing of what firmware left goes on (4.6).
pub(crate) fn reset(registers: &impl Mmio, clock: &impl Clock) -> Result<(), Error> {
    if registers.read32(STATUS) == u32::MAX {
        return Err(Error::Gone);
    }
    registers.write32(IMC, u32::MAX);
    registers.write32(RCTL, 0);
    registers.write32(TCTL, tctl::PAD);
    be_quiet(registers, clock);
    registers.write32(CTRL, registers.read32(CTRL) | ctrl::RESET);
    let is_reset = || registers.read32(CTRL) & ctrl::RESET == 0;
    wait_until(clock, RESET, is_reset).map_err(|_| Error::StuckInReset)?;
    let is_read = || registers.read32(EECD) & eecd::AUTO_READ_DONE != 0;
    wait_until(clock, SETTINGS, is_read).map_err(|_| Error::NoSettings)?;
    registers.write32(IMC, u32::MAX);
    registers.read32(ICR);
    Ok(())
}

/// Has requests for memory end before the reset. One that does not is ended by that.
fn be_quiet(registers: &impl Mmio, clock: &impl Clock) {
    registers.write32(CTRL, registers.read32(CTRL) | ctrl::MASTER_DISABLE);
    let is_quiet = || registers.read32(STATUS) & status::MASTER_ENABLED == 0;
    let _or_the_reset_ends_it = wait_until(clock, QUIET, is_quiet);
}

/// Sets up all but the queues: link, groups, form of descriptors.
pub(crate) fn set_up(registers: &impl Mmio) {
    let control = registers.read32(CTRL) & !(ctrl::FORCE_SPEED | ctrl::FORCE_DUPLEX);
    registers.write32(CTRL, control | ctrl::SET_LINK_UP);
    registers.write32(CTRL_EXT, registers.read32(CTRL_EXT) | ctrl_ext::DRIVER_LOADED);
    (0..GROUPS).for_each(|word| registers.write32(MTA + 4 * word, 0));
    registers.write32(RFCTL, registers.read32(RFCTL) | rfctl::EXTENDED);
    registers.write32(TIPG, GAP);
}

/// Tells the card where the ring of the queue at `block` is.
fn place_ring(registers: &impl Mmio, block: usize, bus_address: u64, control: u32) {
    registers.write32(block + queue::BASE_LOW, bus_address as u32);
    registers.write32(block + queue::BASE_HIGH, (bus_address >> 32) as u32);
    registers.write32(block + queue::LENGTH, BYTES as u32);
    registers.write32(block + queue::HEAD, 0);
    registers.write32(block + queue::TAIL, 0);
    registers.write32(block + queue::CONTROL, control);
}

/// Starts both queues, whose rings are there. The card receives once it has descriptors.
pub(crate) fn start(registers: &impl Mmio, receive: u64, transmit: u64) {
    place_ring(registers, TRANSMIT, transmit, TRANSMIT_CONTROL);
    registers.write32(TCTL, tctl::ENABLE | tctl::PAD | tctl::COLLISIONS | tctl::DISTANCE);
    place_ring(registers, RECEIVE, receive, RECEIVE_CONTROL);
    // Buffers of 2048 bytes, of which frames of 1522 at most fill what is behind the headroom.
    let filters = rctl::PROMISCUOUS | rctl::ALL_GROUPS | rctl::BROADCAST;
    registers.write32(RCTL, rctl::ENABLE | filters | rctl::STRIP_CRC);
}
