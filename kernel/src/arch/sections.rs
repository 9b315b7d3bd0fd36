//! Where the linker put the parts of the image (`link.ld`).
#![expect(unsafe_code, reason = "the linker's symbols are foreign")]

use core::ops::Range;

unsafe extern "C" {
    static __image_start: u8;
    static __text_start: u8;
    static __text_end: u8;
    static __rodata_end: u8;
    static __image_end: u8;
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

fn address(symbol: *const u8) -> u64 {
    symbol.addr() as u64
}
