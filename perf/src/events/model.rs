//! Every pattern of suspicious iterations, against a model that keeps everything.
//!
//! The model knows all iterations at once and does what the rules say, in a few lines; what is
//! tested has to remember, pin, copy and forget.

use proptest::prelude::*;

use super::*;
use crate::played::{HERTZ, Played};
use crate::settings::Duration;

/// An event as the model and the store tell of it: its suspicious iterations, and its rows from the
/// oldest to the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    suspects: Vec<u64>,
    rows: Vec<u64>,
}

/// What the rules ask for, where the iterations in `suspicious` are.
fn expected(suspicious: &[u64], settings: &Settings) -> Vec<Shown> {
    let (before, after) = (u64::from(settings.before), u64::from(settings.after));
    let mut events: Vec<Shown> = Vec::new();
    for &number in suspicious {
        let (mut first, last) = (number.saturating_sub(before).max(1), number + after);
        if let Some(pending) = events.last_mut().filter(|_| settings.extend) {
            let [oldest, newest] = [pending.rows[0], *pending.rows.last().unwrap()];
            let touches = number <= newest + 1;
            if touches && last - oldest < ROWS {
                pending.suspects.push(number);
                pending.rows = (oldest..=last).collect();
                continue;
            }
            // One that would outgrow the history begins where the one before it ended.
            first = if touches { newest + 1 } else { first };
        }
        events.push(Shown { suspects: vec![number], rows: (first..=last).collect() });
    }
    events
}

/// When the control core looks at what was marked.
#[derive(Clone, Copy, Debug)]
enum Rhythm {
    EveryIteration,
    AtTheEnd,
}

/// A PMD that runs patterns, and a control core.
struct Bench {
    pmd: Played,
    events: Events<'static>,
    open: Option<Open>,
    settings: Settings,
    rhythm: Rhythm,
}

impl Bench {
    fn new(rhythm: Rhythm) -> Self {
        let (parts, rows) = (vec![Part::default(); 64], vec![Iteration::default(); 8 * 999]);
        let events = Events::new(parts.leak(), rows.leak()).unwrap();
        Self { pmd: Played::new(), events, open: None, settings: Settings::DEFAULT, rhythm }
    }

    fn set(&mut self, settings: Settings) {
        self.settings = settings;
        self.pmd.recorder.set_limits(settings.limits(HERTZ, 0));
    }

    /// Runs iterations of which those that `pattern` says are suspicious, then as many as it takes
    /// to complete every window, and returns what was shown, and the numbers of the suspicious.
    fn run(&mut self, pattern: impl Iterator<Item = bool>) -> (Vec<Shown>, Vec<u64>) {
        let (mut suspicious, mut shown) = (Vec::new(), Vec::new());
        let quiet = self.settings.before.max(self.settings.after) as usize + 2;
        for is_suspicious in pattern.chain(std::iter::repeat_n(false, quiet)) {
            if is_suspicious {
                suspicious.push(self.pmd.recorder.current.number);
            }
            self.pmd.run(if is_suspicious { 300 } else { 10 });
            if matches!(self.rhythm, Rhythm::EveryIteration) {
                self.collect(&mut shown);
            }
        }
        // What one look takes is limited.
        (0..8).for_each(|_| self.collect(&mut shown));
        (shown, suspicious)
    }

    fn collect(&mut self, shown: &mut Vec<Shown>) {
        let Self { pmd, settings, events, open, .. } = self;
        events.collect(&Source { core: 1, metrics: pmd.metrics, settings: *settings }, open);
        assert!(Accounts::of(pmd.metrics, open.as_ref()).agree());
        while let Some(dump) = events.next_to_print() {
            let event = dump.event(events).unwrap();
            assert_eq!(event.missing(), 0);
            let suspects = event.parts().map(|part| part.suspect().number).collect();
            let mut rows: Vec<u64> = event.rows().map(|row| row.number).collect();
            rows.reverse();
            shown.push(Shown { suspects, rows });
        }
    }

    /// Nothing was suppressed, and nothing is pending.
    fn assert_all_dumped(&self) {
        let accounts = Accounts::of(self.pmd.metrics, self.open.as_ref());
        let is_whole = accounts.triggers == accounts.dumped && accounts.pending == 0;
        assert!(is_whole && accounts.suppressed_in_all() == 0, "{accounts}");
    }
}

/// Settings with these windows, under which only duration is suspicious.
fn windows(before: u32, after: u32, extend: bool) -> Settings {
    let duration = Duration::Micros(250);
    Settings { duration, before, after, extend, ..Settings::DEFAULT }
}

/// All windows that the exhaustive test tries.
fn all_windows() -> impl Iterator<Item = Settings> {
    (0..32).map(|number| windows(number % 4, number / 4 % 4, number >= 16))
}

/// Iterations in each pattern of the exhaustive test.
const ITERATIONS: u32 = 12;

fn every_pattern_is_shown_as_the_rules_ask(rhythm: Rhythm) {
    let mut bench = Bench::new(rhythm);
    for settings in all_windows() {
        bench.set(settings);
        for pattern in 0..1_u32 << ITERATIONS {
            let (shown, suspicious) = bench.run((0..ITERATIONS).map(|bit| pattern >> bit & 1 == 1));
            let expected = expected(&suspicious, &settings);
            assert_eq!(shown, expected, "{pattern:#014b} {rhythm:?} {settings:?}");
        }
    }
    bench.assert_all_dumped();
}

#[test]
fn every_pattern_of_12_iterations_is_shown_as_the_rules_ask_when_looked_at_all_the_time() {
    every_pattern_is_shown_as_the_rules_ask(Rhythm::EveryIteration);
}

#[test]
fn every_pattern_of_12_iterations_is_shown_as_the_rules_ask_when_looked_at_in_the_end() {
    every_pattern_is_shown_as_the_rules_ask(Rhythm::AtTheEnd);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Wide windows and many suspicious iterations outgrow the history again and again.
    #[test]
    fn long_patterns_and_wide_windows_are_shown_as_the_rules_ask(
        before in 0..500_u32,
        after in 0..499_u32,
        extend: bool,
        gaps in prop::collection::vec(1..400_usize, 0..30),
    ) {
        let mut bench = Bench::new(Rhythm::EveryIteration);
        bench.set(windows(before, after, extend));
        let pattern = gaps.iter().flat_map(|&gap| {
            std::iter::repeat_n(false, gap - 1).chain(std::iter::once(true))
        });
        let (shown, suspicious) = bench.run(pattern);
        prop_assert_eq!(shown, expected(&suspicious, &bench.settings));
        bench.assert_all_dumped();
    }
}
