//! What an exception was, in words.

use core::fmt::{self, Write};

use super::super::traps::Frame;
use super::super::{cores, machine_check, registers, sections};

/// Says which exception it was, where, why, and what the registers held.
pub(super) fn describe(frame: &Frame, out: &mut dyn Write) -> fmt::Result {
    let Frame { vector, error_code, .. } = frame;
    let name = usize::try_from(*vector).ok().and_then(|vector| NAMES.get(vector)).unwrap_or(&"?");
    writeln!(out, "{name} (vector {vector}, error code {error_code:#x})")?;
    if *vector == PAGE_FAULT {
        writeln!(out, "  {}", Reason::of(*error_code, registers::fault_address()))?;
    }
    if *vector == MACHINE_CHECK {
        writeln!(out, "  {}", machine_check::Reason)?;
    }
    writeln!(
        out,
        "  rip {:016x}  rsp {:016x}  rflags {:016x}  cr2 {:016x}",
        frame.rip,
        frame.rsp,
        frame.rflags,
        registers::fault_address()
    )?;
    writeln!(
        out,
        "  rax {:016x}  rbx {:016x}  rcx {:016x}  rdx {:016x}",
        frame.rax, frame.rbx, frame.rcx, frame.rdx
    )?;
    writeln!(
        out,
        "  rsi {:016x}  rdi {:016x}  rbp {:016x}  r8  {:016x}",
        frame.rsi, frame.rdi, frame.rbp, frame.r8
    )?;
    writeln!(
        out,
        "  r9  {:016x}  r10 {:016x}  r11 {:016x}  r12 {:016x}",
        frame.r9, frame.r10, frame.r11, frame.r12
    )?;
    writeln!(
        out,
        "  r13 {:016x}  r14 {:016x}  r15 {:016x}  cs {:04x} ss {:04x}",
        frame.r13, frame.r14, frame.r15, frame.cs, frame.ss
    )
}

const PAGE_FAULT: u64 = 14;
const MACHINE_CHECK: u64 = 18;

/// Names of the exceptions (Intel SDM volume 3, table 6-1).
const NAMES: [&str; 32] = [
    "divide error",
    "debug exception",
    "NMI",
    "breakpoint",
    "overflow",
    "bound range exceeded",
    "invalid opcode",
    "device not available",
    "double fault",
    "coprocessor segment overrun",
    "invalid TSS",
    "segment not present",
    "stack segment fault",
    "general protection fault",
    "page fault",
    "reserved exception",
    "x87 floating-point error",
    "alignment check",
    "machine check",
    "SIMD floating-point error",
    "virtualization exception",
    "control protection exception",
    "reserved exception",
    "reserved exception",
    "reserved exception",
    "reserved exception",
    "reserved exception",
    "reserved exception",
    "hypervisor injection exception",
    "VMM communication exception",
    "security exception",
    "reserved exception",
];

/// Why an access faulted, as far as its address tells.
enum Reason {
    StackOverflow { core: usize, address: u64 },
    NullPointer { access: &'static str, address: u64 },
    WriteToText { address: u64 },
    Other { access: &'static str, is_mapped: bool, address: u64 },
}

impl Reason {
    /// From the bits of the error code (Intel SDM volume 3, 4.7) and the address.
    fn of(error_code: u64, address: u64) -> Self {
        let access = match error_code {
            code if code & 1 << 4 != 0 => "execution",
            code if code & 1 << 1 != 0 => "write",
            _ => "read",
        };
        let owner = cores::running()
            .find(|(_, core)| core.stacks().is_some_and(|stacks| stacks.is_guard(address)));
        match owner {
            Some((core, _)) => Self::StackOverflow { core, address },
            None if address < 4096 => Self::NullPointer { access, address },
            None if access == "write" && sections::text().contains(&address) => {
                Self::WriteToText { address }
            }
            None => Self::Other { access, is_mapped: error_code & 1 != 0, address },
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StackOverflow { core, address } => {
                write!(f, "stack overflow on core {core} (guard page hit at {address:#x})")
            }
            Self::NullPointer { access, address } => {
                write!(f, "null pointer: {access} at {address:#x}, in page 0")
            }
            Self::WriteToText { address } => write!(f, "write to text at {address:#x}"),
            Self::Other { access, is_mapped: true, address } => {
                write!(f, "{access} at {address:#x} is forbidden")
            }
            Self::Other { access, is_mapped: false, address } => {
                write!(f, "{access} at {address:#x}, where nothing is mapped")
            }
        }
    }
}
