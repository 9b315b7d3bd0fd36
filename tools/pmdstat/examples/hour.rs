//! Writes the recording of an hour that nobody had to wait for: one PMD, a million iterations in ten thousand
//! events, statistics each second, every millisecond.
//!
//! `cargo run --release -p pmdstat --example hour > hour.pmd`. A test and `cargo xtask bench report` read it.

use std::io::{self, BufWriter, Write};

use perf::stream::{
    Amount, Draft, Fact, Frame, Greeting, Heading, Kind, LINE, PAYLOAD, Row, Suspect, Table, Whole,
    encode,
};
use perf::{Counter, Flags, Iteration, Millisecond, Quantity, Reasons, Timebase};
use serde::Serialize;

const SECONDS: u64 = 3600;
const HERTZ: u64 = 2_500_000_000;
/// Events, and iterations in the rows of each.
const EVENTS: u64 = 10_000;
const ROWS: u64 = 100;
const CORE: u16 = 1;
const LEDGER: [&str; 5] = ["received", "forwarded", "runt", "tx_full", "parked"];

fn main() -> io::Result<()> {
    write(&mut BufWriter::new(io::stdout().lock()))
}

/// Writes it.
///
/// # Errors
///
/// Those of `out`.
pub(crate) fn write(out: &mut impl Write) -> io::Result<()> {
    let mut stream = Stream { out, sequence: 0, dice: 1 };
    let mut event = 0;
    for second in 0..SECONDS {
        if second % 10 == 0 {
            stream.greet(second * HERTZ)?;
        }
        stream.milliseconds(second)?;
        while event * SECONDS < EVENTS * (second + 1) && event < EVENTS {
            event += 1;
            stream.event(event, event * (SECONDS * HERTZ / EVENTS))?;
        }
        stream.statistics(second + 1)?;
    }
    stream.out.flush()
}

struct Stream<'a, W> {
    out: &'a mut W,
    sequence: u32,
    dice: u64,
}

impl<W: Write> Stream<'_, W> {
    fn send(&mut self, draft: &Draft) -> io::Result<()> {
        let mut line = [0; LINE];
        let frame = Frame { sequence: self.sequence, kind: draft.kind(), payload: draft.payload() };
        self.sequence += 1;
        let len = encode(&frame, &mut line);
        self.out.write_all(&line[..len])
    }

    /// `head`, and as many of `items` behind it as a frame holds, in as many frames as they need. The head
    /// of each knows how many went before.
    fn list<H: Serialize, T: Serialize>(
        &mut self,
        kind: Kind,
        head: impl Fn(usize) -> H,
        items: &[T],
    ) -> io::Result<()> {
        let mut sent = 0;
        loop {
            let mut draft = Draft::beginning(kind, PAYLOAD, &head(sent));
            sent += items[sent..].iter().take_while(|item| draft.add(item).is_ok()).count();
            self.send(&draft)?;
            if sent == items.len() {
                return Ok(());
            }
        }
    }

    /// A number below `limit`, the same in each run.
    fn below(&mut self, limit: u64) -> u64 {
        // The multiplier is that of Knuth's MMIX.
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.dice >> 33) % limit
    }

    fn greet(&mut self, at: u64) -> io::Result<()> {
        let greeting = Greeting { version: 1, build: [7; 20], base: Timebase::new(HERTZ, 0), at };
        self.send(&Draft::beginning(Kind::Greeting, PAYLOAD, &greeting))?;
        for (name, value) in [("hypervisor", "none"), ("tsc_source", "CPUID")] {
            let fact = Fact { about: "machine", name, value };
            self.send(&Draft::beginning(Kind::Fact, PAYLOAD, &fact))?;
        }
        let names = |table| move |first: usize| (table, 0_u16, first as u16);
        self.list(Kind::Names, names(Table::Counters), &Counter::NAMES)?;
        self.list(Kind::Names, names(Table::Ledger), &LEDGER)
    }

    fn milliseconds(&mut self, second: u64) -> io::Result<()> {
        let records: Vec<Millisecond> = (second * 1000..(second + 1) * 1000)
            .map(|number| Millisecond {
                number,
                iterations: 900 + self.below(200),
                cycles: HERTZ / 1000 + self.below(5000),
                busy_cycles: self.below(2_000_000),
                packets: self.below(10_000),
                batches: self.below(600),
                sent: self.below(10_000),
                fill: self.below(300),
                deepest: number * 1000,
                last: number * 1000 + 999,
                ..Millisecond::default()
            })
            .collect();
        self.list(Kind::Milliseconds, |_| CORE, &records)
    }

    /// An event in the middle of its rows, at the count `at`.
    fn event(&mut self, event: u64, at: u64) -> io::Result<()> {
        let first = event * 10 * ROWS;
        let mut start = at;
        let rows: Vec<Iteration> = (first..first + ROWS)
            .map(|number| {
                let mut iteration = self.iteration(number, start);
                if number == first + ROWS / 2 {
                    iteration.cycles = 1_000_000 + self.below(HERTZ / 10);
                    iteration.reasons = Reasons::DURATION;
                    iteration.flags.set(if event.is_multiple_of(3) {
                        Flags::SMI
                    } else {
                        Flags::GAP
                    });
                }
                start += iteration.cycles + 20;
                iteration
            })
            .collect();
        let (readings, iteration) = (perf::stolen::Readings::default(), rows[rows.len() / 2]);
        let suspect =
            Suspect { event, core: CORE, iteration, has_rooms: true, readings, loss: None };
        self.send(&Draft::beginning(Kind::Suspect, PAYLOAD, &suspect))?;
        self.rows(event, &rows)?;
        let whole = Whole { event, suspects: 1, rows: ROWS, missing: 0, is_cut: false };
        self.send(&Draft::beginning(Kind::Whole, PAYLOAD, &whole))
    }

    fn iteration(&mut self, number: u64, start: u64) -> Iteration {
        let packets = self.below(33) as u32;
        let mut iteration = Iteration::default();
        (iteration.number, iteration.start, iteration.packets) = (number, start, packets);
        iteration.cycles = 500 + u64::from(packets) * (150 + self.below(200));
        (iteration.batches, iteration.fill) = (u32::from(packets > 0), packets);
        iteration
    }

    fn rows(&mut self, event: u64, rows: &[Iteration]) -> io::Result<()> {
        let heading = |sent: usize| {
            let next = rows[sent.min(rows.len() - 1)];
            Heading { event, number: next.number - 1, end: next.start.saturating_sub(20) }
        };
        let told: Vec<Row> = rows
            .iter()
            .map(|row| {
                let end = row.start.saturating_sub(20);
                Row::of(row, &Heading { event, number: row.number - 1, end })
            })
            .collect();
        self.list(Kind::Rows, heading, &told)
    }

    fn statistics(&mut self, second: u64) -> io::Result<()> {
        let at = second * HERTZ;
        let counters: Vec<u64> =
            (1..=Counter::COUNT as u64).map(|place| place * at / 1000).collect();
        self.amounts((Table::Counters, at), &counters)?;
        let received = second * 5_000_000;
        self.amounts((Table::Ledger, at), &[received, received - 40, 10, 20, 10])?;
        for quantity in 0..Quantity::COUNT as u8 {
            let samples: Vec<u64> = (0..400).map(|bucket| second * (400 - bucket)).collect();
            self.amounts((Table::Histogram(quantity), at), &samples)?;
        }
        Ok(())
    }

    fn amounts(&mut self, (table, at): (Table, u64), numbers: &[u64]) -> io::Result<()> {
        let amounts: Vec<_> = numbers.iter().map(|&count| Amount { skipped: 0, count }).collect();
        self.list(Kind::Amounts, |first| (table, CORE, at, first as u16), &amounts)
    }
}
