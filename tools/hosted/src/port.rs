//! A port without a wire: frames come out of the pool and go back into it.
//!
//! It does what the packet source does that feeds the peers which this project is compared with:
//! takes a buffer from the pool, copies 64 bytes of one flow after another into it, and puts what
//! is sent back into the pool.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use frame::{BURST, Burst, LocalPool, Outbox, Polled, RxQueue, TxQueue};

use crate::setup::Frames;

/// What ports do, to be changed while they are polled. The compiler can't know what is set.
#[derive(Debug)]
pub(crate) struct Knobs {
    /// Whether it brings frames at all.
    brings: bool,
    burst: AtomicU32,
    waiting: AtomicU32,
}

impl Knobs {
    /// A port that brings nothing yet, or never.
    pub(crate) const fn new(brings: bool) -> Self {
        Self { brings, burst: AtomicU32::new(0), waiting: AtomicU32::new(0) }
    }

    /// Has each poll bring `frames`, at most [`BURST`].
    pub(crate) fn bring(&self, frames: u32) {
        let frames = if self.brings { frames.min(BURST as u32) } else { 0 };
        self.burst.store(frames, Relaxed);
    }

    /// Has each poll that brings frames say that it left `frames` in the ring.
    pub(crate) fn leave(&self, frames: u32) {
        self.waiting.store(frames, Relaxed);
    }
}

/// The receiving half.
pub(crate) struct NullRx {
    knobs: &'static Knobs,
    frames: Frames,
    next: usize,
}

impl NullRx {
    /// A queue that brings `frames`, in turn. There must be one at least.
    pub(crate) fn new(knobs: &'static Knobs, frames: Frames) -> Self {
        Self { knobs, frames, next: 0 }
    }
}

/// The one of `frames` whose turn it is.
#[inline]
fn take_turn<const N: usize>(next: &mut usize, frames: &'static [[u8; N]]) -> &'static [u8; N] {
    let frame = &frames[*next];
    *next += 1;
    if *next == frames.len() {
        *next = 0;
    }
    frame
}

/// Fills `burst` with `wanted` of `frames`. False if there are too few empty ones.
#[inline]
fn fill<const N: usize>(
    (next, frames): (&mut usize, &'static [[u8; N]]),
    wanted: usize,
    pool: &mut LocalPool,
    burst: &mut Burst,
) -> bool {
    while burst.len() < wanted {
        let Some(mut frame) = pool.take() else { return false };
        frame.fill(N);
        // As an array: its length need not be asked for.
        if let Some(bytes) = frame.bytes_mut().first_chunk_mut() {
            *bytes = *take_turn(next, frames);
        }
        if let Err(frame) = burst.push(frame) {
            pool.put(frame);
            break;
        }
    }
    true
}

impl RxQueue for NullRx {
    #[inline]
    fn rx(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        let wanted = self.knobs.burst.load(Relaxed) as usize;
        let next = &mut self.next;
        let filled = match self.frames {
            Frames::Plain(frames) => fill((next, frames), wanted, pool, burst),
            Frames::Tunnelled(frames) => fill((next, frames), wanted, pool, burst),
        };
        if !filled {
            return Polled { starved: true, ..Polled::default() };
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
