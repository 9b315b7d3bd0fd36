//! A bounded queue of messages from one core to one other.

use heapless::spsc::{Consumer, Producer, Queue};

/// Memory of a mailbox. It holds up to `N - 1` messages; `N` is best a power of two.
///
/// No cache line of it is anybody else's. Both ends write to the same one when a message goes by, which is
/// rare; a look into an empty mailbox writes nothing.
#[repr(align(64))]
pub struct Mailbox<T, const N: usize>(Queue<T, N>);

impl<T, const N: usize> Mailbox<T, N> {
    /// An empty mailbox.
    pub const fn new() -> Self {
        Self(Queue::new())
    }

    /// Its two ends, each of which may be moved to the core that it is for.
    pub fn open(&'static mut self) -> (Sender<T>, Inbox<T>) {
        let (producer, consumer) = self.0.split();
        (Sender(producer), Inbox(consumer))
    }
}

impl<T, const N: usize> Default for Mailbox<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

/// The end that messages are put into.
pub struct Sender<T: 'static>(Producer<'static, T>);

impl<T> Sender<T> {
    /// Sends `message`; gives it back if the mailbox is full.
    pub fn send(&mut self, message: T) -> Result<(), T> {
        self.0.enqueue(message)
    }
}

/// The end that messages come out of, in the order in which they were sent.
pub struct Inbox<T: 'static>(Consumer<'static, T>);

impl<T> Inbox<T> {
    /// The oldest message that was not taken yet.
    #[inline]
    pub fn take(&mut self) -> Option<T> {
        self.0.dequeue()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox<const N: usize>() -> (Sender<u32>, Inbox<u32>) {
        Box::leak(Box::new(Mailbox::<u32, N>::new())).open()
    }

    #[test]
    fn a_full_mailbox_gives_the_message_back() {
        let (mut sender, mut inbox) = mailbox::<4>();
        for message in 0..3 {
            assert_eq!(sender.send(message), Ok(()));
        }
        assert_eq!(sender.send(3), Err(3));
        assert_eq!(inbox.take(), Some(0));
        assert_eq!(sender.send(3), Ok(()));
        assert_eq!([inbox.take(), inbox.take(), inbox.take()], [Some(1), Some(2), Some(3)]);
        assert_eq!(inbox.take(), None);
    }

    #[test]
    fn no_line_of_the_cache_is_of_two_mailboxes() {
        let line = |mailbox: &Mailbox<u8, 2>| (&raw const *mailbox).addr() / 64;
        let [first, second] = &*Box::new([Mailbox::<u8, 2>::new(), Mailbox::new()]);
        assert_eq!(align_of_val(first), 64);
        assert!(line(second) > line(first) + (size_of_val(first) - 1) / 64);
    }

    #[test]
    fn messages_reach_the_other_core_once_and_in_order() {
        const COUNT: u32 = 20_000;
        let (mut sender, mut inbox) = mailbox::<32>();
        let from = std::thread::spawn(move || {
            for mut message in 0..COUNT {
                while let Err(refused) = sender.send(message) {
                    message = refused;
                    std::thread::yield_now();
                }
            }
        });
        let mut expected = 0;
        while expected < COUNT {
            match inbox.take() {
                Some(message) => {
                    assert_eq!(message, expected);
                    expected += 1;
                }
                None => std::thread::yield_now(),
            }
        }
        from.join().unwrap();
        assert_eq!(inbox.take(), None);
    }
}
