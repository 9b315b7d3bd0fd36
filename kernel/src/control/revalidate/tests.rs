use dataplane::{Batch, Exit, Exits, GROUP, HOUSEKEEPING, Ledger, Load, Parts, Rxq};
use frame::{Buffer, Frame, LocalPool};
use handover::{Inbox, LocalRx, LocalTx, Mailbox, PoolStore, Sender};
use perf::{Clock, Metrics, Recorder, Segment, Settings, Timebase};

use std::vec::Vec;

use super::super::tables::{Change, Edit};
use super::*;
use crate::control::{Counted, Handle, Line, PmdMemory};
use crate::played::{self, HERTZ, lending};

/// A clock that a test moves by hand.
struct Hand(u64);

impl Clock for Hand {
    fn now(&self) -> u64 {
        self.0
    }
}

/// A PMD of two ports whose wires are mailboxes, and what looks after its flows.
struct Bench {
    looped: Box<dataplane::Pmd<LocalRx, LocalTx>>,
    wires: [(Sender<Frame>, Inbox<Frame>); 2],
    pool: &'static mut LocalPool,
    pmds: Vec<Pmd<Line<LocalRx>>>,
    tables: Tables,
    walk: Walk,
    clock: Hand,
}

fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

impl Bench {
    fn new(rules: &[&str]) -> Self {
        let slots: Vec<Option<Frame>> = (0..256).map(|_| None).collect();
        let buffers: Vec<Buffer> = (0..256).map(|_| Buffer::new()).collect();
        let store = leak(PoolStore::new(slots.leak(), buffers.leak()));
        let (tables, readers) = played::tables(rules);
        let (switch, flows, notes) = played::switch(readers);
        let segments: Vec<Segment> = (0..100).map(|_| Segment::EMPTY).collect();
        let metrics: &Metrics = leak(Metrics::new(segments.leak(), &[]));
        let base = Timebase::new(HERTZ, 0);
        let recorder = Recorder::new(metrics, Settings::DEFAULT.limits(HERTZ, 0), base);
        let (orders, inbox) = leak(Mailbox::<Order, 64>::new()).open();
        let (given, _) = leak(Mailbox::<_, 2>::new()).open();
        let (_, back) = leak(Mailbox::<_, 2>::new()).open();
        let ledger: &Ledger = leak(Ledger::default());
        let mut looped = Box::new(dataplane::Pmd::new(Parts {
            pool: leak(LocalPool::new(store)),
            exits: Exits::new(),
            batches: leak([const { Batch::new() }; GROUP]),
            again: leak([const { Batch::new() }; 2]),
            switch,
            recorder,
            ledger,
            inbox,
        }));
        let wires = [0, 1].map(|port| {
            let (to, coming) = leak(Mailbox::<Frame, 32>::new()).open();
            let (going, from) = leak(Mailbox::<Frame, 32>::new()).open();
            let rxq = Rxq::new((port, 0), LocalRx::new(coming), leak(Load::default()));
            assert!(looped.poll(rxq).is_ok());
            assert!(looped.add_exit(leak(Exit::new(port, LocalTx::new(going)))));
            (to, from)
        });
        let handle = Handle {
            core: 1,
            node: 0,
            metrics,
            ledger,
            flows,
            notes,
            captures: lending().0,
            orders: Line { orders, given, back },
        };
        let memory = PmdMemory {
            cleared: leak(perf::Snapshot::ZERO),
            seconds: &mut [],
            losses: &mut [],
            counted: vec![Counted::default(); flows.capacity()].leak(),
        };
        let pmds = vec![Pmd::new(handle, 0, Settings::DEFAULT, memory)];
        let walk = Walk::new(10 * HERTZ, HERTZ);
        let pool = leak(LocalPool::new(store));
        Self { looped, wires, pool, pmds, tables, walk, clock: Hand(HERTZ) }
    }

    /// Sends a frame from one address to another into `port`, and returns by which ports it leaves.
    fn send(&mut self, port: usize, from: u8, to: u8) -> Vec<usize> {
        let mut bytes = [0; 60];
        (bytes[5], bytes[11]) = (to, from);
        bytes[12..14].copy_from_slice(&[0x88, 0xb5]);
        let mut frame = self.pool.take().unwrap();
        assert!(frame.copy_from(&bytes));
        assert!(self.wires[port].0.send(frame).is_ok());
        self.looped.iterate(&self.clock);
        let mut left = Vec::new();
        for (port, (_, from)) in self.wires.iter_mut().enumerate() {
            while let Some(frame) = from.take() {
                left.push(port);
                self.pool.put(frame);
            }
        }
        left
    }

    /// Lets so many clock counts pass, in steps of half a second: the control core looks after flows,
    /// and the PMD keeps house.
    fn pass(&mut self, time: u64) {
        for _ in 0..time.div_ceil(HERTZ / 2) {
            self.clock.0 += HERTZ / 2;
            for _ in 0..4 {
                self.walk.step(&mut self.pmds, &mut self.tables, self.clock.0);
                (0..HOUSEKEEPING).for_each(|_| self.looped.iterate(&self.clock));
            }
        }
    }

    fn flows(&self) -> usize {
        let flows = &self.pmds[0].handle.flows;
        (0..flows.capacity() as u32).filter(|place| flows.read(*place).is_some()).count()
    }

    fn edit(&mut self, change: Change, text: &str) {
        let text = heapless::String::try_from(text).unwrap();
        assert_eq!(self.tables.edit(&Edit { change, text }), Some(Ok(())));
    }
}

#[test]
fn flows_that_rules_would_make_otherwise_go_and_others_stay() {
    let mut bench = Bench::new(&["in_port=0,actions=1", "in_port=1,actions=0"]);
    assert_eq!((bench.send(0, 1, 2), bench.send(1, 2, 1)), (vec![1], vec![0]));
    bench.edit(Change::Add, "in_port=0,actions=in_port");
    assert_eq!(bench.send(0, 1, 2), [1], "what is cached holds until it is removed");
    bench.pass(1);
    assert_eq!((bench.flows(), bench.send(0, 1, 2), bench.send(1, 2, 1)), (1, vec![0], vec![0]));
    // The same actions, but rules look at more by now.
    bench.edit(Change::Add, "priority=65535,in_port=1,dl_src=00:00:00:00:00:09,actions=drop");
    bench.pass(1);
    assert_eq!((bench.flows(), bench.send(1, 9, 1), bench.send(1, 2, 1)), (1, vec![], vec![0]));
}

#[test]
fn flows_without_packets_go_after_their_time() {
    let mut bench = Bench::new(&["in_port=0,actions=1"]);
    bench.send(0, 1, 2);
    bench.pass(9 * HERTZ);
    assert_eq!(bench.flows(), 1);
    bench.send(0, 1, 2);
    bench.pass(9 * HERTZ);
    assert_eq!(bench.flows(), 1, "a packet gave it more");
    bench.pass(2 * HERTZ);
    assert_eq!(bench.flows(), 0);
}

#[test]
fn stations_are_learned_kept_while_they_send_and_forgotten() {
    let mut bench = Bench::new(&["actions=normal"]);
    assert_eq!(bench.send(0, 1, 9), [1], "flooded");
    bench.pass(1);
    assert_eq!(bench.send(0, 2, 1), [0; 0], "station 1 is behind the same port");
    assert_eq!(bench.send(1, 3, 1), [0]);
    for _ in 0..100 {
        bench.pass(4 * HERTZ);
        bench.send(0, 1, 9);
    }
    let known = |bench: &Bench, mac| bench.tables.world().network.addresses.find(mac, 0);
    assert_eq!([1, 3].map(|mac| known(&bench, mac)), [Some(0), None]);
    bench.pass(301 * HERTZ);
    assert_eq!(known(&bench, 1), None);
}

#[test]
fn what_met_a_rule_is_counted_there_and_stays_counted_while_others_change() {
    let mut bench = Bench::new(&["in_port=0,actions=resubmit(,1)", "table=1,actions=1"]);
    let hits = |bench: &Bench| -> Vec<(u64, u64)> {
        bench.tables.rules().iter().map(|rule| rule.hits).collect()
    };
    let send = |bench: &mut Bench, frames| (0..frames).for_each(|_| drop(bench.send(0, 1, 2)));
    send(&mut bench, 3);
    assert_eq!(hits(&bench), [(0, 0); 2]);
    bench.pass(HERTZ);
    assert_eq!(hits(&bench), [(3, 180); 2], "of both tables");
    bench.pass(2 * HERTZ);
    assert_eq!(hits(&bench), [(3, 180); 2], "once");
    send(&mut bench, 2);
    bench.edit(Change::Add, "in_port=1,actions=0");
    bench.pass(HERTZ);
    assert_eq!(hits(&bench), [(5, 300), (0, 0), (5, 300)]);
    bench.edit(Change::Add, "in_port=0,actions=1");
    bench.pass(HERTZ);
    assert_eq!(hits(&bench), [(0, 0), (0, 0), (5, 300)], "a rule in the place of another is new");
    send(&mut bench, 1);
    bench.pass(11 * HERTZ);
    send(&mut bench, 1);
    bench.pass(HERTZ);
    assert_eq!(hits(&bench), [(2, 120), (0, 0), (5, 300)], "by flows that come and go");
}
