//! The blocks of `pmd-perf-show` that stand above histograms and histories.

use core::fmt::{self, Display, Formatter};

use crate::counters::Counter;
use crate::quantity::Quantity;
use crate::report::{Quotient, TimeOfDay};
use crate::snapshot::Snapshot;
use crate::time::Timebase;

/// What stands above a PMD's figures: when, for how long, and which PMD.
#[derive(Clone, Copy, Debug)]
pub struct Heading<'a> {
    /// The core of the PMD.
    pub core: usize,
    /// The node of that core.
    pub node: u8,
    /// The time-stamp counter now.
    pub now: u64,
    /// Cycles since the figures were cleared, or since boot.
    pub duration: u64,
    /// What explains the counter.
    pub base: &'a Timebase,
}

impl Display for Heading<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let duration = Quotient::of(self.duration, self.base.hertz);
        match self.base.unix_nanos(self.now) {
            Some(nanos) => writeln!(out, "\nTime: {}", TimeOfDay(nanos))?,
            None => {
                let uptime = Quotient::of(self.base.since_boot(self.now), self.base.hertz);
                writeln!(out, "\nTime: +{uptime:.3} s since boot")?;
            }
        }
        writeln!(out, "Measurement duration: {duration:.3} s")?;
        writeln!(out, "\npmd thread numa_id {} core_id {}:\n", self.node, self.core)
    }
}

/// A PMD's figures over a stretch of time. Where no time passed there is nothing to show.
#[derive(Clone, Copy, Debug)]
pub struct Overall<'a> {
    /// What was counted in it.
    pub counted: &'a Snapshot,
    /// Its length in cycles.
    pub duration: u64,
    /// Cycles in a second.
    pub hertz: u64,
}

/// Counters of hits that are shown alike.
const HITS: [(&str, Counter); 4] = [
    ("- PHWOL hits", Counter::PhwolHit),
    ("- Simple Match hits", Counter::SimpleHit),
    ("- EMC hits", Counter::EmcHit),
    ("- SMC hits", Counter::SmcHit),
];

impl Display for Overall<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if self.duration == 0 {
            return Ok(());
        }
        self.iterations(out)?;
        self.received(out)?;
        self.sent(out)
    }
}

impl Overall<'_> {
    fn iterations(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let total = self.counted.iterations;
        let idle = self.counted.idle_iterations();
        let [idle_cycles, busy_cycles, slept] =
            [Counter::IdleCycles, Counter::BusyCycles, Counter::SleepCycles]
                .map(|of| self.count(of));
        let used = idle_cycles.saturating_add(busy_cycles);
        let sleeps = self.count(Counter::SleepIterations);

        let each = self.micros(used.saturating_add(slept), total);
        writeln!(out, "{}  ({each:.2} us/it)", Figure("Iterations", total))?;
        let shares: [(_, _, _, _); 3] = [
            ("- Used TSC cycles", used, Quotient::percent(used, self.duration), "total cycles"),
            ("- idle iterations", idle, Quotient::percent(idle_cycles, used), "used cycles"),
            (
                "- busy iterations",
                total.saturating_sub(idle),
                Quotient::percent(busy_cycles, used),
                "used cycles",
            ),
        ];
        for (label, count, share, of) in shares {
            writeln!(out, "{}  ({share:5.1} % of {of})", Figure(label, count))?;
        }
        let share = Quotient::percent(sleeps, total);
        writeln!(out, "{}  ({share:5.1} % of iterations)", Figure("- sleep iterations", sleeps))?;
        let (sleep, each) = (self.micros(slept, 1), self.micros(slept, sleeps));
        writeln!(out, "{}  ({each:3} us/iteration avg.)", Figure("Sleep time (us)", sleep))
    }

    fn received(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let packets = self.count(Counter::Recv);
        if packets == 0 {
            return writeln!(out, "{}", Figure("Rx packets", packets));
        }
        let passes = packets.saturating_add(self.count(Counter::Recirc));
        let (rate, cycles) =
            (self.rate(packets), Quotient::of(self.count(Counter::BusyCycles), packets));
        writeln!(out, "{}  ({rate} Kpps, {cycles} cycles/pkt)", Figure("Rx packets", packets))?;
        let each = Quotient::of(passes, packets);
        writeln!(out, "{}  ({each:.2} passes/pkt)", Figure("Datapath passes", passes))?;
        for (label, counter) in HITS {
            writeln!(out, "{})", self.share(label, counter, passes))?;
        }
        let lookups = Quotient::of(self.count(Counter::Lookups), self.count(Counter::MegaflowHit));
        let hits = self.share("- Megaflow hits", Counter::MegaflowHit, passes);
        writeln!(out, "{hits}, {lookups:.2} subtbl lookups/hit)")?;
        // Not by those of this line, which succeeded: failed ones are timed as well.
        let timed = self.counted.of(Quantity::PerUpcall).samples();
        let each = self.micros(self.count(Counter::UpcallCycles), timed);
        let misses = self.share("- Upcalls", Counter::Miss, passes);
        writeln!(out, "{misses}, {each:.1} us/upcall)")?;
        writeln!(out, "{})", self.share("- Lost upcalls", Counter::Lost, passes))
    }

    fn sent(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let packets = self.count(Counter::SentPackets);
        if packets == 0 {
            return writeln!(out, "{}", Figure("Tx packets", packets));
        }
        let batches = self.count(Counter::SentBatches);
        let each = Quotient::of(packets, batches);
        writeln!(out, "{}  ({} Kpps)", Figure("Tx packets", packets), self.rate(packets))?;
        writeln!(out, "{}  ({each:.2} pkts/batch)", Figure("Tx batches", batches))
    }

    fn count(&self, counter: Counter) -> u64 {
        self.counted.count(counter)
    }

    /// Microseconds that each of `count` took of `cycles`.
    fn micros(&self, cycles: u64, count: u64) -> Quotient {
        Quotient::of(u128::from(cycles) * 1_000_000, u128::from(count) * u128::from(self.hertz))
    }

    /// Thousands of `packets` in a second.
    fn rate(&self, packets: u64) -> Quotient {
        let per_second = u128::from(packets) * u128::from(self.hertz);
        Quotient::of(per_second, u128::from(self.duration) * 1000)
    }

    fn share(&self, label: &'static str, counter: Counter, whole: u64) -> Share {
        let part = self.count(counter);
        Share(Figure(label, part), Quotient::percent(part, whole))
    }
}

/// A label in column 3, and a number that ends in column 34.
struct Figure<T>(&'static str, T);

impl<T: Display> Display for Figure<T> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self(label, number) = self;
        let room = 31_usize.saturating_sub(label.len());
        write!(out, "  {label}:{number:room$}")
    }
}

/// A figure and what share it is of a whole, the bracket left open.
struct Share(Figure<u64>, Quotient);

impl Display for Share {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}  ({:5.1} %", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Utc;

    fn counted(counts: &[(Counter, u64)], [idle, busy]: [u64; 2]) -> Snapshot {
        let mut snapshot = Snapshot::ZERO;
        for &(counter, count) in counts {
            snapshot.counters[counter as usize] = count;
        }
        snapshot.iterations = idle + busy;
        snapshot.counters[Counter::BusyIterations as usize] = busy;
        snapshot
    }

    /// `counted`, where so many upcalls were timed.
    fn timed(mut counted: Snapshot, upcalls: u64) -> Snapshot {
        counted.buckets[Quantity::PerUpcall.offset()] = upcalls;
        counted
    }

    fn shown(counted: &Snapshot) -> String {
        Overall { counted, duration: 6_250_000_000, hertz: 2_500_000_000 }.to_string()
    }

    #[test]
    fn a_heading_tells_the_time_of_day_or_that_it_is_since_boot() {
        let utc = Utc {
            count: 0,
            nanos: 1_000_000_000 * 86_400 + 33_010_999_900_000,
            error: 0,
            drift: 0,
        };
        let mut base = Timebase { utc: Some(utc), ..Timebase::new(1_000_000, 1000) };
        let heading = |base: &Timebase| {
            Heading { core: 4, node: 0, now: 1_101, duration: 2_500_000, base }.to_string()
        };
        let rest = "Measurement duration: 2.500 s\n\npmd thread numa_id 0 core_id 4:\n\n";
        assert_eq!(heading(&base), format!("\nTime: 09:10:11.001\n{rest}"));
        base.utc = None;
        assert_eq!(heading(&base), format!("\nTime: +0.000 s since boot\n{rest}"));
    }

    #[test]
    fn a_busy_pmd_fills_the_whole_block() {
        let counted = counted(
            &[
                (Counter::IdleCycles, 250_000_000),
                (Counter::BusyCycles, 5_950_000_000),
                (Counter::SleepIterations, 100),
                (Counter::SleepCycles, 12_500_000),
                (Counter::Recv, 9_000_000),
                (Counter::Recirc, 9_000_000),
                (Counter::SimpleHit, 9_000_000),
                (Counter::EmcHit, 8_000_000),
                (Counter::MegaflowHit, 999_000),
                (Counter::Lookups, 1_500_000),
                (Counter::Miss, 900),
                (Counter::Lost, 100),
                (Counter::UpcallCycles, 45_000_000),
                (Counter::SentPackets, 8_999_900),
                (Counter::SentBatches, 300_000),
            ],
            [300_000, 600_000],
        );
        let counted = timed(counted, 1000);
        let expected = "
  Iterations:               900000  (2.76 us/it)
  - Used TSC cycles:    6200000000  ( 99.2 % of total cycles)
  - idle iterations:        300000  (  4.0 % of used cycles)
  - busy iterations:        600000  ( 96.0 % of used cycles)
  - sleep iterations:          100  (  0.0 % of iterations)
  Sleep time (us):            5000  ( 50 us/iteration avg.)
  Rx packets:              9000000  (3600 Kpps, 661 cycles/pkt)
  Datapath passes:        18000000  (2.00 passes/pkt)
  - PHWOL hits:                  0  (  0.0 %)
  - Simple Match hits:     9000000  ( 50.0 %)
  - EMC hits:              8000000  ( 44.4 %)
  - SMC hits:                    0  (  0.0 %)
  - Megaflow hits:          999000  (  5.6 %, 1.50 subtbl lookups/hit)
  - Upcalls:                   900  (  0.0 %, 18.0 us/upcall)
  - Lost upcalls:              100  (  0.0 %)
  Tx packets:              8999900  (3600 Kpps)
  Tx batches:               300000  (30.00 pkts/batch)
";
        assert_eq!(shown(&counted), &expected[1..]);
    }

    #[test]
    fn an_idle_pmd_shows_no_passes_and_no_blank_line_after_tx() {
        let counted = counted(&[(Counter::IdleCycles, 3_125_000_000)], [1_000_000, 0]);
        let expected = "
  Iterations:              1000000  (1.25 us/it)
  - Used TSC cycles:    3125000000  ( 50.0 % of total cycles)
  - idle iterations:       1000000  (100.0 % of used cycles)
  - busy iterations:             0  (  0.0 % of used cycles)
  - sleep iterations:            0  (  0.0 % of iterations)
  Sleep time (us):               0  (  0 us/iteration avg.)
  Rx packets:                    0
  Tx packets:                    0
";
        assert_eq!(shown(&counted), &expected[1..]);
    }

    #[test]
    fn what_an_upcall_took_is_the_average_of_all_that_were_timed() {
        let one = |outcome: Counter| {
            let counts = [(Counter::Recv, 1), (outcome, 1), (Counter::UpcallCycles, 5000)];
            shown(&timed(counted(&counts, [0, 1]), 1))
        };
        for outcome in [Counter::Miss, Counter::Lost] {
            assert!(one(outcome).contains("%, 2.0 us/upcall)"), "{outcome:?}: {}", one(outcome));
        }
    }

    #[test]
    fn a_pmd_without_iterations_divides_by_nothing() {
        let text = shown(&Snapshot::ZERO);
        assert!(text.starts_with("  Iterations:                    0  (0.00 us/it)\n"), "{text}");
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }

    #[test]
    fn no_time_shows_nothing() {
        let overall = Overall { counted: &Snapshot::ZERO, duration: 0, hertz: 1 };
        assert_eq!(overall.to_string(), "");
    }
}
