//! The two halves of a port, as the dataplane sees them and drivers provide them.

use heapless::Vec;

use crate::{Frame, LocalPool};

/// Frames that one poll brings at most.
pub const BURST: usize = 32;
/// Frames that wait for one port to take them at most: the bursts of a whole group of polls, and as
/// many that were kept for a while.
pub const OUTBOX: usize = 256;

/// The frames that one poll brought, in order of arrival.
pub type Burst = Vec<Frame, BURST>;
/// Frames on their way out by one port, oldest first.
pub type Outbox = Vec<Frame, OUTBOX>;

/// Frames that a device reported and that nobody gets, by why that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// What the device said of them cannot be true.
    pub lies: u32,
    /// They were damaged on the wire.
    pub damaged: u32,
    /// They were longer than a buffer.
    pub oversize: u32,
}

impl Refused {
    /// Whether there are any.
    #[inline]
    pub fn is_any(&self) -> bool {
        self.lies | self.damaged | self.oversize != 0
    }
}

/// What one poll of a receive queue found, beside the frames themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Polled {
    /// Frames that the device had ready and that this poll left in the ring.
    pub waiting: u32,
    /// Whether frames were refused that [`RxQueue::refused`] did not tell of yet.
    pub refused: bool,
    /// Whether the pool had no frame to put in the place of one that is ready.
    pub starved: bool,
}

/// The receiving half of a queue pair. It belongs to one core.
pub trait RxQueue {
    /// Moves finished frames to the end of `burst` and posts fresh ones of `pool` in their place.
    ///
    /// Stops when `burst` is full, the device has nothing more, or `pool` is empty: a frame is
    /// never taken off the ring without one to replace it.
    fn rx(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled;

    /// Frames that were refused since this was asked last: none where that cannot be.
    fn refused(&mut self) -> Refused {
        Refused::default()
    }

    /// Descriptors of the ring: what `waiting` is to be measured against.
    fn capacity(&self) -> u32;

    /// Does what frames need not wait for. Asked now and then, whether or not any come.
    fn keep_house(&mut self, _pool: &mut LocalPool) {}
}

impl<R: RxQueue> RxQueue for &mut R {
    #[inline]
    fn rx(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        R::rx(self, pool, burst)
    }

    fn refused(&mut self) -> Refused {
        R::refused(self)
    }

    fn capacity(&self) -> u32 {
        R::capacity(self)
    }

    fn keep_house(&mut self, pool: &mut LocalPool) {
        R::keep_house(self, pool);
    }
}

/// The sending half of a queue pair. It belongs to one core.
pub trait TxQueue {
    /// Hands frames from the front of `outbox` to the device, rings its doorbell at most once,
    /// and returns how many it took. What finds no room stays in `outbox`.
    fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize;

    /// Puts the frames that the device is done with back into `pool`.
    fn reclaim(&mut self, pool: &mut LocalPool);

    /// Does what frames need not wait for: takes back what was sent, and whatever else there is to do.
    /// Asked now and then, whether or not anything is sent.
    fn keep_house(&mut self, pool: &mut LocalPool) {
        self.reclaim(pool);
    }

    /// Frames that the device was given and is not known to be done with.
    fn backlog(&self) -> u32;

    /// Frames since boot that the device was given and that were taken back from it unsent, because
    /// it was reset.
    fn unsent(&self) -> u64 {
        0
    }

    /// Completions that were refused since boot, because what the device said of them cannot be
    /// true.
    fn lies(&self) -> u64;
}

impl<T: TxQueue> TxQueue for &mut T {
    #[inline]
    fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        T::tx(self, pool, outbox)
    }

    fn reclaim(&mut self, pool: &mut LocalPool) {
        T::reclaim(self, pool);
    }

    fn keep_house(&mut self, pool: &mut LocalPool) {
        T::keep_house(self, pool);
    }

    fn backlog(&self) -> u32 {
        T::backlog(self)
    }

    fn unsent(&self) -> u64 {
        T::unsent(self)
    }

    fn lies(&self) -> u64 {
        T::lies(self)
    }
}
