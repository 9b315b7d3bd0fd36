//! Faults on purpose, to see what the report makes of them.
#![expect(unsafe_code, reason = "each of these breaks a rule that the page tables uphold")]

use core::arch::asm;
use core::fmt::{self, Display, Formatter};
use core::hint::black_box;

use super::{apic, cores, power, sections};

/// No address: its upper bits are not alike (Intel SDM volume 1, 3.3.7.1).
const NON_CANONICAL: usize = 1 << 63;

/// The last page of the lower half of all addresses; nothing is ever mapped there.
const UNMAPPED: usize = 0x7fff_ffff_f000;

/// Reads where nothing is mapped.
pub(crate) fn page_fault() {
    read(UNMAPPED);
}

/// Reads through a null pointer, at an offset as of a field.
pub(crate) fn null_read() {
    read(8);
}

/// Writes to the kernel's code.
pub(crate) fn text_write() {
    let place: *mut u8 = core::ptr::with_exposed_provenance_mut(sections::text().start as usize);
    // SAFETY: Faults before anything is written: text is mapped read-only.
    unsafe { place.write_volatile(0) };
}

/// Divides by zero.
pub(crate) fn divide_error() {
    // SAFETY: Faults before any register is written.
    unsafe {
        asm!("div {0:e}", in(reg) 0_u32, inout("eax") 1_u32 => _, inout("edx") 0_u32 => _,
            options(nomem, nostack));
    }
}

/// Executes what is no instruction.
pub(crate) fn invalid_opcode() {
    // SAFETY: It faults and does nothing else.
    unsafe { asm!("ud2", options(nomem, nostack)) };
}

/// Reads at what is no address.
pub(crate) fn general_protection() {
    read(NON_CANONICAL);
}

/// Interrupts the core that calls this by an NMI, as a device could.
pub(crate) fn nmi() {
    apic::send_nmi(cores::this().apic_id());
}

/// Stands still, deaf to interrupts.
pub(crate) fn hang() {
    power::halt();
}

/// Panics with a message that faults while it is written.
pub(crate) fn twice() {
    panic!("{Faulty}");
}

struct Faulty;

impl Display for Faulty {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("as the command crash asked, ")?;
        page_fault();
        Ok(())
    }
}

/// Calls itself until the stack is full.
pub(crate) fn stack_overflow() {
    black_box(deeper(0));
}

#[expect(unconditional_recursion, reason = "to overflow the stack")]
#[inline(never)]
fn deeper(depth: u64) -> u64 {
    let room = black_box([depth; 32]);
    black_box(deeper(depth + 1)) + room[31]
}

fn read(address: usize) {
    let place: *const u8 = core::ptr::with_exposed_provenance(address);
    // SAFETY: Faults before anything is read: nothing is ever mapped there.
    black_box(unsafe { place.read_volatile() });
}
