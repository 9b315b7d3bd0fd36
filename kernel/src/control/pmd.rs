//! What the control core knows of a PMD.

use dataplane::{Ledger, Order};
use handover::Sender;
use perf::Metrics;
use perf::recorder::Snapshot;

use crate::events::Open;

/// What takes orders to a PMD.
pub trait Orders {
    /// Sends `order`; gives it back if too many are waiting.
    ///
    /// # Errors
    ///
    /// The order.
    fn send(&mut self, order: Order) -> Result<(), Order>;
}

impl Orders for Sender<Order> {
    fn send(&mut self, order: Order) -> Result<(), Order> {
        Self::send(self, order)
    }
}

/// What a PMD gives to the control core.
pub struct Handle<O> {
    /// Its core.
    pub core: usize,
    /// What it measures.
    pub metrics: &'static Metrics,
    /// What became of its frames.
    pub ledger: &'static Ledger,
    /// Where its orders go.
    pub orders: O,
}

/// A PMD, and what the control core keeps of it.
pub struct Pmd<O> {
    pub(super) handle: Handle<O>,
    pub(super) cleared: Cleared,
    pub(super) open: Option<Open>,
    /// It was not told of the settings yet.
    pub(super) owed: bool,
}

/// How things stood when a PMD's figures were cleared. Reports subtract it; the PMD notices
/// nothing.
#[derive(Clone, Copy, Debug)]
pub struct Cleared {
    /// The time-stamp counter.
    pub at: u64,
    /// What was counted by then.
    pub counted: Snapshot,
    /// The iteration that had ended last.
    pub iteration: u64,
}

impl<O> Pmd<O> {
    /// The PMD of `handle`, which began its loop at `started`, a count of the time-stamp counter.
    pub fn new(handle: Handle<O>, started: u64) -> Self {
        let cleared = Cleared { at: started, counted: Snapshot::ZERO, iteration: 0 };
        Self { handle, cleared, open: None, owed: true }
    }

    /// Its core.
    pub fn core(&self) -> usize {
        self.handle.core
    }

    /// What it measures.
    pub fn metrics(&self) -> &'static Metrics {
        self.handle.metrics
    }

    /// When it was cleared, and what is to be subtracted since.
    pub fn cleared(&self) -> &Cleared {
        &self.cleared
    }

    /// Counts from `now` on.
    pub(super) fn clear(&mut self, now: u64) {
        let metrics = self.metrics();
        self.cleared = Cleared { at: now, counted: metrics.snapshot(), iteration: metrics.ended() };
    }
}
