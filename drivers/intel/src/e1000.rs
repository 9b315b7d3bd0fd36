//! The 82574 and the 82576 and its kind: registers that this crate uses, one line each, in order of
//! address, and what is done with those in the same way.
//!
//! Names and sections are those of the datasheet of the 82574, revision 3.4, chapter 10; without a
//! section, those of the datasheet of the 82576, revision 2.9, chapter 8.

#![allow(dead_code, reason = "one map for two families")]

use bit_field::BitField;
use bus::{Clock, Limit, Mmio};

use crate::Error;
use crate::card::Link;
use crate::device::Device;
use crate::longest::Longest;
use crate::nvm::Nvm;
use crate::report::{Cause, Medium, Report};
use crate::ring::Placed;

pub(crate) const CTRL: usize = 0x0000; // 10.2.2.1 device control
pub(crate) const STATUS: usize = 0x0008; // 10.2.2.2 device status
pub(crate) const EECD: usize = 0x0010; // 10.2.2.3 control of the NVM
pub(crate) const EERD: usize = 0x0014; // 10.2.2.4 reads a word of the NVM
pub(crate) const CTRL_EXT: usize = 0x0018; // 10.2.2.5 more device control
pub(crate) const MDIC: usize = 0x0020; // 10.2.2.7 the transceiver's registers
pub(crate) const ICR: usize = 0x00c0; // 10.2.4.1 causes of interrupts, cleared by reading
pub(crate) const IMC: usize = 0x00d8; // 10.2.4.6 interrupts that are masked from now on
pub(crate) const RCTL: usize = 0x0100; // 10.2.5.1 receive control
pub(crate) const TCTL: usize = 0x0400; // 10.2.6.1 transmit control
pub(crate) const TIPG: usize = 0x0410; // 10.2.6.3 gap between frames
pub(crate) const MDICNFG: usize = 0x0e04; // I350, I210: where the transceiver is
pub(crate) const PHPM: usize = 0x0e14; // I350, I210: power of the transceiver
pub(crate) const EXTCNF_CTRL: usize = 0x0f00; // 82574: who may use the transceiver
pub(crate) const CRCERRS: usize = 0x4000; // 10.2.7.1 frames with a wrong checksum
pub(crate) const RXERRC: usize = 0x400c; // 10.2.7.4 frames with a symbol that is none
pub(crate) const MPC: usize = 0x4010; // 10.2.7.5 frames that the packet buffer had no room for
pub(crate) const RLEC: usize = 0x4040; // 10.2.7.14 frames of another length than they say
pub(crate) const GPRC: usize = 0x4074; // 10.2.7.25 good frames received
pub(crate) const GPTC: usize = 0x4080; // 10.2.7.28 good frames sent
pub(crate) const GORC: usize = 0x4088; // 10.2.7.29 their bytes, received, 64 bits
pub(crate) const GOTC: usize = 0x4090; // 10.2.7.31 their bytes, sent, 64 bits
pub(crate) const RNBC: usize = 0x40a0; // 10.2.7.37 times that there was no descriptor
pub(crate) const RUC: usize = 0x40a4; // 10.2.7.34 frames that were too short
pub(crate) const RFC: usize = 0x40a8; // 10.2.7.35 those of them that were damaged, too
pub(crate) const ROC: usize = 0x40ac; // 10.2.7.36 frames that were too long
pub(crate) const RJC: usize = 0x40b0; // 10.2.7.37 those of them that were damaged, too
pub(crate) const PCS_LSTS: usize = 0x420c; // 82576 and its kind: the link over SerDes
pub(crate) const RXCSUM: usize = 0x5000; // 10.2.5.15 checksums of received frames
pub(crate) const RLPML: usize = 0x5004; // 82576: the longest frame, with checksum and VLAN tag
pub(crate) const RFCTL: usize = 0x5008; // 10.2.5.16 form of receive descriptors
pub(crate) const MTA: usize = 0x5200; // 10.2.5.17 table of groups, 128 words
pub(crate) const RAL0: usize = 0x5400; // 10.2.5.18 first address, low
pub(crate) const RAH0: usize = 0x5404; // 10.2.5.19 first address, high
pub(crate) const VFTA: usize = 0x5600; // 10.2.5.20 table of VLANs, 128 words
pub(crate) const MRQC: usize = 0x5818; // 10.2.5.22 how frames are spread over queues
pub(crate) const SWSM: usize = 0x5b50; // the driver's semaphore, taken by reading
pub(crate) const SW_FW_SYNC: usize = 0x5b5c; // what driver and firmware share

/// Words of [`MTA`], and of [`VFTA`].
pub(crate) const GROUPS: usize = 128;

/// Registers of a queue, from the first one's on: the same in each family.
pub(crate) mod queue {
    pub(crate) const BASE_LOW: usize = 0x00; // where the ring is
    pub(crate) const BASE_HIGH: usize = 0x04;
    pub(crate) const LENGTH: usize = 0x08; // bytes of the ring
    pub(crate) const HEAD: usize = 0x10; // the descriptor that the device is at
    pub(crate) const TAIL: usize = 0x18; // the first that it has not
    pub(crate) const CONTROL: usize = 0x28; // thresholds
}

/// Bits of CTRL.
pub(crate) mod ctrl {
    pub(crate) const MASTER_DISABLE: u32 = 1 << 2; // GIO_MASTER_DISABLE
    pub(crate) const FULL_DUPLEX: u32 = 1 << 0; // FD
    pub(crate) const SET_LINK_UP: u32 = 1 << 6; // SLU
    pub(crate) const SPEED: u32 = 3 << 8; // SPEED
    pub(crate) const SPEED_1000: u32 = 2 << 8;
    pub(crate) const FORCE_SPEED: u32 = 1 << 11; // FRCSPD
    pub(crate) const FORCE_DUPLEX: u32 = 1 << 12; // FRCDPLX
    pub(crate) const RESET: u32 = 1 << 26; // RST
}

/// Bits of STATUS.
pub(crate) mod status {
    pub(crate) const FULL_DUPLEX: u32 = 1 << 0; // FD
    pub(crate) const LINK_UP: u32 = 1 << 1; // LU
    pub(crate) const SPEED: core::ops::Range<usize> = 6..8; // 10, 100, 1000, 1000 Mb/s
    pub(crate) const LAN_ID: core::ops::Range<usize> = 2..4; // the function's port
    pub(crate) const MASTER_ENABLED: u32 = 1 << 19; // GIO Master Enable Status
}

/// Bits of EECD.
pub(crate) mod eecd {
    pub(crate) const AUTO_READ_DONE: u32 = 1 << 9; // Auto_RD
    pub(crate) const FLASH_DETECTED: u32 = 1 << 19; // I210: FLASH_DETECTED
}

/// Bits of CTRL_EXT.
pub(crate) mod ctrl_ext {
    pub(crate) const LINK_MODE: core::ops::Range<usize> = 22..24; // 0 is an own transceiver
    pub(crate) const DRIVER_LOADED: u32 = 1 << 28; // DRV_LOAD
}

/// Bits of MDIC.
pub(crate) mod mdic {
    pub(crate) const REGISTER: usize = 16; // REGADD
    pub(crate) const ADDRESS: core::ops::Range<usize> = 21..26; // PHYADD, in MDICNFG as well
    pub(crate) const WRITE: u32 = 1 << 26; // OP
    pub(crate) const READ: u32 = 1 << 27;
    pub(crate) const READY: u32 = 1 << 28; // R
    pub(crate) const ERROR: u32 = 1 << 30; // E
}

/// Bits of PHPM.
pub(crate) mod phpm {
    pub(crate) const GO_LINK_DISCONNECT: u32 = 1 << 5;
}

/// Bits of EXTCNF_CTRL.
pub(crate) mod extcnf_ctrl {
    pub(crate) const MDIO_OWNED: u32 = 1 << 5; // MDIO SW Ownership
}

/// Bits of PCS_LSTS.
pub(crate) mod pcs_lsts {
    pub(crate) const SYNC: u32 = 1 << 4; // SYNC OK
    pub(crate) const IS_NEGOTIATED: u32 = 1 << 16; // AN COMPLETE
}

/// Bits of RXCSUM.
pub(crate) mod rxcsum {
    pub(crate) const HASH: u32 = 1 << 13; // PCSD
}

/// Bits of RCTL.
pub(crate) mod rctl {
    pub(crate) const ENABLE: u32 = 1 << 1; // EN
    pub(crate) const PROMISCUOUS: u32 = 1 << 3; // UPE
    pub(crate) const ALL_GROUPS: u32 = 1 << 4; // MPE
    pub(crate) const LONG: u32 = 1 << 5; // LPE: frames of more than 1522 bytes
    pub(crate) const BROADCAST: u32 = 1 << 15; // BAM
    pub(crate) const STRIP_CRC: u32 = 1 << 26; // SECRC
    pub(crate) const BUFFER: usize = 27; // FLXBUF, KB
}

/// Bits of TCTL.
pub(crate) mod tctl {
    pub(crate) const ENABLE: u32 = 1 << 1; // EN
    pub(crate) const PAD: u32 = 1 << 3; // PSP
    pub(crate) const COLLISIONS: u32 = 0x0f << 4; // CT, as the datasheet advises
    pub(crate) const DISTANCE: u32 = 0x3f << 12; // COLD, for full duplex
}

/// Bits of RFCTL.
pub(crate) mod rfctl {
    pub(crate) const EXTENDED: u32 = 1 << 15; // EXTEN: extended descriptors
}

/// Bits of RAH.
pub(crate) mod rah {
    pub(crate) const VALID: u32 = 1 << 31; // AV
}

/// How long requests under way may take (5.2.5.3.2 of the 82599's datasheet, which says it of PCIe).
const QUIET: Limit = Limit::milliseconds(100);
/// Nobody reads a card within this time after a reset; then its bit may take so long (4.6.1).
const UNREADABLE: Limit = Limit::milliseconds(1);
const RESET: Limit = Limit::milliseconds(10);
/// How long a transceiver may take to loop back, or to do so no more.
const SETTLE: Limit = Limit::milliseconds(500);

/// Resets a card, so that nothing of what firmware left goes on (4.6). Its NVM may still be read.
pub(crate) fn reset<M: Mmio, C: Clock>(device: &Device<'_, M, C>) -> Result<(), Error> {
    device.check()?;
    device.write(IMC, u32::MAX);
    device.write(RCTL, 0);
    device.write(TCTL, tctl::PAD);
    device.set(CTRL, ctrl::MASTER_DISABLE);
    let is_quiet = || !device.has(STATUS, status::MASTER_ENABLED);
    let _or_the_reset_ends_it = device.wait(QUIET, is_quiet);
    device.set(CTRL, ctrl::RESET);
    device.pause(UNREADABLE);
    device.expect(RESET, Error::StuckInReset, || !device.has(CTRL, ctrl::RESET))
}

/// No interrupt is let through, and none waits.
pub(crate) fn mask_interrupts<M: Mmio, C: Clock>(device: &Device<'_, M, C>) {
    device.write(IMC, u32::MAX);
    device.read(ICR);
}

/// Has the MAC look for a link, of whatever speed there is.
pub(crate) fn set_link_up<M: Mmio, C: Clock>(device: &Device<'_, M, C>) {
    device.change(CTRL, ctrl::FORCE_SPEED | ctrl::FORCE_DUPLEX, ctrl::SET_LINK_UP);
    device.set(CTRL_EXT, ctrl_ext::DRIVER_LOADED);
}

/// Tells the card where the ring of the queue at `block` is. It is empty (10.2.5.4, 10.2.6.4).
pub(crate) fn place_ring(registers: &impl Mmio, block: usize, ring: Placed) {
    registers.write32(block + queue::BASE_LOW, ring.address as u32);
    registers.write32(block + queue::BASE_HIGH, (ring.address >> 32) as u32);
    registers.write32(block + queue::LENGTH, ring.len);
    registers.write32(block + queue::HEAD, 0);
    registers.write32(block + queue::TAIL, 0);
}

/// Opens the way out, and the way in.
pub(crate) const SEND: u32 = tctl::ENABLE | tctl::PAD | tctl::COLLISIONS | tctl::DISTANCE;
pub(crate) const RECEIVE: u32 =
    rctl::ENABLE | rctl::PROMISCUOUS | rctl::ALL_GROUPS | rctl::BROADCAST | rctl::STRIP_CRC;

/// What opens the way in for long frames, if they may come.
pub(crate) fn long_frames(longest: Longest) -> u32 {
    if longest.is_jumbo() { rctl::LONG } else { 0 }
}

/// The link as it is now.
pub(crate) fn link(registers: &impl Mmio) -> Link {
    let now = registers.read32(STATUS);
    if now & status::LINK_UP == 0 || now == u32::MAX {
        return Link::default();
    }
    let speed = match now.get_bits(status::SPEED) {
        0 => 10,
        1 => 100,
        _ => 1000,
    };
    Link { is_up: true, speed }
}

/// What is told of a link over `medium`, with the cause that it is down for.
pub(crate) fn report(link: Link, medium: Medium, cause: impl FnOnce() -> Cause) -> Report {
    let cause = (!link.is_up).then(cause);
    Report { link, medium, module: None, signal: None, cause }
}

/// Has the MAC match a transceiver that loops back, or take over what one negotiates.
pub(crate) fn match_loopback<M: Mmio, C: Clock>(device: &Device<'_, M, C>, is_on: bool) {
    let forced = ctrl::FORCE_SPEED | ctrl::FORCE_DUPLEX | ctrl::SPEED_1000 | ctrl::FULL_DUPLEX;
    let set = if is_on { forced } else { 0 };
    device.change(CTRL, forced | ctrl::SPEED, set | ctrl::SET_LINK_UP);
    device.pause(SETTLE);
}

/// The NVM, whose version is one word (82574 datasheet, 6.1.1: image version).
pub(crate) const NVM: Nvm = Nvm { control: EECD, read: EERD, version: (0x05, None) };
