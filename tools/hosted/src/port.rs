//! A port without a wire: frames come out of the pool and go back into it.
//!
//! It does what the packet source does that feeds the peers which this project is compared with:
//! takes a buffer from the pool, copies 64 bytes of one flow after another into it, and puts what
//! is sent back into the pool.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use frame::{BURST, Burst, LocalPool, Outbox, Polled, RxQueue, TxQueue};

use crate::flows::Flow;

/// What ports do, to be changed while they are polled. The compiler can't know what is set.
#[derive(Debug, Default)]
pub(crate) struct Knobs {
    burst: AtomicU32,
    waiting: AtomicU32,
}

impl Knobs {
    /// Has each poll bring `frames`, at most [`BURST`].
    pub(crate) fn bring(&self, frames: u32) {
        self.burst.store(frames.min(BURST as u32), Relaxed);
    }

    /// Has each poll that brings frames say that it left `frames` in the ring.
    pub(crate) fn leave(&self, frames: u32) {
        self.waiting.store(frames, Relaxed);
    }
}

/// The receiving half.
pub(crate) struct NullRx {
    knobs: &'static Knobs,
    flows: &'static [Flow],
    next: usize,
}

impl NullRx {
    /// A queue that brings frames of `flows`, in turn. There must be one at least.
    pub(crate) fn new(knobs: &'static Knobs, flows: &'static [Flow]) -> Self {
        Self { knobs, flows, next: 0 }
    }

    #[inline]
    fn next(&mut self) -> &'static Flow {
        let flow = &self.flows[self.next];
        self.next += 1;
        if self.next == self.flows.len() {
            self.next = 0;
        }
        flow
    }
}

impl RxQueue for NullRx {
    #[inline]
    fn rx(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        let wanted = self.knobs.burst.load(Relaxed) as usize;
        while burst.len() < wanted {
            let Some(mut frame) = pool.take() else {
                return Polled { starved: true, ..Polled::default() };
            };
            frame.fill(size_of::<Flow>());
            frame.bytes_mut().copy_from_slice(self.next());
            if let Err(frame) = burst.push(frame) {
                pool.put(frame);
                break;
            }
        }
        Polled { waiting: self.knobs.waiting.load(Relaxed), ..Polled::default() }
    }

    fn capacity(&self) -> u32 {
        256
    }
}

/// The sending half.
pub(crate) struct NullTx;

impl TxQueue for NullTx {
    #[inline]
    fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        let count = outbox.len();
        outbox.drain(..).for_each(|frame| pool.put(frame));
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
