use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::vec::Vec;

use frame::{Buffer, Burst, Frame, Outbox};
use handover::{Mailbox, PoolStore, Sender};
use perf::{Limits, Metrics, Segment, Snapshot, Timebase};
use proptest::prelude::*;

use super::*;
use crate::exits::Exit;
use crate::parse::LARGEST;
use crate::played;
use crate::rxq::Load;

/// A wire: what waits to be received, and what was sent.
#[derive(Default)]
struct Wire {
    coming: VecDeque<Vec<u8>>,
    refused: Refused,
    gone: Vec<Vec<u8>>,
    held: Vec<Frame>,
    room: usize,
    /// How often its receive queue kept house.
    kept: u64,
    /// Frames that are not sent any more.
    unsent: u64,
}

#[derive(Clone, Default)]
struct Played(Rc<RefCell<Wire>>);

impl RxQueue for Played {
    fn rx(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        let mut wire = self.0.borrow_mut();
        while !burst.is_full() && !wire.coming.is_empty() {
            let Some(mut frame) = pool.take() else { break };
            assert!(frame.copy_from(&wire.coming.pop_front().unwrap()));
            assert!(burst.push(frame).is_ok());
        }
        let waiting = wire.coming.len() as u32;
        let starved = waiting > 0 && !burst.is_full();
        Polled { refused: wire.refused.is_any(), waiting, starved }
    }

    fn refused(&mut self) -> Refused {
        core::mem::take(&mut self.0.borrow_mut().refused)
    }

    fn capacity(&self) -> u32 {
        256
    }

    fn keep_house(&mut self, _: &mut LocalPool) {
        self.0.borrow_mut().kept += 1;
    }
}

impl TxQueue for Played {
    fn tx(&mut self, _: &mut LocalPool, outbox: &mut Outbox) -> usize {
        let mut wire = self.0.borrow_mut();
        let before = wire.gone.len();
        let room = wire.room.saturating_sub(wire.held.len());
        for frame in outbox.drain(..outbox.len().min(room)) {
            wire.gone.push(frame.bytes().to_vec());
            wire.held.push(frame);
        }
        wire.gone.len() - before
    }

    fn reclaim(&mut self, pool: &mut LocalPool) {
        self.0.borrow_mut().held.drain(..).for_each(|frame| pool.put(frame));
    }

    fn backlog(&self) -> u32 {
        self.0.borrow().held.len() as u32
    }

    fn unsent(&self) -> u64 {
        self.0.borrow().unsent
    }

    fn lies(&self) -> u64 {
        0
    }
}

/// A clock that moves on by one at each look, and by what a test has PMDs step out for.
#[derive(Default)]
struct Steps(Cell<u64>);

thread_local! {
    static AWAY: Cell<u64> = const { Cell::new(0) };
}

impl Clock for Steps {
    fn now(&self) -> u64 {
        self.0.set(self.0.get() + 1 + AWAY.take());
        self.0.get()
    }
}

const FRAMES: usize = 512;

/// So many frames.
fn store(count: usize) -> &'static PoolStore {
    store_of_long(count, 1)
}

/// So many frames, of so many buffers each.
fn store_of_long(count: usize, each: usize) -> &'static PoolStore {
    let slots = std::iter::repeat_with(|| None).take(count).collect::<Vec<_>>().leak();
    let buffers = std::iter::repeat_with(Buffer::new).take(count * each).collect::<Vec<_>>();
    leak(PoolStore::of_long(slots, (buffers.leak(), each)))
}

/// A PMD that polls nothing yet, and what it is steered and watched by.
struct Looped<R: 'static, T: 'static> {
    pmd: Box<Pmd<R, T>>,
    ledger: &'static Ledger,
    metrics: &'static Metrics,
    orders: Sender<Order>,
}

fn looped<R: RxQueue, T: TxQueue>(store: &'static PoolStore, switch: Switch) -> Looped<R, T> {
    let segments = std::iter::repeat_with(|| Segment::EMPTY).take(100).collect::<Vec<_>>();
    let metrics: &Metrics = leak(Metrics::new(segments.leak(), &[]));
    let ledger: &Ledger = leak(Ledger::default());
    let (orders, inbox) = leak(Mailbox::<Order, 64>::new()).open();
    let recorder =
        Recorder::new(metrics, limits(perf::Settings::DEFAULT), Timebase::new(1_000_000, 0));
    let pmd = Box::new(Pmd::new(Parts {
        pool: leak(LocalPool::new(store)),
        exits: Exits::new(),
        batches: leak([const { Batch::new() }; GROUP]),
        again: leak([const { Batch::new() }; 2]),
        switch: leak(switch),
        recorder,
        ledger,
        inbox,
    }));
    Looped { pmd, ledger, metrics, orders }
}

struct Bench {
    pmd: Box<Pmd<Played, Played>>,
    wires: Vec<Played>,
    store: &'static PoolStore,
    ledger: &'static Ledger,
    metrics: &'static Metrics,
    orders: Sender<Order>,
    hold: played::Hold,
    clock: Steps,
}

fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

/// The only queue of `port`.
fn rxq<R>(port: u16, queue: R) -> Rxq<R> {
    Rxq::new((port, 0), queue, leak(Load::default()))
}

/// Limits at 1 MHz.
fn limits(settings: perf::Settings) -> Limits {
    settings.limits(1_000_000, 0)
}

impl Bench {
    fn new(ports: u16, pairs: &[(u16, u16)]) -> Self {
        let both = pairs.iter().flat_map(|(a, b)| [(a, b), (b, a)]);
        let texts: Vec<String> =
            both.map(|(from, to)| format!("in_port={from},actions={to}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        Self::with(ports, &texts, 64)
    }

    /// A PMD over `ports`, by these rules, with room for so many flows.
    fn with(ports: u16, rules: &[&str], flows: usize) -> Self {
        Self::carrying(&vec![LARGEST; ports.into()], rules, flows, 1)
    }

    /// The same over ports with these largest frames; each frame has so many buffers.
    fn carrying(largest: &[usize], rules: &[&str], flows: usize, each: usize) -> Self {
        let store = store_of_long(FRAMES, each);
        let (switch, hold) = played::switch(rules, largest.len() as u16, flows);
        let wires: Vec<Played> = largest.iter().map(|_| Played::default()).collect();
        let Looped { mut pmd, ledger, metrics, orders } = looped(store, switch);
        for (port, (wire, largest)) in (0..).zip(wires.iter().zip(largest)) {
            wire.0.borrow_mut().room = 256;
            let exit = Exit::new(port, wire.clone()).carrying(*largest);
            assert!(pmd.add_exit(leak(exit)));
            assert!(pmd.poll(rxq(port, wire.clone()).carrying(*largest)).is_ok());
        }
        Self { pmd, wires, store, ledger, metrics, orders, hold, clock: Steps::default() }
    }

    fn send(&self, port: usize, frame: Vec<u8>) {
        self.wires[port].0.borrow_mut().coming.push_back(frame);
    }

    fn gone(&self, port: usize) -> Vec<Vec<u8>> {
        self.wires[port].0.borrow().gone.clone()
    }

    fn run(&mut self, iterations: u64) {
        (0..iterations).for_each(|_| self.pmd.iterate(&self.clock));
    }

    fn account(&self, port: usize) -> crate::Account {
        self.ledger.read().unwrap().accounts[port]
    }

    fn frames_at_home(&mut self) -> usize {
        let held: usize = self.wires.iter().map(|wire| wire.0.borrow().held.len()).sum();
        self.pmd.pool().level() + self.store.level() + held
    }
}

fn frame(number: u8, len: usize) -> Vec<u8> {
    vec![number; len]
}

#[test]
fn frames_of_a_port_leave_by_its_partner_in_order() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    let there: Vec<_> = (0..100).map(|number| frame(number, 60)).collect();
    let back: Vec<_> = (100..120).map(|number| frame(number, 1514)).collect();
    there.iter().for_each(|frame| bench.send(0, frame.clone()));
    back.iter().for_each(|frame| bench.send(1, frame.clone()));
    bench.run(5);
    assert_eq!((bench.gone(1), bench.gone(0)), (there, back));
    let account = bench.account(0);
    assert_eq!((account.received, account.forwarded, account.unaccounted()), (100, 100, 0));
    assert_eq!((account.received_bytes, bench.account(1).sent_bytes), (6000, 6000));
    assert_eq!(bench.frames_at_home(), FRAMES);
}

#[test]
fn without_a_rule_everything_is_dropped_and_counted() {
    let mut bench = Bench::new(2, &[]);
    (0..40).for_each(|number| bench.send(1, frame(number, 60)));
    bench.run(2);
    assert_eq!(bench.account(1).dropped[Reason::NoRule as usize], 40);
    assert_eq!(bench.frames_at_home(), FRAMES);
}

#[test]
fn runts_and_oversize_frames_are_dropped_for_their_reason() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    for len in [0, 1, 13, 14, 59, 60, 1514, 1515] {
        bench.send(0, frame(0, len));
    }
    bench.run(1);
    let account = bench.account(0);
    assert_eq!(account.dropped[Reason::Runt as usize], 3);
    assert_eq!(account.dropped[Reason::Oversize as usize], 1);
    assert_eq!(account.forwarded, 4);
}

#[test]
fn what_a_full_ring_refuses_is_dropped_as_such() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    bench.wires[1].0.borrow_mut().room = 10;
    (0..32).for_each(|number| bench.send(0, frame(number, 60)));
    bench.run(1);
    let account = bench.account(0);
    assert_eq!((account.forwarded, account.dropped[Reason::TxRingFull as usize]), (10, 22));
    assert_eq!((bench.account(1).sent, bench.account(1).sent_bytes), (10, 600));
    assert_eq!(bench.metrics.history().iteration(1).map(|row| row.dropped), Some(22));
}

#[test]
fn frames_are_kept_until_it_is_time_or_they_are_many() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    let send = |bench: &Bench, frames| (0..frames).for_each(|it| bench.send(0, frame(it, 60)));
    let left = |bench: &Bench| {
        let (reading, gone) = (bench.ledger.read().unwrap(), bench.gone(1).len() as u64);
        let account = reading.accounts[0];
        assert_eq!((account.forwarded, account.unaccounted()), (gone, reading.parked as i64));
        (gone, reading.parked)
    };
    bench.pmd.set_flush_interval(1000);
    send(&bench, 5);
    bench.run(1);
    assert_eq!(left(&bench), (5, 0), "the first go at once");
    send(&bench, 5);
    bench.run(20);
    assert_eq!(left(&bench), (5, 5), "the next are kept");
    bench.run(1000);
    assert_eq!(left(&bench), (10, 0), "until it is time, whether anything comes or not");
    send(&bench, 7);
    bench.run(1);
    for sent in [7, 7 + 32, 7 + 64, 7 + 96] {
        assert_eq!(left(&bench), (10, sent));
        send(&bench, 32);
        bench.run(1);
    }
    assert_eq!(left(&bench), (10 + 135, 0), "or more might find no room");
    bench.wires[1].0.borrow_mut().room = 3;
    bench.wires[1].clone().reclaim(bench.pmd.pool());
    send(&bench, 9);
    bench.run(1000);
    assert_eq!(left(&bench), (10 + 135 + 3, 0));
    assert_eq!(bench.account(0).dropped[Reason::TxRingFull as usize], 6);
}

#[test]
fn nothing_is_kept_through_a_sleep() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    bench.pmd.set_flush_interval(1_000_000);
    bench.pmd.set_sleep(crate::Sleep::new(100, 1));
    for sent in 1..=3 {
        bench.send(0, frame(0, 60));
        bench.run(2);
        assert_eq!(bench.gone(1).len(), sent);
    }
}

#[test]
fn a_lie_is_counted_even_when_no_frame_came() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    bench.wires[0].0.borrow_mut().refused.lies = 3;
    bench.run(HOUSEKEEPING);
    let account = bench.account(0);
    assert_eq!((account.received, account.dropped_in_all(), account.unaccounted()), (3, 3, 0));
}

#[test]
fn an_iteration_says_what_it_did() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    (0..40).for_each(|number| bench.send(1, frame(number, 60)));
    bench.run(1);
    let row = bench.metrics.history().iteration(1).unwrap();
    assert_eq!((row.packets, row.batches, row.sent, row.dropped), (32, 1, 32, 0));
    assert_eq!((row.fill, row.deepest), (40, 1));
    assert_eq!(Room::ALL.iter().map(|&room| row.room(room)).sum::<u64>(), row.cycles);
    for room in [Room::Rx, Room::Parse, Room::Cache, Room::Act, Room::Tx] {
        assert!(row.room(room) > 0, "{}", room.name());
    }
    bench.run(1);
    let mut counted = Box::new(Snapshot::ZERO);
    bench.metrics.copy_to(&mut counted, 0);
    assert_eq!(counted.count(Counter::Recv), 40);
    let passes = [Counter::Miss, Counter::MegaflowHit, Counter::SimpleHit];
    assert_eq!(passes.map(|counter| counted.count(counter)), [1, 31, 8]);
    assert_eq!(counted.count(Counter::SentBatches), 2);
}

#[test]
fn an_idle_iteration_reads_the_clock_once() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    bench.run(10);
    assert_eq!(bench.clock.0.get(), 10);
}

#[test]
fn switched_off_a_busy_iteration_reads_the_clock_once() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    let off = perf::Settings { metrics: false, ..perf::Settings::DEFAULT };
    assert!(bench.orders.send(Order::Limits(limits(off))).is_ok());
    bench.run(HOUSEKEEPING);
    let before = bench.clock.0.get();
    bench.send(0, frame(0, 60));
    bench.run(1);
    assert_eq!(bench.clock.0.get(), before + 1);
    assert_eq!(bench.account(0).forwarded, 1);
}

#[test]
fn a_stall_is_spent_in_housekeeping_and_says_that_it_was_injected() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    assert!(bench.orders.send(Order::Stall { cycles: 5000, times: 2 }).is_ok());
    bench.run(HOUSEKEEPING + 10);
    let stalled = [0, 1].map(|n| bench.metrics.history().iteration(HOUSEKEEPING + n).unwrap());
    for row in stalled {
        assert!(row.flags.has(Flags::INJECTED) && row.room(Room::Housekeeping) >= 5000);
        assert!(row.reasons.has(perf::Reasons::DURATION));
    }
    assert_eq!(bench.metrics.marks.triggers(), 2);
}

#[test]
fn a_pmd_steps_out_without_a_trace_and_keeps_no_frame_meanwhile() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    bench.pmd.set_flush_interval(1_000_000);
    (0..2).for_each(|number| {
        bench.send(0, frame(number, 60));
        bench.run(1);
    });
    assert_eq!(bench.gone(1).len(), 1, "the second is kept");
    assert!(bench.orders.send(Order::StepOut(|| AWAY.set(900_000_000))).is_ok());
    bench.run(HOUSEKEEPING + 10);
    assert_eq!(bench.gone(1).len(), 2);
    assert!(bench.clock.0.get() > 900_000_000);
    let iterations =
        (1..=bench.metrics.ended()).filter_map(|n| bench.metrics.history().iteration(n));
    assert!(iterations.into_iter().all(|iteration| iteration.cycles < 100));
    assert_eq!(bench.metrics.marks.triggers(), 0);
}

#[test]
fn housekeeping_says_what_transmit_rings_hold_after_taking_back_what_was_sent() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    (0..10).for_each(|number| bench.send(0, frame(number, 60)));
    bench.run(HOUSEKEEPING - 1);
    assert_eq!(bench.wires[1].0.borrow().held.len(), 10);
    bench.run(1);
    assert_eq!((bench.wires[1].0.borrow().held.len(), bench.ledger.pending(1)), (0, 0));
}

#[test]
fn receive_queues_keep_house_as_often_as_their_pmd_whether_or_not_anything_comes() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    bench.run(3 * HOUSEKEEPING);
    let kept = [0, 1].map(|port: usize| bench.wires[port].0.borrow().kept);
    assert_eq!(kept, [3, 3]);
}

#[test]
fn housekeeping_says_what_transmit_rings_never_sent() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    bench.wires[1].0.borrow_mut().unsent = 7;
    bench.run(HOUSEKEEPING);
    assert_eq!([0, 1, 99].map(|port| bench.ledger.unsent(port)), [0, 7, 0]);
}

#[test]
fn a_starved_poll_is_flagged_and_loses_nothing() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    bench.wires[1].0.borrow_mut().room = FRAMES;
    (0..600).for_each(|_| bench.send(0, frame(1, 60)));
    bench.run(30);
    let flagged = (1..=30)
        .filter_map(|number| bench.metrics.history().iteration(number))
        .filter(|row| row.flags.has(Flags::STARVED))
        .count();
    assert!(flagged > 0);
    let account = bench.account(0);
    assert_eq!((account.received, account.unaccounted()), (600, 0));
    assert_eq!(bench.frames_at_home(), FRAMES);
}

#[test]
fn sleeps_get_longer_while_there_is_little_to_do_and_end_when_there_is_much() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    bench.pmd.set_sleep(Sleep::new(30, 10));
    let slept = |bench: &Bench| {
        let mut counted = Box::new(Snapshot::ZERO);
        bench.metrics.copy_to(&mut counted, 0);
        (counted.count(Counter::SleepIterations), counted.count(Counter::SleepCycles))
    };
    bench.run(1);
    assert_eq!(slept(&bench), (0, 0), "the first is none");
    let mut before = 0;
    for (iteration, least) in [10, 20, 30, 30].into_iter().enumerate() {
        bench.run(1);
        let (iterations, cycles) = slept(&bench);
        assert_eq!(iterations, iteration as u64 + 1);
        assert!((least..least + 5).contains(&(cycles - before)), "{}", cycles - before);
        before = cycles;
    }
    (0..15).for_each(|_| bench.send(0, frame(0, 60)));
    bench.run(1);
    assert_eq!(slept(&bench).0, 5, "a few frames end no sleep");
    (0..16).for_each(|_| bench.send(0, frame(0, 60)));
    bench.run(1);
    assert_eq!((slept(&bench).0, bench.gone(1).len()), (5, 31));
    bench.run(1);
    assert_eq!(slept(&bench).0, 6);
}

proptest! {
    #[test]
    fn every_frame_ends_in_exactly_one_bucket(
        frames in prop::collection::vec((0..6_usize, 0..1600_usize), 0..400),
        room in 0..300_usize,
        rounds in 1..20_usize,
    ) {
        let mut bench = Bench::new(6, &[(0, 1), (2, 5)]);
        bench.wires[5].0.borrow_mut().room = room;
        for part in frames.chunks(frames.len() / rounds + 1) {
            part.iter().for_each(|&(port, len)| bench.send(port, frame(0, len)));
            bench.run(3);
        }
        bench.run(400);
        for port in 0..6 {
            let account = bench.account(port);
            let sent = frames.iter().filter(|(entry, _)| *entry == port).count() as u64;
            prop_assert_eq!((account.received, account.unaccounted()), (sent, 0));
            prop_assert_eq!(bench.gone(port).len() as u64, account.sent);
        }
        prop_assert_eq!(bench.frames_at_home(), FRAMES);
    }
}

mod captures;
mod flows;
mod lengths;
mod links;
mod moves;
