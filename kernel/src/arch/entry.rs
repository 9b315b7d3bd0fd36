//! The ways in: assembly that ends in [`start_first_core`] and, later, in `start_next_core`.
//!
//! `entry.s` is where all of them meet; `linux` holds what makes `barecore.img` of this image, a kernel
//! for Linux's loaders and an application for UEFI firmware. They are assembly because they run before the
//! image is where it is linked.
#![expect(unsafe_code, reason = "the entry is assembly, and it calls Rust by address")]

use core::arch::global_asm;

use kernel::boot::{COMMAND_LINE_LEN, linux};

use super::stacks::Stacks;

global_asm!(
    include_str!("entry.s"),
    include_str!("linux/header.s"),
    include_str!("linux/entries.s"),
    include_str!("linux/efi.s"),
    linux_magic = const linux::MAGIC,
    command_line_len = const COMMAND_LINE_LEN,
    boot_mac = const linux::BOOT_MAC,
    stacks_len = const Stacks::LEN,
    stack_top = const Stacks::MAIN_TOP,
    needs_avx2 = const cfg!(target_feature = "avx2") as u32,
    start_first_core = sym start_first_core,
    start_next_core = sym super::cores::start_next_core,
    options(att_syntax)
);

/// The first Rust code: interrupts off, boot page tables, on the first core's main stack.
extern "C" fn start_first_core(magic: u32, structure: u32) -> ! {
    super::set_up(magic, u64::from(structure));
    crate::main()
}
