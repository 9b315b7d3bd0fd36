//! What happened, in five lines: how often, the worst, frames, what is missing, whose times they are.

use perf::Iteration;
use perf::report::FlagNames;
use perf::stream::Kind;

use super::suspects::{self, Found};
use crate::recording::{Boot, Ledger, Recording, Sums, cause};

/// The five lines.
pub(super) fn lines(recording: &Recording) -> [String; 5] {
    let found = || recording.boots.iter().flat_map(suspects::of);
    let worst = suspects::longest_first(found()).first().copied();
    [
        how_many(recording, found().count()),
        worst.map_or("No iteration was worse than others.".into(), |worst| told(&worst)),
        frames(recording, found()),
        missing(recording),
        times(recording),
    ]
}

fn how_many(recording: &Recording, suspicious: usize) -> String {
    let starts = recording.boots.len();
    let events: usize = recording.boots.iter().map(|boot| boot.events.len()).sum();
    let told = match (suspicious, events) {
        (0, 0) => "No event was recorded".into(),
        (0, events) => format!("No iteration was suspicious; events of other kinds: {events}"),
        _ => format!("Suspicious iterations: {suspicious}, in events: {events}"),
    };
    let crashes: String = recording
        .boots
        .iter()
        .filter_map(Boot::crash_cause)
        .map(|cause| format!(" It crashed: {cause}."))
        .collect();
    format!("{told}; starts of the machine: {starts}.{crashes}")
}

fn told(worst: &Found<'_>) -> String {
    let Iteration { number, reasons, flags, .. } = worst.suspect.iteration;
    let (event, core, micros) = (worst.number(), worst.suspect.core, worst.micros());
    let names = FlagNames(flags, ", ");
    let cause = cause(worst);
    format!(
        "The worst: iteration {number} on core {core} took {micros} us (event {event}: {reasons}{names}). {cause}"
    )
}

/// What it probably suffered from.
fn cause(worst: &Found<'_>) -> String {
    let cause = cause::of(worst.suspect);
    cause.map_or("Its cause is not known.".into(), |cause| format!("Likely cause: {cause}."))
}

fn frames<'a>(recording: &Recording, found: impl Iterator<Item = Found<'a>>) -> String {
    let ledgers: Vec<_> = recording.boots.iter().filter_map(Ledger::of).collect();
    let lost = found.filter_map(|found| found.suspect.loss);
    let lost = lost.fold(0_u64, |sum, loss| sum.saturating_add(loss.frames));
    let by_cards = format!("lost by NICs in suspicious iterations: {lost}");
    if ledgers.is_empty() {
        return format!("Where frames ended is not in the recording; {by_cards}.");
    }
    let sum = |of: fn(&Ledger) -> u128| ledgers.iter().map(of).fold(0_u128, u128::saturating_add);
    let (dropped, parked) = (sum(Ledger::dropped), sum(Ledger::parked));
    let entries = ledgers.iter().flat_map(Ledger::entries);
    let reasons = entries.filter(|(_, name, _)| Ledger::is_reason(name));
    let most = reasons.max_by_key(|(.., count)| *count);
    let most = most.map_or(String::new(), |(account, name, count)| {
        format!(" (most: {count} {name} at {account})")
    });
    let is_any = |wanted| ledgers.iter().any(|ledger| ledger.sums() == wanted);
    let verdict = match (is_any(Sums::Wrong), is_any(Sums::NotJudged)) {
        (true, _) => "the sums are WRONG: frames are unaccounted for",
        (false, true) => "the sums were not judged, as a part of a ledger may be missing",
        (false, false) => "every frame is accounted for",
    };
    format!("Frames dropped: {dropped}{most}; in flight: {parked}; {verdict}; {by_cards}.")
}

fn missing(recording: &Recording) -> String {
    let Recording { missing, damaged, unknown, boots, .. } = recording;
    let parts = boots.iter().flat_map(|boot| boot.events.values());
    let parts = parts.filter(|event| !event.is_whole()).count();
    let lacks = recording.lateness().into_iter().chain(boots.iter().flat_map(gaps));
    let lacks: String = lacks.map(|lack| format!("; {lack}")).collect();
    format!(
        "The recording: frames missing={missing} damaged={damaged} of-later-versions={unknown}; events that are \
         not whole: {parts}{lacks}."
    )
}

/// What `boot` says that it did not send.
fn gaps(boot: &Boot) -> impl Iterator<Item = String> {
    boot.gaps.iter().map(|(kind, count)| {
        let name = Kind::from_byte(*kind).map_or("of a later version", Kind::name);
        format!("not sent, because the line was slower: {count} {name}")
    })
}

fn times(recording: &Recording) -> String {
    let fact = |name: &str| {
        let key = ("machine".to_owned(), name.to_owned());
        recording.boots.iter().rev().find_map(|boot| boot.facts.get(&key)).map(String::as_str)
    };
    let source = fact("tsc_source").unwrap_or("not told");
    let measured = format!("the speed of its clock is known from: {source}");
    match fact("hypervisor") {
        // What the kernel calls QEMU's own processor; under KVM it says KVM.
        Some("QEMU") => format!(
            "The times are an emulator's (QEMU): they say what happened, not how long hardware takes; {measured}."
        ),
        Some("none") => format!("The times are a machine's of its own; {measured}."),
        Some(name) => format!("The times are a virtual machine's ({name}); {measured}."),
        None => format!("Whether the times are an emulator's is not in the recording; {measured}."),
    }
}
