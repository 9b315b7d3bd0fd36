//! Events: whether all are there, each of them is whole, and rooms fill iterations.

use perf::Room;
use perf::stream::{Kind, Suspect};

use super::Verdict;
use crate::recording::{Boot, Event};

/// Those of `boot`, of which earlier ones were not listened to where `is_late`.
pub(super) fn check(boot: &Boot, is_late: bool, verdict: &mut Verdict) {
    numbers(boot, is_late, verdict);
    for (number, event) in &boot.events {
        if let Some(lack) = lack(event) {
            verdict.find(format!("event {number} is not whole: {lack}"));
        }
        for suspect in event.suspects.iter().filter(|suspect| suspect.has_rooms) {
            rooms(*number, suspect, verdict);
        }
    }
}

/// Whether every number up to the last was received or said not to have been sent; from the first that was
/// received on where `is_late`.
fn numbers(boot: &Boot, is_late: bool, verdict: &mut Verdict) {
    let numbers = boot.events.keys();
    let (Some(least), Some(last)) = (numbers.clone().next(), numbers.clone().next_back()) else {
        return;
    };
    let before = if is_late { least.saturating_sub(1) } else { 0 };
    let announced = boot.gaps.get(&(Kind::Suspect as u8)).copied().unwrap_or(0);
    let absent = (last - before.min(*last)).saturating_sub(boot.events.len() as u64);
    if absent > announced {
        let first =
            (before..).skip(1).find(|number| !boot.events.contains_key(number)).unwrap_or(0);
        verdict.find(format!(
            "{absent} events up to {last} were not received, the first of them {first}, expected at most the \
             {announced} that were announced as not sent"
        ));
    }
}

/// What an event lacks.
fn lack(event: &Event) -> Option<String> {
    if event.is_whole() {
        return None;
    }
    let (suspects, rows) = (event.suspects.len(), event.rows.len());
    Some(match event.whole {
        None => format!("its end was not received, only {suspects} suspects and {rows} rows"),
        Some(whole) => format!(
            "{suspects} suspects and {rows} rows, expected {} and {}",
            whole.suspects, whole.rows
        ),
    })
}

fn rooms(event: u64, suspect: &Suspect, verdict: &mut Verdict) {
    let iteration = &suspect.iteration;
    let sum = Room::ALL.iter().fold(0_u64, |sum, room| sum.saturating_add(iteration.room(*room)));
    if sum != iteration.cycles {
        let (number, cycles) = (iteration.number, iteration.cycles);
        verdict.find(format!(
            "rooms of iteration {number} in event {event} add up to {sum} cycles, expected {cycles}"
        ));
    }
}
