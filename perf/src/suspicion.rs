//! What makes an iteration suspicious.

use crate::iteration::Iteration;

/// Why an iteration is suspicious: a set, because more than one thing can be wrong at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasons(u16);

impl Reasons {
    /// It took longer than the limit.
    pub const DURATION: Self = Self(1 << 0);
    /// A receive ring was as full as the limit, or fuller.
    pub const FILL: Self = Self(1 << 1);

    /// How many kinds of reason there are.
    pub const COUNT: usize = 2;

    /// Each reason, with the words of Open vSwitch's log for it.
    pub const NAMES: [(Self, &'static str); Self::COUNT] =
        [(Self::DURATION, "excessive total cycles"), (Self::FILL, "vhost RX queue full")];

    /// No reason.
    pub const fn none() -> Self {
        Self(0)
    }

    /// The set of those of `bits` that are reasons.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits & ((1 << Self::COUNT) - 1))
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
}

impl core::fmt::Display for Reasons {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let held = Self::NAMES.iter().filter(|(reason, _)| self.has(*reason));
        for (position, (_, name)) in held.enumerate() {
            out.write_str(if position > 0 { ", " } else { "" })?;
            out.write_str(name)?;
        }
        Ok(())
    }
}

/// Iterations shown before and after a suspicious one at most, each and together.
pub const WINDOW: u16 = 998;

/// What a user sets, in the user's units. The defaults are those of Open vSwitch, but for
/// `log`, which is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether iterations are recorded at all.
    pub metrics: bool,
    /// Whether suspicious iterations are marked. Has no effect while `metrics` is off.
    pub log: bool,
    /// Iterations longer than this many microseconds are suspicious.
    pub micros: u32,
    /// Iterations that met a receive ring with this many frames, or more, are suspicious.
    pub fill: u32,
    /// Iterations shown before a suspicious one, 0 to [`WINDOW`].
    pub before: u16,
    /// Iterations shown after a suspicious one, 0 to [`WINDOW`] less `before`.
    pub after: u16,
    /// Whether windows that touch are shown as one.
    pub extend: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            metrics: true,
            log: true,
            micros: 250,
            fill: 128,
            before: 5,
            after: 5,
            extend: false,
        }
    }
}

impl Settings {
    /// What a PMD compares with, where its time-stamp counter runs at `hertz`.
    pub fn limits(&self, hertz: u64) -> Limits {
        let cycles = u128::from(self.micros) * u128::from(hertz) / 1_000_000;
        let watched = self.metrics && self.log;
        Limits {
            record: self.metrics,
            cycles: if watched { u64::try_from(cycles).unwrap_or(u64::MAX) } else { u64::MAX },
            fill: if watched { self.fill } else { u32::MAX },
            before: self.before,
            after: self.after,
        }
    }
}

/// What a PMD compares each iteration with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Whether iterations are recorded.
    pub record: bool,
    /// More cycles than this are suspicious. The maximum stands for never.
    pub cycles: u64,
    /// This fill, or more, is suspicious. The maximum stands for never.
    pub fill: u32,
    /// Iterations kept before a suspicious one.
    pub before: u16,
    /// Iterations kept after a suspicious one.
    pub after: u16,
}

impl Limits {
    /// All reasons that `iteration` is suspicious for.
    #[inline]
    pub fn judge(&self, iteration: &Iteration) -> Reasons {
        let slow = iteration.cycles > self.cycles;
        let full = iteration.fill >= self.fill;
        Reasons(u16::from(slow) | u16::from(full) << 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(cycles: u64, fill: u32, settings: Settings) -> Reasons {
        settings.limits(1_000_000).judge(&Iteration { cycles, fill, ..Iteration::default() })
    }

    #[test]
    fn duration_is_suspicious_strictly_above_its_limit() {
        assert!(judged(250, 0, Settings::default()).is_empty());
        assert_eq!(judged(251, 0, Settings::default()), Reasons::DURATION);
    }

    #[test]
    fn fill_is_suspicious_at_its_limit() {
        assert!(judged(0, 127, Settings::default()).is_empty());
        assert_eq!(judged(0, 128, Settings::default()), Reasons::FILL);
    }

    #[test]
    fn both_reasons_are_kept() {
        let both = judged(251, 128, Settings::default());
        assert!(both.has(Reasons::DURATION.and(Reasons::FILL)));
        assert_eq!(both.to_string(), "excessive total cycles, vhost RX queue full");
    }

    #[test]
    fn nothing_is_suspicious_while_either_switch_is_off() {
        for settings in [
            Settings { metrics: false, ..Settings::default() },
            Settings { log: false, ..Settings::default() },
        ] {
            assert!(judged(u64::MAX, u32::MAX - 1, settings).is_empty());
        }
    }

    #[test]
    fn a_limit_of_nothing_makes_everything_suspicious() {
        assert_eq!(judged(1, 0, Settings { micros: 0, ..Settings::default() }), Reasons::DURATION);
        assert_eq!(judged(0, 0, Settings { fill: 0, ..Settings::default() }), Reasons::FILL);
    }

    #[test]
    fn a_limit_beyond_all_cycles_saturates() {
        let settings = Settings { micros: u32::MAX, ..Settings::default() };
        assert_eq!(settings.limits(u64::MAX).cycles, u64::MAX);
    }
}
