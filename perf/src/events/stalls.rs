//! Stalls at random, with a control core that looks at random: every one counted, none invented,
//! and the same trace always tells the same.

use std::collections::BTreeSet;

use super::*;
use crate::played::{HERTZ, Played};
use crate::snapshot::Snapshot;
use crate::time::Timebase;

/// Numbers that look random and are always the same: the generator of Knuth's MMIX.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// A PMD that stalls at random, and a control core.
struct Bench {
    pmd: Played,
    events: Events<'static>,
    open: Option<Open>,
    settings: Settings,
    stalled: BTreeSet<u64>,
}

impl Bench {
    fn new(settings: Settings) -> Self {
        let (parts, rows) = (vec![Part::default(); 2048], vec![Iteration::default(); 40_000]);
        let events = Events::new(parts.leak(), rows.leak()).unwrap();
        let mut pmd = Played::new();
        pmd.recorder.set_limits(settings.limits(HERTZ, 0));
        Self { pmd, events, open: None, settings, stalled: BTreeSet::new() }
    }

    /// Runs up to `most` iterations, sometimes with frames, and then perhaps one that stalls.
    fn run(&mut self, numbers: &mut Numbers, most: u64) {
        for _ in 0..numbers.below(most) {
            if numbers.below(3) == 0 {
                let frames = 1 + numbers.below(32) as u32;
                self.pmd.recorder.burst(0, frames, 0);
            }
            self.pmd.run(1 + numbers.below(200));
        }
        self.stalled.insert(self.pmd.recorder.current.number);
        self.pmd.stall(251 + numbers.below(100_000));
    }

    fn collect(&mut self) {
        let Self { pmd, settings, events, open, .. } = self;
        events.collect(&Source { core: 1, metrics: pmd.metrics, settings: *settings }, open);
    }

    fn accounts(&self) -> Accounts {
        Accounts::of(self.pmd.metrics, self.open.as_ref())
    }

    /// Calls `each` for every event that can be printed.
    fn take(&mut self, mut each: impl FnMut(&Events<'_>, Dump)) {
        while let Some(dump) = self.events.next_to_print() {
            each(&self.events, dump);
        }
    }
}

/// Stalls that are tried.
const STALLS: usize = 100_000;

fn every_stall_is_dumped_or_counted(settings: Settings) {
    let (mut bench, mut numbers) = (Bench::new(settings), Numbers(7));
    let mut dumped = BTreeSet::new();
    let mut read = |events: &Events<'_>, dump: Dump| {
        let event = dump.event(events).unwrap();
        let rows: Vec<u64> = event.rows().map(|row| row.number).collect();
        assert!(rows.windows(2).all(|pair| pair[0] == pair[1] + 1), "rows in order, none missing");
        for part in event.parts() {
            let suspect = part.suspect();
            assert!(rows.contains(&suspect.number) && suspect.cycles > 250, "{suspect:?}");
            assert!(dumped.insert(suspect.number), "{} is there twice", suspect.number);
        }
    };
    for _ in 0..STALLS {
        // Looked at all the time, now and then, or not for long.
        let most = [3, 30, 200][numbers.below(3) as usize];
        bench.run(&mut numbers, most);
        if numbers.below(60) == 0 {
            (0..1 + numbers.below(12)).for_each(|_| bench.collect());
            bench.take(&mut read);
            assert!(bench.accounts().agree());
        }
    }
    bench.pmd.idle(2000);
    (0..20).for_each(|_| bench.collect());
    bench.take(&mut read);
    let accounts = bench.accounts();
    assert!(accounts.agree() && accounts.pending == 0, "{accounts}");
    assert_eq!(accounts.triggers, STALLS as u64);
    assert!(dumped.is_subset(&bench.stalled), "none is invented");
    assert_eq!(dumped.len() as u64 + bench.events.not_printed(), accounts.dumped);
    assert!(accounts.suppressed_in_all() > 0 && dumped.len() > STALLS / 10, "{accounts}");
}

#[test]
fn of_a_hundred_thousand_stalls_every_one_is_dumped_or_counted_and_none_is_invented() {
    every_stall_is_dumped_or_counted(Settings::DEFAULT);
}

#[test]
fn the_same_holds_for_windows_that_are_extended() {
    every_stall_is_dumped_or_counted(Settings { extend: true, ..Settings::DEFAULT });
}

/// What a run of `seed` tells, looked at after every so many stalls.
fn told(seed: u64, rhythm: usize, extend: bool) -> (String, Box<Snapshot>) {
    let base = Timebase::new(HERTZ, 0);
    let settings = Settings { extend, ..Settings::DEFAULT };
    let (mut bench, mut numbers) = (Bench::new(settings), Numbers(seed));
    let mut text = String::new();
    for stall in 0..300 {
        bench.run(&mut numbers, 300);
        if stall % rhythm == 0 {
            (0..4).for_each(|_| bench.collect());
        }
    }
    bench.pmd.idle(20);
    (0..20).for_each(|_| bench.collect());
    bench.take(|events, dump| {
        let mut full = events.find(dump.event(events).unwrap().number()).unwrap();
        while full.line(events, &base, &mut text).unwrap() {}
    });
    assert_eq!(bench.accounts().suppressed_in_all(), 0, "else what is told depends on the rhythm");
    let mut counted = Box::new(Snapshot::ZERO);
    bench.pmd.metrics.copy_to(&mut counted, 0);
    (text, counted)
}

#[test]
fn the_same_trace_tells_the_same_however_often_it_is_looked_at() {
    for (seed, extend) in [(1, false), (2, true), (3, false)] {
        let first = told(seed, 1, extend);
        assert!(first.0.lines().count() > 300 * 11 / 2, "{}", first.0.lines().count());
        for rhythm in [1, 3, 20] {
            assert!(told(seed, rhythm, extend) == first, "seed {seed}, rhythm {rhythm}");
        }
    }
}
