//! The memory functions that the compiler calls by name; a Linux target's core library has none.
//!
//! Naked, so that they cannot be compiled into calls of themselves. Short lengths are done with
//! overlapping loads and stores, all loaded before the first store; long ones with string
//! instructions on whole words (System V ABI: RDI, RSI, RDX in, RAX out).
#![expect(unsafe_code, reason = "the compiler calls these by their unmangled names")]

use core::arch::naked_asm;

/// `memcpy` of the C standard.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    naked_asm!(
        "mov rax, rdi",
        "cmp rdx, 16",
        "jb 2f",
        "cmp rdx, 32",
        "ja 3f",
        "movups xmm0, [rsi]",
        "movups xmm1, [rsi + rdx - 16]",
        "movups [rdi], xmm0",
        "movups [rdi + rdx - 16], xmm1",
        "ret",
        // Less than 16 bytes.
        "2:",
        "cmp edx, 8",
        "jb 4f",
        "mov r8, [rsi]",
        "mov r9, [rsi + rdx - 8]",
        "mov [rdi], r8",
        "mov [rdi + rdx - 8], r9",
        "ret",
        "4:",
        "cmp edx, 4",
        "jb 5f",
        "mov r8d, [rsi]",
        "mov r9d, [rsi + rdx - 4]",
        "mov [rdi], r8d",
        "mov [rdi + rdx - 4], r9d",
        "ret",
        "5:",
        "test edx, edx",
        "jz 6f",
        "movzx r8d, byte ptr [rsi]",
        "movzx r9d, byte ptr [rsi + rdx - 1]",
        "mov ecx, edx",
        "shr ecx, 1",
        "movzx r10d, byte ptr [rsi + rcx]",
        "mov [rdi], r8b",
        "mov [rdi + rcx], r10b",
        "mov [rdi + rdx - 1], r9b",
        "6:",
        "ret",
        // More than 32 bytes: whole words from below, the last eight bytes on their own.
        "3:",
        "mov r8, [rsi + rdx - 8]",
        "lea r9, [rdi + rdx - 8]",
        "mov rcx, rdx",
        "shr rcx, 3",
        "rep movsq",
        "mov [r9], r8",
        "ret",
    )
}

/// `memmove` of the C standard: `memcpy` goes upwards and loads its end first, which is right
/// unless the target begins inside of the source.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn memmove(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    naked_asm!(
        "mov rcx, rdi",
        "sub rcx, rsi",
        "cmp rcx, rdx",
        "jae {memcpy}",
        "cmp rdx, 32",
        "jbe {memcpy}",
        "mov rax, rdi",
        "mov r8, [rsi]",
        "2:",
        "mov r9, [rsi + rdx - 8]",
        "mov [rdi + rdx - 8], r9",
        "sub rdx, 8",
        "cmp rdx, 8",
        "jae 2b",
        "mov [rdi], r8",
        "ret",
        memcpy = sym memcpy,
    )
}

/// `memset` of the C standard.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn memset(to: *mut u8, value: i32, len: usize) -> *mut u8 {
    naked_asm!(
        "mov r10, rdi",
        "movzx eax, sil",
        "mov r8, 0x0101010101010101",
        "imul rax, r8",
        "cmp rdx, 8",
        "jb 2f",
        "lea r9, [rdi + rdx - 8]",
        "mov rcx, rdx",
        "shr rcx, 3",
        "rep stosq",
        "mov [r9], rax",
        "mov rax, r10",
        "ret",
        "2:",
        "mov ecx, edx",
        "rep stosb",
        "mov rax, r10",
        "ret",
    )
}

/// `memcmp` of the C standard.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    naked_asm!(
        "2:",
        "cmp rdx, 8",
        "jb 3f",
        "mov rax, [rdi]",
        "mov rcx, [rsi]",
        "cmp rax, rcx",
        "jne 4f",
        "add rdi, 8",
        "add rsi, 8",
        "sub rdx, 8",
        "jmp 2b",
        // Words differ: the byte at the lowest address decides.
        "4:",
        "bswap rax",
        "bswap rcx",
        "cmp rax, rcx",
        "sbb eax, eax",
        "or eax, 1",
        "ret",
        "3:",
        "test rdx, rdx",
        "jz 5f",
        "movzx eax, byte ptr [rdi]",
        "movzx ecx, byte ptr [rsi]",
        "sub eax, ecx",
        "jne 6f",
        "inc rdi",
        "inc rsi",
        "dec rdx",
        "jmp 3b",
        "5:",
        "xor eax, eax",
        "6:",
        "ret",
    )
}

/// `bcmp` of POSIX: `memcmp` without the order.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn bcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    naked_asm!("jmp {memcmp}", memcmp = sym memcmp)
}

/// `strlen` of the C standard.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn strlen(text: *const u8) -> usize {
    naked_asm!(
        "xor eax, eax",
        "2:",
        "cmp byte ptr [rdi + rax], 0",
        "je 3f",
        "inc rax",
        "jmp 2b",
        "3:",
        "ret",
    )
}
