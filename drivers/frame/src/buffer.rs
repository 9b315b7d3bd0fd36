//! The memory of one frame, and the handle that owns it.

#![expect(unsafe_code, reason = "a frame turns its buffer's memory into byte slices")]

use core::ptr::NonNull;
use core::slice;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes of a buffer: headroom and room together.
pub const BUFFER: usize = 2048;
/// Bytes in front of a received frame, free for a device's own header and for encapsulation.
pub const HEADROOM: usize = 128;
/// Bytes that a device may fill, behind the headroom, where a frame has one buffer.
pub const ROOM: usize = BUFFER - HEADROOM;
/// Buffers in a row that a frame may have at most: all its bytes have to be counted in 16 bits.
pub const MOST: usize = 31;

/// Handles that were dropped instead of being put back into a pool.
static LEAKED: AtomicU64 = AtomicU64::new(0);

/// How many frames were dropped since boot, each with its buffer. Always 0 unless there is a bug.
pub fn leaked() -> u64 {
    LEAKED.load(Relaxed)
}

/// Memory for one frame, or for a part of a longer one. A device may read and write it while a ring
/// holds its frame.
#[repr(C, align(64))]
pub struct Buffer([u8; BUFFER]);

const _: () = assert!(size_of::<Buffer>() == BUFFER);

impl Buffer {
    /// A buffer full of zeros.
    pub const fn new() -> Self {
        Self([0; BUFFER])
    }
}

impl Default for Buffer {
    fn default() -> Self {
        Self::new()
    }
}

/// The sole handle of its buffers: the bytes of a packet, somewhere inside them.
///
/// Move it on or put it back into a pool; dropping it loses the memory and is counted.
pub struct Frame {
    /// Buffers in a row, which nothing else reaches.
    memory: NonNull<u8>,
    start: u16,
    /// `start` and this are no more together than `size`.
    len: u16,
    /// Number of the port it came in by, as the dataplane counts ports.
    pub port: u16,
    /// Bytes of its memory.
    size: u16,
}

const _: () = assert!(size_of::<Option<Frame>>() == 16);
const _: () = assert!(MOST * BUFFER <= u16::MAX as usize);

// SAFETY: The memory is reached through this one handle alone, on whichever core that is.
unsafe impl Send for Frame {}

impl Frame {
    /// An empty frame in `buffer`, which only this frame can reach from then on.
    pub fn new(buffer: &'static mut Buffer) -> Self {
        Self::over(slice::from_mut(buffer))
    }

    /// An empty frame in all of `buffers`, one behind the other, which only this frame can reach from
    /// then on. Beyond [`MOST`] they are left alone.
    ///
    /// # Panics
    ///
    /// There is none.
    pub fn over(buffers: &'static mut [Buffer]) -> Self {
        assert!(!buffers.is_empty(), "a frame has memory");
        let size = (buffers.len().min(MOST) * BUFFER) as u16;
        let memory = NonNull::from(buffers).cast();
        Self { memory, start: HEADROOM as u16, len: 0, port: 0, size }
    }

    /// Bytes that a device may fill, behind a full headroom.
    #[inline]
    pub fn room(&self) -> usize {
        usize::from(self.size) - HEADROOM
    }

    /// Where the frame's first byte lies in this machine's memory, for a device to reach it.
    #[inline]
    pub fn address(&self) -> usize {
        self.memory.as_ptr().expose_provenance() + usize::from(self.start)
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
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: The frame lies in its memory.
        let start = unsafe { self.memory.add(self.headroom()) };
        // SAFETY: So does its end; this is the sole handle, and no ring holds it: rings keep handles.
        unsafe { slice::from_raw_parts(start.as_ptr(), self.len()) }
    }

    /// The frame's bytes, to change them.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: The frame lies in its memory.
        let start = unsafe { self.memory.add(self.headroom()) };
        // SAFETY: As for `bytes`, and the handle is borrowed for writing.
        unsafe { slice::from_raw_parts_mut(start.as_ptr(), self.len()) }
    }

    /// Makes it an empty frame behind a full headroom, as a receive ring wants it.
    pub fn clear(&mut self) {
        self.start = HEADROOM as u16;
        self.len = 0;
    }

    /// Says how many bytes a device wrote at [`address`](Self::address). False, and nothing is
    /// changed, if they do not fit the buffer.
    pub fn fill(&mut self, len: usize) -> bool {
        let fits = len <= usize::from(self.size) - self.headroom();
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
        if fits && let Some(front) = self.bytes_mut().first_chunk_mut() {
            *front = header;
        }
        fits
    }

    /// Replaces the contents by `bytes`. False, and nothing is changed, if they do not fit.
    pub fn copy_from(&mut self, bytes: &[u8]) -> bool {
        let fits = bytes.len() <= self.room();
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
    fn a_frame_of_several_buffers_is_as_long_as_all_of_them() {
        let buffers = Box::leak(Box::new([const { Buffer::new() }; 5]));
        let mut frame = Frame::over(buffers);
        let room = 5 * BUFFER - HEADROOM;
        assert_eq!(frame.room(), room);
        assert!(frame.fill(room) && !frame.fill(room + 1));
        frame.bytes_mut().fill(7);
        assert!(frame.grow_front(HEADROOM) && frame.bytes().len() == 5 * BUFFER);
        assert!(frame.copy_from(&[9; 9018]) && !frame.copy_from(&vec![0; room + 1]));
        assert_eq!(frame.bytes(), [9; 9018]);
        lose(frame);
    }

    #[test]
    fn a_frame_takes_no_more_buffers_than_its_length_can_tell() {
        let frame = Frame::over(Box::leak(Box::new([const { Buffer::new() }; MOST + 1])));
        assert_eq!(frame.room(), MOST * BUFFER - HEADROOM);
        lose(frame);
    }

    #[test]
    fn a_dropped_frame_is_counted() {
        let before = leaked();
        drop(frame());
        assert!(leaked() > before);
    }
}
