//! The guest's memory, as QEMU shares it.

use std::fs::File;
use std::sync::atomic::Ordering::{Acquire, Release};

use vhost::vhost_user::message::VhostUserMemoryRegion;
use vm_memory::{
    AtomicAccess, Bytes as _, FileOffset, GuestAddress, GuestMemoryBackend as _, GuestMemoryMmap,
};

use super::HEADER;
use super::ring::Offer;

/// What is wrong where this panics.
const NO_MEMORY: &str = "what a driver gives is memory";

/// The guest's memory, where QEMU has it, and what was written to.
pub(crate) struct Memory {
    mapped: GuestMemoryMmap<()>,
    regions: Vec<VhostUserMemoryRegion>,
    writes: Vec<(u64, u64)>,
}

impl Memory {
    /// Maps all of it; none if that cannot be.
    pub(crate) fn map(regions: &[VhostUserMemoryRegion], files: Vec<File>) -> Option<Self> {
        let ranges = regions.iter().zip(files).map(|(region, file)| {
            let file = FileOffset::new(file, region.mmap_offset);
            (GuestAddress(region.guest_phys_addr), region.memory_size as usize, Some(file))
        });
        let mut ranges: Vec<_> = ranges.collect();
        ranges.sort_by_key(|(address, ..)| *address);
        let mapped = GuestMemoryMmap::from_ranges_with_files(ranges).ok()?;
        Some(Self { mapped, regions: regions.to_vec(), writes: Vec::new() })
    }

    /// The same, with what was written `before` it was mapped anew.
    pub(crate) fn after(mut self, before: Option<Self>) -> Self {
        self.writes = before.map(|before| before.writes).unwrap_or_default();
        self
    }

    /// The guest's address of what QEMU has at its own `address`.
    pub(crate) fn guest_address(&self, address: u64) -> Option<u64> {
        self.regions.iter().find_map(|region| {
            let offset = address.checked_sub(region.user_addr)?;
            (offset < region.memory_size).then_some(region.guest_phys_addr + offset)
        })
    }

    pub(crate) fn load<T: AtomicAccess>(&self, address: u64) -> T {
        self.mapped.load(GuestAddress(address), Acquire).expect(NO_MEMORY)
    }

    pub(crate) fn store<T: AtomicAccess>(&self, address: u64, value: T) {
        self.mapped.store(value, GuestAddress(address), Release).expect(NO_MEMORY);
    }

    pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) {
        self.mapped.write_slice(bytes, GuestAddress(address)).expect(NO_MEMORY);
        self.writes.push((address, bytes.len() as u64));
    }

    /// All that was written but rings: where, and how many bytes.
    pub(crate) fn writes(&self) -> &[(u64, u64)] {
        &self.writes
    }

    /// The frame in a buffer that is to be sent.
    pub(crate) fn frame(&self, offer: &Offer) -> Vec<u8> {
        self.read(offer).split_off(HEADER)
    }

    /// Notes that the driver has written to a buffer.
    pub(crate) fn note_written(&mut self, offer: &Offer) {
        self.writes.push((offer.address, offer.len.into()));
    }

    /// Fills a buffer with bytes that tell where they are.
    pub(crate) fn fill_with_pattern(&mut self, offer: &Offer) {
        self.write(offer.address, &pattern(offer));
    }

    /// Whether nobody has written there since.
    pub(crate) fn is_patterned(&self, offer: &Offer) -> bool {
        self.read(offer) == pattern(offer)
    }

    fn read(&self, offer: &Offer) -> Vec<u8> {
        let (address, len) = (GuestAddress(offer.address), offer.len as usize);
        assert!(self.mapped.check_range(address, len), "{NO_MEMORY}");
        let mut bytes = vec![0; len];
        self.mapped.read_slice(&mut bytes, address).expect(NO_MEMORY);
        bytes
    }
}

fn pattern(offer: &Offer) -> Vec<u8> {
    let bytes = (offer.address..).map(|address| (address ^ address >> 8 ^ 0xa5) as u8);
    bytes.take(offer.len as usize).collect()
}
