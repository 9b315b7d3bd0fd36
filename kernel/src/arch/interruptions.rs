//! What interrupts a core for a moment: NMIs, machine checks that it survives, and interrupts.
//!
//! Each core counts its own. An NMI of ours, which asks a core where it is, is answered and not
//! counted: whoever looks for stolen time must not find what the kernel took itself.

use core::sync::atomic::{AtomicU64, Ordering};

use super::tsc;

/// How long a core has to say where it is, in microseconds.
const ANSWER_US: u64 = 10_000;

/// How often a core was interrupted; only the core itself counts.
pub(super) struct Interruptions {
    /// Of both kinds, so that a loop has to look at one number only.
    all: AtomicU64,
    machine_checks: AtomicU64,
    /// Interrupts, which only the control core should have. Not among all of both kinds.
    interrupts: AtomicU64,
}

impl Interruptions {
    pub(super) const fn new() -> Self {
        let [all, machine_checks, interrupts] = [const { AtomicU64::new(0) }; 3];
        Self { all, machine_checks, interrupts }
    }

    #[inline]
    pub(super) fn all(&self) -> u64 {
        self.all.load(Ordering::Relaxed)
    }

    pub(super) fn machine_checks(&self) -> u64 {
        self.machine_checks.load(Ordering::Relaxed)
    }

    pub(super) fn interrupts(&self) -> u64 {
        self.interrupts.load(Ordering::Relaxed)
    }

    pub(super) fn count_interrupt(&self) {
        self.interrupts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_nmi(&self) {
        self.all.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_machine_check(&self) {
        self.machine_checks.fetch_add(1, Ordering::Relaxed);
        self.all.fetch_add(1, Ordering::Relaxed);
    }
}

/// The question where a core is, and its answer.
///
/// At most one of the NMIs that ask is on its way at any time, so that each finds its question.
pub(super) struct Whereabouts {
    /// The number of the last question.
    asked: AtomicU64,
    /// The number of the last question that was answered.
    answered: AtomicU64,
    rip: AtomicU64,
}

impl Whereabouts {
    pub(super) const fn new() -> Self {
        Self { asked: AtomicU64::new(0), answered: AtomicU64::new(0), rip: AtomicU64::new(0) }
    }

    /// Asks by `send_nmi`, or waits for the answer to the question that is still open. None if
    /// there is no answer within the limit.
    pub(super) fn ask(&self, send_nmi: impl FnOnce()) -> Option<u64> {
        let last = self.answered.load(Ordering::Acquire);
        let is_mine = self
            .asked
            .compare_exchange(last, last + 1, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok();
        if is_mine {
            send_nmi();
        }
        let is_answered = || self.answered.load(Ordering::Acquire) > last;
        tsc::wait_until(ANSWER_US, is_answered).then(|| self.rip.load(Ordering::Relaxed))
    }

    /// In the core's NMI handler: answers with `rip` if there is a question; says whether.
    pub(super) fn answer(&self, rip: u64) -> bool {
        let asked = self.asked.load(Ordering::Acquire);
        if self.answered.load(Ordering::Relaxed) == asked {
            return false;
        }
        self.rip.store(rip, Ordering::Relaxed);
        self.answered.store(asked, Ordering::Release);
        true
    }
}
