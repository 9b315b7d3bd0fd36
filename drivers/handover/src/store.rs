//! The store that all cores share and exchange empty frames with, in bulk.

use frame::{Buffer, Bulk, Frame, Store};
use spin::{Mutex, Once};

/// Every frame that no core has at hand. The one place where frames are made, so that it has room
/// for every frame there is. A machine with several nodes of memory has a store of each; frames get from one
/// to another where cores of several nodes share a ring.
pub struct PoolStore {
    shelf: Mutex<Shelf>,
    /// Where to look when the shelf is empty, this one among them.
    all: Once<&'static [PoolStore]>,
}

/// A stack of frames in the front of `slots`.
struct Shelf {
    slots: &'static mut [Option<Frame>],
    level: usize,
    exchanges: u64,
}

impl PoolStore {
    /// A store full of frames, one to each buffer. `slots` are overwritten; where there are fewer
    /// of them than `buffers`, the last buffers stay unused.
    pub fn new(slots: &'static mut [Option<Frame>], buffers: &'static mut [Buffer]) -> Self {
        Self::of_long(slots, (buffers, 1))
    }

    /// The same of longer frames: each has so many buffers in a row, at least one.
    pub fn of_long(
        slots: &'static mut [Option<Frame>],
        (buffers, each): (&'static mut [Buffer], usize),
    ) -> Self {
        let buffers = buffers.chunks_exact_mut(each.max(1));
        let level = slots.len().min(buffers.len());
        for (slot, buffers) in slots.iter_mut().zip(buffers) {
            *slot = Some(Frame::over(buffers));
        }
        Self { shelf: Mutex::new(Shelf { slots, level, exchanges: 0 }), all: Once::new() }
    }

    /// Makes one of `all` those stores, each of which is to have slots for the frames of all: what one has not
    /// is taken from another.
    pub fn join(&self, all: &'static [Self]) {
        self.all.call_once(|| all);
    }

    /// Frames in the store at this moment.
    pub fn level(&self) -> usize {
        self.shelf.lock().level
    }

    /// How often a core took from or put into the store since boot.
    pub fn exchanges(&self) -> u64 {
        self.shelf.lock().exchanges
    }
}

impl Store for PoolStore {
    fn take(&self, bulk: &mut Bulk) {
        self.shelf.lock().fill(bulk);
        let others = self.all.get().into_iter().flat_map(|all| all.iter());
        for other in others.filter(|other| !core::ptr::eq(*other, self)) {
            if !bulk.is_empty() {
                break;
            }
            other.shelf.lock().fill(bulk);
        }
    }

    fn put(&self, bulk: &mut Bulk) {
        let mut shelf = self.shelf.lock();
        shelf.exchanges += 1;
        while shelf.level < shelf.slots.len() {
            let Some(frame) = bulk.pop() else { break };
            shelf.push(frame);
        }
    }
}

impl Shelf {
    fn fill(&mut self, bulk: &mut Bulk) {
        self.exchanges += 1;
        while !bulk.is_full() {
            let Some(frame) = self.pop() else { break };
            let _fits = bulk.push(frame);
        }
    }

    fn pop(&mut self) -> Option<Frame> {
        self.level = self.level.checked_sub(1)?;
        self.slots[self.level].take()
    }

    fn push(&mut self, frame: Frame) {
        self.slots[self.level] = Some(frame);
        self.level += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use frame::{BUFFER, LocalPool};

    use super::*;

    fn of(slots: usize, buffers: usize) -> PoolStore {
        let slots: Vec<Option<Frame>> = (0..slots).map(|_| None).collect();
        let buffers: Vec<Buffer> = (0..buffers).map(|_| Buffer::new()).collect();
        PoolStore::new(slots.leak(), buffers.leak())
    }

    fn store(slots: usize, buffers: usize) -> &'static PoolStore {
        Box::leak(Box::new(of(slots, buffers)))
    }

    fn empty(store: &PoolStore) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            let mut bulk = Bulk::new();
            store.take(&mut bulk);
            if bulk.is_empty() {
                return frames;
            }
            frames.extend(bulk);
        }
    }

    fn addresses(frames: &[Frame]) -> BTreeSet<usize> {
        frames.iter().map(Frame::address).collect()
    }

    #[test]
    fn a_store_makes_one_frame_of_each_buffer_that_it_has_room_for() {
        for (slots, buffers) in [(300, 300), (300, 200), (200, 300)] {
            let frames = empty(store(slots, buffers));
            assert_eq!(frames.len(), slots.min(buffers));
            assert_eq!(addresses(&frames).len(), frames.len(), "no buffer twice");
            frames.into_iter().for_each(core::mem::forget);
        }
    }

    #[test]
    fn long_frames_have_buffers_in_a_row_that_no_other_frame_has() {
        let slots: Vec<Option<Frame>> = (0..4).map(|_| None).collect();
        let buffers: Vec<Buffer> = (0..17).map(|_| Buffer::new()).collect();
        let store = PoolStore::of_long(slots.leak(), (buffers.leak(), 5));
        let frames = empty(Box::leak(Box::new(store)));
        let at: Vec<usize> = addresses(&frames).into_iter().collect();
        assert_eq!(at.len(), 3, "two buffers are left over");
        assert!(at.windows(2).all(|pair| pair[1] - pair[0] == 5 * BUFFER));
        frames.into_iter().for_each(core::mem::forget);
    }

    #[test]
    fn what_was_taken_can_be_put_back_and_is_counted() {
        let store = store(100, 100);
        let mut bulk = Bulk::new();
        store.take(&mut bulk);
        let taken = bulk.len();
        assert_eq!(store.level(), 100 - taken);
        store.put(&mut bulk);
        assert!(bulk.is_empty());
        assert_eq!((store.level(), store.exchanges()), (100, 2));
    }

    #[test]
    fn a_store_that_is_empty_takes_from_those_beside_it() {
        let stores: &[PoolStore] = vec![of(40, 10), of(40, 20), of(40, 10)].leak();
        stores.iter().for_each(|store| store.join(stores));
        let mut bulk = Bulk::new();
        stores[0].take(&mut bulk);
        assert_eq!(bulk.len(), 10, "its own, and no others with them");
        let mut more = Bulk::new();
        stores[0].take(&mut more);
        assert_eq!((more.len(), stores[1].level(), stores[2].level()), (20, 0, 10));
        // What came from all goes into one.
        let rest = empty(&stores[0]);
        assert_eq!(rest.len(), 10);
        for frames in [bulk.into_iter().collect(), more.into_iter().collect(), rest] {
            let mut bulk: Bulk = Vec::into_iter(frames).collect();
            stores[2].put(&mut bulk);
        }
        assert_eq!(stores[2].level(), 40);
    }

    #[test]
    fn an_empty_store_gives_nothing() {
        let store = store(0, 0);
        let mut bulk = Bulk::new();
        store.take(&mut bulk);
        assert!(bulk.is_empty());
    }

    #[test]
    fn a_full_store_leaves_a_stranger_in_the_bulk() {
        let store = store(1, 1);
        let stranger = Frame::new(Box::leak(Box::default()));
        let mut bulk = Bulk::new();
        assert!(bulk.push(stranger).is_ok());
        store.put(&mut bulk);
        assert_eq!((store.level(), bulk.len()), (1, 1));
        bulk.into_iter().for_each(core::mem::forget);
    }

    /// Takes `depth` frames and puts them back, over and over; then clears the core's own stack.
    fn churn(store: &'static PoolStore, depth: usize) {
        let mut pool = LocalPool::new(store);
        let mut held = Vec::new();
        for _ in 0..200 {
            held.extend(core::iter::from_fn(|| pool.take()).take(depth));
            held.drain(..).for_each(|frame| pool.put(frame));
        }
        let mut bulk = Bulk::new();
        while let Some(frame) = (pool.level() > 0).then(|| pool.take()).flatten() {
            if let Err(frame) = bulk.push(frame) {
                store.put(&mut bulk);
                assert!(bulk.push(frame).is_ok());
            }
        }
        store.put(&mut bulk);
    }

    #[test]
    fn two_cores_never_lose_or_double_a_frame() {
        let store = store(2000, 2000);
        let other = std::thread::spawn(move || churn(store, 1500));
        churn(store, 1200);
        other.join().unwrap();
        assert_eq!(store.level(), 2000);
        let frames = empty(store);
        assert_eq!(addresses(&frames).len(), 2000);
        frames.into_iter().for_each(core::mem::forget);
    }
}
