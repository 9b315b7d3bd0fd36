//! `barecore.img`: the image as loaders for Linux and UEFI firmware boot it, made from the ELF file.
//!
//! The linker has laid out all of it (`kernel/link.ld`): the section `.setup`, whose header tells the rest, and
//! behind it the bytes of memory from `__image_start` to `__payload_end`. A configuration may be put behind
//! those, for ways of booting that carry none.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use object::{Object as _, ObjectSection as _, ObjectSegment as _, ObjectSymbol as _};

/// Sizes in the header are multiples of this: the file alignment of its PE part.
const BLOCK: usize = 512;

/// `syssize` (Linux, `Documentation/arch/x86/boot.rst`), in 16 bytes.
const SYSTEM_LEN: usize = 0x1f4;

/// Where the file lies that is made of the image at `elf`.
#[must_use]
pub fn beside(elf: &Path) -> PathBuf {
    elf.with_extension("img")
}

/// Makes the file from the image `elf`, with `configuration` in it unless that is empty.
///
/// # Errors
///
/// `elf` is no image of ours, or has too little room for `configuration`.
pub fn make(elf: &[u8], configuration: &[u8]) -> Result<Vec<u8>> {
    let elf = object::File::parse(elf).context("the image is no ELF file")?;
    let setup = elf.section_by_name(".setup").context("the image has no section .setup")?;
    let mut header = setup.data()?.to_vec();
    let mut payload = payload(&elf)?;
    if !configuration.is_empty() {
        let (len, room) = (configuration.len(), room(&elf)?);
        ensure!(len <= room, "{len} bytes of configuration, room is for {room}");
        payload.extend(configuration);
        payload.resize(payload.len().next_multiple_of(BLOCK), 0);
        let added = payload.len() - memory(&elf)?.1;
        put(&mut payload, offset(&elf, "embedded_len")?, added)?;
        tell_len(&mut header, payload.len())?;
    }
    Ok([header, payload].concat())
}

/// The bytes of memory that the file holds.
fn payload(elf: &object::File<'_>) -> Result<Vec<u8>> {
    let (start, len) = memory(elf)?;
    let mut payload = vec![0; len];
    for segment in elf.segments() {
        let (data, at) = (segment.data()?, segment.address().checked_sub(start));
        let at = at.context("a segment begins before the image")? as usize;
        let place = payload.get_mut(at..at + data.len());
        place.context("a segment ends behind the image")?.copy_from_slice(data);
    }
    Ok(payload)
}

/// Where that memory starts, and how long it is.
fn memory(elf: &object::File<'_>) -> Result<(u64, usize)> {
    let (start, end) = (symbol(elf, "__image_start")?, symbol(elf, "__payload_end")?);
    let len = end.checked_sub(start).context("the image ends before it starts")?;
    Ok((start, usize::try_from(len)?))
}

/// The most bytes of a configuration.
fn room(elf: &object::File<'_>) -> Result<usize> {
    Ok(offset(elf, "__embedded_end")? - memory(elf)?.1)
}

fn offset(elf: &object::File<'_>, name: &str) -> Result<usize> {
    let at = symbol(elf, name)?.checked_sub(symbol(elf, "__image_start")?);
    Ok(usize::try_from(at.with_context(|| format!("{name} lies before the image"))?)?)
}

fn symbol(elf: &object::File<'_>, name: &str) -> Result<u64> {
    let symbol = elf.symbol_by_name(name);
    Ok(symbol.with_context(|| format!("the image has no symbol {name}"))?.address())
}

/// Has the `header` tell that so many bytes follow it.
fn tell_len(header: &mut [u8], len: usize) -> Result<()> {
    // Microsoft PE/COFF: e_lfanew; behind the signature the COFF header, with the length of the optional
    // header that follows it at 16; in that, SizeOfCode at 4; then the section, with SizeOfRawData at 16.
    let coff = number(header, 0x3c, 4)? + 4;
    let optional = coff + 20;
    let section = optional + number(header, coff + 16, 2)?;
    put(header, SYSTEM_LEN, len / 16)?;
    put(header, optional + 4, len)?;
    put(header, section + 16, len)
}

fn number(bytes: &[u8], at: usize, len: usize) -> Result<usize> {
    let bytes = bytes.get(at..at + len).context("the header is too short")?;
    Ok(bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte)))
}

fn put(bytes: &mut [u8], at: usize, number: usize) -> Result<()> {
    let place = bytes.get_mut(at..at + 4).context("the header is too short")?;
    place.copy_from_slice(&u32::try_from(number)?.to_le_bytes());
    Ok(())
}
