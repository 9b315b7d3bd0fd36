//! The 82574: one queue each way.
//!
//! Sections are those of its datasheet, revision 3.4.

use bus::{Clock, Limit, Mmio};

use crate::Error;
use crate::counters::{Counter, fit};
use crate::device::Device;
use crate::e1000::{self, *};
use crate::longest::Longest;
use crate::phy::Phy;
use crate::report::{Cause, Medium, Report};
use crate::ring::Placed;

/// Where the registers of the queues begin.
pub(crate) const RECEIVE: usize = 0x2800; // 10.2.5.4
pub(crate) const TRANSMIT: usize = 0x3800; // 10.2.6.4

/// How long reading the NVM may take (3.4.1.4).
const SETTINGS: Limit = Limit::milliseconds(100);
/// How long firmware may keep the transceiver to itself, and how long that is waited for at a look; and
/// where it is.
const OWNED: Limit = Limit::milliseconds(100);
const BRIEF: Limit = Limit::milliseconds(40);
const TRANSCEIVER: u32 = 1;
/// What the datasheet advises for copper at all speeds (10.2.6.3): IPGT 8, IPGR1 8, IPGR2 6.
const GAP: u32 = 8 | 8 << 10 | 6 << 20;
/// Descriptors are fetched and written back one by one, counted in descriptors (GRAN); the bit 22 of
/// TXDCTL has to be 1 (10.2.6.8).
const RECEIVE_CONTROL: u32 = 1 << 24;
const TRANSMIT_CONTROL: u32 = 1 << 24 | 1 << 22;

/// The counters that are kept.
pub(crate) static COUNTERS: &[Counter] = &[
    Counter::one("MPC", MPC).missed(),
    Counter::one("RNBC", RNBC),
    Counter::one("CRCERRS", CRCERRS),
    Counter::one("RXERRC", RXERRC),
    Counter::one("RLEC", RLEC),
    Counter::one("GPRC", GPRC),
    Counter::one("GPTC", GPTC),
    Counter::one("RUC", RUC),
    Counter::one("RFC", RFC),
    Counter::one("ROC", ROC),
    Counter::one("RJC", RJC),
];

const _: () = assert!(fit(COUNTERS, 1));

/// Registers to show. Not those that reading changes.
pub(crate) static REGISTERS: &[(&str, usize)] = &[
    ("CTRL", CTRL),
    ("STATUS", STATUS),
    ("EECD", EECD),
    ("CTRL_EXT", CTRL_EXT),
    ("RCTL", RCTL),
    ("TCTL", TCTL),
    ("TIPG", TIPG),
    ("RXCSUM", RXCSUM),
    ("RFCTL", RFCTL),
    ("RAL0", RAL0),
    ("RAH0", RAH0),
    ("MRQC", MRQC),
];

/// Resets the card, so that nothing of what firmware left goes on (4.6).
pub(crate) fn reset<M: Mmio, C: Clock>(device: &Device<'_, M, C>) -> Result<(), Error> {
    e1000::reset(device)?;
    device.expect(SETTINGS, Error::NoSettings, || device.has(EECD, eecd::AUTO_READ_DONE))?;
    mask_interrupts(device);
    device.check()
}

/// Sets up all but the queues: link, groups, form of descriptors.
pub(crate) fn set_up<M: Mmio, C: Clock>(device: &Device<'_, M, C>) {
    set_link_up(device);
    (0..GROUPS).for_each(|word| device.write(MTA + 4 * word, 0));
    device.set(RFCTL, rfctl::EXTENDED);
    device.write(TIPG, GAP);
}

/// Starts both queues, whose rings are there: receive, transmit. The card receives once it has
/// descriptors. It takes frames of up to 16 KB once it takes long ones at all, but fills no more of a
/// buffer than it is told of (FLXBUF, 10.2.5.1), and what is longer than a buffer is found out.
pub(crate) fn start<M: Mmio, C: Clock>(
    device: &Device<'_, M, C>,
    (receive, transmit): (Placed, Placed),
    longest: Longest,
) -> Result<(), Error> {
    place_ring(device.registers, TRANSMIT, transmit);
    device.write(TRANSMIT + queue::CONTROL, TRANSMIT_CONTROL);
    device.write(TCTL, SEND);
    place_ring(device.registers, RECEIVE, receive);
    device.write(RECEIVE + queue::CONTROL, RECEIVE_CONTROL);
    let buffer = if longest.is_jumbo() { longest.kilobytes() << rctl::BUFFER } else { 0 };
    device.write(RCTL, e1000::RECEIVE | e1000::long_frames(longest) | buffer);
    device.check()
}

/// The card's link, and why it is down if it is.
pub(crate) fn report<M: Mmio, C: Clock>(device: &Device<'_, M, C>) -> Report {
    let cause = || with_transceiver(device, BRIEF, |phy| phy.cause()).unwrap_or(Cause::Kept);
    e1000::report(e1000::link(device.registers), Medium::TwistedPair, cause)
}

/// Has the transceiver send back what it is sent, or not any more (RCTL.LBM stays 0 then: 10.2.5.1). Whether
/// it does as it was told.
pub(crate) fn set_loopback<M: Mmio, C: Clock>(device: &Device<'_, M, C>, is_on: bool) -> bool {
    let is_done = with_transceiver(device, OWNED, |phy| phy.set_loopback(is_on)).flatten();
    match_loopback(device, is_on && is_done.is_some());
    is_done.is_some()
}

/// Does `work` with the transceiver while firmware does not; none if it does not let go (it is
/// asked for until that is granted).
fn with_transceiver<M: Mmio, C: Clock, T>(
    device: &Device<'_, M, C>,
    limit: Limit,
    work: impl FnOnce(&Phy<'_, '_, M, C>) -> T,
) -> Option<T> {
    let is_ours = device.wait(limit, || {
        device.set(EXTCNF_CTRL, extcnf_ctrl::MDIO_OWNED);
        device.has(EXTCNF_CTRL, extcnf_ctrl::MDIO_OWNED)
    });
    let outcome = is_ours.then(|| work(&Phy { device, address: TRANSCEIVER }));
    device.clear(EXTCNF_CTRL, extcnf_ctrl::MDIO_OWNED);
    outcome
}
