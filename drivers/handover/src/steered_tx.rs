//! All transmit queues of a card as one way out: each frame leaves by the queue that its hash names
//! (Open vSwitch's `tx-steering=hash`), whichever core sends it.

use frame::{Frame, LocalPool, OUTBOX, Outbox, TxQueue};
use heapless::Vec;

use crate::SharedTx;

/// Queues of a card at most.
pub const RINGS: usize = 16;

/// Who tells connections apart.
pub trait Steer {
    /// A number that is the same for all frames of a connection.
    fn hash(&self, frame: &Frame) -> u32;
}

/// One core's end of all queues of a card.
pub struct SteeredTx<T: 'static, S> {
    rings: Vec<&'static SharedTx<T>, RINGS>,
    steer: S,
    /// Frames of one queue, of those that come after it, and those that found no room.
    part: Outbox,
    rest: Outbox,
    refused: Outbox,
}

impl<T: TxQueue, S: Steer> SteeredTx<T, S> {
    /// A way out by `rings`, of which there is one at least.
    pub fn new(rings: Vec<&'static SharedTx<T>, RINGS>, steer: S) -> Self {
        let [part, rest, refused] = [const { Outbox::new() }; 3];
        Self { rings, steer, part, rest, refused }
    }

    /// The queue of each frame that waits, in order.
    fn places(&self, outbox: &Outbox) -> Vec<u8, OUTBOX> {
        let count = self.rings.len() as u64;
        let place = |frame: &Frame| ((u64::from(self.steer.hash(frame)) * count) >> 32) as u8;
        outbox.iter().map(place).collect()
    }
}

/// Moves frames of the queue of this `number` to `part` and others to `rest`, whose `places` stay. Not
/// generic: compiled with this crate for speed, not where it is used for size.
#[inline(never)]
fn sort_out(
    number: u8,
    (outbox, places): (&mut Outbox, &mut Vec<u8, OUTBOX>),
    part: &mut Outbox,
    rest: &mut Outbox,
) {
    for (frame, place) in outbox.drain(..).zip(&*places) {
        let to = if *place == number { &mut *part } else { &mut *rest };
        let _each_holds_all = to.push(frame);
    }
    places.retain(|place| *place != number);
}

impl<T: TxQueue, S: Steer> TxQueue for SteeredTx<T, S> {
    fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        let (before, mut places) = (outbox.len(), self.places(outbox));
        let Self { rings, part, rest, refused, .. } = self;
        for (number, ring) in (0_u8..).zip(rings) {
            sort_out(number, (outbox, &mut places), part, rest);
            core::mem::swap(outbox, rest);
            ring.tx(pool, part);
            refused.extend(part.drain(..));
        }
        core::mem::swap(outbox, refused);
        before - outbox.len()
    }

    fn reclaim(&mut self, pool: &mut LocalPool) {
        self.rings.iter_mut().for_each(|ring| ring.reclaim(pool));
    }

    fn keep_house(&mut self, pool: &mut LocalPool) {
        self.rings.iter_mut().for_each(|ring| ring.keep_house(pool));
    }

    fn backlog(&self) -> u32 {
        self.rings.iter().map(TxQueue::backlog).sum()
    }

    fn unsent(&self) -> u64 {
        self.rings.iter().map(TxQueue::unsent).sum()
    }

    fn lies(&self) -> u64 {
        self.rings.iter().map(TxQueue::lies).sum()
    }
}

#[cfg(test)]
mod tests {
    use frame::Buffer;

    use super::*;
    use crate::PoolStore;

    /// A queue that keeps up to so many frames.
    struct Kept(usize, std::vec::Vec<Frame>);

    impl TxQueue for Kept {
        fn tx(&mut self, _: &mut LocalPool, outbox: &mut Outbox) -> usize {
            let count = outbox.len().min(self.0 - self.1.len());
            self.1.extend(outbox.drain(..count));
            count
        }

        fn reclaim(&mut self, pool: &mut LocalPool) {
            self.1.drain(..).for_each(|frame| pool.put(frame));
        }

        fn backlog(&self) -> u32 {
            self.1.len() as u32
        }

        fn unsent(&self) -> u64 {
            self.0 as u64
        }

        fn lies(&self) -> u64 {
            0
        }
    }

    /// Frames of connections that their first byte names.
    struct First;

    impl Steer for First {
        fn hash(&self, frame: &Frame) -> u32 {
            u32::from(frame.bytes()[0]) << 24
        }
    }

    fn frame(connection: u8, number: u8) -> Frame {
        let mut frame = Frame::new(Box::leak(Box::new(Buffer::new())));
        assert!(frame.copy_from(&[connection, number]));
        frame
    }

    fn pool() -> LocalPool {
        LocalPool::new(Box::leak(Box::new(PoolStore::new(Box::leak(Box::new([])), &mut []))))
    }

    #[test]
    fn frames_leave_by_the_queue_of_their_connection_in_order_and_the_rest_waits() {
        let shared = || &*Box::leak(Box::new(SharedTx::new(Kept(3, Default::default()))));
        let rings = [shared(), shared()];
        let mut steered = SteeredTx::new(rings.into_iter().collect(), First);
        let (mut pool, mut outbox) = (pool(), Outbox::new());
        let connections = [0x80, 1, 0xff, 2, 0x90, 3, 0xa0, 0xb0];
        for (number, connection) in (0..).zip(connections) {
            assert!(outbox.push(frame(connection, number)).is_ok());
        }
        assert_eq!(steered.tx(&mut pool, &mut outbox), 6);
        let told = |frames: &[Frame]| -> std::vec::Vec<u8> {
            frames.iter().map(|it| it.bytes()[1]).collect()
        };
        let sent = rings.map(|ring| ring.with(|kept| told(&kept.1)));
        assert_eq!(sent, [vec![1, 3, 5], vec![0, 2, 4]]);
        assert_eq!((told(&outbox).as_slice(), steered.backlog()), ([6, 7].as_slice(), 6));
        outbox.into_iter().for_each(core::mem::forget);
        for ring in rings {
            ring.with(|kept| kept.1.drain(..).for_each(core::mem::forget));
        }
    }

    #[test]
    fn all_queues_keep_house_and_what_they_never_sent_is_told_together() {
        let shared = |room| &*Box::leak(Box::new(SharedTx::new(Kept(room, Default::default()))));
        let rings = [shared(3), shared(4)];
        let mut steered = SteeredTx::new(rings.into_iter().collect(), First);
        let mut pool = pool();
        for (ring, connection) in rings.iter().zip([1, 0x80]) {
            ring.with(|kept| kept.1.push(frame(connection, 0)));
        }
        assert_eq!((steered.backlog(), steered.unsent()), (2, 7));
        steered.keep_house(&mut pool);
        assert_eq!((steered.backlog(), pool.level()), (0, 2));
        core::iter::from_fn(|| pool.take()).for_each(core::mem::forget);
    }
}
