//! Histograms side by side, in Open vSwitch's columns.

use core::fmt::{self, Display, Formatter, Write};

use crate::counters::Counter;
use crate::histogram::{BINS, WALLS};
use crate::quantity::Quantity;
use crate::report::Quotient;
use crate::snapshot::Snapshot;

/// Columns of Open vSwitch.
pub const COLUMNS: usize = 7;

/// One histogram and its average, as it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    quantity: Quantity,
    /// Samples in each bin.
    bins: [u64; BINS],
    /// Average of the samples.
    average: Quotient,
}

impl Column {
    /// The histograms of `counted`, in order.
    ///
    /// Averages come from sums, not from bins, so they are exact.
    pub fn of(counted: &Snapshot) -> [Self; COLUMNS] {
        let averages = averages(counted);
        core::array::from_fn(|i| {
            let quantity = Quantity::ALL[i];
            Self { quantity, bins: counted.of(quantity).bins(), average: averages[i] }
        })
    }

    fn bin(&self, bin: usize, out: &mut impl Write) -> fmt::Result {
        let count = self.bins[bin];
        match self.quantity.layout().walls.get(bin) {
            Some(wall) => write!(out, "{wall:<9} {count:<11}"),
            None => write!(out, "{:<9} {count:<11}", ">"),
        }
    }

    fn average(&self, out: &mut impl Write) -> fmt::Result {
        let decimals = match self.quantity {
            Quantity::Cycles | Quantity::PerPacket | Quantity::PerUpcall => 0,
            _ => 5,
        };
        write!(out, "{:<21.decimals$}", self.average)
    }
}

/// Averages over all iterations, packets, batches or upcalls that the sums are made of.
pub(crate) fn averages(counted: &Snapshot) -> [Quotient; COLUMNS] {
    let count = |counter| counted.count(counter);
    let [busy, packets] = [Counter::BusyCycles, Counter::Recv].map(count);
    let used = u128::from(busy) + u128::from(count(Counter::IdleCycles));
    let recorded = counted.of(Quantity::Cycles).samples();
    [
        Quotient::of(used, counted.iterations),
        Quotient::of(packets, counted.iterations),
        Quotient::of(busy, packets),
        Quotient::of(packets, count(Counter::Batches)),
        Quotient::of(count(Counter::Fill), recorded),
        Quotient::of(count(Counter::Upcalls), counted.iterations),
        Quotient::of(count(Counter::UpcallCycles), counted.of(Quantity::PerUpcall).samples()),
    ]
}

/// Width of a column.
const WIDTH: usize = 21;

/// Histograms side by side, with their averages below.
#[derive(Clone, Copy, Debug)]
pub struct Histograms<'a>(pub &'a [Column]);

impl Histograms<'_> {
    /// How many lines there are: a title, headings, the bins, a rule, headings, averages.
    pub const LINES: usize = BINS + 5;

    /// Writes line `number`, counted from 0, without its end; nothing beyond the last.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn line(&self, number: usize, out: &mut impl Write) -> fmt::Result {
        const FIRST: usize = 2;
        const LAST: usize = FIRST + WALLS;
        const RULE: usize = LAST + 1;
        const AVERAGES: usize = Histograms::LINES - 1;
        match number {
            0 => out.write_str("Histograms"),
            1 => self.titles(out),
            FIRST..=LAST => self.row(out, |column, out| column.bin(number - FIRST, out)),
            RULE => write!(out, "{:-<1$}", "", (WIDTH + 2) * self.0.len() + 1),
            AVERAGES => self.row(out, |column, out| column.average(out)),
            _ if number < Self::LINES => self.titles(out),
            _ => Ok(()),
        }
    }

    fn titles<W: Write>(&self, out: &mut W) -> fmt::Result {
        self.row(out, |column, out| write!(out, "{:<WIDTH$}", column.quantity.title()))
    }

    fn row<W: Write>(
        &self,
        out: &mut W,
        cell: impl Fn(&Column, &mut W) -> fmt::Result,
    ) -> fmt::Result {
        for (position, column) in self.0.iter().enumerate() {
            out.write_str(if position > 0 { "  " } else { "   " })?;
            cell(column, out)?;
        }
        Ok(())
    }
}

impl Display for Histograms<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for number in 0..Self::LINES {
            self.line(number, out)?;
            out.write_char('\n')?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted() -> Snapshot {
        let mut counted = Snapshot::ZERO;
        counted.iterations = 4;
        for (quantity, sample, times) in [
            (Quantity::Cycles, 499, 3),
            (Quantity::Cycles, u64::MAX, 1),
            (Quantity::Packets, 0, 1),
            (Quantity::Packets, 12, 3),
            (Quantity::PerUpcall, 1_000_000, 2),
        ] {
            let bucket = quantity.offset() + quantity.layout().bucket(sample);
            counted.buckets[bucket] = times;
        }
        for (counter, count) in [
            (Counter::BusyCycles, 30_000_000),
            (Counter::IdleCycles, 3),
            (Counter::Recv, 37),
            (Counter::Batches, 3),
            (Counter::Fill, 50),
            (Counter::Upcalls, 2),
            (Counter::UpcallCycles, 2_000_001),
        ] {
            counted.counters[counter as usize] = count;
        }
        counted
    }

    fn lines(counted: &Snapshot) -> Vec<String> {
        let text = Histograms(&Column::of(counted)).to_string();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn bins_stand_side_by_side_with_averages_below() {
        let lines = lines(&counted());
        assert_eq!(lines.len(), Histograms::LINES);
        assert_eq!(lines[0], "Histograms");
        let shown = |line: usize, columns: &str| assert_eq!(lines[line].trim_end(), columns);
        shown(
            1,
            "   cycles/it              packets/it             cycles/pkt             \
             pkts/batch             max vhost qlen         upcalls/it             cycles/upcall",
        );
        shown(
            2,
            "   499       3            0         1            100       0            \
             0         0            0         0            0         0            999       0",
        );
        shown(
            14,
            "   37279     0            13        3            12060     0            \
             12        0            12        0            12        0            15848     0",
        );
        shown(
            32,
            "   24000000  0            1000      0            30000     0            \
             32        0            512       0            30        0            1000000   2",
        );
        assert!(lines[33].starts_with("   >         1            >         0            >"));
        assert_eq!(lines[34], "-".repeat(7 * 23 + 1));
        assert_eq!(lines[35], lines[1]);
        shown(
            36,
            "   7500001                9.25000                810811                 \
             12.33333               12.50000               0.50000                1000001",
        );
    }

    #[test]
    fn all_lines_but_the_first_are_equally_long() {
        assert!(lines(&counted()).iter().skip(1).all(|line| line.len() == 7 * 23 + 1));
    }

    #[test]
    fn no_iterations_have_averages_of_nothing() {
        let lines = lines(&Snapshot::ZERO);
        let averages: Vec<&str> = lines[36].split_whitespace().collect();
        assert_eq!(averages, ["0", "0.00000", "0", "0.00000", "0.00000", "0.00000", "0"]);
    }
}
