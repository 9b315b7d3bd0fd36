//! The guest's memory, read and written at guest-physical addresses.
//!
//! QEMU hands over the files that the memory is made of. They are read and written by position:
//! such accesses see, and are seen by, everybody who has the same file mapped, so nothing needs
//! to be mapped here.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

/// A piece of guest memory and the piece of a file behind it.
#[derive(Debug)]
pub(crate) struct Section {
    /// First guest-physical address.
    pub(crate) guest: u64,
    /// Bytes.
    pub(crate) size: u64,
    /// What holds it.
    pub(crate) file: File,
    /// Where in the file.
    pub(crate) offset: u64,
}

/// All memory that the card can reach.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    sections: Vec<Section>,
}

/// An access reached beyond the guest's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outside;

impl Memory {
    /// The memory that `sections` make up.
    pub(crate) fn new(sections: Vec<Section>) -> Self {
        Self { sections }
    }

    /// Whether all `length` bytes from `address` on are memory.
    pub(crate) fn contains(&self, address: u64, length: u64) -> bool {
        let mut at = address;
        let Some(end) = address.checked_add(length) else { return false };
        while at < end {
            let Some((section, position)) = self.find(at) else { return false };
            at += section.size - position;
        }
        true
    }

    /// Fills `bytes` from `address` on.
    pub(crate) fn read(&self, address: u64, bytes: &mut [u8]) -> Result<(), Outside> {
        let mut done = 0;
        while done < bytes.len() {
            let at = address.checked_add(done as u64).ok_or(Outside)?;
            let (section, position) = self.find(at).ok_or(Outside)?;
            let length = section.piece(position, bytes.len() - done);
            let piece = &mut bytes[done..done + length];
            section.file.read_exact_at(piece, section.offset + position).map_err(|_| Outside)?;
            done += length;
        }
        Ok(())
    }

    /// Puts `bytes` to `address`.
    pub(crate) fn write(&self, address: u64, bytes: &[u8]) -> Result<(), Outside> {
        let mut done = 0;
        while done < bytes.len() {
            let at = address.checked_add(done as u64).ok_or(Outside)?;
            let (section, position) = self.find(at).ok_or(Outside)?;
            let length = section.piece(position, bytes.len() - done);
            let piece = &bytes[done..done + length];
            section.file.write_all_at(piece, section.offset + position).map_err(|_| Outside)?;
            done += length;
        }
        Ok(())
    }

    fn find(&self, address: u64) -> Option<(&Section, u64)> {
        self.sections.iter().find_map(|section| {
            let position = address.checked_sub(section.guest)?;
            (position < section.size).then_some((section, position))
        })
    }
}

impl Section {
    /// How many of `wanted` bytes from `position` on lie in this section.
    fn piece(&self, position: u64, wanted: usize) -> usize {
        usize::try_from(self.size - position).map_or(wanted, |left| left.min(wanted))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs::OpenOptions;

    use qemu::run_directory::RunDirectory;

    use super::*;

    /// `size` bytes of memory from address `guest` on.
    pub(crate) fn played(guest: u64, size: u64) -> Section {
        let run = RunDirectory::new().unwrap();
        let mut open = OpenOptions::new();
        let file = open.read(true).write(true).create_new(true).open(run.file("ram")).unwrap();
        file.set_len(size).unwrap();
        Section { guest, size, file, offset: 0 }
    }

    #[test]
    fn an_access_may_cross_from_one_section_into_the_next() {
        let memory = Memory::new(vec![played(0, 16), played(16, 16)]);
        memory.write(14, &[1, 2, 3, 4]).unwrap();
        let mut bytes = [0; 4];
        memory.read(14, &mut bytes).unwrap();
        assert_eq!(bytes, [1, 2, 3, 4]);
        assert!(memory.contains(0, 32));
    }

    #[test]
    fn an_access_beyond_the_memory_is_refused() {
        let memory = Memory::new(vec![played(16, 16)]);
        assert_eq!(memory.read(15, &mut [0; 4]), Err(Outside));
        assert_eq!(memory.write(30, &[0; 4]), Err(Outside));
        assert!(!memory.contains(u64::MAX - 1, 4));
        assert!(!memory.contains(16, 17));
    }
}
