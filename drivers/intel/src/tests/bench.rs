//! Two rings with a device that is played, frames to play with, and a census of them.

#![expect(unsafe_code, reason = "the device that is played writes to the memory of frames")]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;

use bus::{Dma, Mmio, Translation};
use frame::{
    Buffer, Bulk, Burst, Frame, LocalPool, Outbox, Polled, Refused, RxQueue, Store, TxQueue,
};
use handover::PoolStore;

use crate::flavour::EXTENDED;
use crate::{Rx, Sizes, Tx};

/// Descriptors of a ring where nothing is said of them.
pub(super) const N: usize = Sizes::DEFAULT.receive();

/// How far from its own the device sees the processor's addresses.
const DISTANCE: u64 = 0x100_0000_0000;

/// The register of a tail, and how often it was written.
#[derive(Clone, Default)]
pub(super) struct Tail(pub(super) Rc<Cell<(u32, u32)>>);

impl Mmio for Tail {
    fn read8(&self, _: usize) -> u8 {
        panic!("nobody reads tails")
    }

    fn read16(&self, _: usize) -> u16 {
        panic!("nobody reads tails")
    }

    fn read32(&self, _: usize) -> u32 {
        panic!("nobody reads tails")
    }

    fn write8(&self, _: usize, _: u8) {
        panic!("tails have 32 bits")
    }

    fn write16(&self, _: usize, _: u16) {
        panic!("tails have 32 bits")
    }

    fn write32(&self, offset: usize, value: u32) {
        assert!(offset == 0 && (value as usize) < Sizes::MOST);
        self.0.set((value, self.0.get().1 + 1));
    }
}

/// A ring as the device sees it.
pub(super) struct Played {
    words: &'static [[AtomicU64; 2]],
    pub(super) tail: Tail,
    pub(super) head: usize,
}

impl Played {
    /// The next descriptor that the device may use: its number and words.
    pub(super) fn next(&mut self) -> Option<(usize, [u64; 2])> {
        if self.head == self.tail.0.get().0 as usize {
            return None;
        }
        let place = self.head;
        self.head = (self.head + 1) % self.words.len();
        Some((place, self.words[place].each_ref().map(|word| word.load(SeqCst))))
    }

    /// The device writes the second word of a descriptor.
    pub(super) fn write_back(&self, place: usize, word: u64) {
        self.words[place][1].store(word, SeqCst);
    }
}

/// What a poll told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) refused: Refused,
    pub(super) waiting: u32,
    pub(super) starved: bool,
}

pub(super) struct Bench {
    pub(super) rx: Rx<Tail>,
    pub(super) tx: Tx<Tail>,
    pub(super) receives: Played,
    pub(super) sends: Played,
    pub(super) pool: LocalPool,
    pub(super) burst: Burst,
    pub(super) outbox: Outbox,
    store: &'static PoolStore,
    frames: usize,
}

impl Bench {
    /// Rings that the device has no descriptor of yet, and so many frames.
    pub(super) fn new(frames: usize) -> Self {
        Self::of(Sizes::DEFAULT, frames)
    }

    /// The same, of these sizes.
    pub(super) fn of(sizes: Sizes, frames: usize) -> Self {
        let memory = vec![0_u8; sizes.bytes() + 256].leak();
        let mut memory = Dma::new(memory, Translation::by(DISTANCE));
        let tails = [Tail::default(), Tail::default()];
        let rx = Rx::new(&mut memory, given(sizes.receive()), &EXTENDED, tails[0].clone()).unwrap();
        let tx =
            Tx::new(&mut memory, given(sizes.transmit()), &EXTENDED, tails[1].clone()).unwrap();
        let [receive, transmit] = tails;
        let receives = Played { words: rx.descriptors().all(), tail: receive, head: 0 };
        let sends = Played { words: tx.descriptors().all(), tail: transmit, head: 0 };
        let store = store(frames);
        let pool = LocalPool::new(store);
        let (burst, outbox) = Default::default();
        Self { rx, tx, receives, sends, pool, burst, outbox, store, frames }
    }

    /// The same, started.
    pub(super) fn started(frames: usize) -> Self {
        let mut bench = Self::new(frames);
        bench.rx.start(&mut bench.pool);
        bench
    }

    pub(super) fn poll(&mut self) -> Told {
        let Polled { waiting, refused, starved } = self.rx.rx(&mut self.pool, &mut self.burst);
        let refused = if refused { self.rx.refused() } else { Refused::default() };
        Told { refused, waiting, starved }
    }

    pub(super) fn send(&mut self) -> usize {
        self.tx.tx(&mut self.pool, &mut self.outbox)
    }

    /// The device receives `bytes`, and says so with `status`. False if it has no descriptor.
    pub(super) fn deliver(&mut self, bytes: &[u8], status: u64) -> bool {
        let Some((place, [address, _])) = self.receives.next() else { return false };
        write(address, bytes);
        self.receives.write_back(place, (bytes.len() as u64) << 32 | status);
        true
    }

    /// The device sends all it was given, and reports where it was asked to. Returns what was on the
    /// wire.
    pub(super) fn transmit(&mut self) -> Vec<Vec<u8>> {
        let mut wire = Vec::new();
        while let Some((place, [address, word])) = self.sends.next() {
            assert_eq!(word >> 16 & 0xf7f0, 0x2310, "data, whole, with its checksum");
            wire.push(read(address, word as u16));
            if word & 1 << 27 != 0 {
                self.sends.write_back(place, word | 1 << 32);
            }
        }
        wire
    }

    /// Puts `count` new frames into the outbox, of 60 bytes that begin with a number.
    pub(super) fn fill_outbox(&mut self, count: u16) {
        for number in 0..count {
            let mut frame = self.pool.take().unwrap();
            assert!(frame.copy_from(&numbered(number)));
            assert!(self.outbox.push(frame).is_ok());
        }
    }

    /// The bytes of what was received, which goes back to the pool.
    pub(super) fn received(&mut self) -> Vec<Vec<u8>> {
        let taken = core::mem::take(&mut self.burst);
        let bytes = taken.iter().map(|frame| frame.bytes().to_vec()).collect();
        taken.into_iter().for_each(|frame| self.pool.put(frame));
        bytes
    }

    /// Moves what was received to the outbox.
    pub(super) fn forward(&mut self) {
        for frame in core::mem::take(&mut self.burst) {
            assert!(self.outbox.push(frame).is_ok());
        }
    }

    /// Ends everything, and finds every frame in exactly one place.
    pub(super) fn census(mut self) {
        let mut frames: Vec<Frame> = self.rx.into_frames().chain(self.tx.into_frames()).collect();
        frames.extend(self.burst);
        frames.extend(self.outbox.drain(..));
        while self.pool.level() > 0 {
            frames.extend(self.pool.take());
        }
        while self.store.level() > 0 {
            let mut bulk = Bulk::new();
            self.store.take(&mut bulk);
            frames.extend(bulk);
        }
        frames.iter_mut().for_each(Frame::clear);
        let buffers: BTreeSet<usize> = frames.iter().map(Frame::address).collect();
        assert_eq!(frames.len(), self.frames, "no frame was lost");
        assert_eq!(buffers.len(), self.frames, "no frame was doubled");
        frames.into_iter().for_each(core::mem::forget);
    }
}

/// Room for the frames of a ring.
fn given(count: usize) -> &'static mut [Option<Frame>] {
    (0..count).map(|_| None).collect::<Vec<_>>().leak()
}

/// A frame of 60 bytes that begins with `number`.
pub(super) fn numbered(number: u16) -> Vec<u8> {
    let mut bytes = vec![0; 60];
    bytes[..2].copy_from_slice(&number.to_le_bytes());
    bytes
}

fn store(frames: usize) -> &'static PoolStore {
    let slots: Vec<Option<Frame>> = (0..frames).map(|_| None).collect();
    let buffers: Vec<Buffer> = (0..frames).map(|_| Buffer::new()).collect();
    Box::leak(Box::new(PoolStore::new(slots.leak(), buffers.leak())))
}

fn place(address: u64) -> *mut u8 {
    core::ptr::with_exposed_provenance_mut(address.wrapping_sub(DISTANCE) as usize)
}

fn write(address: u64, bytes: &[u8]) {
    // SAFETY: The driver gave the device this much memory of a frame, which nobody reaches meanwhile.
    unsafe { place(address).copy_from(bytes.as_ptr(), bytes.len()) };
}

fn read(address: u64, len: u16) -> Vec<u8> {
    // SAFETY: As for `write`.
    unsafe { core::slice::from_raw_parts(place(address), len.into()) }.to_vec()
}
