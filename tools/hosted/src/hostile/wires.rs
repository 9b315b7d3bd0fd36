//! A PMD over three wires whose ends are at hand.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use dataplane::translate::World;
use dataplane::{Batch, Exit, Exits, GROUP, Ledger, Load, Order, Parts, Pmd, Rxq};
use frame::{Buffer, Burst, Frame, LocalPool, Outbox, Polled, RxQueue, TxQueue};
use handover::{Mailbox, PoolStore};

use crate::clock::Steps;
use crate::recording::Recording;
use crate::rig::{leak, many};
use crate::setup::Setup;
use crate::switch::{self, Published};

/// Wires there are, and buffers.
const WIRES: u16 = 3;
const BUFFERS: usize = 1024;
/// Flows there can be: so few that they push each other out.
const FLOWS: usize = 64;

/// What is to come in, and what went out.
#[derive(Default)]
struct Ends {
    coming: VecDeque<Vec<u8>>,
    gone: Vec<Vec<u8>>,
}

#[derive(Clone, Default)]
struct Wire(Rc<RefCell<Ends>>);

impl RxQueue for Wire {
    fn rx(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        let mut ends = self.0.borrow_mut();
        while !burst.is_full() {
            let Some(bytes) = ends.coming.pop_front() else { break };
            let Some(mut frame) = pool.take() else { panic!("frames are lost") };
            // What no buffer takes no card brings.
            let fits = frame.copy_from(&bytes);
            match fits.then_some(frame) {
                Some(frame) => drop_none(burst.push(frame)),
                None => unreachable!("inputs are shorter than buffers"),
            }
        }
        Polled::default()
    }

    fn capacity(&self) -> u32 {
        256
    }
}

fn drop_none(left: Result<(), Frame>) {
    assert!(left.is_ok(), "there was room");
}

impl TxQueue for Wire {
    fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        let count = outbox.len();
        for frame in outbox.drain(..) {
            self.0.borrow_mut().gone.push(frame.bytes().to_vec());
            pool.put(frame);
        }
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

/// What is to leave by each wire, in order.
#[derive(Default)]
pub(super) struct Expected([Vec<Vec<u8>>; WIRES as usize]);

impl Expected {
    /// `frame` that comes in by `port` is to leave by `ports`.
    pub(super) fn add(&mut self, _: u16, frame: &[u8], ports: Vec<u16>) {
        ports.into_iter().for_each(|port| self.0[usize::from(port)].push(frame.to_vec()));
    }
}

/// The PMD and its wires.
pub(super) struct Bench {
    pmd: Pmd<Wire, Wire>,
    wires: Vec<Wire>,
    store: &'static PoolStore,
    ledger: &'static Ledger,
    published: Published,
    clock: Steps,
}

impl Bench {
    /// One with these rules, or set up so.
    pub(super) fn new(rules: &[&str], setup: Option<&Setup>) -> Self {
        let store: &PoolStore =
            leak(PoolStore::new(many(BUFFERS, || None), many(BUFFERS, Buffer::new)));
        let (_, inbox) = leak(Mailbox::<Order, 8>::new()).open();
        let (_, recorder) = Recording::OFF.begin();
        let texts: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
        let (switch, published) = match setup {
            Some(setup) => switch::published(&setup.rules(), FLOWS, |network| {
                network.ports = 0b111;
                Setup::equip(network);
            }),
            None => switch::published(&texts, FLOWS, |network| network.ports = 0b111),
        };
        let (pool, ledger) = (leak(LocalPool::new(store)), leak(Ledger::default()));
        let (exits, batches) = (Exits::new(), leak([const { Batch::new() }; GROUP]));
        let (switch, again) = (leak(switch), leak([const { Batch::new() }; 2]));
        let mut pmd =
            Pmd::new(Parts { pool, exits, batches, again, switch, recorder, ledger, inbox });
        let wires: Vec<Wire> = (0..WIRES).map(|_| Wire::default()).collect();
        for (port, wire) in (0..).zip(&wires) {
            assert!(pmd.add_exit(leak(Exit::new(port, wire.clone()))));
            assert!(pmd.poll(Rxq::new((port, 0), wire.clone(), leak(Load::default()))).is_ok());
        }
        let clock = Steps::default();
        pmd.enter(&clock);
        Self { pmd, wires, store, ledger, published, clock }
    }

    /// What upcalls are told.
    pub(super) fn world(&self) -> World<'_> {
        self.published.world()
    }

    /// Has `frame` come in by `port`.
    pub(super) fn send(&self, port: u16, frame: Vec<u8>) {
        self.wires[usize::from(port)].0.borrow_mut().coming.push_back(frame);
    }

    /// Runs until all have come in, and takes what went out by each wire.
    fn run(&mut self) -> [Vec<Vec<u8>>; WIRES as usize] {
        while self.wires.iter().any(|wire| !wire.0.borrow().coming.is_empty()) {
            self.pmd.iterate(&self.clock);
        }
        let reading = self.ledger.read();
        let accounts = reading.iter().flat_map(|reading| &reading.accounts);
        assert!(
            accounts.into_iter().all(|account| account.unaccounted() == 0),
            "sums do not agree"
        );
        assert_eq!(self.pmd.pool().level() + self.store.level(), BUFFERS, "a frame is lost");
        let gone = |wire: &Wire| std::mem::take(&mut wire.0.borrow_mut().gone);
        std::array::from_fn(|wire| gone(&self.wires[wire]))
    }

    /// Runs, and checks that what went out is what was expected; frames of different wires may
    /// overtake each other.
    pub(super) fn check(&mut self, expected: &Expected) {
        for (mut gone, expected) in self.run().into_iter().zip(&expected.0) {
            let mut expected = expected.clone();
            gone.sort_unstable();
            expected.sort_unstable();
            assert_eq!(gone, expected);
        }
    }

    /// Runs, and takes all that went out.
    pub(super) fn take_all(&mut self) -> Vec<Vec<u8>> {
        self.run().concat()
    }
}
