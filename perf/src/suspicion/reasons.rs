//! Why an iteration is suspicious.

use core::fmt::{self, Display, Formatter, Write as _};

use serde::{Deserialize, Serialize};

/// Why an iteration is suspicious: a set, because more than one thing can be wrong at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "u16", into = "u16")]
pub struct Reasons(u16);

/// A reason as a user meets it.
#[derive(Debug)]
pub struct Reason {
    /// The set that holds it alone.
    pub is: Reasons,
    /// Its name in settings and filters.
    pub name: &'static str,
    /// The words of the log for it; for the first two those of Open vSwitch.
    pub words: &'static str,
}

impl From<u16> for Reasons {
    fn from(bits: u16) -> Self {
        Self::from_bits(bits)
    }
}

impl From<Reasons> for u16 {
    fn from(reasons: Reasons) -> Self {
        reasons.bits()
    }
}

impl Reasons {
    /// It took longer than the limit.
    pub const DURATION: Self = Self(1 << 0);
    /// A receive ring, of whatever kind of port, was as full as the limit, or fuller.
    pub const FILL: Self = Self(1 << 1);
    /// A NIC lost frames meanwhile. Known from the control core's samples, not by the PMD.
    pub const NIC_LOSS: Self = Self(1 << 2);
    /// A transmit ring had no room for a frame.
    pub const TX_FULL: Self = Self(1 << 3);
    /// The pool had no frame for one that a device had ready.
    pub const POOL_LOW: Self = Self(1 << 4);
    /// The slow path failed for a frame.
    pub const LOST_UPCALL: Self = Self(1 << 5);
    /// As many frames as the limit, or more, went to the slow path.
    pub const STORM: Self = Self(1 << 6);
    /// It took more cycles for each frame than the limit.
    pub const PER_PACKET: Self = Self(1 << 7);
    /// A sleep lasted longer than asked for, by more than the limit.
    pub const OVERSLEEP: Self = Self(1 << 8);
    /// Something else than the loop took time from the core.
    pub const STOLEN: Self = Self(1 << 9);
    /// Packets needed more look-ups than they may have, so that flows had to give way.
    pub const LOOKUP_BUDGET: Self = Self(1 << 10);

    /// How many kinds of reason there are.
    pub const COUNT: usize = 11;

    /// No reason.
    pub const fn none() -> Self {
        Self(0)
    }

    /// Every reason.
    pub const fn all() -> Self {
        Self((1 << Self::COUNT) - 1)
    }

    /// The set of those of `bits` that are reasons.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits & Self::all().0)
    }

    /// The set as bits.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` are in it.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are in both sets.
    #[must_use]
    pub const fn only(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The number of the first; [`Self::COUNT`] if there is none.
    pub fn first(self) -> usize {
        (self.0.trailing_zeros() as usize).min(Self::COUNT)
    }

    /// Each that is in it, as a user meets it.
    pub fn each(self) -> impl Iterator<Item = &'static Reason> {
        REASONS.iter().filter(move |reason| self.has(reason.is))
    }

    /// The set that `text` names: `all`, `none`, or names with `+` between.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "all" => Some(Self::all()),
            "none" => Some(Self::none()),
            names => names.split('+').try_fold(Self::none(), |set, name| {
                let reason = REASONS.iter().find(|reason| reason.name == name)?;
                Some(set.and(reason.is))
            }),
        }
    }

    /// The text that [`Self::parse`] takes for it.
    pub fn names(self) -> impl Display {
        Names(self)
    }
}

/// Every reason, in order of its number.
pub static REASONS: [Reason; Reasons::COUNT] = [
    Reason { is: Reasons::DURATION, name: "duration", words: "excessive total cycles" },
    Reason { is: Reasons::FILL, name: "fill", words: "vhost RX queue full" },
    Reason { is: Reasons::NIC_LOSS, name: "nic-loss", words: "frames lost by the NIC" },
    Reason { is: Reasons::TX_FULL, name: "tx-full", words: "TX ring full" },
    Reason { is: Reasons::POOL_LOW, name: "pool-low", words: "pool empty" },
    Reason { is: Reasons::LOST_UPCALL, name: "lost-upcall", words: "lost upcall" },
    Reason { is: Reasons::STORM, name: "upcall-storm", words: "upcall storm" },
    Reason { is: Reasons::PER_PACKET, name: "per-packet", words: "excessive cycles per packet" },
    Reason { is: Reasons::OVERSLEEP, name: "oversleep", words: "overslept" },
    Reason { is: Reasons::STOLEN, name: "stolen", words: "stolen time" },
    Reason { is: Reasons::LOOKUP_BUDGET, name: "lookup-budget", words: "lookup budget" },
];

/// The words of the log, with commas between.
impl Display for Reasons {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (position, reason) in self.each().enumerate() {
            out.write_str(if position > 0 { ", " } else { "" })?;
            out.write_str(reason.words)?;
        }
        Ok(())
    }
}

struct Names(Reasons);

impl Display for Names {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            all if all == Reasons::all() => out.write_str("all"),
            none if none.is_empty() => out.write_str("none"),
            some => some.each().enumerate().try_for_each(|(position, reason)| {
                if position > 0 {
                    out.write_char('+')?;
                }
                out.write_str(reason.name)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_reasons_read_what_they_write() {
        for bits in 0..=Reasons::all().bits() {
            let set = Reasons::from_bits(bits);
            assert_eq!(Reasons::parse(&set.names().to_string()), Some(set));
        }
        assert_eq!(Reasons::parse("duration+smoke"), None);
        assert_eq!(Reasons::parse(""), None);
    }

    #[test]
    fn reasons_stand_in_the_order_of_their_numbers() {
        for (number, reason) in REASONS.iter().enumerate() {
            assert_eq!(reason.is.first(), number, "{}", reason.name);
        }
        assert_eq!(Reasons::none().first(), Reasons::COUNT);
    }
}
