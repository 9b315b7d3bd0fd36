//! Queues that move from one PMD to another, with frames on their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

use handover::{Inbox, LOCAL_RING, LocalRx, SharedTx};

use super::*;
use crate::ledger::Account;
use crate::rxq::{Counted, MOVING};

/// The control core's ends of an exchange.
struct Desk<R: 'static> {
    given: Sender<Rxq<R>>,
    back: Inbox<Rxq<R>>,
}

fn exchange<R>() -> (Exchange<R>, Desk<R>) {
    let (given, inbox) = leak(Mailbox::<Rxq<R>, MOVING>::new()).open();
    let (sender, back) = leak(Mailbox::<Rxq<R>, MOVING>::new()).open();
    (Exchange { given: inbox, back: sender }, Desk { given, back })
}

#[test]
fn a_queue_that_is_given_back_is_polled_no_more_and_one_that_is_given_is() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    let (exchange, mut desk) = exchange();
    bench.pmd.set_exchange(exchange);
    for order in [(1, 0), (1, 7), (9, 0)] {
        let order = Order::GiveBack { port: order.0, queue: order.1 };
        assert!(bench.orders.send(order).is_ok());
    }
    (0..40).for_each(|number| bench.send(1, frame(number, 60)));
    bench.run(1);
    bench.run(HOUSEKEEPING - 1);
    let rxq = desk.back.take().expect("it was asked for");
    assert_eq!((rxq.port, rxq.number, bench.gone(0).len()), (1, 0, 40));
    assert_eq!(rxq.load.read(), Counted { frames: 40, passes: 40, ..rxq.load.read() });
    assert!(desk.back.take().is_none(), "what is not there is not given back");
    (0..40).for_each(|number| bench.send(1, frame(number, 60)));
    bench.run(2 * HOUSEKEEPING);
    assert_eq!(bench.gone(0).len(), 40);
    assert!(desk.given.send(rxq).is_ok());
    bench.run(HOUSEKEEPING + 2);
    assert_eq!(bench.gone(0).len(), 80);
    let account = bench.account(1);
    assert_eq!((account.received, account.forwarded, account.unaccounted()), (80, 80, 0));
    assert_eq!(bench.frames_at_home(), FRAMES);
}

#[test]
fn a_pmd_that_expects_a_queue_polls_it_as_soon_as_it_is_there() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    let (exchange, mut desk) = exchange();
    bench.pmd.set_exchange(exchange);
    assert!(bench.orders.send(Order::GiveBack { port: 0, queue: 0 }).is_ok());
    assert!(bench.orders.send(Order::Expect).is_ok());
    bench.run(HOUSEKEEPING);
    let rxq = desk.back.take().unwrap();
    (0..10).for_each(|number| bench.send(0, frame(number, 60)));
    bench.run(5);
    assert_eq!(bench.gone(1).len(), 0);
    assert!(desk.given.send(rxq).is_ok());
    bench.run(2);
    assert_eq!(bench.gone(1).len(), 10);
    let house =
        |number| bench.metrics.history().iteration(number).unwrap().room(Room::Housekeeping);
    let last = HOUSEKEEPING + 6;
    assert!((HOUSEKEEPING..=last).all(|number| house(number) > 0));
    bench.run(1);
    assert_eq!(bench.metrics.history().iteration(last + 2).unwrap().room(Room::Housekeeping), 0);
}

#[test]
fn a_pmd_without_queues_parks_unrecorded_until_it_gets_one() {
    let mut bench = Bench::new(1, &[]);
    let (exchange, mut desk) = exchange();
    bench.pmd.set_exchange(exchange);
    bench.pmd.set_sleep(Sleep::new(0, 10));
    assert!(bench.orders.send(Order::GiveBack { port: 0, queue: 0 }).is_ok());
    bench.run(HOUSEKEEPING);
    assert!(!bench.metrics.is_parked(), "one iteration later");
    bench.run(1);
    assert!(bench.metrics.is_parked());
    let rxq = desk.back.take().unwrap();
    let recorded = |bench: &Bench, numbers: core::ops::RangeInclusive<u64>| {
        numbers.filter(|number| bench.metrics.history().iteration(*number).is_some()).count()
    };
    let (before, spent) = (bench.clock.0.get(), cycles(&bench));
    bench.run(50);
    assert_eq!(recorded(&bench, HOUSEKEEPING + 1..=HOUSEKEEPING + 51), 0);
    assert!(bench.clock.0.get() - before >= 50 * 100, "it rests for 10 us each time");
    assert!(cycles(&bench) - spent < 50 * 20, "and rests are part of no iteration");
    assert!(desk.given.send(rxq).is_ok());
    bench.run(1);
    assert!(!bench.metrics.is_parked(), "house was kept at once");
    bench.send(0, frame(0, 60));
    bench.run(2);
    assert_eq!(recorded(&bench, HOUSEKEEPING + 52..=HOUSEKEEPING + 54), 3);
    assert_eq!(bench.account(0).received, 1);
}

#[test]
fn a_parked_pmd_obeys_and_completes_the_window_that_was_open() {
    let mut bench = Bench::new(1, &[]);
    let (exchange, _desk) = exchange();
    bench.pmd.set_exchange(exchange);
    let duration = perf::settings::Duration::Micros(100);
    let watched = perf::Settings { log: true, duration, ..perf::Settings::DEFAULT };
    assert!(bench.orders.send(Order::Limits(limits(watched))).is_ok());
    assert!(bench.orders.send(Order::Stall { cycles: 5000, times: 1 }).is_ok());
    assert!(bench.orders.send(Order::GiveBack { port: 0, queue: 0 }).is_ok());
    bench.run(HOUSEKEEPING + 20);
    assert!(bench.metrics.is_parked());
    let last = bench.metrics.take_mark(|mark, _| mark.last).expect("the stall was marked");
    let is_there = |number| bench.metrics.history().iteration(number).is_some();
    assert!((HOUSEKEEPING..=last).all(is_there) && !is_there(last + 1));
    assert!(bench.orders.send(Order::Stall { cycles: 5000, times: 1 }).is_ok());
    bench.run(30);
    assert!(bench.metrics.is_parked(), "again");
}

/// Cycles of all iterations without frames.
fn cycles(bench: &Bench) -> u64 {
    bench.metrics.counters.read()[Counter::IdleCycles as usize]
}

#[test]
fn a_pmd_that_expects_a_queue_does_not_sleep() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    let slept = |bench: &Bench| {
        let mut counted = Box::new(Snapshot::ZERO);
        bench.metrics.copy_to(&mut counted, 0);
        counted.count(Counter::SleepIterations)
    };
    assert!(bench.orders.send(Order::Expect).is_ok());
    bench.pmd.set_sleep(Sleep::new(30, 10));
    bench.run(HOUSEKEEPING - 1);
    let before = slept(&bench);
    assert!(before > 0);
    bench.run(10);
    assert_eq!(slept(&bench), before);
}

#[test]
fn what_a_queue_gives_to_do_is_counted() {
    let mut bench = Bench::with(2, &["in_port=0,dl_type=0x1234,actions=1"], 64);
    assert!(bench.orders.send(Order::EmcInsertInvProb(0)).is_ok());
    bench.send(0, frame(0, 60));
    bench.run(HOUSEKEEPING);
    let load: &Load = leak(Load::default());
    let spare = Played::default();
    assert!(bench.pmd.poll(Rxq::new((0, 1), spare.clone(), load)).is_ok());
    (0..8).for_each(|_| spare.0.borrow_mut().coming.push_back(frame(0, 60)));
    bench.run(1);
    assert_eq!(load.read(), Counted { frames: 8, passes: 8, probes: 8, upcalls: 0 });
    assert!(bench.metrics.spent.classifier.read() > 0);
    assert_eq!(bench.metrics.spent.housekeeping.read(), 0, "there were no frames meanwhile");
    bench.run(HOUSEKEEPING - 2);
    spare.0.borrow_mut().coming.push_back(frame(0, 60));
    bench.run(1);
    assert!(bench.metrics.spent.housekeeping.read() > 0);
    let mut bench = Bench::with(1, &["in_port=0,dl_type=0x1234,actions=in_port"], 64);
    let load: &Load = leak(Load::default());
    let spare = Played::default();
    assert!(bench.pmd.poll(Rxq::new((0, 1), spare.clone(), load)).is_ok());
    spare.0.borrow_mut().coming.push_back(frame(0, 60));
    bench.run(1);
    assert!(load.read().upcalls > 0);
}

/// The far end of a port: frames that came from each port, which are numbered.
struct Far {
    next: [u64; PORTS],
    came: Arc<AtomicU64>,
}

impl TxQueue for Far {
    fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        let count = outbox.len();
        for frame in outbox.drain(..) {
            let number = u64::from_be_bytes(frame.bytes()[14..22].try_into().unwrap());
            let next = &mut self.next[usize::from(frame.bytes()[0])];
            assert_eq!(number, *next, "out of order, doubled or lost");
            *next += 1;
            pool.put(frame);
        }
        self.came.fetch_add(count as u64, Relaxed);
        count
    }

    fn reclaim(&mut self, _: &mut LocalPool) {}

    fn backlog(&self) -> u32 {
        0
    }

    fn lies(&self) -> u64 {
        0
    }
}

const PORTS: usize = 4;
const MOVES: u64 = 4000;
/// Frames on the way of each mailbox, and those at hand.
const ALL: usize = PORTS * LOCAL_RING + 3 * frame::LOCAL;

type Moving = Pmd<LocalRx, &'static SharedTx<Far>>;

/// A PMD that gives its queues away again and again, and what it is watched by.
struct Restless {
    pmd: Box<Moving>,
    orders: Sender<Order>,
    ledger: &'static Ledger,
}

impl Restless {
    /// Two, each of which gets what the other gives away.
    fn pair(store: &'static PoolStore, came: &Arc<AtomicU64>) -> [Self; 2] {
        let exits: Vec<&'static SharedTx<Far>> = (0..PORTS)
            .map(|_| &*leak(SharedTx::new(Far { next: [0; PORTS], came: Arc::clone(came) })))
            .collect();
        let [(there, desk), (back, other)] = [exchange(), exchange()];
        let crossed = [
            Exchange { given: desk.back, back: back.back },
            Exchange { given: other.back, back: there.back },
        ];
        crossed.map(|exchange| {
            let rules: Vec<String> =
                (0..PORTS).map(|port| format!("in_port={port},actions={}", port ^ 1)).collect();
            let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
            let (switch, _hold) = played::switch(&rules, PORTS as u16, 64);
            let Looped { mut pmd, ledger, mut orders, .. } = looped(store, switch);
            pmd.set_exchange(exchange);
            for (port, exit) in (0..).zip(&exits) {
                assert!(pmd.add_exit(leak(Exit::new(port, *exit))));
            }
            // House is kept in each iteration, so that there are many moves in little time.
            assert!(orders.send(Order::Stall { cycles: 0, times: u32::MAX }).is_ok());
            let clock = Steps::default();
            (0..HOUSEKEEPING).for_each(|_| pmd.iterate(&clock));
            Self { pmd, orders, ledger }
        })
    }

    /// Runs until all is `done`, counts `moves`, and returns how many frames are at hand.
    fn run(mut self, moves: &AtomicU64, done: &AtomicBool) -> usize {
        let clock = Steps::default();
        let mut number = 0_u16;
        while !done.load(Relaxed) {
            number = number.wrapping_add(1);
            if number.is_multiple_of(8) {
                let order = Order::GiveBack { port: number / 8 % PORTS as u16, queue: 0 };
                assert!(self.orders.send(order).is_ok());
            }
            let before = self.pmd.entries.len();
            self.pmd.iterate(&clock);
            let after = self.pmd.entries.len();
            moves.fetch_add(before.saturating_sub(after) as u64, Relaxed);
            if after == 0 {
                thread::yield_now();
            }
        }
        self.pmd.pool().level()
    }
}

/// Numbered frames for all ports.
struct Feeder {
    pool: LocalPool,
    wires: Vec<Sender<Frame>>,
    sent: [u64; PORTS],
}

impl Feeder {
    /// Sends one more into each port that has room.
    fn feed(&mut self) {
        for (port, wire) in self.wires.iter_mut().enumerate() {
            let Some(mut frame) = self.pool.take() else { continue };
            let mut bytes = [port as u8; 60];
            bytes[14..22].copy_from_slice(&self.sent[port].to_be_bytes());
            assert!(frame.copy_from(&bytes));
            match wire.send(frame) {
                Ok(()) => self.sent[port] += 1,
                Err(frame) => self.pool.put(frame),
            }
        }
    }
}

#[test]
fn queues_that_move_thousands_of_times_lose_double_and_overtake_nothing() {
    let (store, came) = (store(ALL), Arc::new(AtomicU64::new(0)));
    let mut pmds = Restless::pair(store, &came);
    let ledgers = pmds.each_ref().map(|it| it.ledger);
    let mut feeder = Feeder { pool: LocalPool::new(store), wires: Vec::new(), sent: [0; PORTS] };
    for port in 0..PORTS as u16 {
        let (sender, inbox) = leak(Mailbox::<Frame, LOCAL_RING>::new()).open();
        feeder.wires.push(sender);
        assert!(pmds[0].pmd.poll(rxq(port, LocalRx::new(inbox))).is_ok());
    }
    let (moves, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let at_hand: usize = thread::scope(|scope| {
        let pmds = pmds.map(|pmd| scope.spawn(|| pmd.run(&moves, &done)));
        // Should one of them fail, that is seen at the end.
        let is_well = || pmds.iter().all(|pmd| !pmd.is_finished());
        let has_work = |ledger: &Ledger| ledger.read().is_some_and(|it| received(&it) > 0);
        let is_enough = |sent: &[u64; PORTS]| {
            moves.load(Relaxed) >= MOVES
                && sent.iter().all(|sent| *sent >= FRAMES as u64)
                && ledgers.iter().all(|ledger| has_work(ledger))
        };
        while !is_enough(&feeder.sent) && is_well() {
            feeder.feed();
            thread::yield_now();
        }
        while came.load(Relaxed) < feeder.sent.iter().sum() && is_well() {
            thread::yield_now();
        }
        done.store(true, Relaxed);
        pmds.into_iter().map(|pmd| pmd.join().unwrap()).sum()
    });
    let readings = ledgers.map(|ledger| ledger.read().unwrap());
    for (port, sent) in feeder.sent.into_iter().enumerate() {
        let mut account = Account::ZERO;
        readings.iter().for_each(|reading| account.add(&reading.accounts[port]));
        assert_eq!((account.received, account.forwarded), (sent, sent));
        assert_eq!((account.dropped_in_all(), account.unaccounted()), (0, 0));
    }
    assert_eq!(at_hand + feeder.pool.level() + store.level(), ALL);
}

/// Frames that came in by all ports.
fn received(reading: &crate::Reading) -> u64 {
    reading.accounts.iter().map(|account| account.received).sum()
}
