//! A machine that tests make up: one PMD, two ports, a clock of a cycle a microsecond.

use perf::stream::{Draft, Fact, Gap, Heading, Kind, Row, Suspect, Table, Whole};
use perf::{Counter, Flags, Iteration, Quantity, Reasons};

use super::past::Past;
use crate::recording::Listener;
use crate::recording::made::{amounts, draft, greeting, line, names};

/// Cycles in a second.
pub(crate) const SECOND: u64 = 1_000_000;

/// What is made of `drafts`.
pub(super) fn past(drafts: &[Draft]) -> Past {
    let mut past = Past::default();
    Listener::new().hear(&line(0, drafts), &mut |heard| past.take(heard));
    past
}

/// A machine that greets, receives 1000 frames a second from the second 2 on, of which 1 of 100 is
/// dropped, and has one event in the second 3.
pub(super) fn machine() -> Past {
    let mut drafts = vec![greeting(0, 0)];
    let told = [("machine", "cpu", "made up"), ("machine", "hypervisor", "QEMU")];
    drafts.extend(told.map(|(about, name, value)| fact(about, name, value)));
    for port in ["port 0", "port 1"] {
        drafts.extend([fact(port, "driver", "ixgbe"), fact(port, "link", "up")]);
    }
    drafts.push(names(
        Table::Ledger,
        &["received", "received_bytes", "forwarded", "no_rule", "sent"],
    ));
    for second in 1..=3 {
        drafts.extend(copies(second * SECOND, (second - 1) * 1000));
    }
    drafts.extend(event(7, 3 * SECOND));
    drafts.push(draft(Kind::Gap, &Gap { kind: Kind::Amounts as u8, count: 2 }));
    drafts.extend(copies(4 * SECOND, 3000));
    drafts.push(amounts((Table::Card, 0), 4 * SECOND, &[]));
    past(&drafts)
}

pub(crate) fn fact(about: &str, name: &str, value: &str) -> Draft {
    draft(Kind::Fact, &Fact { about, name, value })
}

/// What was counted when so many frames had been received.
pub(super) fn copies(at: u64, frames: u64) -> Vec<Draft> {
    let mut counters = [0; Counter::COUNT];
    let counted = [
        (Counter::Recv, frames),
        (Counter::EmcHit, frames * 9 / 10),
        (Counter::MegaflowHit, frames / 10),
        (Counter::SentPackets, frames * 99 / 100),
        (Counter::BusyCycles, frames * 250),
        (Counter::IdleCycles, at - frames * 250),
        (Counter::BusyIterations, frames / 10),
    ];
    counted.into_iter().for_each(|(counter, count)| counters[counter as usize] = count);
    let layout = Quantity::Cycles.layout();
    let mut cycles = vec![0; layout.bucket(200) + 1];
    (cycles[layout.bucket(50)], cycles[layout.bucket(200)]) = (at / 100, frames / 10);
    let ledger =
        [frames, frames * 100, frames * 99 / 100, frames / 100, 0, 0, 0, 0, 0, frames * 99 / 100];
    vec![
        amounts((Table::Counters, 1), at, &counters),
        amounts((Table::Ledger, 1), at, &ledger),
        amounts((Table::Histogram(0), 1), at, &cycles),
        amounts((Table::Histogram(1), 1), at, &[]),
    ]
}

/// An event whose suspicious iteration began at `at`, with an iteration before and after it.
pub(crate) fn event(event: u64, at: u64) -> Vec<Draft> {
    let mut iteration = Iteration::default();
    (iteration.number, iteration.start, iteration.cycles) = (100, at, 600);
    (iteration.packets, iteration.batches, iteration.fill) = (32, 1, 40);
    (iteration.reasons, iteration.flags) = (Reasons::DURATION, Flags::SMI);
    let (has_rooms, readings) = (true, perf::stolen::Readings::default());
    let suspect = Suspect { event, core: 1, iteration, has_rooms, readings, loss: None };
    let mut rows = draft(Kind::Rows, &Heading { event, number: 98, end: at - 50 });
    let row = |cycles, packets| Row {
        skipped: 0,
        apart: 0,
        cycles,
        packets,
        batches: packets / 32,
        fill: packets,
        upcalls: 0,
        upcall_cycles: 0,
    };
    [row(50, 0), row(600, 32), row(60, 0)].iter().for_each(|row| rows.add(row).unwrap());
    let whole = Whole { event, suspects: 1, rows: 3, missing: 0, is_cut: false };
    vec![draft(Kind::Suspect, &suspect), rows, draft(Kind::Whole, &whole)]
}
