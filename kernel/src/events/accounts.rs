//! What became of every suspicious iteration: `triggers = dumped + suppressed + pending`.

use core::fmt::{self, Display, Formatter};

use perf::Metrics;

use super::Open;

/// Attempts at figures that agree, while a PMD marks on.
const ATTEMPTS: usize = 100;

/// What became of the suspicious iterations of one PMD, or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Suspicious iterations since boot.
    pub triggers: u64,
    /// Those of them in events that are complete.
    pub dumped: u64,
    /// Those of them that were not kept, because too many were waiting.
    pub suppressed: u64,
    /// Those of them whose event is not complete yet.
    pub pending: u64,
}

impl Accounts {
    /// Those of the PMD with these `metrics`, whose unfinished event is `open`.
    pub fn of(metrics: &Metrics, open: Option<&Open>) -> Self {
        let mut accounts = Self::read(metrics, open);
        for _ in 0..ATTEMPTS {
            if accounts.agree() {
                break;
            }
            accounts = Self::read(metrics, open);
        }
        accounts
    }

    fn read(metrics: &Metrics, open: Option<&Open>) -> Self {
        let marks = &metrics.marks;
        let open = open.map_or(0, |open| open.marks);
        Self {
            triggers: marks.triggers(),
            dumped: marks.taken() - open,
            suppressed: marks.suppressed().iter().sum(),
            pending: marks.pending() + open,
        }
    }

    /// Whether the parts are the whole.
    pub fn agree(&self) -> bool {
        self.triggers == self.dumped + self.suppressed + self.pending
    }

    /// Both together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            triggers: self.triggers + other.triggers,
            dumped: self.dumped + other.dumped,
            suppressed: self.suppressed + other.suppressed,
            pending: self.pending + other.pending,
        }
    }
}

impl Display for Accounts {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { triggers, dumped, suppressed, pending } = self;
        write!(out, "triggers={triggers} dumped={dumped} suppressed={suppressed} pending={pending}")
    }
}
