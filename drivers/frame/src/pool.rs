//! A core's own stack of empty frames over a store that all cores share.

use heapless::Vec;

use crate::Frame;

/// Frames that a core's own stack holds at most.
pub const LOCAL: usize = 1024;
/// Frames that change hands with the shared store at a time.
const BULK: usize = 64;

/// Frames on their way between a core's own stack and the shared store.
pub type Bulk = Vec<Frame, BULK>;

/// Where cores leave the frames they have too many of and find those they lack.
pub trait Store: Sync {
    /// Moves frames into `bulk` until it is full or the store is empty. All have the same room.
    fn take(&self, bulk: &mut Bulk);
    /// Moves all frames of `bulk`, which came out of it, into the store, which has room for every frame
    /// there is.
    fn put(&self, bulk: &mut Bulk);
}

/// The frames that one core has at hand. Last in, first out, so that they are warm in its cache.
pub struct LocalPool {
    free: Vec<Frame, LOCAL>,
    store: &'static dyn Store,
    exchanges: u64,
}

impl LocalPool {
    /// An empty pool over `store`.
    pub const fn new(store: &'static dyn Store) -> Self {
        Self { free: Vec::new(), store, exchanges: 0 }
    }

    /// An empty frame; none if the shared store has none left either.
    #[inline]
    pub fn take(&mut self) -> Option<Frame> {
        if self.free.is_empty() {
            self.refill();
        }
        self.free.pop()
    }

    /// An empty frame with room for so many bytes; none if there is none left, or the next has less.
    #[inline]
    pub fn take_with(&mut self, room: usize) -> Option<Frame> {
        if self.free.is_empty() {
            self.refill();
        }
        if self.free.last()?.room() < room { None } else { self.free.pop() }
    }

    /// Takes `frame` back, whatever it holds.
    #[inline]
    pub fn put(&mut self, mut frame: Frame) {
        frame.clear();
        if let Err(frame) = self.free.push(frame) {
            self.relieve(frame);
        }
    }

    /// Frames at hand.
    pub fn level(&self) -> usize {
        self.free.len()
    }

    /// How often the shared store was asked. Stands still in steady state.
    pub fn exchanges(&self) -> u64 {
        self.exchanges
    }

    #[cold]
    fn refill(&mut self) {
        let mut bulk = Bulk::new();
        self.exchanges += 1;
        self.store.take(&mut bulk);
        self.free.extend(bulk);
    }

    #[cold]
    fn relieve(&mut self, frame: Frame) {
        let mut bulk = Bulk::new();
        self.exchanges += 1;
        let mut next = Some(frame);
        while let Some(frame) = next {
            let _fits = bulk.push(frame);
            next = if bulk.is_full() { None } else { self.free.pop() };
        }
        self.store.put(&mut bulk);
    }
}

#[cfg(test)]
mod tests {
    use std::boxed::Box;
    use std::sync::Mutex;

    use super::*;
    use crate::ROOM;

    struct Shelf(Mutex<std::vec::Vec<Frame>>);

    impl Store for Shelf {
        fn take(&self, bulk: &mut Bulk) {
            let mut shelf = self.0.lock().unwrap();
            while !bulk.is_full() {
                let Some(frame) = shelf.pop() else { break };
                let _fits = bulk.push(frame);
            }
        }

        fn put(&self, bulk: &mut Bulk) {
            let mut shelf = self.0.lock().unwrap();
            while let Some(frame) = bulk.pop() {
                shelf.push(frame);
            }
        }
    }

    fn shelf(count: usize) -> &'static Shelf {
        let frames = (0..count).map(|_| Frame::new(Box::leak(Box::default())));
        Box::leak(Box::new(Shelf(Mutex::new(frames.collect()))))
    }

    fn on_shelf(shelf: &Shelf) -> usize {
        shelf.0.lock().unwrap().len()
    }

    #[test]
    fn a_pool_lives_on_its_own_stack_once_filled() {
        let shelf = shelf(BULK);
        let pool = Box::leak(Box::new(LocalPool::new(shelf)));
        for _ in 0..1000 {
            let frame = pool.take().unwrap();
            pool.put(frame);
        }
        assert_eq!(pool.exchanges(), 1);
        assert_eq!(pool.level() + on_shelf(shelf), BULK);
    }

    #[test]
    fn an_empty_store_gives_no_frame() {
        let pool = Box::leak(Box::new(LocalPool::new(shelf(0))));
        assert!(pool.take().is_none());
    }

    #[test]
    fn a_frame_with_too_little_room_stays_where_it_is() {
        let pool = Box::leak(Box::new(LocalPool::new(shelf(BULK))));
        assert!(pool.take_with(ROOM + 1).is_none());
        assert_eq!(pool.level(), BULK);
        let frame = pool.take_with(ROOM).unwrap();
        pool.put(frame);
    }

    #[test]
    fn what_a_full_stack_cannot_hold_goes_to_the_store() {
        let shelf = shelf(LOCAL + 1);
        let pool = Box::leak(Box::new(LocalPool::new(shelf)));
        let held: std::vec::Vec<Frame> = core::iter::from_fn(|| pool.take()).collect();
        assert_eq!(held.len(), LOCAL + 1);
        held.into_iter().for_each(|frame| pool.put(frame));
        assert_eq!(on_shelf(shelf), BULK);
        assert_eq!(pool.level(), LOCAL + 1 - BULK);
    }
}
