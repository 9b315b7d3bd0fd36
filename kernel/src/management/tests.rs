use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use frame::{Buffer, Burst, Frame, LocalPool, Outbox, Polled, Refused, RxQueue, TxQueue};
use handover::PoolStore;
use perf::stream::LINE;
use smoltcp::iface::SocketStorage;

use super::*;

mod hostile;
mod listening;

pub(super) const MAC: u64 = 0x0200_0000_00aa;
pub(super) const V4: u128 = 0xffff_0a00_0001;

type Bytes = Vec<u8>;

/// A wire that a test plays, and how many frames the ring of the port takes yet.
#[derive(Default)]
pub(super) struct Wire {
    pub(super) to: VecDeque<Bytes>,
    pub(super) from: Vec<Bytes>,
    pub(super) refused: Refused,
    pub(super) room: usize,
}

/// Either half of a port at that wire.
pub(super) struct Half(Rc<RefCell<Wire>>);

impl RxQueue for Half {
    fn rx(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        let mut wire = self.0.borrow_mut();
        while !burst.is_full() && !wire.to.is_empty() {
            let Some(mut frame) = pool.take() else { break };
            assert!(frame.copy_from(&wire.to.pop_front().unwrap()));
            assert!(burst.push(frame).is_ok());
        }
        Polled { refused: wire.refused.is_any(), ..Polled::default() }
    }

    fn refused(&mut self) -> Refused {
        core::mem::take(&mut self.0.borrow_mut().refused)
    }

    fn capacity(&self) -> u32 {
        8
    }
}

impl TxQueue for Half {
    fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        let mut wire = self.0.borrow_mut();
        let count = outbox.len().min(wire.room);
        wire.room -= count;
        for _ in 0..count {
            let frame: Frame = outbox.remove(0);
            wire.from.push(frame.bytes().to_vec());
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

pub(super) fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

/// The port over so many empty frames, and the wire that it is on.
struct Bench {
    /// It stays: frames in it are not to be dropped.
    management: &'static mut Management<Half, Half>,
    wire: Rc<RefCell<Wire>>,
    micros: u64,
    talker: Talker,
}

/// Says frames with the numbers from 0 on, as many as it is told.
#[derive(Default)]
struct Talker {
    greetings: usize,
    said: u32,
    until: u32,
}

/// Bytes of each of its frames.
const SAID: usize = 500;

impl Speaker for Talker {
    fn greet(&mut self) {
        self.greetings += 1;
    }

    fn next(&mut self, line: &mut [u8; LINE]) -> Option<usize> {
        (self.said < self.until).then(|| {
            line[..SAID].fill(0);
            line[..4].copy_from_slice(&self.said.to_be_bytes());
            self.said += 1;
            SAID
        })
    }
}

impl Bench {
    fn new(frames: usize) -> Self {
        let slots: Vec<Option<Frame>> = (0..frames).map(|_| None).collect();
        let buffers: Vec<Buffer> = (0..frames).map(|_| Buffer::new()).collect();
        let store = leak(PoolStore::new(slots.leak(), buffers.leak()));
        let wire = Rc::new(RefCell::new(Wire { room: usize::MAX, ..Wire::default() }));
        let own =
            Own { mac: MAC, addresses: [Some((V4, 120)), None], gateways: [None; 2], seed: 7 };
        let halves = (Half(wire.clone()), Half(wire.clone()));
        let memory = Memory {
            sockets: (0..LISTENERS).map(|_| SocketStorage::EMPTY).collect::<Vec<_>>().leak(),
            waiting: vec![0; LISTENERS * WAITING].leak(),
            heard: vec![0; LISTENERS * HEARD].leak(),
        };
        let pool = leak(LocalPool::new(store));
        let management = leak(Management::new(&own, halves, pool, memory));
        Self { management, wire, micros: 0, talker: Talker::default() }
    }

    /// What is said in the next millisecond, in which these frames come.
    fn says(&mut self, frames: &[&[u8]]) -> Vec<Bytes> {
        self.wire.borrow_mut().to.extend(frames.iter().map(|frame| frame.to_vec()));
        self.tick();
        core::mem::take(&mut self.wire.borrow_mut().from)
    }

    fn tick(&mut self) {
        self.micros += 1000;
        self.management.tick(self.micros, &mut self.talker);
        self.adds_up();
    }

    /// Has every frame be in exactly one bucket.
    fn adds_up(&self) {
        let tally = self.management.tally();
        let Tally { received, consumed, lies, damaged, waiting, .. } = tally;
        assert_eq!(received, consumed + lies + damaged + waiting, "{tally:?}");
        assert_eq!(tally.made, tally.sent + tally.unsent + tally.leaving, "{tally:?}");
    }
}

/// A question of ARP, of 10.0.0.2 about 10.0.0.`target`.
fn question(target: u8) -> [u8; 42] {
    let mut frame = [0; 42];
    frame[..6].fill(0xff);
    frame[6..12].copy_from_slice(&[2, 0, 0, 0, 0, 2]);
    frame[12..22].copy_from_slice(&[8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame[22..32].copy_from_slice(&[2, 0, 0, 0, 0, 2, 10, 0, 0, 2]);
    frame[38..].copy_from_slice(&[10, 0, 0, target]);
    frame
}

#[test]
fn what_is_asked_is_answered_and_all_that_comes_is_counted_once() {
    let mut bench = Bench::new(128);
    let said = bench.says(&[&question(1), &question(9), &[0; 20]]);
    assert_eq!(said.len(), 1, "for this address alone");
    assert_eq!(said[0][..12], [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0xaa]);
    bench.wire.borrow_mut().refused = Refused { lies: 2, damaged: 1, oversize: 1 };
    assert!(bench.says(&[]).is_empty());
    let tally = bench.management.tally();
    let Tally { received, received_bytes, consumed, lies, damaged, .. } = tally;
    assert_eq!([received, received_bytes, consumed, lies, damaged], [7, 104, 3, 2, 2]);
    assert_eq!([tally.made, tally.sent, tally.sent_bytes], [1, 1, 42]);
}

#[test]
fn a_flood_takes_no_more_than_its_share_of_a_tick() {
    let mut bench = Bench::new(128);
    let (frame, many) = (question(1), 10 * FRAMES);
    let said = bench.says(&vec![&frame[..]; many]);
    assert_eq!(said.len(), FRAMES);
    assert_eq!(bench.management.tally().consumed, FRAMES as u64);
    assert_eq!(bench.says(&[]).len(), FRAMES);
}

#[test]
fn answers_wait_for_a_ring_without_room_and_those_beyond_that_are_counted() {
    let mut bench = Bench::new(1024);
    bench.wire.borrow_mut().room = 0;
    let frame = question(1);
    for _ in 0..8 {
        assert!(bench.says(&vec![&frame[..]; FRAMES]).is_empty());
    }
    let Tally { made, leaving, unsent, .. } = bench.management.tally();
    assert_eq!([made, leaving, unsent], [512, 256, 256]);
    bench.wire.borrow_mut().room = usize::MAX;
    assert_eq!(bench.says(&[]).len(), 256);
    assert_eq!(bench.management.tally().sent, 256);
}

#[test]
fn without_empty_frames_nothing_is_said_and_that_is_counted() {
    let mut bench = Bench::new(1);
    let question = question(1);
    bench.wire.borrow_mut().room = 0;
    bench.says(&[&question]);
    bench.says(&[&question]);
    let Tally { made, leaving, unsent, consumed, .. } = bench.management.tally();
    assert_eq!([made, leaving, unsent, consumed], [1, 1, 0, 1], "the second stays on the wire");
}
