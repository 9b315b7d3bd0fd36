//! Where the linker put the parts of the image (`link.ld`).
#![expect(unsafe_code, reason = "the linker's symbols are foreign")]

use core::ops::Range;

unsafe extern "C" {
    static __image_start: u8;
    static __text_start: u8;
    static __text_end: u8;
    static __rodata_end: u8;
    static __image_end: u8;
    static __payload_end: u8;
    static __embedded_end: u8;
    static embedded_len: u32;
    static first_core_stacks: u8;
    static __build_id_note: BuildId;
}

/// A note of type `NT_GNU_BUILD_ID` (the linker's `--build-id=sha1`).
#[repr(C)]
struct BuildId {
    name_len: u32,
    len: u32,
    kind: u32,
    name: [u8; 4],
    id: [u8; 20],
}

/// Everything, .bss included.
pub(super) fn image() -> Range<u64> {
    address(&raw const __image_start)..address(&raw const __image_end)
}

/// Code.
pub(super) fn text() -> Range<u64> {
    address(&raw const __text_start)..address(&raw const __text_end)
}

/// Constants.
pub(super) fn rodata() -> Range<u64> {
    address(&raw const __text_end)..address(&raw const __rodata_end)
}

/// Variables, .bss included.
pub(super) fn data() -> Range<u64> {
    address(&raw const __rodata_end)..address(&raw const __image_end)
}

/// The stacks of core 0, inside of .bss.
pub(super) fn stacks() -> u64 {
    address(&raw const first_core_stacks)
}

/// What names this build.
pub(crate) fn build_id() -> [u8; 20] {
    // SAFETY: The linker put a note of this layout there, which nobody writes to.
    unsafe { __build_id_note.id }
}

/// What was put behind the image's file for ways of booting that bring nothing along, without the zeroes that
/// fill it up; empty as a rule.
pub(super) fn embedded() -> &'static [u8] {
    // SAFETY: A word of the image's text, which nobody writes to.
    let len = unsafe { embedded_len } as usize;
    let room = address(&raw const __payload_end)..address(&raw const __embedded_end);
    let start = core::ptr::with_exposed_provenance(room.start as usize);
    let len = len.min((room.end - room.start) as usize);
    // SAFETY: The linker left room for as much as the host's tool puts there, and nobody writes to it.
    let bytes: &[u8] = unsafe { core::slice::from_raw_parts(start, len) };
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    &bytes[..end]
}

fn address(symbol: *const u8) -> u64 {
    symbol.addr() as u64
}
