//! What the control core knows of a PMD.

use dataplane::flow::{Flows, Megaflow};
use dataplane::{Ledger, Note, Order, Rxq};
use handover::{Inbox, Sender};
use perf::events::{Accounts, Open, Source};
use perf::losses::{Losses, Sample};
use perf::settings::Setting;
use perf::watchdog::Watchdog;
use perf::windows::Windows;
use perf::{Limits, Metrics, Settings, Snapshot};

use super::auto;
use super::captures::Lending;
use super::losses::Waiting;
use crate::command::Changes;
use crate::options::Said;

/// What takes orders to a PMD.
pub trait Orders {
    /// Sends `order`; gives it back if too many are waiting.
    ///
    /// # Errors
    ///
    /// The order.
    fn send(&mut self, order: Order) -> Result<(), Order>;

    /// Hands a queue that this PMD gave back on to another. False if it gave none back yet.
    fn pass_on(&mut self, to: &mut Self) -> bool;
}

/// The control core's ends of all that goes between it and a PMD whose queues are `R`.
pub struct Line<R: 'static> {
    /// Orders to the PMD.
    pub orders: Sender<Order>,
    /// Queues to it.
    pub given: Sender<Rxq<R>>,
    /// Queues from it.
    pub back: Inbox<Rxq<R>>,
}

impl<R> Orders for Line<R> {
    fn send(&mut self, order: Order) -> Result<(), Order> {
        self.orders.send(order)
    }

    fn pass_on(&mut self, to: &mut Self) -> bool {
        let Some(rxq) = self.back.take() else { return false };
        // There is room for all queues that there are. If there were none the queue would go home.
        to.given.send(rxq).or_else(|rxq| self.given.send(rxq)).is_ok()
    }
}

/// What a PMD gives to the control core.
pub struct Handle<O> {
    /// Its core.
    pub core: usize,
    /// The node of that.
    pub node: u8,
    /// What it measures.
    pub metrics: &'static Metrics,
    /// What became of its frames.
    pub ledger: &'static Ledger,
    /// What it has cached.
    pub flows: Flows,
    /// What it has to tell.
    pub notes: Inbox<Note>,
    /// What it captures frames in.
    pub captures: Lending,
    /// Where its orders go.
    pub orders: O,
}

/// Memory for what the control core keeps of one PMD.
pub struct PmdMemory {
    /// What was counted when it was cleared.
    pub cleared: &'static mut Snapshot,
    /// What was counted at the end of each of the last seconds:
    /// [`COPIES`](perf::windows::COPIES) to reach back for all of them.
    pub seconds: &'static mut [Snapshot],
    /// What NICs lost in each of the last milliseconds.
    pub losses: &'static mut [Sample],
    /// What was counted of each of its flows: as many as those.
    pub counted: &'static mut [Counted],
}

/// What was counted of a flow for rules already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    /// The flow's name.
    name: u64,
    packets: u64,
    bytes: u64,
}

impl Counted {
    /// Packets and bytes of `flow` that were not counted yet. They are from then on.
    pub(super) fn take(&mut self, flow: &Megaflow) -> (u64, u64) {
        let Megaflow { name, packets, bytes, .. } = *flow;
        let before = core::mem::replace(self, Self { name, packets, bytes });
        let known = if before.name == name { (before.packets, before.bytes) } else { (0, 0) };
        (packets.wrapping_sub(known.0), bytes.wrapping_sub(known.1))
    }
}

/// A PMD, and what the control core keeps of it.
pub struct Pmd<O> {
    pub(super) handle: Handle<O>,
    pub(super) settings: Settings,
    /// Those of them that a file said last.
    pub(super) saved: Settings,
    /// What an automatic limit stands for, in microseconds.
    pub(super) auto: u32,
    pub(super) cleared: Cleared,
    pub(super) windows: Windows<'static>,
    pub(super) losses: Losses<'static>,
    pub(super) counted: &'static mut [Counted],
    pub(super) watchdog: Watchdog,
    pub(super) open: Option<Open>,
    /// Losses that are no event yet, and how many are.
    pub(super) waiting: Waiting,
    pub(super) sampled: u64,
    /// Nothing that it does is suspicious now.
    is_hushed: bool,
    /// It was not told of the settings yet.
    pub(super) owed: bool,
    /// The settings when somebody looked last.
    pub(super) seen: Settings,
}

/// Settings that `said` names.
pub(super) fn named(said: &Said<'_>) -> impl Iterator<Item = &'static Setting> {
    said.iter().filter_map(|(key, _)| key.setting())
}

/// How things stood when a PMD's figures were cleared. Reports subtract it; the PMD notices
/// nothing.
pub struct Cleared {
    /// What was counted by then, and when that was.
    pub counted: &'static mut Snapshot,
    /// The iteration that had ended last.
    pub iteration: u64,
}

impl<O: Orders> Pmd<O> {
    /// Asks it to step out of its loop and call `function`, and tells it of its settings before if it does
    /// not know them. False if too many orders wait.
    pub(super) fn step_out(&mut self, function: fn(), hertz: u64) -> bool {
        if self.owed {
            let limits = self.limits(hertz);
            self.owed = self.handle.orders.send(Order::Limits(limits)).is_err();
        }
        !self.owed && self.handle.orders.send(Order::StepOut(function)).is_ok()
    }
}

impl<O> Pmd<O> {
    /// The PMD of `handle`, which began its loop at `started`, a count of the time-stamp counter,
    /// with these `settings`.
    pub fn new(handle: Handle<O>, started: u64, settings: Settings, memory: PmdMemory) -> Self {
        let PmdMemory { cleared, seconds, losses, counted } = memory;
        cleared.at = started;
        Self {
            handle,
            settings,
            saved: settings,
            auto: auto::MOST,
            cleared: Cleared { counted: cleared, iteration: 0 },
            windows: Windows::new(seconds),
            losses: Losses::new(losses),
            counted,
            watchdog: Watchdog::default(),
            open: None,
            waiting: Waiting::default(),
            sampled: 0,
            is_hushed: false,
            owed: true,
            seen: settings,
        }
    }

    /// The node of its core.
    pub fn node(&self) -> u8 {
        self.handle.node
    }

    /// Its core.
    pub fn core(&self) -> usize {
        self.handle.core
    }

    /// What it measures.
    pub fn metrics(&self) -> &'static Metrics {
        self.handle.metrics
    }

    /// What became of its frames.
    pub fn ledger(&self) -> &'static Ledger {
        self.handle.ledger
    }

    /// What it was told to record and to mark.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes that; it is told as soon as it can be.
    pub(super) fn change(&mut self, changes: &Changes) {
        changes.apply_to(&mut self.settings);
        self.owed = true;
    }

    /// Has those settings hold that `said` names, with the values that they have in `file`, and takes them for
    /// what a file said.
    pub(super) fn obey(&mut self, said: &Said<'_>, file: &Settings) {
        for setting in named(said) {
            setting.copy(file, &mut self.settings);
            setting.copy(file, &mut self.saved);
        }
        self.settings.narrow();
        self.saved.narrow();
        self.owed = true;
    }

    /// What it has cached.
    pub fn flows(&self) -> &Flows {
        &self.handle.flows
    }

    /// What it has captured.
    pub fn captures(&self) -> &Lending {
        &self.handle.captures
    }

    /// What `-us auto` stands for now, in microseconds.
    pub fn auto(&self) -> u32 {
        self.auto
    }

    /// When it was cleared, and what is to be subtracted since.
    pub fn cleared(&self) -> &Cleared {
        &self.cleared
    }

    /// Its last seconds.
    pub fn windows(&self) -> &Windows<'static> {
        &self.windows
    }

    /// What its NICs lost in the last milliseconds.
    pub fn losses(&self) -> &Losses<'static> {
        &self.losses
    }

    /// Iterations that did not end in time.
    pub fn stuck(&self) -> u64 {
        self.watchdog.count()
    }

    /// What became of its suspicious iterations.
    pub fn accounts(&self) -> Accounts {
        let accounts = Accounts::of(self.metrics(), self.open.as_ref());
        accounts.with_sampled(self.sampled, self.waiting.len()).with_stuck(self.stuck())
    }

    pub(super) fn limits(&self, hertz: u64) -> Limits {
        let log = self.settings.log && !self.is_hushed;
        Settings { log, ..self.settings }.limits(hertz, self.auto)
    }

    /// Has nothing that it does be suspicious from now on, or what its settings say.
    pub(super) fn hush(&mut self, is_hushed: bool) {
        (self.is_hushed, self.owed) = (is_hushed, true);
    }

    pub(super) fn source(&self) -> Source {
        Source { core: self.core(), metrics: self.metrics(), settings: self.settings }
    }

    /// Counts from `now` on.
    pub(super) fn clear(&mut self, now: u64) {
        let metrics = self.metrics();
        metrics.copy_to(self.cleared.counted, now);
        self.cleared.iteration = metrics.ended();
    }
}
