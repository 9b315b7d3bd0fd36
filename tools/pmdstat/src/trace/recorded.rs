//! A recording as a trace: the iterations around events, which are all that it holds one by one.
//!
//! What a row of an event does not tell is 0, as where a trace has no column. A suspicious iteration tells
//! more, but not in which rooms its neighbours spent their time, so rooms are not judged.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use perf::stream::Suspect;
use perf::{Iteration, Room};

use super::columns::{COLUMNS, Column, Content};
use super::order::Order;
use super::{Row, Told, Trace};
use crate::recording::{Boot, Recording};
use crate::talk::say;

/// The iterations of `core` in the last start of the machine that `recording` has any of.
///
/// # Errors
///
/// There are none.
pub(super) fn trace(recording: &Recording, core: u16) -> Result<Trace> {
    let found = recording.boots.iter().rev().map(|boot| (boot, iterations(boot, core)));
    let (boot, found) = found
        .into_iter()
        .find(|(_, found)| !found.is_empty())
        .with_context(|| format!("it holds no iterations of core {core} (--core picks another)"))?;
    let (mut order, all) = (Order::default(), found.len());
    let admitted = found.into_values().filter_map(|(iteration, suspect)| {
        let mut row = row(&iteration, suspect.as_ref())?;
        order.admit(&mut row).ok().map(|()| row)
    });
    let rows: Vec<Row> = admitted.collect();
    remark(&rows, all);
    Ok(Trace {
        has_rooms: false,
        told: Some(told(boot, core)),
        rows: Box::new(rows.into_iter().map(Ok)),
    })
}

/// Those of `core` by number, and what else is known of a suspicious one.
fn iterations(boot: &Boot, core: u16) -> BTreeMap<u64, (Iteration, Option<Suspect>)> {
    let mut found = BTreeMap::new();
    let is_own = |suspect: &&Suspect| suspect.core == core;
    for event in boot.events.values().filter(|event| event.suspects.iter().any(|it| is_own(&it))) {
        for row in &event.rows {
            found.entry(row.number).or_insert((*row, None));
        }
        for suspect in event.suspects.iter().filter(is_own) {
            found.insert(suspect.iteration.number, (suspect.iteration, Some(*suspect)));
        }
    }
    found
}

/// The row of `iteration`, if it is one that a trace could have.
fn row(iteration: &Iteration, suspect: Option<&Suspect>) -> Option<Row> {
    let Iteration { number, start, cycles, packets, batches, fill, sent, .. } = *iteration;
    let Iteration { deepest, dropped, tx_dropped, upcalls, lost, .. } = *iteration;
    let mut row = Row { flags: iteration.flags, ..Row::default() };
    let lost_by_card = suspect.and_then(|suspect| suspect.loss).map_or(0, |loss| loss.frames);
    let numbers = [
        ("iteration", number),
        ("start_tsc", start),
        ("cycles", cycles),
        ("packets", packets.into()),
        ("batches", batches.into()),
        ("fill", fill.into()),
        ("queue", deepest.into()),
        ("sent", sent.into()),
        ("rx_drops", lost_by_card),
        ("tx_drops", tx_dropped.into()),
        ("drops", dropped.into()),
        ("upcalls", upcalls.into()),
        ("lost_upcalls", lost.into()),
        ("upcall_cycles", iteration.room(Room::Upcall)),
    ];
    numbers.into_iter().try_for_each(|(name, number)| put(&mut row, name, number))?;
    Some(row)
}

/// Puts `number` into the column `name` of `row`, if that can hold it.
fn put(row: &mut Row, name: &str, number: u64) -> Option<()> {
    let Column { content: Content::Number(most, put), .. } =
        COLUMNS.iter().find(|column| column.name == name)?
    else {
        return None;
    };
    (number <= *most).then(|| put(row, number))
}

/// What the machine said of its clock and of the settings of `core`.
fn told(boot: &Boot, core: u16) -> Told {
    let about = format!("pmd {core}");
    let own = boot.facts.iter().filter(|((of, _), _)| *of == about);
    let changes = own.filter_map(|((_, key), value)| format!("{key}={value}").parse().ok());
    Told { base: boot.base(), changes: changes.collect() }
}

/// Says what the answer is about.
fn remark(rows: &[Row], all: usize) {
    let (count, left_out) = (rows.len(), all - rows.len());
    say(format_args!(
        "note: a recording holds the iterations around its events, {count} of them here; settings that are \
         stricter than those it was made with find only what is among these"
    ));
    if left_out > 0 {
        say(format_args!("note: {left_out} iterations are left out: no PMD could have had them"));
    }
}

#[cfg(test)]
mod tests {
    use perf::Flags;

    use super::*;
    use crate::recording::made::{greeting, line};
    use crate::top::made::{SECOND, event, fact};

    fn recording() -> Recording {
        let mut drafts = vec![greeting(0, 0), fact("pmd 1", "pmd-perf-log-us", "400")];
        drafts.extend(event(1, 3 * SECOND));
        // The same iterations once more, around another event.
        drafts.extend(event(2, 3 * SECOND));
        Recording::read(&*line(0, &drafts)).unwrap()
    }

    #[test]
    fn iterations_around_events_are_rows_once_each() {
        let trace = trace(&recording(), 1).unwrap();
        let rows: Vec<Row> = trace.rows.map(Result::unwrap).collect();
        let told: Vec<_> = rows.iter().map(|row| (row.number, row.cycles, row.packets)).collect();
        assert_eq!(told, [(99, 50, 0), (100, 600, 32), (101, 60, 0)]);
        assert!(rows[1].flags.has(Flags::SMI), "what only a suspicious iteration tells");
        let own = trace.told.unwrap();
        assert_eq!((own.base.hertz, own.changes.len(), trace.has_rooms), (SECOND, 1, false));
    }

    #[test]
    fn a_core_without_events_has_no_trace() {
        assert!(trace(&recording(), 2).is_err());
    }

    #[test]
    fn what_no_pmd_could_have_had_is_no_row() {
        let mut iteration = Iteration::default();
        (iteration.number, iteration.cycles) = (1, 1);
        assert!(row(&iteration, None).is_some());
        iteration.batches = 1 << 20;
        assert!(row(&iteration, None).is_none());
    }
}
