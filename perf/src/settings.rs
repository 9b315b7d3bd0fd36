//! What a user sets, and what a PMD makes of it. Names, ranges and defaults stand in one
//! [`TABLE`].

mod lasting;
mod table;

use crate::suspicion::{Limits, Reasons};

pub use lasting::{Lasting, Values};
pub use table::{Form, Setting, Spelling, TABLE};

/// Iterations shown before and after a suspicious one at most, each and together.
pub const WINDOW: u32 = 998;

/// How long an iteration may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duration {
    /// So many microseconds.
    Micros(u32),
    /// Until the receive ring that fills fastest would overflow.
    Auto,
}

/// What a user sets for a PMD, in the user's units. The defaults are those of Open vSwitch where
/// it has the setting, but for `metrics` and `log`, which are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether iterations are recorded at all.
    pub metrics: bool,
    /// Whether the time in each room is recorded.
    pub rooms: bool,
    /// Whether suspicious iterations are marked. Has no effect while `metrics` is off.
    pub log: bool,
    /// Iterations longer than this are suspicious.
    pub duration: Duration,
    /// Iterations that met a receive ring with this many frames, or more, are suspicious.
    pub fill: u32,
    /// Iterations shown before a suspicious one, 0 to [`WINDOW`].
    pub before: u32,
    /// Iterations shown after a suspicious one, 0 to [`WINDOW`] less `before`.
    pub after: u32,
    /// Whether suspicious iterations whose windows overlap are shown as one event.
    pub extend: bool,
    /// Iterations with more cycles for each frame than this are suspicious.
    pub per_packet: u32,
    /// Iterations with so many upcalls, or more, are suspicious.
    pub upcalls: u32,
    /// Sleeps that last longer than asked for, by more microseconds than this, are suspicious.
    pub oversleep: u32,
    /// Reasons that count.
    pub reasons: Reasons,
}

impl Settings {
    /// What holds where nothing was set.
    pub const DEFAULT: Self = Self {
        metrics: true,
        rooms: true,
        log: true,
        duration: Duration::Micros(250),
        fill: 128,
        before: 5,
        after: 5,
        extend: false,
        per_packet: u32::MAX,
        upcalls: 64,
        oversleep: 250,
        reasons: Reasons::all(),
    };

    /// What a PMD compares with, where its time-stamp counter runs at `hertz`, and where `auto`
    /// microseconds stand for [`Duration::Auto`].
    pub fn limits(&self, hertz: u64, auto: u32) -> Limits {
        let watched = if self.metrics && self.log { self.reasons } else { Reasons::none() };
        let micros = match self.duration {
            Duration::Micros(micros) => micros,
            Duration::Auto => auto,
        };
        let if_watched = |reason, limit| if watched.has(reason) { limit } else { u64::MAX };
        let small = |reason, limit: u32| if watched.has(reason) { limit } else { u32::MAX };
        Limits {
            record: self.metrics,
            rooms: self.metrics && self.rooms,
            cycles: if_watched(Reasons::DURATION, cycles(micros, hertz)),
            fill: small(Reasons::FILL, self.fill),
            per_packet: if_watched(Reasons::PER_PACKET, self.per_packet.into()),
            upcalls: small(Reasons::STORM, self.upcalls),
            oversleep: if_watched(Reasons::OVERSLEEP, cycles(self.oversleep, hertz)),
            troubles: Limits::troubles(watched),
            stolen: watched.has(Reasons::STOLEN),
            watches_losses: watched.has(Reasons::NIC_LOSS),
            before: self.before.min(WINDOW) as u16,
            after: self.after.min(WINDOW) as u16,
        }
    }

    /// Makes before and after fit into [`WINDOW`] together, by shortening what comes after. Says
    /// whether that was needed.
    pub fn narrow(&mut self) -> bool {
        let fitting = WINDOW.saturating_sub(self.before);
        let is_too_wide = self.after > fitting;
        self.after = self.after.min(fitting);
        is_too_wide
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The cycles that `micros` microseconds take, rounded down.
fn cycles(micros: u32, hertz: u64) -> u64 {
    let cycles = u128::from(micros) * u128::from(hertz) / 1_000_000;
    u64::try_from(cycles).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iteration::Iteration;

    #[test]
    fn nothing_is_suspicious_while_either_switch_is_off() {
        for settings in [
            Settings { metrics: false, ..Settings::DEFAULT },
            Settings { log: false, ..Settings::DEFAULT },
            Settings { reasons: Reasons::none(), ..Settings::DEFAULT },
        ] {
            let worst = Iteration { cycles: u64::MAX, fill: u32::MAX - 1, ..Iteration::default() };
            assert!(settings.limits(1_000_000, 1).judge(&worst).is_empty());
        }
    }

    #[test]
    fn a_limit_of_nothing_makes_everything_suspicious() {
        let judged = |settings: Settings, cycles| {
            settings.limits(1_000_000, 1).judge(&Iteration { cycles, ..Iteration::default() })
        };
        let at_once = Settings { duration: Duration::Micros(0), ..Settings::DEFAULT };
        assert_eq!(judged(at_once, 1), Reasons::DURATION);
        assert_eq!(judged(Settings { fill: 0, ..Settings::DEFAULT }, 0), Reasons::FILL);
    }

    #[test]
    fn the_limit_in_cycles_is_rounded_down_and_saturates() {
        let limits = |settings: Settings, hertz| settings.limits(hertz, 40).cycles;
        assert_eq!(limits(Settings::DEFAULT, 2_400_000_001), 600_000);
        let auto = Settings { duration: Duration::Auto, ..Settings::DEFAULT };
        assert_eq!(limits(auto, 1_000_000), 40);
        let longest = Settings { duration: Duration::Micros(u32::MAX), ..Settings::DEFAULT };
        assert_eq!(limits(longest, u64::MAX), u64::MAX);
    }
}
