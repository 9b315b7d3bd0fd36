//! Registers of the 82574 and the 82576 and its kind that this crate uses, one line each, in order of
//! address.
//!
//! Names and sections are those of the datasheet of the 82574, revision 3.4, chapter 10.

#![allow(dead_code, reason = "one map for two families")]

pub(crate) const CTRL: usize = 0x0000; // 10.2.2.1 device control
pub(crate) const STATUS: usize = 0x0008; // 10.2.2.2 device status
pub(crate) const EECD: usize = 0x0010; // 10.2.2.3 control of the NVM
pub(crate) const CTRL_EXT: usize = 0x0018; // 10.2.2.5 more device control
pub(crate) const ICR: usize = 0x00c0; // 10.2.4.1 causes of interrupts, cleared by reading
pub(crate) const IMC: usize = 0x00d8; // 10.2.4.6 interrupts that are masked from now on
pub(crate) const RCTL: usize = 0x0100; // 10.2.5.1 receive control
pub(crate) const TCTL: usize = 0x0400; // 10.2.6.1 transmit control
pub(crate) const TIPG: usize = 0x0410; // 10.2.6.3 gap between frames
pub(crate) const CRCERRS: usize = 0x4000; // 10.2.7.1 frames with a wrong checksum
pub(crate) const MPC: usize = 0x4010; // 10.2.7.5 frames that the packet buffer had no room for
pub(crate) const RNBC: usize = 0x40a0; // 10.2.7.37 times that there was no descriptor
pub(crate) const RXCSUM: usize = 0x5000; // 10.2.5.15 checksums of received frames
pub(crate) const RFCTL: usize = 0x5008; // 10.2.5.16 form of receive descriptors
pub(crate) const MTA: usize = 0x5200; // 10.2.5.17 table of groups, 128 words
pub(crate) const RAL0: usize = 0x5400; // 10.2.5.18 first address, low
pub(crate) const RAH0: usize = 0x5404; // 10.2.5.19 first address, high

/// Words of [`MTA`].
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
    pub(crate) const SET_LINK_UP: u32 = 1 << 6; // SLU
    pub(crate) const FORCE_SPEED: u32 = 1 << 11; // FRCSPD
    pub(crate) const FORCE_DUPLEX: u32 = 1 << 12; // FRCDPLX
    pub(crate) const RESET: u32 = 1 << 26; // RST
}

/// Bits of STATUS.
pub(crate) mod status {
    pub(crate) const FULL_DUPLEX: u32 = 1 << 0; // FD
    pub(crate) const LINK_UP: u32 = 1 << 1; // LU
    pub(crate) const SPEED: core::ops::Range<usize> = 6..8; // 10, 100, 1000, 1000 Mb/s
    pub(crate) const MASTER_ENABLED: u32 = 1 << 19; // GIO Master Enable Status
}

/// Bits of EECD.
pub(crate) mod eecd {
    pub(crate) const AUTO_READ_DONE: u32 = 1 << 9; // Auto_RD
}

/// Bits of CTRL_EXT.
pub(crate) mod ctrl_ext {
    pub(crate) const DRIVER_LOADED: u32 = 1 << 28; // DRV_LOAD
}

/// Bits of RCTL.
pub(crate) mod rctl {
    pub(crate) const ENABLE: u32 = 1 << 1; // EN
    pub(crate) const PROMISCUOUS: u32 = 1 << 3; // UPE
    pub(crate) const ALL_GROUPS: u32 = 1 << 4; // MPE
    pub(crate) const BROADCAST: u32 = 1 << 15; // BAM
    pub(crate) const STRIP_CRC: u32 = 1 << 26; // SECRC
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
