//! A transmit queue that several cores send by, because a card has fewer queues than there are
//! PMDs. The one thing on the way of a frame that is locked; where a queue has one owner it is not
//! used.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use frame::{LocalPool, Outbox, TxQueue};
use spin::Mutex;

/// A queue, and who waited for it.
pub struct SharedTx<T> {
    queue: Mutex<T>,
    contended: AtomicU64,
}

impl<T: TxQueue> SharedTx<T> {
    /// Has several cores share `queue`.
    pub const fn new(queue: T) -> Self {
        Self { queue: Mutex::new(queue), contended: AtomicU64::new(0) }
    }

    /// How often a core had to wait for another.
    pub fn contended(&self) -> u64 {
        self.contended.load(Relaxed)
    }

    pub(crate) fn with<A>(&self, work: impl FnOnce(&mut T) -> A) -> A {
        if let Some(mut queue) = self.queue.try_lock() {
            return work(&mut queue);
        }
        self.contended.fetch_add(1, Relaxed);
        work(&mut self.queue.lock())
    }
}

/// Any core's end of it.
impl<T: TxQueue> TxQueue for &SharedTx<T> {
    fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        self.with(|queue| queue.tx(pool, outbox))
    }

    fn reclaim(&mut self, pool: &mut LocalPool) {
        self.with(|queue| queue.reclaim(pool));
    }

    fn keep_house(&mut self, pool: &mut LocalPool) {
        self.with(|queue| queue.keep_house(pool));
    }

    fn backlog(&self) -> u32 {
        self.with(|queue| queue.backlog())
    }

    fn unsent(&self) -> u64 {
        self.with(|queue| queue.unsent())
    }

    fn lies(&self) -> u64 {
        self.with(|queue| queue.lies())
    }
}

#[cfg(test)]
mod tests {
    use frame::{Buffer, Frame};

    use super::*;
    use crate::PoolStore;

    /// A queue that swallows whatever it is given, and counts it.
    #[derive(Default)]
    struct Sink(u32);

    impl TxQueue for Sink {
        fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
            let count = outbox.len();
            self.0 += count as u32;
            outbox.drain(..).for_each(|frame| pool.put(frame));
            count
        }

        fn reclaim(&mut self, _: &mut LocalPool) {}

        fn backlog(&self) -> u32 {
            self.0
        }

        fn lies(&self) -> u64 {
            0
        }
    }

    #[test]
    fn cores_that_share_a_queue_lose_no_frame() {
        const ROUNDS: u32 = 10_000;
        let shared: &'static SharedTx<Sink> = Box::leak(Box::new(SharedTx::new(Sink::default())));
        let send = |_| {
            std::thread::spawn(move || {
                let slots: Vec<Option<Frame>> = (0..8).map(|_| None).collect();
                let buffers: Vec<Buffer> = (0..8).map(|_| Buffer::new()).collect();
                let store = Box::leak(Box::new(PoolStore::new(slots.leak(), buffers.leak())));
                let pool = Box::leak(Box::new(LocalPool::new(store)));
                let (mut queue, mut outbox) = (shared, Outbox::new());
                for _ in 0..ROUNDS {
                    assert!(outbox.push(pool.take().unwrap()).is_ok());
                    assert_eq!(queue.tx(pool, &mut outbox), 1);
                }
            })
        };
        let threads: Vec<_> = (0..2).map(send).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((&shared).backlog(), 2 * ROUNDS);
    }
}
