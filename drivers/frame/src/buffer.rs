//! The memory of one frame, and the handle that owns it.

#![expect(unsafe_code, reason = "a frame turns its buffer's memory into byte slices")]

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes of a buffer: headroom and room together.
pub const BUFFER: usize = 2048;
/// Bytes in front of a received frame, free for a device's own header and for encapsulation.
pub const HEADROOM: usize = 128;
/// Bytes that a device may fill, behind the headroom.
pub const ROOM: usize = BUFFER - HEADROOM;

/// Handles that were dropped instead of being put back into a pool.
static LEAKED: AtomicU64 = AtomicU64::new(0);

/// How many frames were dropped since boot, each with its buffer. Always 0 unless there is a bug.
pub fn leaked() -> u64 {
    LEAKED.load(Relaxed)
}

/// Memory for one frame. A device may read and write it while a ring holds its frame.
#[repr(C, align(64))]
pub struct Buffer(UnsafeCell<[u8; BUFFER]>);

const _: () = assert!(size_of::<Buffer>() == BUFFER);

// SAFETY: The bytes are reached only through the one `Frame` made of a buffer, which is not
// cloned, so no two cores reach them at a time.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// A buffer full of zeros.
    pub const fn new() -> Self {
        Self(UnsafeCell::new([0; BUFFER]))
    }
}

impl Default for Buffer {
    fn default() -> Self {
        Self::new()
    }
}

/// The sole handle of a buffer: the bytes of a packet, somewhere inside it.
///
/// Move it on or put it back into a pool; dropping it loses the buffer and is counted.
pub struct Frame {
    buffer: &'static Buffer,
    start: u16,
    len: u16,
    /// Number of the port it came in by, as the dataplane counts ports.
    pub port: u16,
    /// Number of the receive queue it came in by, as its core counts queues.
    pub queue: u16,
}

const _: () = assert!(size_of::<Option<Frame>>() == 16);

impl Frame {
    /// An empty frame in `buffer`, which only this frame can reach from then on.
    pub fn new(buffer: &'static mut Buffer) -> Self {
        Self { buffer, start: HEADROOM as u16, len: 0, port: 0, queue: 0 }
    }

    /// Where the frame's first byte lies in this machine's memory, for a device to reach it.
    #[inline]
    pub fn address(&self) -> usize {
        self.buffer.0.get().expose_provenance() + usize::from(self.start)
    }

    /// Length of the frame in bytes.
    #[expect(clippy::len_without_is_empty, reason = "a frame of no bytes is a runt, not a case")]
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Bytes in front of the frame that it can still grow into.
    pub fn headroom(&self) -> usize {
        usize::from(self.start)
    }

    /// The frame's bytes.
    pub fn bytes(&self) -> &[u8] {
        let (start, len) = (self.headroom(), self.len());
        // SAFETY: This is the buffer's only handle, and no ring holds it: rings keep the handle.
        let buffer = unsafe { &*self.buffer.0.get() };
        &buffer[start..start + len]
    }

    /// The frame's bytes, to change them.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let (start, len) = (self.headroom(), self.len());
        // SAFETY: As for `bytes`, and the handle is borrowed for writing.
        let buffer = unsafe { &mut *self.buffer.0.get() };
        &mut buffer[start..start + len]
    }

    /// Makes it an empty frame behind a full headroom, as a receive ring wants it.
    pub fn clear(&mut self) {
        self.start = HEADROOM as u16;
        self.len = 0;
    }

    /// Says how many bytes a device wrote at [`address`](Self::address). False, and nothing is
    /// changed, if they do not fit the buffer.
    pub fn fill(&mut self, len: usize) -> bool {
        let fits = len <= BUFFER - self.headroom();
        if fits {
            self.len = len as u16;
        }
        fits
    }

    /// Makes it `len` bytes long by zeros behind it. False, and nothing is changed, if they do not fit
    /// the buffer.
    #[cold]
    pub fn pad(&mut self, len: usize) -> bool {
        let before = self.len();
        let fits = self.fill(len.max(before));
        if fits {
            self.bytes_mut()[before..].fill(0);
        }
        fits
    }

    /// Cuts `count` bytes off the front. False, and nothing is changed, if it is shorter.
    pub fn shrink_front(&mut self, count: usize) -> bool {
        let fits = count <= self.len();
        if fits {
            self.start += count as u16;
            self.len -= count as u16;
        }
        fits
    }

    /// Grows by `count` bytes at the front, whatever they hold. False, and nothing is changed,
    /// if the headroom is smaller.
    pub fn grow_front(&mut self, count: usize) -> bool {
        let fits = count <= self.headroom();
        if fits {
            self.start -= count as u16;
            self.len += count as u16;
        }
        fits
    }

    /// Puts `header` in front. False, and nothing is changed, if the headroom is smaller.
    #[inline]
    pub fn prepend<const N: usize>(&mut self, header: [u8; N]) -> bool {
        let fits = self.grow_front(N);
        if fits {
            let start = self.headroom();
            // SAFETY: As for `bytes_mut`.
            let buffer = unsafe { &mut *self.buffer.0.get() };
            buffer[start..start + N].copy_from_slice(&header);
        }
        fits
    }

    /// Replaces the contents by `bytes`. False, and nothing is changed, if they do not fit.
    pub fn copy_from(&mut self, bytes: &[u8]) -> bool {
        let fits = bytes.len() <= ROOM;
        if fits {
            self.clear();
            self.len = bytes.len() as u16;
            self.bytes_mut().copy_from_slice(bytes);
        }
        fits
    }
}

impl Drop for Frame {
    #[cold]
    fn drop(&mut self) {
        LEAKED.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame::new(Box::leak(Box::new(Buffer::new())))
    }

    #[test]
    fn a_frame_is_padded_by_zeros_and_never_shortened() {
        let mut frame = frame();
        frame.bytes_mut();
        assert!(frame.copy_from(&[7; 80]) && frame.fill(14));
        assert!(frame.pad(60) && frame.bytes() == [[7; 14].as_slice(), &[0; 46]].concat());
        assert!(frame.pad(20) && frame.len() == 60);
        assert!(!frame.pad(ROOM + 1) && frame.len() == 60);
        lose(frame);
    }

    fn lose(frame: Frame) {
        core::mem::forget(frame);
    }

    #[test]
    fn a_frame_holds_what_was_copied_into_it() {
        let mut frame = frame();
        assert!(frame.copy_from(b"bare"));
        assert_eq!(frame.bytes(), b"bare");
        assert_eq!(frame.address() % 64, 0, "frames start on a cache line");
        lose(frame);
    }

    #[test]
    fn a_frame_never_leaves_its_buffer() {
        let mut frame = frame();
        assert!(frame.fill(ROOM) && !frame.fill(ROOM + 1));
        assert!(frame.grow_front(HEADROOM) && !frame.grow_front(1));
        assert_eq!(frame.bytes_mut().len(), BUFFER);
        assert!(frame.shrink_front(BUFFER) && !frame.shrink_front(1));
        assert!(!frame.copy_from(&[0; ROOM + 1]));
        assert!(frame.copy_from(b"core") && frame.prepend(*b"bare"));
        assert_eq!(frame.bytes(), b"barecore");
        assert!(frame.grow_front(HEADROOM - 4) && !frame.prepend([0]));
        lose(frame);
    }

    #[test]
    fn a_dropped_frame_is_counted() {
        let before = leaked();
        drop(frame());
        assert!(leaked() > before);
    }
}
