//! Memory that this process shares with devices: a file, mapped here, and handed to them.
//!
//! Devices write to it while the driver runs, or between its steps. The driver expects that, and
//! reaches what they write by atomic words, or as bytes of a frame that it got back from them.

#![expect(unsafe_code, reason = "a mapped file becomes memory for rings and frames")]

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::ptr::{self, NonNull};
use std::slice;

use anyhow::{Context as _, Result};
use bus::Translation;
use frame::Buffer;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap};

/// A mapped file. It stays mapped until this process ends.
pub(crate) struct Memory {
    file: File,
    /// Where devices see its first byte.
    bus_address: u64,
    start: usize,
    free: RefCell<&'static mut [u8]>,
}

impl Memory {
    /// New memory of `len` bytes, which devices see from `bus_address` on. The first `reserved` bytes
    /// are not used.
    pub(crate) fn new(len: usize, bus_address: u64, reserved: usize) -> Result<Self> {
        let file = File::from(memfd_create("memory", MemfdFlags::CLOEXEC)?);
        file.set_len(len as u64)?;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: The kernel chooses a place that nobody uses.
        let mapped = unsafe { mmap(ptr::null_mut(), len, access, MapFlags::SHARED, &file, 0) };
        let start = mapped.context("the memory cannot be mapped")?.cast::<u8>();
        // SAFETY: It is mapped for so many bytes, for good, and only here; what devices write to is
        // reached as the head of this file says.
        let bytes: &'static mut [u8] = unsafe { slice::from_raw_parts_mut(start, len) };
        let start = start.expose_provenance();
        let free = RefCell::new(&mut bytes[reserved..]);
        Ok(Self { file, bus_address, start, free })
    }

    /// The same memory, for a device.
    pub(crate) fn file(&self) -> Result<File> {
        self.file.try_clone().context("no further descriptor")
    }

    /// Where devices see what this process sees elsewhere.
    pub(crate) fn translation(&self) -> Translation {
        Translation::by(self.bus_address.wrapping_sub(self.start as u64))
    }

    /// Carves `len` bytes off the front, aligned to `align`.
    pub(crate) fn carve(&self, len: usize, align: usize) -> &'static mut [u8] {
        let free = self.free.take();
        let skipped = free.as_ptr().align_offset(align);
        let (carved, rest) = free[skipped..].split_at_mut(len);
        *self.free.borrow_mut() = rest;
        carved
    }

    /// Carves off so many buffers.
    pub(crate) fn buffers(&self, count: usize) -> &'static mut [Buffer] {
        let bytes = self.carve(count * size_of::<Buffer>(), align_of::<Buffer>());
        // SAFETY: The memory is ours, aligned, long enough, and any bytes are a buffer.
        unsafe { slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), count) }
    }

    /// All of it, as it is now.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let len = self.file.metadata().expect("it is a file").len();
        let mut bytes = vec![0; len as usize];
        self.file.read_exact_at(&mut bytes, 0).expect("it is memory");
        bytes
    }

    /// The word at bus address `address`, as a device sees it.
    pub(crate) fn word(&self, address: u64) -> u64 {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, address - self.bus_address).expect("it is memory");
        u64::from_le_bytes(bytes)
    }

    /// Writes `bytes` at bus address `address`, behind the driver's back.
    pub(crate) fn write(&self, address: u64, bytes: &[u8]) {
        self.file.write_all_at(bytes, address - self.bus_address).expect("it is memory");
    }
}

/// Things that are lent for good, again and again.
pub(crate) struct Reused<T: 'static> {
    first: NonNull<T>,
    count: usize,
}

impl<T> Reused<T> {
    pub(crate) fn new(things: &'static mut [T]) -> Self {
        Self { count: things.len(), first: NonNull::from(things).cast() }
    }

    /// The first `count` of them.
    ///
    /// # Safety
    ///
    /// Nobody may use those any more that were lent before.
    pub(crate) unsafe fn lend(&self, count: usize) -> &'static mut [T] {
        assert!(count <= self.count);
        // SAFETY: They are there for good, and nobody else uses them, as the caller promises.
        unsafe { slice::from_raw_parts_mut(self.first.as_ptr(), count) }
    }
}
