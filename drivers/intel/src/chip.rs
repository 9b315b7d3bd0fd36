//! What a card is, and so which family's bring-up it needs.

use bus::pci::Seen;
use bus::{Clock, Mmio};

use crate::card::{Family, Link};
use crate::checksum::{Checksum, Covered};
use crate::counters::Counter;
use crate::device::Device;
use crate::flavour::{ADVANCED_1G, ADVANCED_10G, EXTENDED, Flavour};
use crate::ixgbe::{Cage, Swap};
use crate::longest::Longest;
use crate::nvm::Nvm;
use crate::report::{Cause, Report};
use crate::ring::Placed;
use crate::{Error, e1000, e1000e, igb, ixgbe};

/// The vendor number of Intel.
const VENDOR: u16 = 0x8086;

/// A kind of card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chip {
    E1000e,
    Igb(igb::Model),
    Ixgbe(ixgbe::Model),
}

impl Chip {
    /// The kind of the function that was seen, if this crate can drive it.
    pub(crate) fn of(seen: &Seen) -> Option<Self> {
        match (seen.vendor, seen.device) {
            (VENDOR, 0x10d3 | 0x10f6) => Some(Self::E1000e),
            (VENDOR, device) => {
                let igb = igb::Model::of(device).map(Self::Igb);
                igb.or_else(|| ixgbe::Model::of(device).map(Self::Ixgbe))
            }
            _ => None,
        }
    }

    pub(crate) const fn family(self) -> Family {
        match self {
            Self::E1000e => Family::E1000e,
            Self::Igb(_) => Family::Igb,
            Self::Ixgbe(model) => Family::Ixgbe(model.generation),
        }
    }

    /// Pairs of queues that frames can be spread over.
    pub(crate) const fn pairs(self) -> usize {
        match self {
            Self::E1000e => 1,
            Self::Igb(model) => model.pairs(),
            Self::Ixgbe(_) => ixgbe::PAIRS,
        }
    }

    /// Its descriptors.
    pub(crate) fn flavour(self) -> &'static Flavour {
        match self {
            Self::E1000e => &EXTENDED,
            Self::Igb(_) => &ADVANCED_1G,
            Self::Ixgbe(_) => &ADVANCED_10G,
        }
    }

    /// Where the registers of pair `n` begin: receive, transmit.
    pub(crate) const fn blocks(self, n: usize) -> (usize, usize) {
        match self {
            Self::E1000e => (e1000e::RECEIVE, e1000e::TRANSMIT),
            Self::Igb(_) => (igb::receive(n), igb::transmit(n)),
            Self::Ixgbe(_) => (ixgbe::receive(n), ixgbe::transmit(n)),
        }
    }

    pub(crate) fn counters(self) -> &'static [Counter] {
        match self {
            Self::E1000e => e1000e::COUNTERS,
            Self::Igb(_) => igb::COUNTERS,
            Self::Ixgbe(_) => ixgbe::COUNTERS,
        }
    }

    /// Registers that can be read without a side effect.
    pub(crate) fn registers(self) -> &'static [(&'static str, usize)] {
        match self {
            Self::E1000e => e1000e::REGISTERS,
            Self::Igb(_) => igb::REGISTERS,
            Self::Ixgbe(_) => ixgbe::REGISTERS,
        }
    }

    /// Ends whatever the card did. `is_pending` says whether PCIe owes it answers.
    pub(crate) fn reset<M: Mmio, C: Clock>(
        self,
        device: &Device<'_, M, C>,
        is_pending: &dyn Fn() -> bool,
    ) -> Result<(), Error> {
        match self {
            Self::E1000e => e1000e::reset(device),
            Self::Igb(_) => igb::reset(device),
            Self::Ixgbe(model) => ixgbe::reset(device, model, is_pending),
        }
    }

    /// Sets up all but the queues, of which there will be `pairs`.
    pub(crate) fn set_up<M: Mmio, C: Clock>(
        self,
        device: &Device<'_, M, C>,
        pairs: usize,
        longest: Longest,
    ) {
        match self {
            Self::E1000e => e1000e::set_up(device),
            Self::Igb(model) => igb::set_up(device, model, pairs),
            Self::Ixgbe(model) => ixgbe::set_up(device, model, (pairs, longest)),
        }
    }

    /// Starts queues with these rings, one pair at least, and then the link.
    pub(crate) fn start<M: Mmio, C: Clock>(
        self,
        device: &Device<'_, M, C>,
        rings: &[(Placed, Placed)],
        longest: Longest,
    ) -> Result<(Cage, Swap), Error> {
        let cage = match self {
            Self::E1000e => {
                let first = rings.first().ok_or(Error::NoMemory)?;
                e1000e::start(device, *first, longest)?;
                (Cage::IsIgnored, Swap::DONE)
            }
            Self::Igb(model) => {
                igb::start(device, model, (rings, longest))?;
                (Cage::IsIgnored, Swap::DONE)
            }
            Self::Ixgbe(model) => {
                ixgbe::start(device, model, (rings, longest))?;
                ixgbe::restart(device, model)
            }
        };
        device.check()?;
        Ok(cage)
    }

    /// Goes on with a module that was plugged in.
    pub(crate) fn tend<M: Mmio, C: Clock>(self, device: &Device<'_, M, C>, swap: Swap) -> Swap {
        match self {
            Self::E1000e | Self::Igb(_) => swap,
            Self::Ixgbe(model) => swap.look(device, model),
        }
    }

    /// All that the card tells of its link.
    pub(crate) fn report<M: Mmio, C: Clock>(
        self,
        device: &Device<'_, M, C>,
        cage: (Cage, Swap),
    ) -> Report {
        let report = match self {
            Self::E1000e => e1000e::report(device),
            Self::Igb(model) => igb::report(device, model),
            Self::Ixgbe(model) => ixgbe::report(device, model, cage),
        };
        match device.check() {
            Ok(()) => report,
            Err(_) => Report { cause: Some(Cause::Gone), signal: None, ..report },
        }
    }

    /// Has the card receive what it sends, or not any more. Whether it does as it was told.
    pub(crate) fn set_loopback<M: Mmio, C: Clock>(
        self,
        device: &Device<'_, M, C>,
        is_on: bool,
    ) -> bool {
        let is_done = match self {
            Self::E1000e => e1000e::set_loopback(device, is_on),
            Self::Igb(model) => igb::set_loopback(device, model, is_on),
            Self::Ixgbe(model) => {
                ixgbe::set_loopback(device, model, is_on);
                true
            }
        };
        is_done && device.check().is_ok()
    }

    /// Its NVM.
    pub(crate) const fn nvm(self) -> Nvm {
        match self {
            Self::E1000e | Self::Igb(_) => e1000::NVM,
            Self::Ixgbe(_) => ixgbe::NVM,
        }
    }

    /// Whether the NVM is as it was written.
    pub(crate) fn checksum<M: Mmio, C: Clock>(self, device: &Device<'_, M, C>) -> Checksum {
        let covered = match self {
            Self::E1000e => Some(Covered::FIRST),
            Self::Igb(model) => igb::covered(device, model),
            Self::Ixgbe(model) => ixgbe::covered(model),
        };
        covered.map_or(Checksum::Unread, |covered| covered.check(device, self.nvm()))
    }

    /// The link as it is now.
    pub(crate) fn link(self, registers: &impl Mmio, cage: Cage) -> Link {
        match self {
            Self::E1000e | Self::Igb(_) => e1000::link(registers),
            Self::Ixgbe(model) => ixgbe::link(registers, model.generation, cage),
        }
    }
}
