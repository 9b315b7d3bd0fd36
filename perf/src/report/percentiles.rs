//! Percentiles, least and greatest of each histogram, below Open vSwitch's columns.

use core::fmt::{self, Display, Formatter, Write};

use crate::distribution::{Distribution, PERCENTILES};
use crate::quantity::Quantity;
use crate::report::{COLUMNS, Quotient};
use crate::snapshot::Snapshot;
use crate::time::Timebase;

/// What is shown of each histogram: its name, and how it is read.
type Reading = (&'static str, fn(&Distribution<'_>) -> Option<u64>);

/// A sample of which no more is known than that it lies beyond the last bucket.
const BEYOND: u64 = u64::MAX;

/// The readings, in the order of their rows.
const READINGS: [Reading; PERCENTILES.len() + 2] = [
    ("min", |of| of.least()),
    (PERCENTILES[0].1, |of| of.percentile(PERCENTILES[0].0)),
    (PERCENTILES[1].1, |of| of.percentile(PERCENTILES[1].0)),
    (PERCENTILES[2].1, |of| of.percentile(PERCENTILES[2].0)),
    (PERCENTILES[3].1, |of| of.percentile(PERCENTILES[3].0)),
    (PERCENTILES[4].1, |of| of.percentile(PERCENTILES[4].0)),
    ("max", |of| of.greatest()),
];

/// A table with a row for each percentile and a column for each histogram, in the order of Open
/// vSwitch's. Relative error at most 1/32: percentiles and `max` may be too large by that, `min`
/// too small.
#[derive(Clone, Copy, Debug)]
pub struct Percentiles<'a>(pub &'a Snapshot);

impl Percentiles<'_> {
    /// How many lines there are: a title, headings, and the rows.
    pub const LINES: usize = 2 + READINGS.len();

    /// Writes line `number`, counted from 0, without its end; nothing beyond the last.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn line(&self, number: usize, out: &mut impl Write) -> fmt::Result {
        match number {
            0 => out.write_str("Percentiles (within 1/32)"),
            1 => Quantity::ALL[..COLUMNS]
                .iter()
                .try_fold(write!(out, "   {:<8}", "")?, |(), of| write!(out, "{:<16}", of.title())),
            _ => READINGS.get(number - 2).map_or(Ok(()), |reading| self.row(reading, out)),
        }
    }

    fn row(&self, (name, read): &Reading, out: &mut impl Write) -> fmt::Result {
        write!(out, "   {name:<8}")?;
        Quantity::ALL[..COLUMNS].iter().try_for_each(|&of| match read(&self.0.of(of)) {
            Some(BEYOND) => write!(out, ">{:<15}", of.layout().last_wall()),
            Some(value) => write!(out, "{value:<16}"),
            None => write!(out, "{:<16}", "-"),
        })
    }
}

impl Display for Percentiles<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for number in 0..Self::LINES {
            self.line(number, out)?;
            out.write_char('\n')?;
        }
        Ok(())
    }
}

/// How long frames stay: a line from poll to doorbell as it was measured, and one with a bound of
/// the wait in the receive ring before that.
#[derive(Clone, Copy, Debug)]
pub struct Latency<'a> {
    /// What was counted.
    pub counted: &'a Snapshot,
    /// Over how many cycles.
    pub duration: u64,
    /// What explains the time-stamp counter.
    pub base: &'a Timebase,
}

impl Latency<'_> {
    /// By Little's law frames that find the ring as full as it ever was wait for as long as it
    /// takes to receive so many; nothing where no frame was received.
    pub fn wait_bound_nanos(&self) -> Option<u64> {
        let fill = self.counted.of(Quantity::Fill).greatest().filter(|fill| *fill > 0)?;
        let packets = self.counted.count(crate::Counter::Recv);
        let cycles = (u128::from(fill) * u128::from(self.duration)).checked_div(packets.into())?;
        Some(self.base.nanos(u64::try_from(cycles).unwrap_or(u64::MAX)))
    }

    fn micros(&self, cycles: u64) -> Quotient {
        Quotient::of(u128::from(cycles) * 1_000_000, self.base.hertz)
    }
}

impl Display for Latency<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let latency = self.counted.of(Quantity::Latency);
        out.write_str("Latency, poll to doorbell (us per burst):")?;
        match latency.samples() {
            0 => out.write_str(" no samples")?,
            samples => {
                for (name, read) in &READINGS {
                    let (sign, cycles) = match read(&latency) {
                        Some(BEYOND) => (">", latency.layout.last_wall()),
                        value => ("", value.unwrap_or(0)),
                    };
                    write!(out, " {name} {sign}{:.2}", self.micros(cycles))?;
                }
                write!(out, " ({samples} bursts)")?;
            }
        }
        out.write_str("\nLatency, wait in the receive ring before that: ")?;
        match self.wait_bound_nanos() {
            Some(nanos) => {
                let micros = Quotient::of(nanos, 1000_u64);
                writeln!(
                    out,
                    "at most {micros:.2} us (a bound, from the highest fill and the rate)"
                )
            }
            None => out.write_str("n/a\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::Counter;

    fn counted(samples: &[(Quantity, u64, u64)]) -> Box<Snapshot> {
        let mut counted = Box::new(Snapshot::ZERO);
        for &(of, sample, times) in samples {
            counted.buckets[of.offset() + of.layout().bucket(sample)] += times;
        }
        counted
    }

    #[test]
    fn percentiles_stand_in_a_row_each() {
        let counted = counted(&[
            (Quantity::Cycles, 100, 98),
            (Quantity::Cycles, 120, 1),
            (Quantity::Cycles, 1_000_000, 1),
            (Quantity::Batch, 32, 5),
        ]);
        let text = Percentiles(&counted).to_string();
        let rows: Vec<Vec<&str>> =
            text.lines().skip(2).map(|line| line.split_whitespace().take(5).collect()).collect();
        assert_eq!(rows[0], ["min", "100", "-", "-", "32"]);
        assert_eq!(rows[1], ["p50", "100", "-", "-", "32"]);
        assert_eq!(rows[3], ["p99", "120", "-", "-", "32"]);
        assert_eq!(rows[4][..2], ["p99.9", "1015807"]);
        assert_eq!(rows[6][..2], ["max", "1015807"]);
        assert!(text.lines().nth(1).unwrap().contains("cycles/it       packets/it"));
    }

    #[test]
    fn of_a_sample_beyond_the_last_bucket_no_more_is_told_than_that() {
        let counted = counted(&[(Quantity::Cycles, 1 << 40, 1), (Quantity::Latency, 1 << 40, 1)]);
        let text = Percentiles(&counted).to_string();
        let max = text.lines().last().unwrap().split_whitespace().nth(1);
        assert_eq!(max, Some(">24000000"));
        let base = Timebase::new(1_000_000_000, 0);
        let text = Latency { counted: &counted, duration: 1, base: &base }.to_string();
        assert!(text.contains(" max >24000.00 (1 bursts)"), "{text}");
    }

    #[test]
    fn latency_is_told_in_microseconds_and_the_wait_as_a_bound() {
        let mut counted = counted(&[(Quantity::Latency, 50, 10), (Quantity::Fill, 100, 1)]);
        counted.counters[Counter::Recv as usize] = 1000;
        let base = Timebase::new(10_000_000, 0);
        let text = Latency { counted: &counted, duration: 10_000_000, base: &base }.to_string();
        let mut lines = text.lines();
        assert_eq!(
            lines.next().unwrap(),
            "Latency, poll to doorbell (us per burst): min 5.00 p50 5.00 p90 5.00 p99 5.00 \
             p99.9 5.00 p99.99 5.00 max 5.00 (10 bursts)"
        );
        assert_eq!(
            lines.next().unwrap(),
            "Latency, wait in the receive ring before that: at most 100000.00 us \
             (a bound, from the highest fill and the rate)"
        );
    }

    #[test]
    fn without_frames_there_is_no_latency() {
        let base = Timebase::new(10_000_000, 0);
        let latency = Latency { counted: &Snapshot::ZERO, duration: 1, base: &base };
        assert!(latency.to_string().contains("no samples"));
        assert!(latency.to_string().ends_with("before that: n/a\n"));
    }
}
