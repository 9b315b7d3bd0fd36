//! A card with its driver, frames to play with, and a census of them.

use std::collections::BTreeSet;

use bus::pci::Function;
use bus::{Dma, Translation};
use frame::{Buffer, Bulk, Burst, Frame, LocalPool, Outbox, Polled, RxQueue, Store, TxQueue};
use handover::{PoolStore, Recall};

use super::card::{Card, Config, Ticking, Window};
use super::ring::{self, DISTANCE, Offer};
use crate::{Error, Map, Net, NetRx, NetTx, News};

pub(super) const RX: usize = 0;
pub(super) const TX: usize = 1;

/// What a poll told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) lies: u32,
    pub(super) waiting: u32,
    pub(super) starved: bool,
}

pub(super) struct Bench {
    pub(super) card: Card,
    pub(super) function: Function<'static, Config>,
    pub(super) clock: Ticking,
    pub(super) net: Net<'static, Config, Window>,
    pub(super) rx: NetRx<Window>,
    pub(super) tx: NetTx<Window>,
    pub(super) pool: LocalPool,
    pub(super) burst: Burst,
    pub(super) outbox: Outbox,
    store: &'static PoolStore,
    frames: usize,
    /// Receive buffers that the device has, oldest first.
    pub(super) offers: std::collections::VecDeque<Offer>,
    /// How often the card had been reset when it got these.
    resets: u64,
}

/// A card and its queues.
pub(super) type Opened = (Net<'static, Config, Window>, NetRx<Window>, NetTx<Window>);

/// A card with one pair of queues, whose rings are in `memory`.
pub(super) fn open_net(
    function: &Function<'static, Config>,
    map: Map<'_, Window>,
    memory: Dma,
) -> Result<Opened, Error> {
    let clock = Ticking::default();
    let mut net = Net::open(function, &mut *map, recall(), &clock)?;
    let (rx, tx) = net.add_pair(&mut *map, memory)?;
    net.start(map, self::memory(Net::<Config, Window>::CONTROL_MEMORY), &clock)?;
    Ok((net, rx, tx))
}

/// What a card's queues are called back by.
pub(super) fn recall() -> &'static mut Recall {
    Box::leak(Box::default())
}

/// Zeroed memory for rings, which devices see elsewhere than the processor.
pub(super) fn memory(len: usize) -> Dma {
    Dma::new(vec![0_u8; len + 64].leak(), Translation::by(DISTANCE))
}

/// A store of `frames` frames.
pub(super) fn store(frames: usize) -> &'static PoolStore {
    let slots: Vec<Option<Frame>> = (0..frames).map(|_| None).collect();
    let buffers: Vec<Buffer> = (0..frames).map(|_| Buffer::new()).collect();
    Box::leak(Box::new(PoolStore::new(slots.leak(), buffers.leak())))
}

impl Bench {
    /// A card with split queues of `size`, not started, and `frames` frames.
    pub(super) fn new(size: u16, frames: usize) -> Self {
        Self::with(Card::new(size), frames)
    }

    /// One with split queues, and one with packed ones, not started.
    pub(super) fn each_new(size: u16, frames: usize) -> impl Iterator<Item = Self> {
        let cards = [Card::new(size), Card::new(size).packing()];
        cards.into_iter().map(move |card| Self::with(card, frames))
    }

    fn with(card: Card, frames: usize) -> Self {
        let function = Config::of(0x1041).function();
        let memory = memory(Net::<Config, Window>::MEMORY);
        let opened = open_net(&function, &mut card.map(), memory);
        let (net, rx, tx) = opened.unwrap();
        let store = store(frames);
        let pool = LocalPool::new(store);
        let (burst, outbox, offers, clock) = Default::default();
        let resets = card.0.borrow().resets;
        Self {
            card,
            function,
            clock,
            net,
            rx,
            tx,
            pool,
            burst,
            outbox,
            store,
            frames,
            offers,
            resets,
        }
    }

    /// As `new`, started.
    pub(super) fn started(size: u16, frames: usize) -> Self {
        Self::new(size, frames).begun()
    }

    /// As `each_new`, started.
    pub(super) fn each_started(size: u16, frames: usize) -> impl Iterator<Item = Self> {
        Self::each_new(size, frames).map(Self::begun)
    }

    /// As `started`, with rings of either kind.
    pub(super) fn of_kind(is_packed: bool, size: u16, frames: usize) -> Self {
        let card = if is_packed { Card::new(size).packing() } else { Card::new(size) };
        Self::with(card, frames).begun()
    }

    fn begun(mut self) -> Self {
        self.rx.start(&mut self.pool);
        self
    }

    pub(super) fn is_packed(&self) -> bool {
        self.card.ring(RX, |ring| ring.is_packed)
    }

    /// How many of so many frames that wait a poll tells of. A packed ring has no index.
    pub(super) fn told(&self, waiting: u32) -> u32 {
        let power = || waiting.checked_ilog2().map_or(0, |log| 1 << log);
        if self.is_packed() { power() } else { waiting }
    }

    pub(super) fn poll(&mut self) -> Told {
        let Polled { waiting, refused, starved } = self.rx.rx(&mut self.pool, &mut self.burst);
        let lies = if refused { self.rx.refused().lies } else { 0 };
        Told { lies, waiting, starved }
    }

    pub(super) fn send(&mut self) -> usize {
        self.tx.tx(&mut self.pool, &mut self.outbox)
    }

    /// Both queues keep house.
    pub(super) fn keep_house(&mut self) {
        self.rx.keep_house(&mut self.pool);
        self.tx.keep_house(&mut self.pool);
    }

    /// Looks after the card.
    pub(super) fn tend(&mut self) -> Option<News> {
        self.net.tend(&self.clock)
    }

    /// Whether the card may reach memory.
    pub(super) fn is_bus_master(&self) -> bool {
        self.function.read(0x04) & 1 << 2 != 0
    }

    /// Frames in pools.
    pub(super) fn at_home(&self) -> usize {
        self.pool.level() + self.store.level()
    }

    /// Puts `count` new frames into the outbox, of two bytes each that tell them apart.
    pub(super) fn fill_outbox(&mut self, count: u16) {
        for number in 0..count {
            let mut frame = self.pool.take().unwrap();
            assert!(frame.copy_from(&number.to_le_bytes()));
            assert!(self.outbox.push(frame).is_ok());
        }
    }

    /// The next receive buffer that the device has.
    pub(super) fn next_offer(&mut self) -> Option<Offer> {
        let resets = self.card.0.borrow().resets;
        if core::mem::replace(&mut self.resets, resets) != resets {
            self.offers.clear();
        }
        while let Some(offer) = self.card.ring(RX, |ring| ring.next()) {
            assert!(offer.is_for_writing && offer.len == 12 + 1920);
            self.offers.push_back(offer);
        }
        self.offers.pop_front()
    }

    /// The device receives `bytes`. False if it has no buffer.
    pub(super) fn deliver(&mut self, bytes: &[u8]) -> bool {
        let Some(offer) = self.next_offer() else { return false };
        ring::write(offer.address, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
        ring::write(offer.address + 12, bytes);
        self.use_rx(offer.id.into(), 12 + bytes.len() as u32);
        true
    }

    /// The device says that it has filled receive buffer `id` with `len` bytes.
    pub(super) fn use_rx(&mut self, id: u32, len: u32) {
        self.card.ring(RX, |ring| ring.put(id, len));
    }

    /// The device sends all it was given, and says so. Returns what was on the wire.
    pub(super) fn transmit(&mut self) -> Vec<Vec<u8>> {
        let mut wire = Vec::new();
        while let Some(offer) = self.card.ring(TX, |ring| ring.next()) {
            assert!(!offer.is_for_writing);
            let bytes = ring::read(offer.address, offer.len);
            assert_eq!(bytes[..12], [0; 12], "no offload is asked for");
            wire.push(bytes[12..].to_vec());
            self.card.ring(TX, |ring| ring.put(offer.id.into(), 0));
        }
        wire
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
