# From the loader's 32-bit protected mode, and from real mode on the other cores, to Rust.
#
# Constants are handed in by arch/entry.rs: {stacks_len}, {stack_top}, {needs_avx2}.

.set MULTIBOOT2_MAGIC, 0xe85250d6
.set PVH_MAGIC, 0x336ec578
.set CODE32, 0x08
.set DATA, 0x10
.set CODE64, 0x18
.set COM1, 0x3f8
.set VGA_TEXT, 0xb8000           # 80 columns, a letter and its colours each

# PVH (Xen, docs/misc/pvh.pandoc): where to enter in 32-bit mode. QEMU reads eight bytes.
.section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18                      # length of the name, of the value, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad pvh_entry

# Multiboot2 2.0, section 3.1: entered at the ELF file's entry point.
.section .boot.header, "a"
    .balign 8
multiboot_header:
    .long MULTIBOOT2_MAGIC, 0, multiboot_end - multiboot_header
    .long -(MULTIBOOT2_MAGIC + (multiboot_end - multiboot_header))
    .short 0, 0                         # the end tag
    .long 8
multiboot_end:

.section .boot.text, "ax"
.code32

# EBX: the loader's structure. The multiboot2 loader says in EAX who it is, we say it for PVH.
.globl pvh_entry
pvh_entry:
    movl $PVH_MAGIC, %eax
.globl multiboot_entry
multiboot_entry:
    cli
    cld
    movl %eax, %edi                     # first argument of start_first_core
    movl %ebx, %esi                     # second argument
    movl $1f, %ebp
    jmp check_processor
1:  movl $2f, %ebp
    jmp enable_long_mode
2:  lgdtl boot_gdt_pointer
    ljmpl $CODE64, $first_core_long

# Needs long mode and no-execute pages. Returns to EBP; if something is missing: one line, the end.
check_processor:
    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb no_long_mode
    movl $0x80000001, %eax
    cpuid
    btl $29, %edx                       # LM
    jnc no_long_mode
    btl $20, %edx                       # NX
    jnc no_execute_protection
.if {needs_avx2}
    xorl %eax, %eax
    cpuid
    cmpl $7, %eax
    jb no_vectors
    movl $7, %eax
    xorl %ecx, %ecx
    cpuid
    btl $5, %ebx                        # AVX2
    jnc no_vectors
.endif
    jmp *%ebp

no_long_mode:
    movl $text_no_long_mode, %esi
    jmp say_and_halt
no_execute_protection:
    movl $text_no_execute, %esi
    jmp say_and_halt
.if {needs_avx2}
no_vectors:
    movl $text_no_vectors, %esi
.endif
say_and_halt:
    movl $VGA_TEXT, %edi
say_next:
    lodsb
    testb %al, %al
    jz 4f
    movb %al, %bl
    cmpb $' ', %al
    jb 1f                               # the end of a line is no letter
    movb $0x0f, %ah                     # white on black
    stosw
1:  movl $100000, %ecx                  # a port that is not there must not hold us up
2:  movw $(COM1 + 5), %dx
    inb %dx, %al
    testb $0x20, %al                    # transmitter holding register empty
    jnz 3f
    loop 2b
3:  movw $COM1, %dx
    movb %bl, %al
    outb %al, %dx
    jmp say_next
4:  movw $0x0f20, %ax                   # blanks over what firmware left in the first two lines
    movl $(VGA_TEXT + 2 * 160), %ecx
    subl %edi, %ecx
    shrl $1, %ecx
    rep stosw
5:  cli
    hlt
    jmp 5b

# Paging with the boot tables, long mode, SSE, and the vector registers that the processor has.
# Returns to EBP with EDI and ESI untouched, in compatibility mode.
enable_long_mode:
    movl $0x620, %eax                   # PAE, OSFXSR, OSXMMEXCPT; not what firmware left, as LA57
    movl %eax, %cr4
    movl $boot_pml4, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx              # IA32_EFER
    rdmsr
    orl $0x900, %eax                    # LME, NXE
    wrmsr
    movl %cr0, %eax
    andl $0x9ffffff3, %eax              # caches on (CD, NW), no emulation (EM, TS)
    orl $0x80010023, %eax               # PG, WP, NE, MP, PE
    movl %eax, %cr0
    fninit
    movl $1, %eax
    cpuid
    btl $26, %ecx                       # XSAVE
    jnc 1f
    movl %cr4, %eax
    orl $0x40000, %eax                  # OSXSAVE
    movl %eax, %cr4
    movl $0xd, %eax
    xorl %ecx, %ecx
    cpuid
    andl $0xe7, %eax                    # x87, SSE, AVX, AVX-512
    xorl %edx, %edx
    xorl %ecx, %ecx
    xsetbv
    movl %eax, vector_state
1:  jmp *%ebp

.code64
first_core_long:
    movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movl $(first_core_stacks + {stack_top}), %esp
    xorl %ebp, %ebp
    call {start_first_core}
    ud2

# The other cores: real mode, in a page below 1 MiB that this is copied to.
.section .rodata.trampoline, "a"
.code16
.globl trampoline_start
trampoline_start:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    lgdtl trampoline_gdt_pointer - trampoline_start
    movl %cr0, %eax
    orl $1, %eax
    movl %eax, %cr0
    ljmpl $CODE32, $next_core_protected
trampoline_gdt_pointer:
    .short boot_gdt_end - boot_gdt - 1
    .long boot_gdt
.globl trampoline_end
trampoline_end:

.section .boot.text, "ax"
.code32
next_core_protected:
    movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl $1f, %ebp
    jmp enable_long_mode
1:  ljmpl $CODE64, $next_core_long

# A stack is handed to one core only; a core that finds none came too late and sleeps for good.
.code64
next_core_long:
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movq next_core_tables(%rip), %rax
    movq %rax, %cr3
    xorl %eax, %eax
    xchgq %rax, next_core_stack(%rip)
    testq %rax, %rax
    jz 1f
    movq %rax, %rsp
    xorl %ebp, %ebp
    call {start_next_core}
1:  cli
    hlt
    jmp 1b

.section .rodata, "a"
text_no_long_mode:
    .asciz "barecore: this processor has no 64-bit mode, nothing runs\r\n"
text_no_execute:
    .asciz "barecore: this processor cannot protect pages from execution (NX is missing or switched off in the firmware), nothing runs\r\n"
.if {needs_avx2}
text_no_vectors:
    .asciz "barecore: this image was built for processors with AVX2, this one has none\r\n"
.endif

.section .data, "aw"
    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00cf9b000000ffff            # CODE32, flat
    .quad 0x00cf93000000ffff            # DATA, flat
    .quad 0x00af9b000000ffff            # CODE64
boot_gdt_end:
boot_gdt_pointer:
    .short boot_gdt_end - boot_gdt - 1
    .quad boot_gdt                      # 64-bit mode reads all of it
    .balign 8
# XCR0 as it was set; 0 while the processor has no XSAVE.
.globl vector_state
vector_state: .quad 0
.globl next_core_tables
next_core_tables: .quad 0
.globl next_core_stack
next_core_stack: .quad 0

# The first 4 GiB at their own addresses, in pages of 2 MiB, until paging.rs has better tables.
    .balign 4096
.globl boot_pml4
boot_pml4:
    .quad boot_pdpt + 3
    .fill 511, 8, 0
boot_pdpt:
    .quad boot_pd + 0x0003, boot_pd + 0x1003, boot_pd + 0x2003, boot_pd + 0x3003
    .fill 508, 8, 0
boot_pd:
    .set address, 0
    .rept 2048
    .quad address + 0x83                # present, writable, large
    .set address, address + 0x200000
    .endr

.section .bss, "aw", @nobits
    .balign 4096
.globl first_core_stacks
first_core_stacks:
    .skip {stacks_len}
