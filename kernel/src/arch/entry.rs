//! The way in: assembly that ends in [`start_first_core`] and, later, in `start_next_core`.
#![expect(unsafe_code, reason = "the entry is assembly, and it calls Rust by address")]

use core::arch::global_asm;

use super::stacks::Stacks;

global_asm!(
    include_str!("entry.s"),
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
