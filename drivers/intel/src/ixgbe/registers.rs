//! Registers of the 82599, X540 and X550 that this crate uses, one line each, in order of address.
//!
//! Names and sections are those of the datasheet of the 82599, revision 3.4, chapter 8.2.3, as far as
//! a section is given.

pub(crate) const CTRL: usize = 0x0_0000; // 8.2.3.1.1 device control
pub(crate) const STATUS: usize = 0x0_0008; // 8.2.3.1.2 device status
pub(crate) const CTRL_EXT: usize = 0x0_0018; // 8.2.3.1.3 more device control
pub(crate) const ESDP: usize = 0x0_0020; // 8.2.3.1.4 pins that the board gives a meaning
pub(crate) const I2CCTL: usize = 0x0_0028; // 8.2.3.1.5 the module's two wires
pub(crate) const EICR: usize = 0x0_0800; // 8.2.3.5.1 causes of interrupts, cleared by reading
pub(crate) const EIMC: usize = 0x0_0888; // 8.2.3.5.4 interrupts that are masked from now on
pub(crate) const EIMC_EX: usize = 0x0_0ab0; // 8.2.3.5.8 the same for further queues, 2 words
pub(crate) const RQSMR: usize = 0x0_2300; // 8.2.3.23.71 counters of receive queues, 32 words
pub(crate) const RDRXCTL: usize = 0x0_2f00; // 8.2.3.8.8 DMA of received frames
pub(crate) const RXCTRL: usize = 0x0_3000; // 8.2.3.8.10 receive control
pub(crate) const RXPBSIZE: usize = 0x0_3c00; // 8.2.3.8.9 receive packet buffers, 8 words
pub(crate) const FCCFG: usize = 0x0_3d00; // 8.2.3.3.7 pause frames that are sent
pub(crate) const MPC: usize = 0x0_3fa0; // 8.2.3.23.4 frames that a packet buffer had no room for, 8
pub(crate) const CRCERRS: usize = 0x0_4000; // 8.2.3.23.1 frames with a wrong checksum
pub(crate) const ILLERRC: usize = 0x0_4004; // 8.2.3.23.2 frames with a symbol that is none
pub(crate) const ERRBC: usize = 0x0_4008; // 8.2.3.23.3 bytes of damaged frames
pub(crate) const RLEC: usize = 0x0_4040; // frames of another length than they say
pub(crate) const GPRC: usize = 0x0_4074; // good frames received, with those that were missed
pub(crate) const GPTC: usize = 0x0_4080; // good frames sent
pub(crate) const GORC: usize = 0x0_4088; // their bytes, received, 36 bits
pub(crate) const GOTC: usize = 0x0_4090; // their bytes, sent, 36 bits
pub(crate) const RUC: usize = 0x0_40a4; // frames that were too short
pub(crate) const RFC: usize = 0x0_40a8; // those of them that were damaged, too
pub(crate) const ROC: usize = 0x0_40ac; // frames that were too long
pub(crate) const RJC: usize = 0x0_40b0; // those of them that were damaged, too
pub(crate) const HLREG0: usize = 0x0_4240; // 8.2.3.22.8 the MAC
pub(crate) const MSCA: usize = 0x0_425c; // 8.2.3.22.11 a command to a transceiver
pub(crate) const MSRWD: usize = 0x0_4260; // 8.2.3.22.12 what it is told, and what it answers
pub(crate) const MAXFRS: usize = 0x0_4268; // 8.2.3.22.13 the longest frame
pub(crate) const MFLCN: usize = 0x0_4294; // 8.2.3.22.34 pause frames that are received
pub(crate) const AUTOC: usize = 0x0_42a0; // 8.2.3.22.19 how the link is made
pub(crate) const LINKS: usize = 0x0_42a4; // 8.2.3.22.20 the link
pub(crate) const AUTOC2: usize = 0x0_42a8; // 8.2.3.22.22 more of how it is made
pub(crate) const ANLP1: usize = 0x0_42b0; // 8.2.3.22.24 state of autonegotiation
pub(crate) const MMNGC: usize = 0x0_42d0; // 8.2.3.22.37 what firmware forbids
pub(crate) const MACC: usize = 0x0_4330; // X540 and X550: the MAC's link
pub(crate) const RTTDCS: usize = 0x0_4900; // 8.2.3.10.2 arbiter of transmit descriptors
pub(crate) const TXPBTHRESH: usize = 0x0_4950; // 8.2.3.9.16 room that a fetch needs, 8 words
pub(crate) const DMATXCTL: usize = 0x0_4a80; // 8.2.3.9.2 DMA of frames to send
pub(crate) const RXCSUM: usize = 0x0_5000; // 8.2.3.7.5 checksums of received frames
pub(crate) const FCTRL: usize = 0x0_5080; // 8.2.3.7.1 frames that are received
pub(crate) const VLNCTRL: usize = 0x0_5088; // 8.2.3.7.2 filter by VLAN
pub(crate) const MTA: usize = 0x0_5200; // 8.2.3.7.7 table of groups, 128 words
pub(crate) const RAL0: usize = 0x0_5400; // 8.2.3.7.8 first address, low
pub(crate) const RAH0: usize = 0x0_5404; // 8.2.3.7.9 first address, high
pub(crate) const MRQC: usize = 0x0_5818; // 8.2.3.7.12 how frames are spread over queues
pub(crate) const MANC: usize = 0x0_5820; // 8.2.3.25.1 manageability
pub(crate) const RETA: usize = 0x0_5c00; // 8.2.3.7.13 queue by hash, 32 words
pub(crate) const DTXMXSZRQ: usize = 0x0_8100; // 8.2.3.9.1 bytes that are fetched ahead
pub(crate) const MTQC: usize = 0x0_8120; // 8.2.3.9.15 transmit queues
pub(crate) const TQSM: usize = 0x0_8600; // 8.2.3.23.73 counters of transmit queues, 32 words
pub(crate) const SECRXCTRL: usize = 0x0_8d00; // 8.2.3.13.8 the way in through encryption
pub(crate) const SECRXSTAT: usize = 0x0_8d04; // 8.2.3.13.9 whether it is halted
pub(crate) const VFTA: usize = 0x0_a000; // 8.2.3.7.11 table of VLANs, 128 words
pub(crate) const TXPBSIZE: usize = 0x0_cc00; // 8.2.3.9.13 transmit packet buffers, 8 words
pub(crate) const ERETA: usize = 0x0_ee80; // X550: the rest of RETA, 96 words
pub(crate) const EEC: usize = 0x1_0010; // 8.2.3.2.1 control of the NVM
pub(crate) const EERD: usize = 0x1_0014; // 8.2.3.2.2 reads a word of the NVM
pub(crate) const SWSM: usize = 0x1_0140; // 8.2.3.4.11 the driver's semaphore, taken by reading
pub(crate) const FWSM: usize = 0x1_0148; // 8.2.3.4.12 the firmware
pub(crate) const FACTPS: usize = 0x1_0150; // 8.2.3.4.14 power of the functions
pub(crate) const SW_FW_SYNC: usize = 0x1_0160; // 8.2.3.4.13 what driver and firmware share
pub(crate) const GCR_EXT: usize = 0x1_1050; // 8.2.3.4.2 PCIe
pub(crate) const DCA_CTRL: usize = 0x1_1074; // 8.2.3.11.4 direct access to caches
pub(crate) const CORECTL: usize = 0x1_4f00; // the analogue part, a word of the NVM at a time

/// Words of [`MTA`] and of [`VFTA`].
pub(crate) const TABLE: usize = 128;
/// Packet buffers each way.
pub(crate) const BUFFERS: usize = 8;
/// Queues each way, of which more or fewer may be in use.
pub(crate) const QUEUES: usize = 128;

/// Where the registers of receive queue `n` begin (8.2.3.8.1).
pub(crate) const fn receive(n: usize) -> usize {
    if n < 64 { 0x0_1000 + 0x40 * n } else { 0x0_d000 + 0x40 * (n - 64) }
}

/// Where the registers of transmit queue `n` begin (8.2.3.9.5).
pub(crate) const fn transmit(n: usize) -> usize {
    0x0_6000 + 0x40 * n
}

/// Registers of a queue that are not the same in each family, from its first one on.
pub(crate) mod queue {
    pub(crate) const DCA_RXCTRL: usize = 0x0c; // 8.2.3.11.1
    pub(crate) const DCA_TXCTRL: usize = 0x0c; // 8.2.3.11.2
    pub(crate) const SRRCTL: usize = 0x14; // 8.2.3.8.7
    pub(crate) const RSCCTL: usize = 0x2c; // 8.2.3.8.13
    pub(crate) const QPRC: usize = 0x30; // 8.2.3.23.77 frames received
    pub(crate) const QPTC: usize = 0x30; // 8.2.3.23.79 frames sent
    pub(crate) const QBRC: usize = 0x34; // 8.2.3.23.78 bytes received, 36 bits
}
/// QPRDC (8.2.3.23.75): frames that counter 0 of 16 had no descriptor for.
pub(crate) const QPRDC: usize = 0x0_1430;
/// QBTC (8.2.3.23.80): bytes sent of counter 0 of 16, 36 bits, 8 bytes apart.
pub(crate) const QBTC: usize = 0x0_8700;

/// Bits, by the register that they are of.
pub(crate) mod bits {
    pub(crate) mod ctrl {
        pub(crate) const MASTER_DISABLE: u32 = 1 << 2; // PCIe Master Disable
        pub(crate) const LINK_RESET: u32 = 1 << 3; // LRST
        pub(crate) const RESET: u32 = 1 << 26; // RST
    }
    pub(crate) mod status {
        pub(crate) const LAN_ID: core::ops::Range<usize> = 2..4;
        pub(crate) const MASTER_ENABLED: u32 = 1 << 19; // PCIe Master Enable Status
    }
    pub(crate) mod ctrl_ext {
        pub(crate) const NO_SNOOP_DISABLE: u32 = 1 << 16; // NS_DIS
        pub(crate) const DRIVER_LOADED: u32 = 1 << 28; // DRV_LOAD
    }
    pub(crate) mod esdp {
        pub(crate) const CAGE_IS_FULL: u32 = 1 << 2; // SDP2 of boards with a cage
        pub(crate) const LASER_IS_OFF: u32 = 1 << 3; // SDP3 of the same
    }
    pub(crate) mod rdrxctl {
        pub(crate) const CRC_STRIP: u32 = 1 << 1; // CRCStrip
        pub(crate) const DMA_IS_READY: u32 = 1 << 3; // DMAIDONE
        pub(crate) const RSC_FIRST_SIZE: u32 = 0x1f << 17; // RSCFRSTSIZE
        pub(crate) const RSC_ACK: u32 = 1 << 25; // RSCACKC
        pub(crate) const FCOE_WRITE_FIX: u32 = 1 << 26; // FCOE_WRFIX
    }
    pub(crate) mod rxctrl {
        pub(crate) const ENABLE: u32 = 1 << 0; // RXEN
    }
    pub(crate) mod mflcn {
        pub(crate) const PASS_CONTROL: u32 = 1 << 0; // PMCF
        pub(crate) const DISCARD_PAUSE: u32 = 1 << 1; // DPF
        pub(crate) const OBEY: u32 = 0xff << 4 | 1 << 2 | 1 << 3; // RPFCE, RFCE
    }
    pub(crate) mod hlreg0 {
        pub(crate) const ADD_CRC: u32 = 1 << 0; // TXCRCEN
        pub(crate) const CRC_STRIP: u32 = 1 << 1; // RXCRCSTRP
        pub(crate) const JUMBO: u32 = 1 << 2; // JUMBOEN
        pub(crate) const PAD: u32 = 1 << 10; // TXPADEN
        pub(crate) const LOOPBACK: u32 = 1 << 15; // LPBK
    }
    pub(crate) mod msca {
        pub(crate) const DEVICE: usize = 16; // DEVADD
        pub(crate) const PORT: usize = 21; // PHYADD
        pub(crate) const ADDRESS: u32 = 0; // OPCODE: the place of what follows
        pub(crate) const WRITE: u32 = 1 << 26;
        pub(crate) const READ: u32 = 3 << 26;
        pub(crate) const COMMAND: u32 = 1 << 30; // MDICMD, until it is done
    }
    pub(crate) mod macc {
        pub(crate) const FORCE_LINK_UP: u32 = 1 << 0; // FLU
    }
    pub(crate) mod autoc {
        pub(crate) const FORCE_LINK_UP: u32 = 1 << 0; // FLU
        pub(crate) const RESTART: u32 = 1 << 12; // Restart_AN
        pub(crate) const MODE: core::ops::Range<usize> = 13..16; // LMS
        pub(crate) const SERIAL_10G: u32 = 3;
        pub(crate) const AUTONEGOTIATED_1G: u32 = 2;
    }
    pub(crate) mod autoc2 {
        pub(crate) const SERIAL: core::ops::Range<usize> = 16..18; // 10G serial PMA/PMD
        pub(crate) const SFI: u32 = 2;
        pub(crate) const LINK_DISABLE: u32 = 7 << 28;
    }
    pub(crate) mod anlp1 {
        pub(crate) const STATE: u32 = 0xf << 16; // AN state
    }
    pub(crate) mod mmngc {
        pub(crate) const VETO: u32 = 1 << 0; // MNG_VETO
    }
    pub(crate) mod links {
        pub(crate) const SIGNAL_1G: usize = 0; // KX_SIG_DET
        pub(crate) const ERRORS_SERIAL: usize = 3; // KR_HI_BERR
        pub(crate) const LOCK_SERIAL: usize = 4; // KR_PCS_BLOCK_LOCK
        pub(crate) const SIGNAL_LANES: core::ops::Range<usize> = 8..12; // KX4_SIG_DET
        pub(crate) const SIGNAL_SERIAL: usize = 12; // KR_SIG_DET
        pub(crate) const ALIGNED: usize = 17; // 10G Align Status
        pub(crate) const SYNC_1G: usize = 18; // 1G Sync Status
        pub(crate) const NEGOTIATES_1G: usize = 20; // 1G AN enabled
        pub(crate) const MODE: core::ops::Range<usize> = 26..28; // MLINK_MODE, not of the X550
        pub(crate) const MODE_1G: u32 = 0;
        pub(crate) const MODE_SERIAL: u32 = 2;
        pub(crate) const MODE_NEGOTIATED: u32 = 3;
        pub(crate) const NOT_STANDARD: usize = 27; // X550: 2.5 and 5 Gb/s
        pub(crate) const SPEED: core::ops::Range<usize> = 28..30;
        pub(crate) const UP: usize = 30;
        pub(crate) const IS_NEGOTIATED: usize = 31; // KX/KX4/KR Backplane AN Completed
    }
    pub(crate) mod rttdcs {
        pub(crate) const HALT: u32 = 1 << 6; // ARBDIS
    }
    pub(crate) mod dmatxctl {
        pub(crate) const ENABLE: u32 = 1 << 0; // TE
    }
    pub(crate) mod rxcsum {
        pub(crate) const HASH: u32 = 1 << 13; // PCSD
    }
    pub(crate) mod fctrl {
        pub(crate) const BAD: u32 = 1 << 1; // SBP
        pub(crate) const ALL_GROUPS: u32 = 1 << 8; // MPE
        pub(crate) const PROMISCUOUS: u32 = 1 << 9; // UPE
        pub(crate) const BROADCAST: u32 = 1 << 10; // BAM
    }
    pub(crate) mod vlnctrl {
        pub(crate) const FILTER: u32 = 1 << 30; // VFE
        pub(crate) const STRIP: u32 = 1 << 31; // VME, of the 82598 only
    }
    pub(crate) mod manc {
        pub(crate) const RECEIVES: u32 = 1 << 17; // RCV_TCO_EN
    }
    pub(crate) mod secrxctrl {
        pub(crate) const HALT: u32 = 1 << 1; // RX_DIS
    }
    pub(crate) mod secrxstat {
        pub(crate) const IS_HALTED: u32 = 1 << 0; // SECRX_RDY
    }
    pub(crate) mod eec {
        pub(crate) const AUTO_READ_DONE: u32 = 1 << 9; // Auto_RD
    }
    pub(crate) mod fwsm {
        pub(crate) const MODE: core::ops::Range<usize> = 1..4; // FW_mode
        pub(crate) const PASS_THROUGH: u32 = 2;
    }
    pub(crate) mod sw_fw_sync {
        pub(crate) const PHY_0: u32 = 1 << 1; // SW_PHY_SM0, the next is the other port's
        pub(crate) const MAC: u32 = 1 << 3; // SW_MAC_CSR_SM
    }
    pub(crate) mod gcr_ext {
        pub(crate) const CLEAR_BUFFERS: u32 = 1 << 30; // Buffers_Clear_Func
    }
    pub(crate) mod dca_ctrl {
        pub(crate) const DISABLE: u32 = 1 << 0; // DCA_DIS
    }
    pub(crate) mod dca_rxctrl {
        pub(crate) const CACHE: u32 = 7 << 5; // descriptors, headers, payload
        pub(crate) const RELAXED: u32 = 1 << 12 | 1 << 13 | 1 << 15; // 12 has to be 0
    }
    pub(crate) mod dca_txctrl {
        pub(crate) const CACHE: u32 = 1 << 5;
        pub(crate) const RELAXED: u32 = 1 << 11; // TXdescWBROen
    }
    pub(crate) mod srrctl {
        pub(crate) const ONE_BUFFER: u32 = 1 << 25; // DESCTYPE: advanced, one buffer
        pub(crate) const DROP: u32 = 1 << 28; // Drop_En
    }
    pub(crate) mod dctl {
        pub(crate) const PREFETCH: u32 = 32 | 1 << 8; // TXDCTL: PTHRESH, HTHRESH
        pub(crate) const ENABLE: u32 = 1 << 25;
        pub(crate) const FLUSH: u32 = 1 << 26; // SWFLSH
        pub(crate) const VLAN_STRIP: u32 = 1 << 30; // RXDCTL: VME
    }
    pub(crate) mod rscctl {
        pub(crate) const ENABLE: u32 = 1 << 0; // RSCEN
    }
}
