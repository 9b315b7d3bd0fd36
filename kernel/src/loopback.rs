//! A card that receives what it sends: frames with numbers go out, and each that comes back is looked
//! at. What a driver costs, and whether a card works, is told by that without a wire.

use frame::{BURST, Burst, Frame, LocalPool, Outbox, RxQueue, TxQueue};

/// Frames that are under way at most: fewer than any ring has descriptors.
const WINDOW: u32 = 128;
/// Bytes of a frame, and of what is the same in all: addresses, a type for experiments (IEEE 802,
/// 9.2.3), a text.
const LEN: usize = 60;
const HEAD: [u8; 24] = *b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x88\xb5loop back ";
/// The part of a second that nothing may come back for.
const PATIENCE: u64 = 2;

/// What became of all frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Frames that were to be sent.
    pub wanted: u32,
    /// Those that the ring took.
    pub sent: u32,
    /// Those that came back, in order and unchanged.
    pub received: u32,
    /// Frames that came back as others than they were, out of order or twice.
    pub spoiled: u32,
    /// Frames of somebody else's: they came by the wire.
    pub foreign: u32,
    /// Cycles that the driver took to send and receive them.
    pub driver: u64,
    /// Cycles from first to last.
    pub elapsed: u64,
}

impl Outcome {
    /// Those that were sent and did not come back as they were.
    pub fn lost(&self) -> u32 {
        self.sent - self.received
    }

    /// Whether all is as it should be.
    pub fn is_good(&self) -> bool {
        self.received == self.wanted && self.spoiled == 0
    }
}

/// A pair of queues whose card loops back, and time.
pub struct Loop<'a, R, T, N> {
    /// The queue that frames come back by. It has descriptors.
    pub rx: &'a mut R,
    /// The queue that they leave by.
    pub tx: &'a mut T,
    /// Where frames come from and go back to.
    pub pool: &'a mut LocalPool,
    /// A clock, and how much it counts in a second.
    pub now: N,
    /// Cycles of that in a second.
    pub hertz: u64,
}

impl<R: RxQueue, T: TxQueue, N: Fn() -> u64> Loop<'_, R, T, N> {
    /// Sends so many frames and looks at what comes back, until all is back or nothing comes for half
    /// a second.
    pub fn run(&mut self, wanted: u32) -> Outcome {
        let mut outcome = Outcome { wanted, ..Outcome::default() };
        let start = (self.now)();
        let (mut last, mut next) = (start, 0);
        while next < wanted {
            let before = (outcome.sent, next);
            let under_way = outcome.sent - next;
            if outcome.sent < wanted && under_way + BURST as u32 <= WINDOW {
                self.send(&mut outcome);
            }
            self.receive(&mut outcome, &mut next);
            let now = (self.now)();
            if before != (outcome.sent, next) {
                last = now;
            } else if now.saturating_sub(last) > self.hertz / PATIENCE {
                break;
            }
        }
        outcome.elapsed = last - start;
        outcome
    }

    fn send(&mut self, outcome: &mut Outcome) {
        let count = (outcome.wanted - outcome.sent).min(BURST as u32);
        let mut outbox = Outbox::new();
        for number in outcome.sent..outcome.sent + count {
            let Some(mut frame) = self.pool.take() else { break };
            frame.copy_from(&numbered(number));
            if let Err(frame) = outbox.push(frame) {
                self.pool.put(frame);
            }
        }
        let start = (self.now)();
        outcome.sent += self.tx.tx(self.pool, &mut outbox) as u32;
        outcome.driver += (self.now)() - start;
        outbox.drain(..).for_each(|frame| self.pool.put(frame));
    }

    fn receive(&mut self, outcome: &mut Outcome, next: &mut u32) {
        let mut burst = Burst::new();
        let start = (self.now)();
        self.rx.rx(self.pool, &mut burst);
        if !burst.is_empty() {
            outcome.driver += (self.now)() - start;
        }
        for frame in burst {
            judge(&frame, outcome, next);
            self.pool.put(frame);
        }
    }
}

/// The frame with this number.
fn numbered(number: u32) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    bytes[..HEAD.len()].copy_from_slice(&HEAD);
    bytes[HEAD.len()..HEAD.len() + 4].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// Counts a frame that came, where none before number `next` is to come any more.
fn judge(frame: &Frame, outcome: &mut Outcome, next: &mut u32) {
    let bytes = frame.bytes();
    let number = bytes.strip_prefix(&HEAD).and_then(|rest| rest.first_chunk());
    let Some(number) = number.map(|bytes| u32::from_be_bytes(*bytes)) else {
        outcome.foreign += 1;
        return;
    };
    if (*next..outcome.sent).contains(&number) && bytes == numbered(number) {
        outcome.received += 1;
        *next = number + 1;
    } else {
        outcome.spoiled += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::collections::VecDeque;
    use std::rc::Rc;

    use frame::{Buffer, Polled};
    use handover::PoolStore;

    use super::*;

    /// A card: what it holds, what happens to the frame of each number, and room in its ring.
    #[derive(Clone, Default)]
    struct Card(Held, Option<Happens>, Rc<Cell<u32>>);

    type Held = Rc<RefCell<VecDeque<Vec<u8>>>>;
    type Happens = fn(u32, &mut VecDeque<Vec<u8>>);

    impl TxQueue for Card {
        fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
            let mut held = self.0.borrow_mut();
            let count = outbox.len().min(20);
            for frame in outbox.drain(..count) {
                held.push_back(frame.bytes().to_vec());
                let number = self.2.replace(self.2.get() + 1);
                if let Some(happens) = self.1 {
                    happens(number, &mut held);
                }
                pool.put(frame);
            }
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

    impl RxQueue for Card {
        fn rx(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
            let mut held = self.0.borrow_mut();
            while !burst.is_full()
                && let Some(bytes) = held.pop_front()
            {
                let mut frame = pool.take().unwrap();
                frame.copy_from(&bytes);
                assert!(burst.push(frame).is_ok());
            }
            Polled::default()
        }

        fn capacity(&self) -> u32 {
            256
        }
    }

    /// What becomes of 1000 frames to whose queue this happens. The clock counts 1000 in a second, one for
    /// each look.
    fn looped(happens: Option<Happens>) -> Outcome {
        const FRAMES: usize = 512;
        let slots = std::iter::repeat_with(|| None).take(FRAMES).collect::<Vec<_>>().leak();
        let buffers = std::iter::repeat_with(Buffer::new).take(FRAMES).collect::<Vec<_>>().leak();
        let store: &PoolStore = Box::leak(Box::new(PoolStore::new(slots, buffers)));
        let pool = Box::leak(Box::new(LocalPool::new(store)));
        let card = Card(Rc::default(), happens, Rc::default());
        let (mut rx, mut tx, clock) = (card.clone(), card, Cell::new(0));
        let now = || clock.replace(clock.get() + 1);
        let outcome = Loop { rx: &mut rx, tx: &mut tx, pool, now, hertz: 1000 }.run(1000);
        assert_eq!(pool.level() + store.level(), FRAMES, "all frames are back");
        assert_eq!(outcome.received + outcome.lost(), outcome.sent);
        outcome
    }

    #[test]
    fn frames_that_all_come_back_are_good() {
        let outcome = looped(None);
        assert_eq!((outcome.sent, outcome.received, outcome.lost()), (1000, 1000, 0));
        assert!(outcome.is_good() && outcome.driver > 0 && outcome.driver < outcome.elapsed);
    }

    #[test]
    fn what_is_lost_or_changed_or_comes_twice_is_counted_and_not_good() {
        let lost = looped(Some(|number, held| {
            if number % 100 == 50 {
                held.pop_back();
            }
        }));
        assert_eq!((lost.sent, lost.lost(), lost.spoiled, lost.is_good()), (1000, 10, 0, false));
        let changed = looped(Some(|number, held| {
            if number == 7 {
                held.back_mut().unwrap()[40] = 1;
            }
        }));
        assert_eq!((changed.received, changed.spoiled, changed.is_good()), (999, 1, false));
        let twice = looped(Some(|number, held| {
            if number == 9 {
                held.push_back(held.back().unwrap().clone());
            }
        }));
        assert_eq!((twice.received, twice.spoiled, twice.is_good()), (1000, 1, false));
    }

    #[test]
    fn what_comes_by_the_wire_is_told_apart() {
        let outcome = looped(Some(|number, held| {
            if number % 10 == 0 {
                held.push_back(vec![0xff; 60]);
            }
        }));
        assert_eq!((outcome.foreign, outcome.is_good()), (100, true));
    }

    #[test]
    fn a_card_that_gives_nothing_back_is_not_waited_for() {
        let outcome = looped(Some(|_, held| held.clear()));
        assert_eq!((outcome.received, outcome.lost(), outcome.is_good()), (0, outcome.sent, false));
        assert!(outcome.sent <= WINDOW, "no more are sent than may be under way");
    }
}
