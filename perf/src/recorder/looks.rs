//! What took time from a core behind its back: how often it looks, and what it makes of it.

use crate::iteration::Flags;
use crate::recorder::Clock;
use crate::stolen::{Readings, Source};
use crate::time::Timebase;

/// A core's clock has changed its speed where it differs from before by more than this, in
/// thousandths of the nominal speed.
const SPEED_STEP: u64 = 50;

/// When a core last looked at its slow registers, and what they said.
pub(super) struct Looks {
    /// NMIs and machine checks that were noticed.
    pub(super) interruptions: u64,
    machine_checks: u64,
    /// Cycles from one look to the next at least.
    spacing: u64,
    due: u64,
    last: Readings,
    speed: Option<u64>,
}

impl Looks {
    pub(super) fn new(base: &Timebase) -> Self {
        let spacing = base.hertz / 1000;
        let (last, speed) = (Readings::default(), None);
        Self { interruptions: 0, machine_checks: 0, spacing, due: 0, last, speed }
    }

    /// Takes what the registers say `now` for what they said before.
    pub(super) fn begin(&mut self, clock: &impl Clock, now: u64) {
        self.interruptions = clock.interruptions();
        self.machine_checks = clock.machine_checks();
        self.last = clock.look();
        self.due = now.saturating_add(self.spacing);
    }

    /// The clock went backwards: the next look is due at once.
    pub(super) fn step_back(&mut self) {
        self.due = 0;
    }

    /// Whether the last look is so long ago that there may be something new.
    #[inline]
    pub(super) fn is_due(&self, now: u64) -> bool {
        now >= self.due
    }

    /// What happened since the last look, and the flags that say so; nothing if that is not long
    /// ago.
    pub(super) fn look(&mut self, clock: &impl Clock, now: u64) -> (Readings, Flags) {
        if !self.is_due(now) {
            return Default::default();
        }
        self.due = now.saturating_add(self.spacing);
        let readings = clock.look();
        let news = readings.since(&self.last);
        self.last = readings;
        let flags = [
            (news.of(Source::Smi) > Some(0), Flags::SMI),
            (news.of(Source::Steal) > Some(0), Flags::STEAL),
            (self.has_new_speed(&news), Flags::SPEED),
        ];
        let held = flags.into_iter().filter(|(holds, _)| *holds);
        (news, held.fold(Flags::none(), |all, (_, flag)| all.and(flag)))
    }

    fn has_new_speed(&mut self, news: &Readings) -> bool {
        let Some(speed) = news.speed() else { return false };
        let before = self.speed.replace(speed);
        before.is_some_and(|before| before.abs_diff(speed) > SPEED_STEP)
    }

    /// Notices the interruptions since it was last called.
    #[cold]
    pub(super) fn interrupted(&mut self, clock: &impl Clock) -> Flags {
        let (all, checks) = (clock.interruptions(), clock.machine_checks());
        let new_checks = checks.saturating_sub(self.machine_checks);
        let nmis = all.saturating_sub(self.interruptions).saturating_sub(new_checks);
        (self.interruptions, self.machine_checks) = (all, checks);
        let mut flags = Flags::none();
        if nmis > 0 {
            flags.set(Flags::NMI);
        }
        if new_checks > 0 {
            flags.set(Flags::MACHINE_CHECK);
        }
        flags
    }
}
