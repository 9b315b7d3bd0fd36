//! What a card tells of its link for people to read: over what it runs, and why it is down.

use crate::Link;

/// What a link runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// A module in a cage.
    Module,
    /// A backplane, or a transceiver beside the card's chip.
    Backplane,
    /// Twisted pair, by a transceiver in the chip.
    TwistedPair,
    /// A pair of wires at 1 Gb/s, to a transceiver of another's.
    Serdes,
}

impl Medium {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Backplane => "backplane",
            Self::TwistedPair => "twisted pair",
            Self::Serdes => "SerDes",
        }
    }
}

/// Why a link is down, as far as a card can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// All registers read as ones.
    Gone,
    /// The cage is empty.
    NoModule,
    /// Nothing makes a link over what is in the cage.
    NotSupported,
    /// The module could not be made ready, since firmware does not let go of what that needs.
    NotReady,
    /// Nothing is received at all.
    NoSignal,
    /// Something is received that is no Ethernet of this speed.
    NoLock,
    /// Ethernet is received, with too many errors.
    Errors,
    /// Both ends are heard, and do not agree yet.
    Negotiating,
    /// The transceiver hears nobody.
    NoCarrier,
    /// The transceiver cannot be asked, since firmware does not let it go.
    Kept,
    /// All is well here: the other end does not say that it hears us.
    NotHeard,
}

impl Cause {
    /// The same in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Gone => "the card does not answer",
            Self::NoModule => "no module in the cage",
            Self::NotSupported => "module not supported",
            Self::NotReady => "module not ready: the firmware keeps the semaphore",
            Self::NoSignal => "no light",
            Self::NoLock => "light but no lock",
            Self::Errors => "light, but too many errors",
            Self::Negotiating => "autonegotiation not complete",
            Self::NoCarrier => "no carrier: cable unplugged, or the other end is off",
            Self::Kept => "unknown: the firmware keeps the semaphore",
            Self::NotHeard => "light and lock, but the other end does not hear us",
        }
    }
}

/// A module, as its memory tells (SFF-8472, table 4-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module {
    /// What it is for.
    pub kind: &'static str,
    /// Whether this crate makes links over it.
    pub is_supported: bool,
    vendor: Name,
    part: Name,
}

impl Module {
    pub(crate) const fn new(
        kind: &'static str,
        is_supported: bool,
        (vendor, part): (Name, Name),
    ) -> Self {
        Self { kind, is_supported, vendor, part }
    }

    /// Who made it.
    pub fn vendor(&self) -> &str {
        self.vendor.text()
    }

    /// What its maker calls it.
    pub fn part(&self) -> &str {
        self.part.text()
    }
}

/// A name that a module has of itself: printable, whatever is stored there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name([u8; Self::LEN]);

impl Name {
    /// Bytes of each.
    pub(crate) const LEN: usize = 16;

    /// The name in these bytes.
    pub(crate) fn new(mut bytes: [u8; Self::LEN]) -> Self {
        bytes.iter_mut().filter(|byte| !(b' '..=b'~').contains(*byte)).for_each(|it| *it = b'?');
        Self(bytes)
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default().trim_end()
    }
}

/// What is received, where a card tells that apart from the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Lanes on which there is light, or a signal: bit i stands for lane i.
    pub lanes: u8,
    /// How many lanes the link has.
    pub most: u8,
    /// The receiver makes Ethernet of it.
    pub is_locked: bool,
}

/// All that a card tells of its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The link.
    pub link: Link,
    /// What it runs over.
    pub medium: Medium,
    /// The module that is in the cage, if there is one that answers.
    pub module: Option<Module>,
    /// What is received.
    pub signal: Option<Signal>,
    /// Why the link is down, if it is.
    pub cause: Option<Cause>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_printable_whatever_a_module_says() {
        let name = Name::new(*b"Intel\x1b[2J\0\xff Co  ");
        assert_eq!(name.text(), "Intel?[2J?? Co");
        assert_eq!(Name::new([b' '; 16]).text(), "");
    }
}
