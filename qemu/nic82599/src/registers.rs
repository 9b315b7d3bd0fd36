//! Names, places and bits of the registers that the model gives a meaning to.
//!
//! Names are those of the 82599 datasheet, section 8.2.3; the number behind a group is the
//! subsection. All registers are 32 bits wide. Those that have two addresses are known by the
//! one that [`Register::at`] answers.

use std::fmt;

/// Bytes of the register space, BAR 0.
pub const SPACE: u32 = 512 * 1024;

/// Receive queues, and transmit queues, that the model knows.
pub const QUEUES: u32 = 64;

/// A register, by its offset in BAR 0 in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Register(pub u32);

/// Registers of one name, numbered from 0.
#[derive(Clone, Copy, Debug)]
pub struct Bank {
    first: u32,
    step: u32,
    count: u32,
}

impl Bank {
    const fn new(first: u32, step: u32, count: u32) -> Self {
        Self { first, step, count }
    }

    /// The register number `index` of this name.
    #[must_use]
    pub const fn at(self, index: u32) -> Register {
        Register(self.first + self.step * index)
    }

    /// The number of `register`, if it is one of these.
    #[must_use]
    pub fn index(self, register: Register) -> Option<u32> {
        let distance = register.0.checked_sub(self.first)?;
        let index = distance / self.step;
        (distance.is_multiple_of(self.step) && index < self.count).then_some(index)
    }
}

/// Declares registers and a table of their names.
macro_rules! registers {
    ($($(#[$doc:meta])* $name:ident = $offset:literal;)*) => {
        $($(#[$doc])* pub const $name: Register = Register($offset);)*
        const NAMES: &[(&str, Register)] = &[$((stringify!($name), $name)),*];
    };
}

/// Declares banks of registers and a table of their names.
macro_rules! banks {
    ($($(#[$doc:meta])* $name:ident = $first:literal step $step:literal count $count:expr;)*) => {
        $($(#[$doc])* pub const $name: Bank = Bank::new($first, $step, $count);)*
        const BANKS: &[(&str, Bank)] = &[$((stringify!($name), $name)),*];
    };
}

registers! {
    /// Device control (8.2.3.1.1).
    CTRL = 0x0_0000;
    /// Device status (8.2.3.1.2).
    STATUS = 0x0_0008;
    /// Extended device control (8.2.3.1.3).
    CTRL_EXT = 0x0_0018;
    /// Software defined pins (8.2.3.1.4).
    ESDP = 0x0_0020;
    /// Wires of the module's I2C bus (8.2.3.1.5).
    I2CCTL = 0x0_0028;
    /// NVM control, its pins and the state of its automatic read (8.2.3.2).
    EEC = 0x1_0010;
    /// NVM read by word (8.2.3.2).
    EERD = 0x1_0014;
    /// Firmware's state (8.2.3.4).
    FWSM = 0x1_0148;
    /// Semaphore between drivers (8.2.3.4).
    SWSM = 0x1_0140;
    /// Semaphore between driver and firmware, one bit a resource (8.2.3.4).
    SW_FW_SYNC = 0x1_0160;
    /// Causes of an interrupt, cleared by reading (8.2.3.5).
    EICR = 0x0_0800;
    /// Causes to be set (8.2.3.5).
    EICS = 0x0_0808;
    /// Causes that may interrupt, to be set (8.2.3.5).
    EIMS = 0x0_0880;
    /// Causes that may interrupt, to be cleared (8.2.3.5).
    EIMC = 0x0_0888;
    /// Causes whose reading masks them (8.2.3.5).
    EIAM = 0x0_0890;
    /// How interrupts are reported (8.2.3.5).
    GPIE = 0x0_0898;
    /// Which frames are taken (8.2.3.7).
    FCTRL = 0x0_5080;
    /// VLAN filter (8.2.3.7).
    VLNCTRL = 0x0_5088;
    /// Multicast filter (8.2.3.7).
    MCSTCTRL = 0x0_5090;
    /// Receive checksums, and what stands beside them in descriptors (8.2.3.7).
    RXCSUM = 0x0_5000;
    /// Several receive queues: mode and hash fields (8.2.3.7).
    MRQC = 0x0_5818;
    /// Receive DMA control (8.2.3.8).
    RDRXCTL = 0x0_2F00;
    /// Receive enable (8.2.3.8).
    RXCTRL = 0x0_3000;
    /// Transmit DMA enable (8.2.3.9).
    DMATXCTL = 0x0_4A80;
    /// Most bytes of transmit data requested at once (8.2.3.9).
    DTXMXSZRQ = 0x0_8100;
    /// Several transmit queues: mode (8.2.3.9).
    MTQC = 0x0_8120;
    /// Transmit descriptor plane (8.2.3.10).
    RTTDCS = 0x0_4900;
    /// Security transmit block, control (8.2.3.12).
    SECTXCTRL = 0x0_8800;
    /// Security transmit block, state (8.2.3.12).
    SECTXSTAT = 0x0_8804;
    /// Security receive block, control (8.2.3.12).
    SECRXCTRL = 0x0_8D00;
    /// Security receive block, state (8.2.3.12).
    SECRXSTAT = 0x0_8D04;
    /// Link control (8.2.3.22).
    AUTOC = 0x0_42A0;
    /// Link state (8.2.3.22).
    LINKS = 0x0_42A4;
    /// Link control, serial modes (8.2.3.22).
    AUTOC2 = 0x0_42A8;
    /// What the link partner can do (8.2.3.22).
    ANLP1 = 0x0_42B0;
    /// MAC core: CRC, padding, jumbo frames, loopback (8.2.3.22).
    HLREG0 = 0x0_4240;
    /// Longest frame in bytes, in bits 31:16 (8.2.3.22).
    MAXFRS = 0x0_4268;
    /// Command to a PHY by MDIO (8.2.3.22).
    MSCA = 0x0_425C;
    /// Data for and from a PHY by MDIO (8.2.3.22).
    MSRWD = 0x0_4260;
    /// Settings of the analog core, by its own addresses (8.2.3.22).
    CORECTL = 0x1_4F00;
    /// Flow director control (8.2.3.15).
    FDIRCTRL = 0x0_EE00;
    /// Frames with a wrong CRC (8.2.3.23).
    CRCERRS = 0x0_4000;
    /// Frames whose length field was wrong (8.2.3.23).
    RLEC = 0x0_4040;
    /// Good frames received, missed ones included (8.2.3.23 and errata).
    GPRC = 0x0_4074;
    /// Good broadcast frames received (8.2.3.23).
    BPRC = 0x0_4078;
    /// Good multicast frames received (8.2.3.23).
    MPRC = 0x0_407C;
    /// Good frames sent (8.2.3.23).
    GPTC = 0x0_4080;
    /// Bytes of good frames received, with CRC, low word (8.2.3.23).
    GORCL = 0x0_4088;
    /// The same, high word.
    GORCH = 0x0_408C;
    /// Bytes of good frames sent, with CRC, low word (8.2.3.23).
    GOTCL = 0x0_4090;
    /// The same, high word.
    GOTCH = 0x0_4094;
    /// Frames that were too short (8.2.3.23).
    RUC = 0x0_40A4;
    /// Frames that were too long (8.2.3.23).
    ROC = 0x0_40AC;
    /// Bytes received, low word (8.2.3.23).
    TORL = 0x0_40C0;
    /// The same, high word.
    TORH = 0x0_40C4;
    /// Frames received (8.2.3.23).
    TPR = 0x0_40D0;
    /// Frames sent (8.2.3.23).
    TPT = 0x0_40D4;
    /// Multicast frames sent (8.2.3.23).
    MPTC = 0x0_40F0;
    /// Broadcast frames sent (8.2.3.23).
    BPTC = 0x0_40F4;
}

banks! {
    /// Vectors of queues' causes: a byte each for receive and transmit of two queues (8.2.3.5).
    IVAR = 0x0_0900 step 4 count 64;
    /// Receive ring, base low (8.2.3.8.1).
    RDBAL = 0x0_1000 step 0x40 count QUEUES;
    /// Receive ring, base high (8.2.3.8.2).
    RDBAH = 0x0_1004 step 0x40 count QUEUES;
    /// Receive ring, bytes (8.2.3.8.3).
    RDLEN = 0x0_1008 step 0x40 count QUEUES;
    /// Direct cache access of receive queues (8.2.3.11).
    DCA_RXCTRL = 0x0_100C step 0x40 count QUEUES;
    /// Receive ring, the first descriptor that the card has not filled (8.2.3.8.4).
    RDH = 0x0_1010 step 0x40 count QUEUES;
    /// Receive buffers: sizes and descriptor type (8.2.3.8.7).
    SRRCTL = 0x0_1014 step 0x40 count QUEUES;
    /// Receive ring, the first descriptor that the card may not fill (8.2.3.8.5).
    RDT = 0x0_1018 step 0x40 count QUEUES;
    /// Receive queue enable (8.2.3.8.6).
    RXDCTL = 0x0_1028 step 0x40 count QUEUES;
    /// Receive queue enable of queues from 64 on (8.2.3.8.6).
    RXDCTL_HIGH = 0x0_D028 step 0x40 count 64;
    /// Receive side coalescing (8.2.3.8).
    RSCCTL = 0x0_102C step 0x40 count QUEUES;
    /// Frames received by a queue (8.2.3.23).
    QPRC = 0x0_1030 step 0x40 count 16;
    /// Bytes received by a queue, low word (8.2.3.23).
    QBRC_L = 0x0_1034 step 0x40 count 16;
    /// The same, high word.
    QBRC_H = 0x0_1038 step 0x40 count 16;
    /// Frames dropped since a queue had no descriptor (8.2.3.23).
    QPRDC = 0x0_1430 step 0x40 count 16;
    /// Which counter a receive queue counts in, a byte a queue (8.2.3.23).
    RQSMR = 0x0_2300 step 4 count 32;
    /// Receive packet buffers, KB in bits 19:10 (8.2.3.8.9).
    RXPBSIZE = 0x0_3C00 step 4 count 8;
    /// Frames missed since a packet buffer was full (8.2.3.23).
    MPC = 0x0_3FA0 step 4 count 8;
    /// Received frames by size (8.2.3.23).
    PRC_SIZE = 0x0_405C step 4 count 6;
    /// Sent frames by size (8.2.3.23).
    PTC_SIZE = 0x0_40D8 step 4 count 6;
    /// Multicast filter, a bit a hash (8.2.3.7).
    MTA = 0x0_5200 step 4 count 128;
    /// Redirection table, four entries a register (8.2.3.7).
    RETA = 0x0_5C00 step 4 count 32;
    /// RSS key, four bytes a register, the first one lowest (8.2.3.7).
    RSSRK = 0x0_5C80 step 4 count 10;
    /// Transmit ring, base low (8.2.3.9).
    TDBAL = 0x0_6000 step 0x40 count QUEUES;
    /// Transmit ring, base high (8.2.3.9).
    TDBAH = 0x0_6004 step 0x40 count QUEUES;
    /// Transmit ring, bytes (8.2.3.9).
    TDLEN = 0x0_6008 step 0x40 count QUEUES;
    /// Transmit ring, the first descriptor that the card has not taken (8.2.3.9).
    TDH = 0x0_6010 step 0x40 count QUEUES;
    /// Transmit ring, the first descriptor that the card may not take (8.2.3.9).
    TDT = 0x0_6018 step 0x40 count QUEUES;
    /// Transmit queue enable and thresholds (8.2.3.9).
    TXDCTL = 0x0_6028 step 0x40 count QUEUES;
    /// Head write-back address low, and its enable bit (8.2.3.9).
    TDWBAL = 0x0_6038 step 0x40 count QUEUES;
    /// Frames sent by a queue (8.2.3.23).
    QPTC = 0x0_6030 step 0x40 count 16;
    /// Which counter a transmit queue counts in, a byte a queue (8.2.3.23).
    TQSM = 0x0_8600 step 4 count 32;
    /// Bytes sent by a queue, low word (8.2.3.23).
    QBTC_L = 0x0_8700 step 8 count 16;
    /// The same, high word.
    QBTC_H = 0x0_8704 step 8 count 16;
    /// Transmit packet buffers, KB in bits 19:10 (8.2.3.9).
    TXPBSIZE = 0x0_CC00 step 4 count 8;
    /// VLAN filter, a bit a tag (8.2.3.7).
    VFTA = 0x0_A000 step 4 count 128;
    /// Own addresses, the first four bytes (8.2.3.7).
    RAL = 0x0_A200 step 8 count 128;
    /// Own addresses, the last two bytes and the valid bit (8.2.3.7).
    RAH = 0x0_A204 step 8 count 128;
}

impl Register {
    /// The register at `offset`, by the first of its addresses where it has two.
    #[must_use]
    pub fn at(offset: u32) -> Self {
        Self(match offset {
            0x2100..0x2140 => SRRCTL.at((offset - 0x2100) / 4).0,
            0x2200..0x2240 => DCA_RXCTRL.at((offset - 0x2200) / 4).0,
            0x5400..0x5480 => offset - 0x5400 + RAL.first,
            _ => offset,
        })
    }

    /// The datasheet's name and the number, if it has one; the model may not know either.
    #[must_use]
    pub fn name(self) -> Option<(&'static str, Option<u32>)> {
        let single = NAMES.iter().find(|(_, register)| *register == self);
        let one_of = || {
            BANKS.iter().find_map(|(name, bank)| {
                Some((*name, bank.index(self))).filter(|(_, index)| index.is_some())
            })
        };
        single.map(|(name, _)| (*name, None)).or_else(one_of)
    }
}

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some((name, None)) => f.write_str(name),
            Some((name, Some(index))) => write!(f, "{name}({index})"),
            None => write!(f, "{:#07x}", self.0),
        }
    }
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_with_two_addresses_has_one_name() {
        assert_eq!(Register::at(0x2104), SRRCTL.at(1));
        assert_eq!(Register::at(0x5404), RAH.at(0));
        assert_eq!(Register::at(0x2200), DCA_RXCTRL.at(0));
        assert_eq!(Register::at(0x1058).to_string(), "RDT(1)");
        assert_eq!(Register::at(0).to_string(), "CTRL");
        assert_eq!(Register::at(0x7_0000).to_string(), "0x70000");
    }

    #[test]
    fn no_two_names_share_an_address() {
        let singles = NAMES.iter().map(|(_, register)| *register);
        let many = BANKS.iter().flat_map(|(_, bank)| (0..bank.count).map(|index| bank.at(index)));
        let mut all: Vec<_> = singles.chain(many).collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
