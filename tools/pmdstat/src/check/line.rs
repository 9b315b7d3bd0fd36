//! What the line lost, and what was never put on it.

use perf::stream::Kind;

use super::Verdict;
use crate::recording::{Boot, Recording};

/// Frames that were sent and did not arrive.
pub(super) fn check(recording: &Recording, verdict: &mut Verdict) {
    let Recording { missing, damaged, unknown, .. } = *recording;
    if missing > 0 {
        verdict.find(format!("{missing} frames are missing by their numbers, expected 0"));
    }
    if damaged > 0 {
        verdict.find(format!("{damaged} frames are damaged, expected 0"));
    }
    if let Some(late) = recording.lateness() {
        verdict.remark(late);
    }
    if unknown > 0 {
        verdict.remark(format!("{unknown} frames are of a later version, and were not looked at"));
    }
}

/// Whether the machine said who it is.
pub(super) fn check_greeting(boot: &Boot, verdict: &mut Verdict) {
    if boot.greeting.is_none() && boot.clock.is_none() {
        verdict.remark("no greeting was received, so nothing converts counts to times".to_owned());
    }
}

/// What was said not to have been sent. That is no fault: lines may be slower than machines.
pub(super) fn check_gaps(boot: &Boot, verdict: &mut Verdict) {
    for (kind, count) in boot.gaps.iter().filter(|(_, count)| **count > 0) {
        let name = Kind::from_byte(*kind).map_or("of a later version", Kind::name);
        verdict.remark(format!("{count} {name} were not sent, because the line was slower"));
    }
}
