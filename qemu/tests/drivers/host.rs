//! What a kernel is to drivers: memory, time, frames, and someone who opens cards.

#![expect(unsafe_code, reason = "memory of rings is lent again once a card is closed")]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

use anyhow::Result;
use bus::pci::{Function, PciAddress, Segment};
use bus::{Clock, Dma};
use frame::{Frame, LocalPool};
use handover::PoolStore;
use intel::{Error, Rings, Sizes};

use crate::bus::{Bus, Config, Registers, segment};
use crate::memory::{Memory, Reused};
use crate::port::{Card, Port};

/// Pairs of queues that a card is opened with at most.
const PAIRS: usize = 16;

/// The time of a host.
pub(crate) enum Time {
    /// It runs on by 50 µs each time that it is looked at.
    Steps(Cell<u64>),
    /// It is that of this machine.
    Real(Instant),
}

impl Clock for Time {
    fn now(&self) -> u64 {
        match self {
            Self::Steps(now) => now.replace(now.get() + 50_000),
            Self::Real(start) => start.elapsed().as_nanos() as u64,
        }
    }
}

impl Time {
    /// So many ms pass at once; where it is this machine's, they do by themselves.
    pub(crate) fn pass(&self, milliseconds: u64) {
        if let Self::Steps(now) = self {
            now.set(now.get() + milliseconds * 1_000_000);
        }
    }

    /// Ms that have passed.
    pub(crate) fn milliseconds(&self) -> u64 {
        self.now() / 1_000_000
    }
}

/// Descriptors of all rings.
const SIZES: Sizes = Sizes::DEFAULT;

/// A host of cards.
pub(crate) struct Host {
    pub(crate) memory: Memory,
    /// Never dropped, as its frames would be, which is counted.
    pub(crate) pool: &'static mut LocalPool,
    pub(crate) time: Time,
    store: &'static PoolStore,
    frames: usize,
    bus: Rc<dyn Bus>,
    segment: &'static Segment<Config>,
    rings: Reused<u8>,
    given: Reused<Option<Frame>>,
}

impl Host {
    /// A host with so many frames in `memory`.
    pub(crate) fn new(memory: Memory, bus: Rc<dyn Bus>, frames: usize, time: Time) -> Self {
        let rings = Reused::new(memory.carve(PAIRS * SIZES.bytes(), Card::ALIGN));
        let given = Reused::new((0..PAIRS * SIZES.sum()).map(|_| None).collect::<Vec<_>>().leak());
        let slots: Vec<Option<Frame>> = (0..frames).map(|_| None).collect();
        let store = Box::new(PoolStore::new(slots.leak(), memory.buffers(frames)));
        let store: &'static PoolStore = Box::leak(store);
        let (pool, segment) = (Box::leak(Box::new(LocalPool::new(store))), segment(&bus));
        Self { memory, pool, time, store, frames, bus, segment, rings, given }
    }

    /// The function at `place`, taken over.
    pub(crate) fn function(&self, place: PciAddress) -> Function<'static, Config> {
        self.segment.take_over(place).expect("there is a card")
    }

    /// Maps registers, as a driver wants it.
    pub(crate) fn map(&self) -> impl FnMut(u64, usize) -> Option<Registers> + use<> {
        let bus = Rc::clone(&self.bus);
        move |address, _| Some(Registers::new(&bus, address))
    }

    /// Opens the card at `place` with so many pairs of queues. A card that was opened before by this
    /// is closed, or its queues are gone.
    pub(crate) fn open(&mut self, place: PciAddress, pairs: usize) -> Result<Port, Error> {
        let function = self.function(place);
        // SAFETY: The queues that lay there are gone, and the card does not master the bus.
        let memory = unsafe { self.rings.lend(pairs * SIZES.bytes()) };
        memory.fill(0);
        // SAFETY: As above.
        let given = unsafe { self.given.lend(pairs * SIZES.sum()) };
        let memory = Dma::new(memory, self.memory.translation());
        let (mut received, mut sent) = (Vec::new(), Vec::new());
        let take = &mut |rx, tx| {
            received.push(rx);
            sent.push(tx);
        };
        let rings = Rings { sizes: SIZES, memory, given, longest: 0, take };
        let card = Card::open(&function, &mut self.map(), rings, &self.time)?;
        assert_eq!(card.pairs(), received.len(), "each pair was handed out");
        Ok(Port { card, function, rx: received, tx: sent })
    }

    /// Opens it and gives all its receive rings frames.
    pub(crate) fn start(&mut self, place: PciAddress, pairs: usize) -> Result<Port, Error> {
        let mut port = self.open(place, pairs)?;
        for rx in &mut port.rx {
            assert_eq!(rx.start(self.pool), rx_capacity());
        }
        Ok(port)
    }

    /// Closes a card and takes back what its rings held.
    pub(crate) fn close(&mut self, port: Port) -> Result<(), Error> {
        let Port { card, function, rx, tx } = port;
        let outcome = card.close(&function, &self.time);
        rx.into_iter().for_each(|rx| rx.end(self.pool));
        tx.into_iter().for_each(|tx| tx.end(self.pool));
        outcome
    }

    /// Fails unless every frame is in a pool, and none was ever dropped.
    #[track_caller]
    pub(crate) fn census(&self) {
        self.census_beside(0);
    }

    /// The same, but for those that rings hold.
    #[track_caller]
    pub(crate) fn census_beside(&self, held: usize) {
        assert_eq!(self.level() + held, self.frames, "no frame was lost");
        assert_eq!(frame::leaked(), 0, "no frame was dropped");
    }

    /// Frames in pools.
    pub(crate) fn level(&self) -> usize {
        self.pool.level() + self.store.level()
    }
}

/// Frames that a receive ring is started with.
pub(crate) const fn rx_capacity() -> u32 {
    SIZES.receive() as u32
}
