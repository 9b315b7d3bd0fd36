//! What module is in the cage, as its memory tells.
//!
//! Bytes are those of SFF-8472, table 4-1.

use bus::{Clock, Mmio};

use super::wires::Wires;
use crate::device::Device;
use crate::report::{self, Name};

/// Places in that memory: what it is, what it can at 10 and at 1 Gb/s, of which kind its cable is, and
/// what it is called.
const IDENTIFIER: u8 = 0x00;
const CODES_10G: u8 = 0x03;
const CODES_1G: u8 = 0x06;
const CABLE: u8 = 0x08;
const VENDOR: u8 = 0x14;
const PART: u8 = 0x28;
const CABLE_CODES: u8 = 0x3c;

/// Values of those bytes.
const SFP: u8 = 0x03;
const SR_OR_LR: u8 = 0x30;
const SX_LX_LHA_OR_T: u8 = 0x1b;
const PASSIVE: u8 = 0x04;
const ACTIVE: u8 = 0x08;
const LIMITING: u8 = 0x04;
/// What modules are called by the lowest of these bits that they have.
const NAMES_10G: [(u8, &str); 4] =
    [(0x10, "10GBASE-SR"), (0x20, "10GBASE-LR"), (0x40, "10GBASE-LRM"), (0x80, "10GBASE-ER")];
const NAMES_1G: [(u8, &str); 4] =
    [(0x01, "1000BASE-SX"), (0x02, "1000BASE-LX"), (0x04, "1000BASE-CX"), (0x08, "1000BASE-T")];

/// A module, as far as its link is made in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    /// A cable of copper.
    Passive,
    /// Light, or a cable that amplifies, at 10 Gb/s.
    Optical,
    /// Anything at 1 Gb/s.
    Slow,
}

impl Module {
    /// Its number in the NVM's list of sequences, for the card's port `port`. What is slow is made
    /// ready as light is.
    pub(crate) const fn number(self, port: u16) -> u16 {
        let first = match self {
            Self::Passive => 3,
            Self::Optical | Self::Slow => 5,
        };
        first + port
    }
}

/// The module in the cage; none if it is empty, or if what is in it is not known.
pub(crate) fn module<M: Mmio, C: Clock>(device: &Device<'_, M, C>) -> Option<Module> {
    Codes::read(&Wires::new(device))?.module()
}

/// What the module in the cage says that it is; none if it is empty, or does not answer.
pub(crate) fn identify<M: Mmio, C: Clock>(device: &Device<'_, M, C>) -> Option<report::Module> {
    let wires = Wires::new(device);
    let codes = Codes::read(&wires)?;
    let name = |address| wires.read(address).map(Name::new);
    let names = (name(VENDOR)?, name(PART)?);
    Some(report::Module::new(codes.name(), codes.module().is_some(), names))
}

/// The bytes that say what a module is.
#[derive(Clone, Copy, Debug)]
struct Codes {
    identifier: u8,
    fast: u8,
    slow: u8,
    cable: u8,
    /// Of a cable that amplifies.
    limiting: u8,
}

impl Codes {
    fn read<M: Mmio, C: Clock>(wires: &Wires<'_, '_, M, C>) -> Option<Self> {
        let byte = |address| wires.read(address).map(|[byte]| byte);
        let identifier = byte(IDENTIFIER)?;
        let (fast, slow, cable) = (byte(CODES_10G)?, byte(CODES_1G)?, byte(CABLE)?);
        let limiting = if cable & ACTIVE != 0 { byte(CABLE_CODES)? } else { 0 };
        Some(Self { identifier, fast, slow, cable, limiting })
    }

    fn module(self) -> Option<Module> {
        if self.identifier != SFP {
            None
        } else if self.cable & PASSIVE != 0 {
            Some(Module::Passive)
        } else if self.cable & ACTIVE != 0 {
            (self.limiting & LIMITING != 0).then_some(Module::Optical)
        } else if self.fast & SR_OR_LR != 0 {
            Some(Module::Optical)
        } else {
            (self.slow & SX_LX_LHA_OR_T != 0).then_some(Module::Slow)
        }
    }

    fn name(self) -> &'static str {
        let named = |codes: u8, names: &[(u8, &'static str)]| {
            names.iter().find(|(bit, _)| codes & bit != 0).map(|(_, name)| *name)
        };
        if self.identifier != SFP {
            "no SFP+"
        } else if self.cable & PASSIVE != 0 {
            "passive cable"
        } else if self.cable & ACTIVE != 0 {
            "active cable"
        } else {
            let name = named(self.fast, &NAMES_10G).or_else(|| named(self.slow, &NAMES_1G));
            name.unwrap_or("SFP of no kind that is known")
        }
    }
}
