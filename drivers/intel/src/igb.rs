//! The 82576, I350 and I210, 1 Gb/s. Not yet run on hardware.
//!
//! Sections are those of the datasheet of the 82576, revision 2.9.

use bit_field::BitField;
use bus::{Clock, Limit, Mmio};

use crate::Error;
use crate::checksum::Covered;
use crate::counters::{Counter, Kind, fit};
use crate::device::Device;
use crate::e1000::{self, *};
use crate::longest::Longest;
use crate::phy::{CONTROL, NEGOTIATE, Phy};
use crate::report::{Cause, Medium, Report};
use crate::ring::Placed;
use crate::rss;
use crate::semaphore::{Lock, Semaphore};

/// Pairs of queues at most.
const PAIRS: usize = 16;
/// How far queues are apart.
const STEP: usize = 0x40;

/// Registers of a queue that are not the same in each family.
mod block {
    pub(super) const SRRCTL: usize = 0x0c; // 8.10.2
    pub(super) const RQDPC: usize = 0x30; // 8.10.12 frames that there was no descriptor for
    pub(super) const DVMOLR: usize = 0x38; // I350, I210: what is done with each frame
}

/// SRRCTL, beside KB of a buffer: advanced descriptors with one buffer, and without a descriptor frames
/// are dropped, so that a slow queue does not hold up the others.
const ONE_BUFFER: u32 = 1 << 25 | 1 << 31;
/// RXDCTL: up to 8 are fetched ahead, and written back one by one (8.10.9: PTHRESH, HTHRESH, WTHRESH).
const RECEIVE_CONTROL: u32 = 8 | 8 << 8 | 1 << 16;
/// TXDCTL: the same, but written back where that is asked for (8.12.14).
const TRANSMIT_CONTROL: u32 = 8 | 1 << 8;
/// Bit of both: the queue works.
const ENABLE: u32 = 1 << 25;
/// Bit of DVMOLR: checksums are stripped, as RCTL says it as well.
const STRIP_CRC: u32 = 1 << 31;
/// MRQC: RSS over all queues (8.10.18).
const RSS: u32 = 2;

/// How long a queue may take to start (4.5.9.1).
const START: Limit = Limit::milliseconds(10);
/// How long the NVM may take to be read (3.3.1.3). A card without one is not an error.
const SETTINGS: Limit = Limit::milliseconds(100);
/// Bit of the transceiver's control register (IEEE 802.3, 22.2.4.1).
const POWER_DOWN: u32 = 1 << 11;
/// Bits of the four ports' transceivers in SW_FW_SYNC (8.16.2).
const SHARED: [u32; 4] = [1 << 1, 1 << 2, 1 << 5, 1 << 6];
/// Where the words of an I350's four ports begin in the NVM.
const PORT_WORDS: [u16; 4] = [0, 0x80, 0xc0, 0x100];

const SEMAPHORE: Semaphore = Semaphore::new((SWSM, SW_FW_SYNC), Lock::Request);

/// Where the registers of receive queue `n` begin.
pub(crate) const fn receive(n: usize) -> usize {
    0xc000 + STEP * n
}

/// Where the registers of transmit queue `n` begin.
pub(crate) const fn transmit(n: usize) -> usize {
    0xe000 + STEP * n
}

/// The counters that are kept. RQDPC is cleared by reading on some, by writing on others.
pub(crate) static COUNTERS: &[Counter] = &[
    Counter::one("MPC", MPC).missed(),
    Counter::queues("RQDPC", receive(0) + block::RQDPC, STEP).of_kind(Kind::Sticky).missed(),
    Counter::one("RNBC", RNBC),
    Counter::one("CRCERRS", CRCERRS),
    Counter::one("RXERRC", RXERRC),
    Counter::one("RLEC", RLEC),
    Counter::one("GPRC", GPRC),
    Counter::one("GPTC", GPTC),
    Counter::one("GORC", GORC).of_kind(Kind::Wide),
    Counter::one("GOTC", GOTC).of_kind(Kind::Wide),
    Counter::one("RUC", RUC),
    Counter::one("RFC", RFC),
    Counter::one("ROC", ROC),
    Counter::one("RJC", RJC),
];

const _: () = assert!(fit(COUNTERS, PAIRS));

/// Registers to show. Not those that reading changes.
pub(crate) static REGISTERS: &[(&str, usize)] = &[
    ("CTRL", CTRL),
    ("STATUS", STATUS),
    ("EECD", EECD),
    ("CTRL_EXT", CTRL_EXT),
    ("MDIC", MDIC),
    ("RCTL", RCTL),
    ("TCTL", TCTL),
    ("MDICNFG", MDICNFG),
    ("PHPM", PHPM),
    ("RXCSUM", RXCSUM),
    ("RAL0", RAL0),
    ("RAH0", RAH0),
    ("MRQC", MRQC),
];

/// A card, as its device number says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    M82576,
    I350,
    I210,
}

impl Model {
    /// The model of a device number, if it is one of these.
    pub(crate) const fn of(device: u16) -> Option<Self> {
        match device {
            0x10c9 | 0x10e6 | 0x10e7 | 0x10e8 | 0x1526 | 0x150a | 0x1518 | 0x150d => {
                Some(Self::M82576)
            }
            0x1521..=0x1524 => Some(Self::I350),
            0x1533..=0x1538 | 0x157b | 0x157c => Some(Self::I210),
            _ => None,
        }
    }

    /// Pairs of queues that it has.
    pub(crate) const fn pairs(self) -> usize {
        match self {
            Self::M82576 => PAIRS,
            Self::I350 => 8,
            Self::I210 => 4,
        }
    }
}

/// Resets the card, so that nothing of what firmware left goes on (4.2.1.6).
pub(crate) fn reset<M: Mmio, C: Clock>(device: &Device<'_, M, C>) -> Result<(), Error> {
    e1000::reset(device)?;
    let _or_there_is_no_nvm = device.wait(SETTINGS, || device.has(EECD, eecd::AUTO_READ_DONE));
    mask_interrupts(device);
    device.check()
}

/// Sets up all but the queues, of which there will be `pairs`, and has the link begin anew.
pub(crate) fn set_up<M: Mmio, C: Clock>(device: &Device<'_, M, C>, model: Model, pairs: usize) {
    set_link_up(device);
    (0..GROUPS).for_each(|word| device.write(MTA + 4 * word, 0));
    (0..GROUPS).for_each(|word| device.write(VFTA + 4 * word, 0));
    device.set(RXCSUM, rxcsum::HASH);
    if pairs > 1 {
        rss::set_up(device, pairs, RSS);
    } else {
        device.write(MRQC, 0);
    }
    restart_link(device, model);
}

/// Has the transceiver negotiate anew (3.5.2.2.1). Links over other media are as the NVM makes them;
/// that is unproven.
fn restart_link<M: Mmio, C: Clock>(device: &Device<'_, M, C>, model: Model) {
    if model != Model::M82576 {
        device.clear(PHPM, phpm::GO_LINK_DISCONNECT);
    }
    // Without the semaphore or an answer the link stays as it is.
    let _ = with_transceiver(device, (model, SEMAPHORE), |phy| {
        let control = phy.read(CONTROL)?;
        phy.write(CONTROL, control & !POWER_DOWN | NEGOTIATE)
    });
}

/// What the NVM's checksum is over: each port of an I350 has 64 words of its own. An I210 without flash
/// has none, as its settings are burnt in.
pub(crate) fn covered<M: Mmio, C: Clock>(
    device: &Device<'_, M, C>,
    model: Model,
) -> Option<Covered> {
    match model {
        Model::M82576 => Some(Covered::FIRST),
        Model::I350 => {
            let port = device.read(STATUS).get_bits(status::LAN_ID) as usize;
            Some(Covered { first: PORT_WORDS[port], ..Covered::FIRST })
        }
        Model::I210 => device.has(EECD, eecd::FLASH_DETECTED).then_some(Covered::FIRST),
    }
}

/// Does `work` with the card's own transceiver while nobody else does; none if the link is over another
/// medium, or if firmware does not let go.
fn with_transceiver<M: Mmio, C: Clock, T>(
    device: &Device<'_, M, C>,
    (model, semaphore): (Model, Semaphore),
    work: impl FnOnce(&Phy<'_, '_, M, C>) -> T,
) -> Option<T> {
    if device.read(CTRL_EXT).get_bits(ctrl_ext::LINK_MODE) != 0 {
        return None;
    }
    let address = match model {
        Model::M82576 => 1,
        Model::I350 | Model::I210 => device.read(MDICNFG).get_bits(mdic::ADDRESS),
    };
    let port = device.read(STATUS).get_bits(status::LAN_ID) as usize;
    semaphore.with(device, SHARED[port], || work(&Phy { device, address })).ok()
}

/// Has the transceiver send back what it is sent, or not any more. Whether it does as it was told.
pub(crate) fn set_loopback<M: Mmio, C: Clock>(
    device: &Device<'_, M, C>,
    model: Model,
    is_on: bool,
) -> bool {
    let is_done =
        with_transceiver(device, (model, SEMAPHORE), |phy| phy.set_loopback(is_on)).flatten();
    match_loopback(device, is_on && is_done.is_some());
    is_done.is_some()
}

/// What the card's link runs over, and why it is down if it is.
pub(crate) fn report<M: Mmio, C: Clock>(device: &Device<'_, M, C>, model: Model) -> Report {
    let link = e1000::link(device.registers);
    let is_twisted_pair = device.read(CTRL_EXT).get_bits(ctrl_ext::LINK_MODE) == 0;
    let medium = if is_twisted_pair { Medium::TwistedPair } else { Medium::Serdes };
    let cause = || match medium {
        Medium::TwistedPair => {
            let brief = (model, SEMAPHORE.briefly());
            with_transceiver(device, brief, |phy| phy.cause()).unwrap_or(Cause::Kept)
        }
        _ => serdes_cause(device.read(PCS_LSTS)),
    };
    e1000::report(link, medium, cause)
}

/// Why there is no link over SerDes (8.18.3).
fn serdes_cause(now: u32) -> Cause {
    if now & pcs_lsts::SYNC == 0 {
        Cause::NoSignal
    } else if now & pcs_lsts::IS_NEGOTIATED == 0 {
        Cause::Negotiating
    } else {
        Cause::NotHeard
    }
}

/// Starts the queues of all pairs: receive, transmit (4.5.9, 4.5.10). The card receives once it has
/// descriptors.
pub(crate) fn start<M: Mmio, C: Clock>(
    device: &Device<'_, M, C>,
    model: Model,
    (rings, longest): (&[(Placed, Placed)], Longest),
) -> Result<(), Error> {
    for (n, (_, ring)) in rings.iter().enumerate() {
        place_ring(device.registers, transmit(n), *ring);
        enable(device, transmit(n), TRANSMIT_CONTROL)?;
    }
    device.write(TCTL, SEND);
    for (n, (ring, _)) in rings.iter().enumerate() {
        place_ring(device.registers, receive(n), *ring);
        device.write(receive(n) + block::SRRCTL, longest.kilobytes() | ONE_BUFFER);
        if model != Model::M82576 {
            device.set(receive(n) + block::DVMOLR, STRIP_CRC);
        }
        enable(device, receive(n), RECEIVE_CONTROL)?;
    }
    // Counted without RCTL.LPE's help, too, but only heeded with it (8.10.3).
    device.write(RLPML, longest.tagged());
    device.write(RCTL, e1000::RECEIVE | long_frames(longest));
    device.check()
}

/// Starts the queue at `block`.
fn enable<M: Mmio, C: Clock>(
    device: &Device<'_, M, C>,
    block: usize,
    control: u32,
) -> Result<(), Error> {
    let register = block + queue::CONTROL;
    device.write(register, control | ENABLE);
    device.expect(START, Error::StuckQueue, || device.has(register, ENABLE))
}
