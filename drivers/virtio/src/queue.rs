//! The driver's end of a queue, whichever kind of ring it is of: what the device was given, and what
//! it said of that. It knows no registers.
//!
//! Each buffer has an id. What the buffers hold stays in the driver's own [`Books`], which the device
//! cannot write: they decide whether an id may come back.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use bus::{Dma, Translation};

use crate::books::Books;
use crate::packed::{self, Packed};
use crate::split::{self, Split};

/// Descriptors that a queue has at most.
pub(crate) const N: usize = 256;
/// Bytes that one queue of either kind takes of memory that is aligned to a cache line.
pub(crate) const MEMORY: usize = split::MEMORY;
const _: () = assert!(packed::MEMORY <= MEMORY);

/// Who writes a buffer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer {
    Device,
    Driver,
}

/// What the device says of a buffer that it has used. Nothing of it has been checked.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) id: u32,
    pub(crate) len: u32,
}

/// Memory of a command (5.1.6.5): where it is, its length, and where the byte of the answer goes.
#[derive(Clone, Copy)]
pub(crate) struct Request {
    pub(crate) address: u64,
    pub(crate) len: u32,
    pub(crate) answer: u64,
}

/// How many descriptors a queue has, and where the device finds its three parts (4.1.4.3).
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) size: u16,
    pub(crate) descriptors: u64,
    pub(crate) driver: u64,
    pub(crate) device: u64,
}

/// A word that the device writes when it has used something, and how it looks before.
#[derive(Clone, Copy)]
pub(crate) struct Watch {
    pub(crate) word: &'static AtomicU32,
    pub(crate) mask: u32,
    pub(crate) quiet: u32,
}

impl Watch {
    /// Whether the device has used nothing more. All that an idle poll asks.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        self.word.load(Relaxed) & self.mask == self.quiet
    }

    /// Never to see anything again.
    pub(crate) fn closed(self) -> Self {
        Self { mask: 0, quiet: 0, ..self }
    }
}

/// A kind of ring: memory in which driver and device say what is available and what is used.
pub(crate) trait Ring {
    /// Where its parts are.
    fn layout(&self) -> Layout;

    /// Says how long the buffer of `id` is and who writes it, each time that it is offered.
    fn describe(&mut self, id: u16, len: u32, writer: Writer);

    /// Makes the buffer of `id` available, which is described and lies at this bus address. The device
    /// learns so with [`publish`](Self::publish).
    fn offer(&mut self, id: u16, bus_address: u64);

    /// Descriptors made available since the start, modulo 2^16.
    fn offered(&self) -> u16;

    /// Makes a command available as id 0, in a ring of at least two descriptors with nothing else.
    fn request(&mut self, request: &Request);

    /// Has done with the command, which the device has used.
    fn retire(&mut self);

    /// Lets the device see what is available. Returns whether it needs the doorbell: asked after a
    /// full fence, as the device looks for buffers once more after saying that it needs one.
    fn publish(&mut self) -> bool;

    /// How many used entries wait to be taken: exact up to `most`, and of those beyond at least half.
    /// None if the device used more than it had.
    fn ready(&self, most: u16) -> Option<u16>;

    /// The oldest used entries, `count` of those that [`ready`](Self::ready) counted. Each is read
    /// once.
    fn entries(&mut self, count: u16) -> impl Iterator<Item = Entry>;

    /// What to look at until the next entry is used.
    fn watch(&self) -> Watch;

    /// Makes the ring as it was at the start, while no device uses it.
    fn clear(&mut self);
}

/// The driver's end of a queue whose buffers belong to a `T` each.
pub(crate) struct Queue<T, R> {
    pub(crate) books: Books<T>,
    pub(crate) ring: R,
    translation: Translation,
}

impl<T, R: Ring> Queue<T, R> {
    fn over(ring: R, translation: Translation) -> Self {
        Self { books: Books::new(ring.layout().size), ring, translation }
    }

    /// Gives the device the buffer of `id`, which is described, belongs to `item`, and lies where `address`
    /// says.
    #[inline]
    pub(crate) fn give(&mut self, id: u16, item: T, address: impl FnOnce(&T) -> usize) {
        let address = address(self.books.note(id, item));
        self.ring.offer(id, self.translation.bus_address(address));
    }

    /// How many used entries wait to be taken, as [`Ring::ready`] counts. More than there can be is
    /// a lie after which no entry of this device means anything; the queue is stopped and keeps all
    /// that it gave.
    #[inline]
    pub(crate) fn ready(&mut self, most: u16) -> u16 {
        if self.books.is_stopped() {
            return 0;
        }
        let ready = self.ring.ready(most);
        ready.unwrap_or_else(|| self.books.stop())
    }

    /// Gives all that the device still has, which was reset, to `home`, and makes the ring as it was at
    /// the start.
    pub(crate) fn let_go(&mut self, home: impl FnMut(T)) {
        self.books.let_go(home);
        self.ring.clear();
    }

    /// What to look at until there is something to do.
    #[inline]
    pub(crate) fn watch(&self) -> Watch {
        let watch = self.ring.watch();
        if self.books.is_stopped() { watch.closed() } else { watch }
    }
}

impl<T> Queue<T, Split> {
    /// An empty queue of `size` descriptors, a power of two of at most [`N`], in zeroed memory.
    pub(crate) fn split(memory: &mut Dma, size: u16) -> Option<Self> {
        Some(Self::over(Split::new(memory, size)?, memory.translation()))
    }
}

/// A queue of the kind that was agreed on with the device.
#[expect(clippy::large_enum_variant, reason = "each is made once, and stays where it is")]
pub(crate) enum AnyQueue<T> {
    Split(Queue<T, Split>),
    Packed(Queue<T, Packed>),
}

impl<T> AnyQueue<T> {
    /// An empty queue of `size` descriptors, a power of two of at most [`N`], in zeroed memory.
    pub(crate) fn new(memory: &mut Dma, size: u16, is_packed: bool) -> Option<Self> {
        if is_packed {
            let ring = Packed::new(memory, size)?;
            return Some(Self::Packed(Queue::over(ring, memory.translation())));
        }
        Queue::split(memory, size).map(Self::Split)
    }

    pub(crate) fn layout(&self) -> Layout {
        match self {
            Self::Split(queue) => queue.ring.layout(),
            Self::Packed(queue) => queue.ring.layout(),
        }
    }

    #[inline]
    pub(crate) fn watch(&self) -> Watch {
        match self {
            Self::Split(queue) => queue.watch(),
            Self::Packed(queue) => queue.watch(),
        }
    }

    /// As [`Queue::let_go`].
    pub(crate) fn let_go(&mut self, home: impl FnMut(T)) {
        match self {
            Self::Split(queue) => queue.let_go(home),
            Self::Packed(queue) => queue.let_go(home),
        }
    }

    pub(crate) fn books(&self) -> &Books<T> {
        match self {
            Self::Split(queue) => &queue.books,
            Self::Packed(queue) => &queue.books,
        }
    }

    pub(crate) fn books_mut(&mut self) -> &mut Books<T> {
        match self {
            Self::Split(queue) => &mut queue.books,
            Self::Packed(queue) => &mut queue.books,
        }
    }

    /// All that the device still has.
    #[cfg(test)]
    pub(crate) fn into_given(self) -> impl Iterator<Item = T> {
        let books = match self {
            Self::Split(queue) => queue.books,
            Self::Packed(queue) => queue.books,
        };
        books.into_given()
    }
}

/// A place in a table of [`N`]. The mask changes nothing but what the compiler knows.
#[inline]
pub(crate) fn slot(place: u16) -> usize {
    usize::from(place) & (N - 1)
}
