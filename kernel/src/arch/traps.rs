//! Exceptions and interrupts: every vector has a stub, a stack of its class, and one handler.
#![expect(unsafe_code, reason = "the stubs are assembly, and the table is loaded by instruction")]

use core::arch::global_asm;

use spin::Once;
use x86_64::VirtAddr;
use x86_64::structures::DescriptorTablePointer;

use super::stacks::Class;
use super::{apic, cores, crash, descriptors, machine_check, registers};

/// The vector of the local timer.
pub(super) const TIMER: u8 = 0x20;
/// The vector of interrupts that were withdrawn; no end of interrupt is sent for it.
pub(super) const SPURIOUS: u8 = 0xff;

const NMI: u64 = 2;
const INVALID_OPCODE: u64 = 6;
const DOUBLE_FAULT: u64 = 8;
const PROTECTION: u64 = 13;
const MACHINE_CHECK: u64 = 18;
const EXCEPTIONS: u64 = 32;

/// Room for the vector registers: 2,696 bytes with AVX-512 (Intel SDM volume 1, 13.5).
const VECTORS_LEN: usize = 4096;

global_asm!(
    include_str!("traps.s"),
    vectors_len = const VECTORS_LEN,
    handle = sym handle,
    options(att_syntax)
);

unsafe extern "C" {
    static trap_stubs: u8;
}

static GATES: Once<[Gate; 256]> = Once::new();

/// What a stub leaves on the stack, from its lowest address up.
#[repr(C)]
pub(super) struct Frame {
    pub(super) r15: u64,
    pub(super) r14: u64,
    pub(super) r13: u64,
    pub(super) r12: u64,
    pub(super) r11: u64,
    pub(super) r10: u64,
    pub(super) r9: u64,
    pub(super) r8: u64,
    pub(super) rbp: u64,
    pub(super) rdi: u64,
    pub(super) rsi: u64,
    pub(super) rdx: u64,
    pub(super) rcx: u64,
    pub(super) rbx: u64,
    pub(super) rax: u64,
    pub(super) vector: u64,
    /// 0 where the processor has none to tell.
    pub(super) error_code: u64,
    pub(super) rip: u64,
    pub(super) cs: u64,
    pub(super) rflags: u64,
    pub(super) rsp: u64,
    pub(super) ss: u64,
}

/// Makes the table of vectors and loads it on this core.
pub(super) fn set_up() {
    GATES.call_once(|| core::array::from_fn(|vector| Gate::to_stub(vector as u64)));
    load();
}

/// Loads the table of vectors on this core.
pub(super) fn load() {
    let Some(gates) = GATES.get() else { return };
    let base = VirtAddr::from_ptr(core::ptr::from_ref(gates));
    let limit = (size_of_val(gates) - 1) as u16;
    // SAFETY: The table is static, and each gate leads to a stub that handles its vector.
    unsafe { x86_64::instructions::tables::lidt(&DescriptorTablePointer { limit, base }) };
}

/// An entry of the table of vectors (Intel SDM volume 3, 6.14.1).
#[repr(C, align(16))]
struct Gate {
    low: u64,
    high: u64,
}

impl Gate {
    /// An interrupt gate to the stub of `vector`, on the stack of its class.
    fn to_stub(vector: u64) -> Self {
        const PRESENT_INTERRUPT_GATE: u64 = 0x8e << 40;
        let stub = (&raw const trap_stubs).addr() as u64 + 16 * vector;
        let stack = class(vector) as u64 + 1;
        let selector = u64::from(descriptors::CODE.0);
        let address = stub & 0xffff | (stub >> 16 & 0xffff) << 48;
        Self {
            low: address | selector << 16 | stack << 32 | PRESENT_INTERRUPT_GATE,
            high: stub >> 32,
        }
    }
}

fn class(vector: u64) -> Class {
    match vector {
        NMI => Class::Nmi,
        DOUBLE_FAULT => Class::DoubleFault,
        MACHINE_CHECK => Class::MachineCheck,
        EXCEPTIONS.. => Class::Interrupt,
        _ => Class::Fault,
    }
}

/// Called by every stub. What returns from here goes on where `frame` then says, with the registers
/// that it then holds.
extern "C" fn handle(frame: &mut Frame) {
    match frame.vector {
        NMI => on_nmi(frame),
        MACHINE_CHECK => on_machine_check(frame),
        INVALID_OPCODE | PROTECTION => on_refusal(frame),
        ..EXCEPTIONS => crash::on_trap(frame),
        vector => on_interrupt(vector),
    }
}

fn on_interrupt(vector: u64) {
    cores::this().interruptions.count_interrupt();
    if vector != u64::from(SPURIOUS) {
        apic::end_of_interrupt();
    }
}

/// Stops if another core reports a crash, says where this one is if that was asked, or counts.
fn on_nmi(frame: &Frame) {
    if crash::is_to_stop() {
        crash::stop_here();
    }
    let core = cores::this();
    if !core.whereabouts.answer(frame.rip) {
        core.interruptions.count_nmi();
    }
}

fn on_machine_check(frame: &Frame) {
    if !machine_check::survive() {
        crash::on_trap(frame);
    }
    cores::this().interruptions.count_machine_check();
}

/// An instruction that the processor refused was an attempt, or it is the end.
fn on_refusal(frame: &mut Frame) {
    match registers::landing(frame.rip) {
        Some(landing) => frame.rip = landing,
        None => crash::on_trap(frame),
    }
}
