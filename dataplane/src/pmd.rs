//! The loop of one PMD core: poll, carry to the end, measure.

use frame::{LocalPool, Polled, Refused, RxQueue, TxQueue};
use handover::Inbox;
use heapless::Vec;
use perf::counters::Counter;
use perf::{Clock, Flags, Recorder, Room};

use crate::act::{Hands, discard};
use crate::batch::Batch;
use crate::books::Books;
use crate::capture::{Capture, Lent};
use crate::exits::{Exit, Exits, Flushed};
use crate::ledger::{Ledger, Reason};
use crate::order::Order;
use crate::parse::parse;
use crate::rxq::{Exchange, Rxq};
use crate::sleep::{BUSY, Sleep};
use crate::switch::{Settled, Switch};

/// Receive queues that one PMD polls at most.
pub const QUEUES: usize = 32;
/// Polls that are carried to the transmit rings together.
pub const GROUP: usize = 4;
/// Iterations between two visits to housekeeping. A power of two.
pub const HOUSEKEEPING: u64 = 1024;
/// Passes of a frame beyond the first at most (Open vSwitch's limit).
const PASSES: usize = 8;

/// What a PMD is made of. All of it is its own.
pub struct Parts<T: 'static> {
    /// Where its frames come from and go back to.
    pub pool: &'static mut LocalPool,
    /// Its ways out.
    pub exits: Exits<T>,
    /// Frames on their way, and what is known of them.
    pub batches: &'static mut [Batch; GROUP],
    /// Frames that come again, and those that will after them.
    pub again: &'static mut [Batch; 2],
    /// What it decides with.
    pub switch: &'static mut Switch,
    /// Where its iterations are recorded.
    pub recorder: Recorder,
    /// Where it says what became of frames.
    pub ledger: &'static Ledger,
    /// What the control core asks of it.
    pub inbox: Inbox<Order>,
}

/// One core's loop over its receive queues.
pub struct Pmd<R: 'static, T: 'static> {
    entries: Vec<Rxq<R>, QUEUES>,
    exchange: Option<Exchange<R>>,
    captures: Option<Lent>,
    /// Where frames are kept now.
    capture: Option<&'static mut Capture>,
    /// Queues that are on their way here.
    expected: u32,
    /// There was nothing to poll and nothing to wait for when house was kept last.
    is_vacant: bool,
    /// Housekeeping has more to do in the next iteration.
    urgent: bool,
    books: Books,
    stall: house::Stall,
    sleep: Sleep,
    parts: Parts<T>,
}

impl<R: RxQueue, T: TxQueue> Pmd<R, T> {
    /// A PMD that polls nothing yet.
    pub fn new(parts: Parts<T>) -> Self {
        Self {
            entries: Vec::new(),
            exchange: None,
            captures: None,
            capture: None,
            expected: 0,
            is_vacant: false,
            urgent: false,
            books: Books::new(),
            stall: house::Stall::default(),
            sleep: Sleep::default(),
            parts,
        }
    }

    /// Polls `rxq` from now on; gives it back if the PMD polls [`QUEUES`] already or there is no such
    /// port.
    pub fn poll(&mut self, rxq: Rxq<R>) -> Result<(), Rxq<R>> {
        if !self.books.open(rxq.port) {
            return Err(rxq);
        }
        self.entries.push(rxq)
    }

    /// Sleeps so between iterations from now on.
    pub fn set_sleep(&mut self, sleep: Sleep) {
        self.sleep = sleep;
    }

    /// Keeps frames for so many clock counts from now on, so that rings are visited less often.
    pub fn set_flush_interval(&mut self, interval: u64) {
        self.parts.exits.outboxes.set_interval(interval);
    }

    /// The pool, to fill receive rings from before the loop begins.
    pub fn pool(&mut self) -> &mut LocalPool {
        self.parts.pool
    }

    /// Lets frames leave by `exit`. False if there is no such port or it has a way out already.
    pub fn add_exit(&mut self, exit: &'static mut Exit<T>) -> bool {
        self.books.open(exit.port()) && self.parts.exits.add(exit)
    }

    /// Begins to measure. Call it on the PMD's own core, before its first iteration.
    pub fn enter(&mut self, clock: &impl Clock) {
        self.parts.recorder.enter(clock);
    }

    /// One iteration: polls every queue once, and carries what came to the end.
    #[inline]
    pub fn iterate(&mut self, clock: &impl Clock) {
        let mut first = 0;
        while first < self.entries.len() {
            let arrived = self.rx(first);
            if arrived > 0 {
                self.carry(first, clock);
            }
            first += GROUP;
        }
        if self.parts.recorder.current.flags.has(Flags::STARVED) {
            self.parts.exits.reclaim(self.parts.pool);
        }
        if self.parts.exits.outboxes.is_waiting() {
            self.flush_kept(clock);
        }
        let number = self.parts.recorder.current.number;
        if number.is_multiple_of(HOUSEKEEPING) || self.urgent {
            self.housekeep(clock);
        }
        self.parts.recorder.end(clock);
        if self.sleep.is_on() {
            self.sleep.sleep(&mut self.parts.recorder, clock);
        }
    }

    /// Polls the group of queues that begins with `first`, and returns how many frames came.
    #[inline]
    fn rx(&mut self, first: usize) -> u32 {
        let mut arrived = 0;
        let Parts { pool, recorder, batches, .. } = &mut self.parts;
        let group = self.entries.iter_mut().skip(first);
        for (entry, batch) in group.zip(batches.iter_mut()) {
            let polled = entry.queue.rx(pool, &mut batch.frames);
            let frames = batch.frames.len() as u32;
            if polled.refused || polled.starved {
                note(polled, entry, &mut self.books, &mut recorder.current.flags);
            }
            if frames > 0 {
                arrived += frames;
                if frames >= BUSY {
                    self.sleep.cancel();
                }
                recorder.burst(entry.port, frames, polled.waiting);
                entry.load.come(frames.into());
            }
        }
        arrived
    }

    /// Takes the frames of a group from room to room.
    #[inline]
    fn carry(&mut self, first: usize, clock: &impl Clock) {
        let Parts { switch, recorder, batches, .. } = &mut self.parts;
        recorder.leave(Room::Rx, clock);
        let entries = &self.entries[first..];
        let batches = &mut batches[..entries.len().min(GROUP)];
        let arrived = entries.iter().zip(batches.iter_mut());
        for (entry, batch) in arrived.filter(|(_, batch)| !batch.frames.is_empty()) {
            batch.way = switch.way(entry.port);
            parse(batch, entry.port, entry.largest);
            let account = self.books.account(entry.port);
            account.received += batch.frames.len() as u64;
            account.received_bytes += batch.bytes;
        }
        if let Some(capture) = &mut self.capture {
            capture.look_at_all(batches, recorder.latest());
        }
        recorder.leave(Room::Parse, clock);
        let (settled, now) = (&mut Settled::default(), recorder.latest());
        for batch in batches.iter_mut().filter(|batch| batch.open != 0) {
            switch.look_up(batch, settled, now);
        }
        recorder.leave(Room::Cache, clock);
        if batches.iter().any(|batch| batch.open != 0) {
            decide((entries, batches), switch, recorder, settled, clock);
        }
        self.finish(first, *settled, clock);
    }

    /// Carries out what was decided of a group, and hands it to the rings.
    #[inline]
    fn finish(&mut self, first: usize, mut settled: Settled, clock: &impl Clock) {
        let count = (self.entries.len() - first).min(GROUP);
        for number in 0..count {
            let Parts { pool, exits, switch, recorder, batches, again, .. } = &mut self.parts;
            if batches[number].frames.is_empty() {
                continue;
            }
            let (programs, books, again) = (&switch.programs, &mut self.books, &mut again[0]);
            let (seeds, meters, now) = (switch.seeds, switch.meters, recorder.latest());
            let outboxes = &mut exits.outboxes;
            let mut hands = Hands { outboxes, pool, books, programs, seeds, meters, now, again };
            hands.act(&mut batches[number]);
            if !again.frames.is_empty() {
                self.go_round(first + number, &mut settled, clock);
            }
        }
        let Parts { pool, exits, switch, recorder, .. } = &mut self.parts;
        if !switch.lent.is_empty() {
            switch.give_back();
        }
        recorder.leave(Room::Act, clock);
        let flushed = exits.flush(pool, &mut self.books, recorder.latest());
        recorder.leave(Room::Tx, clock);
        self.account(settled, flushed);
    }

    /// Takes frames of this entry that come again from room to room, until none is left or they came
    /// too often.
    #[cold]
    #[inline(never)]
    fn go_round(&mut self, entry: usize, settled: &mut Settled, clock: &impl Clock) {
        let Parts { pool, exits, switch, recorder, again, .. } = &mut self.parts;
        recorder.leave(Room::Act, clock);
        let entry = core::slice::from_ref(&self.entries[entry]);
        let [batch, next] = again.each_mut();
        let (mut batch, mut next) = (batch, next);
        for _ in 0..PASSES {
            settled.again += batch.frames.len() as u64;
            entry[0].load.come_again(batch.frames.len() as u64);
            if let Some(capture) = &mut self.capture {
                capture.look(batch, recorder.latest());
            }
            switch.caches(batch, settled, recorder.latest());
            if batch.open != 0 {
                let batches = core::slice::from_mut(&mut *batch);
                decide((entry, batches), switch, recorder, settled, clock);
            }
            let (programs, books, again) = (&switch.programs, &mut self.books, &mut *next);
            let (seeds, meters, now) = (switch.seeds, switch.meters, recorder.latest());
            let outboxes = &mut exits.outboxes;
            Hands { outboxes, pool, books, programs, seeds, meters, now, again }.act(batch);
            batch.clear();
            core::mem::swap(&mut batch, &mut next);
            if batch.frames.is_empty() {
                break;
            }
        }
        for frame in batch.frames.drain(..) {
            discard(frame, Reason::RecircLimit, pool, &mut self.books);
        }
        batch.clear();
        recorder.leave(Room::Again, clock);
    }

    /// Hands over frames that were kept for a while, where it is time to; all if it is to sleep and
    /// nothing came.
    #[cold]
    fn flush_kept(&mut self, clock: &impl Clock) {
        let Parts { pool, exits, recorder, .. } = &mut self.parts;
        let flushed = match self.sleep.is_on() && recorder.current.packets == 0 {
            true => exits.flush_all(pool, &mut self.books),
            false => exits.flush(pool, &mut self.books, recorder.latest()),
        };
        if flushed != Flushed::default() {
            recorder.leave(Room::Tx, clock);
            self.account(Settled::default(), flushed);
        }
    }

    /// Counts what became of a group of frames.
    #[inline]
    fn account(&mut self, settled: Settled, flushed: Flushed) {
        let Parts { recorder, ledger, exits, .. } = &mut self.parts;
        let dropped = self.books.post(ledger, exits.outboxes.parked());
        recorder.current.sent += flushed.frames;
        if dropped > 0 {
            recorder.dropped(dropped, flushed.refused);
        }
        let counters = recorder.counters();
        counters.add(Counter::SimpleHit, settled.simple);
        if settled.emc + settled.smc + settled.megaflow + settled.again > 0 {
            counters.add(Counter::EmcHit, settled.emc);
            counters.add(Counter::SmcHit, settled.smc);
            counters.add(Counter::MegaflowHit, settled.megaflow);
            counters.add(Counter::Lookups, settled.lookups);
            counters.add(Counter::Recirc, settled.again);
        }
        counters.add(Counter::SentBatches, u64::from(flushed.batches));
    }
}

/// Has the classifier, and where that knows no flow the rules, decide what caches could not.
#[cold]
#[inline(never)]
fn decide<R>(
    (entries, batches): (&[Rxq<R>], &mut [Batch]),
    switch: &mut Switch,
    recorder: &mut Recorder,
    settled: &mut Settled,
    clock: &impl Clock,
) {
    let now = recorder.latest();
    let all = entries.iter().zip(batches.iter_mut());
    for (entry, batch) in all.filter(|(_, batch)| batch.open != 0) {
        let (megaflow, lookups) = switch.classify(batch, now);
        entry.load.probe(lookups);
        settled.add((megaflow, lookups));
    }
    recorder.leave(Room::Classifier, clock);
    recorder.spent().classifier.add(recorder.latest().saturating_sub(now));
    let all = entries.iter().zip(batches.iter_mut());
    for (entry, batch) in all.filter(|(_, batch)| batch.open != 0) {
        let before = recorder.latest();
        settled.add(switch.upcalls(batch, recorder, clock));
        entry.load.ask(recorder.latest().saturating_sub(before));
    }
}

/// Writes down what a poll found besides frames.
#[cold]
fn note<R: RxQueue>(polled: Polled, entry: &mut Rxq<R>, books: &mut Books, flags: &mut Flags) {
    let (port, Refused { lies, damaged, oversize }) = (entry.port, entry.queue.refused());
    let reasons =
        [(Reason::DeviceLie, lies), (Reason::RxError, damaged), (Reason::Oversize, oversize)];
    for (reason, count) in reasons.into_iter().filter(|(_, count)| *count > 0) {
        books.account(port).received += u64::from(count);
        books.dropped(port, reason, count);
    }
    if polled.starved {
        flags.set(Flags::STARVED);
    }
}

mod captures;
mod house;
mod queues;
#[cfg(test)]
mod tests;
