//! Makes this process come first, as far as it may.

use std::fs;
use std::sync::OnceLock;

use rustix::process::{Signal, set_parent_process_death_signal, setpriority_process, setsid};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The least and best nice value (setpriority(2)).
const FIRST: i32 = -20;

/// Asks for the processor before all others. What is not permitted is left as it is.
///
/// Where Linux groups processes by session (sched(7), autogroup), a nice value counts within the
/// session only, so this begins one of its own; and since a terminal can't end it there, it ends
/// with the process that started it.
pub fn raise() {
    if setsid().is_ok() {
        let _ended = set_parent_process_death_signal(Some(Signal::KILL));
        let _permitted = fs::write("/proc/self/autogroup", FIRST.to_string());
    }
    let _permitted = setpriority_process(None, FIRST);
}

/// Which of the processors that a thread may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    /// The first: for whoever reads.
    First,
    /// The last, where Linux puts the least of its own work: for the PMD.
    Last,
}

/// Keeps the calling thread, and those that it starts from now on, on one processor, until it takes
/// another seat.
pub(crate) fn take(seat: Seat) {
    /// As things were before anybody was seated.
    static ALLOWED: OnceLock<Option<CpuSet>> = OnceLock::new();
    let Some(all) = ALLOWED.get_or_init(|| sched_getaffinity(None).ok()) else { return };
    let mut allowed = (0..CpuSet::MAX_CPU).filter(|&processor| all.is_set(processor));
    let chosen = match seat {
        Seat::First => allowed.next(),
        Seat::Last => allowed.next_back(),
    };
    if let Some(processor) = chosen {
        let mut one = CpuSet::new();
        one.set(processor);
        let _permitted = sched_setaffinity(None, &one);
    }
}
