//! The bounds of all figures, in one place.

use hosted::IN_PAIRS;
use hosted::callgrind::{MOST_FULL, MOST_IDLE};

/// Guest instructions for one forwarded 64-byte frame, from receive to transmit ring, in
/// iterations whose batches are full; recording and supervision on.
pub(super) const PER_FRAME: &str = "instructions per forwarded 64-byte frame";

/// Guest instructions of an iteration without a frame.
pub(super) const PER_IDLE: &str = "instructions per idle iteration";

/// From the start of QEMU to the first frame that comes out.
pub(super) const FIRST_FRAME: &str = "start of QEMU to first forwarded frame";

/// From an empty target directory to the image's prompt.
pub(super) const CLEAN_BUILD: &str = "clean build to running image";

/// From a rule that is typed at the console to the first frame that follows it.
pub(super) const RULE_EFFECT: &str = "typed rule to the first frame that follows it";

/// From a threshold that is typed at the console to the first event above it that the console shows.
pub(super) const THRESHOLD_EFFECT: &str = "typed threshold to the first event above it";

/// Figures of the boot bench.
const BOOT: [(&str, f64); 6] = [
    (PER_FRAME, 250.0),
    (PER_IDLE, 250.0),
    (FIRST_FRAME, 2.0),
    (RULE_EFFECT, 1.0),
    (THRESHOLD_EFFECT, 1.0),
    (CLEAN_BUILD, 180.0),
];

/// Figures of the perf bench that repeat exactly, or that a busy host does not change.
const REPEATING: [(&str, f64); 7] = [
    ("idle: instructions for metrics and supervision", MOST_IDLE),
    ("2x32: instructions for metrics and supervision", MOST_FULL),
    ("2x1: clock readings for rooms", 5.0),
    ("2x32: clock readings for rooms", 5.0),
    ("idle: rows torn, misplaced or there twice", 0.0),
    ("2x1: rows torn, misplaced or there twice", 0.0),
    ("2x32: rows torn, misplaced or there twice", 0.0),
];

/// Figures of the perf bench that a busy host changes.
const CYCLES: [(&str, f64); 12] = [
    ("idle: metrics and supervision", 24.0),
    ("2x1: metrics and supervision", 33.0),
    ("2x32: metrics and supervision", 52.0),
    ("idle: supervision alone", 3.0),
    ("2x1: supervision alone", 3.0),
    ("2x32: supervision alone", 3.0),
    ("2x32: metrics, supervision and rooms", 156.0),
    ("2x1: rooms, for each clock reading", 36.0),
    ("2x32: rooms, for each clock reading", 36.0),
    ("marking a suspicious iteration", 200.0),
    ("2x1: throughput lost to a reader", 1.0),
    ("2x32: throughput lost to a reader", 1.0),
];

/// Figures of the drivers bench, which a busy host changes, too. ixy.rs, which does the same work over PCIe,
/// is published with 120 cycles at batches of 8 and 100 at batches of 32.
const DRIVERS: [(&str, f64); 2] =
    [("rings of Intel's cards, batch 8", 90.0), ("rings of Intel's cards, batch 32", 60.0)];

/// From the recording of an hour to a page: time, the most memory, and size of the page.
pub(super) const REPORT_TIME: &str = "an hour's recording to a page";
pub(super) const REPORT_MEMORY: &str = "an hour's recording to a page, memory";
pub(super) const REPORT_PAGE: &str = "page of an hour's recording";

/// Figures of the report bench.
const REPORT: [(&str, f64); 3] = [(REPORT_TIME, 10.0), (REPORT_MEMORY, 500.0), (REPORT_PAGE, 1.0)];

/// What the figure called `name` may be at most, in its own unit. What holds for a figure holds
/// for the same figure measured in pairs.
pub(super) fn bound(name: &str) -> Option<f64> {
    let name = name.trim_end_matches(IN_PAIRS);
    let mut bounds = BOOT.iter().chain(&REPEATING).chain(&CYCLES).chain(&DRIVERS).chain(&REPORT);
    bounds.find(|(figure, _)| *figure == name).map(|(_, bound)| *bound)
}

/// Whether a check fails where the figure called `name` is above its bound.
pub(super) fn is_held(name: &str) -> bool {
    let name = name.trim_end_matches(IN_PAIRS);
    CYCLES.iter().chain(&DRIVERS).all(|(figure, _)| *figure != name)
}

/// The figures of the perf bench that have a bound.
pub(super) fn of_perf() -> impl Iterator<Item = &'static str> {
    REPEATING.iter().chain(&CYCLES).map(|(figure, _)| *figure)
}

/// The figures of the drivers bench that have a bound.
pub(super) fn of_drivers() -> impl Iterator<Item = &'static str> {
    DRIVERS.iter().map(|(figure, _)| *figure)
}
