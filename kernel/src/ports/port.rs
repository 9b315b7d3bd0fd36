//! What is asked of a port's card, whichever driver it has.

use core::fmt::{Display, Write as _};

use kernel::address::Mac;
use kernel::machine::{
    Checksum, Counter, Health, Identity, Link, LinkReport, Mended, Module, Register, Signal, Words,
};
use virtio::News;

use super::{Card, Function, Port, Uptime, VIRTIO};

/// What a function says that it is (PCI 3.0, 6.2.1 and 6.2.4).
pub(super) fn identify(function: &Function) -> Identity {
    let (seen, board) = (function.seen(), function.read(0x2c));
    let subsystem = (board as u16, (board >> 16) as u16);
    let revision = function.read(0x08) as u8;
    Identity { device: (seen.vendor, seen.device), subsystem, revision, nvm: None }
}

fn words(why: impl Display) -> Words {
    let mut words = Words::new();
    let _they_are_short = write!(words, "{why}");
    words
}

impl Port {
    /// The name of its driver.
    pub(crate) fn driver(&self) -> &'static str {
        match &self.card {
            Card::Virtio(_) => VIRTIO,
            Card::Intel(card) => card.family().name(),
        }
    }

    /// Its own address; all zeros if the card has none.
    pub(crate) fn mac(&self) -> Mac {
        let mac = match &self.card {
            Card::Virtio(card) => card.mac(),
            Card::Intel(card) => card.mac(),
        };
        Mac(mac.unwrap_or_default())
    }

    /// What its card says that it is.
    pub(crate) fn identity(&self) -> Identity {
        let nvm = match &self.card {
            Card::Virtio(_) => None,
            Card::Intel(card) => card.nvm_version(&Uptime),
        };
        Identity { nvm, ..self.identity }
    }

    /// Whether its card's NVM was as it was written, if it has one.
    pub(crate) fn checksum(&self) -> Option<Checksum> {
        let Card::Intel(card) = &self.card else { return None };
        Some(match card.nvm_checksum() {
            intel::Checksum::Right => Checksum::Right,
            intel::Checksum::Wrong { stored, computed } => Checksum::Wrong { stored, computed },
            intel::Checksum::Unread => Checksum::Unread,
        })
    }

    /// Has the card receive what it sends, or not any more. Whether it does as it was told; none if its
    /// kind cannot.
    pub(crate) fn set_loopback(&self, is_on: bool) -> Option<bool> {
        match &self.card {
            Card::Virtio(_) => None,
            Card::Intel(card) => Some(card.set_loopback(is_on, &Uptime)),
        }
    }

    /// Its link. A card of virtio does not tell how fast it is.
    pub(crate) fn link(&self) -> Link {
        match &self.card {
            Card::Virtio(card) => Link { is_up: card.is_link_up(), speed: 0 },
            Card::Intel(card) => {
                let intel::Link { is_up, speed } = card.link();
                Link { is_up, speed }
            }
        }
    }

    /// Has its card go on with a module that was plugged in.
    pub(crate) fn tend(&self) {
        if let Card::Intel(card) = &self.card {
            card.tend(&Uptime);
        }
    }

    /// Looks after the card, where its driver can reset it while it runs.
    pub(crate) fn mend(&mut self) -> Option<Mended> {
        let Card::Virtio(card) = &mut self.card else { return None };
        Some(match card.tend(&Uptime)? {
            News::Reset(why) => Mended::Reset(words(why)),
            News::Works => Mended::Works,
            News::Quarantined(why) => Mended::Quarantined(words(why)),
        })
    }

    /// Whether the card is to be looked after at once.
    pub(crate) fn is_urgent(&self) -> bool {
        matches!(&self.card, Card::Virtio(card) if card.is_urgent())
    }

    /// How the card fared, of whose frames so many came back unsent.
    pub(crate) fn health(&self, unsent: u64) -> Health {
        let Card::Virtio(card) = &self.card else { return Health::default() };
        let virtio::Health { resets, why, is_quarantined } = card.health();
        Health { resets, reason: why.map(words), is_quarantined, unsent }
    }

    /// What the card tells of its link beyond that: of one of virtio only why it is down if the card does
    /// not work.
    pub(crate) fn link_report(&self) -> LinkReport {
        let card = match &self.card {
            Card::Virtio(card) => {
                let cause = match (card.is_working(), card.health().is_quarantined) {
                    (true, _) => None,
                    (false, false) => Some("its card is being reset"),
                    (false, true) => Some("its card is quarantined"),
                };
                return LinkReport { cause, ..LinkReport::default() };
            }
            Card::Intel(card) => card,
        };
        let intel::Report { medium, module, signal, cause, .. } = card.link_report(&Uptime);
        let module = module.map(|module| Module {
            kind: module.kind,
            vendor: module.vendor().try_into().unwrap_or_default(),
            part: module.part().try_into().unwrap_or_default(),
        });
        let signal = signal.map(|intel::Signal { lanes, most, is_locked }| Signal {
            lanes,
            most,
            is_locked,
        });
        let cause = cause.map(intel::Cause::words);
        LinkReport { medium: Some(medium.name()), module, signal, cause }
    }

    /// The register with this `index` that the card shows.
    pub(crate) fn register(&self, index: usize) -> Option<Register> {
        Some(match &self.card {
            Card::Virtio(card) => {
                let virtio::Register { name, number, offset, value } = card.register(index)?;
                Register { name, queue: number, offset, value }
            }
            Card::Intel(card) => {
                let intel::Register { name, pair, offset, value } = card.register(index)?;
                Register { name, queue: pair.map(|pair| pair as u16), offset, value: value.into() }
            }
        })
    }

    /// What the card counts with this `index`: nothing if it is one of virtio.
    pub(crate) fn counter(&self, index: usize) -> Option<Counter> {
        let Card::Intel(card) = &self.card else { return None };
        let (name, pair, count) = card.counter(index)?;
        Some(Counter { name, queue: pair.map(|pair| pair as u16), count })
    }

    /// Frames that the card had no room for, where it can tell.
    pub(crate) fn missed(&self) -> Option<u64> {
        match &self.card {
            Card::Virtio(_) => None,
            Card::Intel(card) => Some(card.missed()),
        }
    }
}
