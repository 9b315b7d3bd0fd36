//! What became of every suspicious iteration: `triggers = dumped + suppressed + pending`.

use core::fmt::{self, Display, Formatter};

use super::Open;
use crate::metrics::Metrics;
use crate::suspicion::{REASONS, Reasons};

/// Attempts at figures that agree, while a PMD marks on.
const ATTEMPTS: usize = 100;

/// What became of the suspicious iterations of one PMD, or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Suspicious iterations since boot.
    pub triggers: u64,
    /// Those of them in events that are complete.
    pub dumped: u64,
    /// Those of them that were not kept, because too many were waiting, by the first of their
    /// reasons.
    pub suppressed: [u64; Reasons::COUNT],
    /// Those of them whose event is not complete yet.
    pub pending: u64,
    /// Iterations that a watchdog found not to end in time. They are no triggers before they end.
    pub stuck: u64,
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
            suppressed: marks.suppressed(),
            pending: marks.pending() + open,
            stuck: 0,
        }
    }

    /// Whether the parts are the whole.
    pub fn agree(&self) -> bool {
        self.triggers == self.dumped + self.suppressed_in_all() + self.pending
    }

    /// Those that were not kept, for whatever reason they were suspicious.
    pub fn suppressed_in_all(&self) -> u64 {
        self.suppressed.iter().sum()
    }

    /// With those that the control core found by itself: so many are `dumped`, and so many are
    /// `pending`.
    #[must_use]
    pub fn with_sampled(self, dumped: u64, pending: u64) -> Self {
        Self {
            triggers: self.triggers + dumped + pending,
            dumped: self.dumped + dumped,
            pending: self.pending + pending,
            ..self
        }
    }

    /// With `stuck` iterations that a watchdog found.
    #[must_use]
    pub fn with_stuck(self, stuck: u64) -> Self {
        Self { stuck: self.stuck + stuck, ..self }
    }

    /// Both together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            triggers: self.triggers + other.triggers,
            dumped: self.dumped + other.dumped,
            suppressed: core::array::from_fn(|i| self.suppressed[i] + other.suppressed[i]),
            pending: self.pending + other.pending,
            stuck: self.stuck + other.stuck,
        }
    }
}

impl Display for Accounts {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { triggers, dumped, suppressed, pending, stuck } = self;
        let all = self.suppressed_in_all();
        write!(out, "triggers={triggers} dumped={dumped} suppressed={all} pending={pending}")?;
        for (reason, count) in REASONS.iter().zip(suppressed).filter(|(_, count)| **count > 0) {
            write!(out, " suppressed-{}={count}", reason.name)?;
        }
        match stuck {
            0 => Ok(()),
            stuck => write!(out, " stuck={stuck}"),
        }
    }
}
