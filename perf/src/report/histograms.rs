//! Histograms side by side, in Open vSwitch's columns.

use core::fmt::{self, Display, Formatter, Write};

use crate::counters::Counter;
use crate::histogram::{BINS, CYCLES, Layout, PACKETS, WALLS};
use crate::recorder::Snapshot;
use crate::report::Quotient;

/// One histogram and its average, as it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// Its title.
    pub title: &'static str,
    /// Where its walls stand.
    pub layout: &'static Layout,
    /// Samples in each bin.
    pub counts: &'a [u64; BINS],
    /// Average of the samples.
    pub average: Quotient,
    /// Decimals of the average.
    pub decimals: usize,
}

impl<'a> Column<'a> {
    /// The histograms that `counted` has: cycles and packets of iterations.
    pub fn of(counted: &'a Snapshot) -> [Self; 2] {
        let iterations = counted.iterations();
        let used = [Counter::IdleCycles, Counter::BusyCycles].map(|of| counted.count(of));
        let cycles = used.map(u128::from).iter().sum::<u128>();
        [
            Self {
                title: "cycles/it",
                layout: &CYCLES,
                counts: &counted.cycles,
                average: Quotient::of(cycles, iterations),
                decimals: 0,
            },
            Self {
                title: "packets/it",
                layout: &PACKETS,
                counts: &counted.packets,
                average: Quotient::of(counted.count(Counter::Recv), iterations),
                decimals: 5,
            },
        ]
    }

    fn bin(&self, bin: usize, out: &mut impl Write) -> fmt::Result {
        let count = self.counts[bin];
        match self.layout.walls.get(bin) {
            Some(wall) => write!(out, "{wall:<9} {count:<11}"),
            None => write!(out, "{:<9} {count:<11}", ">"),
        }
    }

    fn average(&self, out: &mut impl Write) -> fmt::Result {
        write!(out, "{:<21.*}", self.decimals, self.average)
    }
}

/// Width of a column.
const WIDTH: usize = 21;

/// Histograms side by side, with their averages below.
#[derive(Clone, Copy, Debug)]
pub struct Histograms<'a>(pub &'a [Column<'a>]);

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
        self.row(out, |column, out| write!(out, "{:<WIDTH$}", column.title))
    }

    fn row<W: Write>(
        &self,
        out: &mut W,
        cell: impl Fn(&Column<'_>, &mut W) -> fmt::Result,
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
        counted.cycles[0] = 3;
        counted.cycles[BINS - 1] = 1;
        counted.packets[0] = 1;
        counted.packets[12] = 3;
        counted.counters[Counter::BusyCycles as usize] = 30_000_000;
        counted.counters[Counter::IdleCycles as usize] = 3;
        counted.counters[Counter::Recv as usize] = 37;
        counted
    }

    #[test]
    fn bins_stand_side_by_side_with_averages_below() {
        let counted = counted();
        let text = Histograms(&Column::of(&counted)).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), Histograms::LINES);
        assert_eq!(lines[0], "Histograms");
        assert_eq!(lines[1], "   cycles/it              packets/it           ");
        assert_eq!(lines[2], "   499       3            0         1          ");
        assert_eq!(lines[14], "   37279     0            13        3          ");
        assert_eq!(lines[32], "   24000000  0            1000      0          ");
        assert_eq!(lines[33], "   >         1            >         0          ");
        assert_eq!(lines[34], "-".repeat(47));
        assert_eq!(lines[35], lines[1]);
        assert_eq!(lines[36], "   7500001                9.25000              ");
    }

    #[test]
    fn seven_columns_stand_like_two() {
        let counted = counted();
        let [cycles, packets] = Column::of(&counted);
        let columns = [cycles, packets, cycles, cycles, cycles, cycles, cycles];
        let text = Histograms(&columns).to_string();
        assert!(text.lines().skip(1).all(|line| line.len() == 7 * 23 + 1), "{text}");
    }

    #[test]
    fn no_iterations_have_averages_of_nothing() {
        let text = Histograms(&Column::of(&Snapshot::ZERO)).to_string();
        assert_eq!(text.lines().last(), Some("   0                      0.00000              "));
    }
}
