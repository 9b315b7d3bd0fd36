# Where Linux loaders enter, and how the image gets to where it is linked.
#
# ESI or RSI is the zero page (struct boot_params). The image may lie anywhere, so code here asks where
# it is. It moves itself when nothing of firmware and loader is needed any more, and only to memory that
# the map calls usable.

.section .boot.linux, "ax"

# boot.rst, 32-bit boot protocol: at the start of what was loaded; flat segments, no paging.
.code32
linux_entry_32:
    cli
    cld
    leal 0x1e8(%esi), %esp              # the zero page's own scratch word
    call 1f
1:  popl %ebp
    subl $(1b - linux_entry_32), %ebp
    cmpl $__image_start, %ebp
    je 1f                               # where we belong, though not with .bss yet
    cmpl $__image_end, %ebp
    jb no_room_32                       # we would overwrite the code that moves us
1:  movzbl 0x1e8(%esi), %ecx            # entries of the memory map
    leal 0x2d0(%esi), %edi
    testl %ecx, %ecx
    jz no_room_32
    movl $__image_start, %edx           # up to where there is memory: a map may have it in pieces
1:  cmpl $1, 16(%edi)                   # usable
    jne 2f
    cmpl $0, 4(%edi)
    jne 2f
    movl (%edi), %eax
    cmpl %edx, %eax
    ja 2f
    movl 12(%edi), %ebx
    addl 8(%edi), %eax
    adcl $0, %ebx
    jnz 4f                              # ends above 4 GiB
    cmpl %edx, %eax
    jbe 2f
    movl %eax, %edx
    cmpl $__image_end, %edx
    jae 4f
2:  addl $20, %edi
    loop 1b
no_room_32:
    leal (text_no_room - linux_entry_32)(%ebp), %esi
    jmp say_and_halt
4:  movl $__image_start, %edi
    cmpl %edi, %ebp
    je 3f
    movl %esi, %ebx
    movl %ebp, %esi
    movl $__payload_len, %ecx
    addl (embedded_len - linux_entry_32)(%ebp), %ecx
    rep movsb
    movl %ebx, %esi
    movl $3f, %eax
    jmp *%eax
3:  movl $__bss_start, %edi             # what PVH and multiboot2 loaders do for us
    movl $__image_end, %ecx
    subl %edi, %ecx
    xorl %eax, %eax
    rep stosb
linux_joined:
    movl ${linux_magic}, %eax           # what no other loader says
    movl %esi, %ebx
    jmp multiboot_entry

# boot.rst, 64-bit boot protocol: 512 bytes behind that; paging with everything that we are handed at its
# own address, interrupts off.
    .org 0x200
.code64
linux_entry_64:
    cli
    cld
    movzbl 0x1e8(%rsi), %ecx
    leaq 0x2d0(%rsi), %rdi
    testl %ecx, %ecx
    jz no_room_64
    movl $__image_start, %edx
1:  cmpl $1, 16(%rdi)
    jne 2f
    movq (%rdi), %rax
    cmpq %rdx, %rax
    ja 2f
    addq 8(%rdi), %rax
    cmpq %rdx, %rax
    jbe 2f
    movq %rax, %rdx
    cmpq $__image_end, %rdx
    jae move
2:  addq $20, %rdi
    loop 1b
no_room_64:
    leaq text_no_room(%rip), %rsi
    jmp say_and_halt

# From the zero page at RSI, in long mode, with the target known to be usable. Everything that follows is
# done under page tables of our own: nobody promised that the target is in the loader's, and firmware may
# forbid to execute it.
move:
    leaq linux_entry_32(%rip), %rbx     # where we are
    movq %rbx, %rdx
    subq $__image_start, %rdx           # and how far that is from where we belong
    jz 1f
    cmpq $__image_end, %rbx
    jb no_room_64                       # we would overwrite the code that moves us
1:  leaq linux_page(%rip), %rdi
    movl $LINUX_LEN / 8, %ecx
    xorl %eax, %eax
    rep stosq
    leaq linux_page(%rip), %rdi         # the structure and the line come along
    movl $4096, %ecx
    movl 0x228(%rsi), %eax
    movl 0xc8(%rsi), %ebp               # the upper half of the line's address
    rep movsb
    shlq $32, %rbp
    orq %rax, %rbp
    jz 2f
    movq %rbp, %rsi
    leaq linux_line(%rip), %rdi
    movl ${command_line_len} + 1, %ecx  # one more than is kept, so that a cut is noticed
1:  lodsb
    stosb
    testb %al, %al
    loopnz 1b
    movb $0, (%rdi)
    movl $linux_line, linux_page+0x228(%rip)
    movl $0, linux_page+0xc8(%rip)

2:  leaq boot_pml4(%rip), %r8
    leaq boot_pdpt(%rip), %r9
    addq %rdx, (%r8)
    addq %rdx, (%r9)
    addq %rdx, 8(%r9)
    addq %rdx, 16(%r9)
    addq %rdx, 24(%r9)
    movq %rbx, %rax
    shrq $32, %rax
    jz 3f
# Above 4 GiB: two GiB from a multiple of 1 GiB on, in pages of 2 MiB.
    leaq high_pd(%rip), %r10
    movq %rbx, %rax
    andq $-0x40000000, %rax
    orq $0x83, %rax
    movq %r10, %rdi
    movl $1024, %ecx
1:  stosq
    addq $0x200000, %rax
    loop 1b
    leaq 3(%r10), %rax
    movq %rbx, %rcx
    shrq $39, %rcx
    andl $511, %ecx
    jz 1f                               # below 512 GiB
    leaq high_pdpt(%rip), %r9
    leaq 3(%r9), %rdi
    movq %rdi, (%r8,%rcx,8)
1:  movq %rbx, %rcx
    shrq $30, %rcx
    andl $511, %ecx
    movq %rax, (%r9,%rcx,8)
    cmpl $511, %ecx
    je 3f
    addq $0x1000, %rax
    movq %rax, 8(%r9,%rcx,8)
3:  movq %cr4, %rax
    btl $12, %eax                       # LA57: one more table above
    jnc 1f
    leaq 3(%r8), %rax
    leaq high_pml5(%rip), %r8
    movq %rax, (%r8)
1:  movq %r8, %cr3
    testq %rdx, %rdx
    jz 1f
    movq %rbx, %rsi
    movl $__image_start, %edi
    movl $__payload_len, %ecx
    addl embedded_len(%rip), %ecx
    rep movsb
1:  movl $1f, %eax
    jmp *%rax

# Where we belong, and still by the tables where we were, whose copies here are mended now.
1:  movl $__bss_start, %edi
    movl $__image_end, %ecx
    subl %edi, %ecx
    xorl %eax, %eax
    rep stosb
    leaq linux_page(%rdx), %rsi
    movl $linux_page, %edi
    movl $LINUX_LEN, %ecx
    rep movsb
    subq %rdx, boot_pml4
    subq %rdx, boot_pdpt
    subq %rdx, boot_pdpt + 8
    subq %rdx, boot_pdpt + 16
    subq %rdx, boot_pdpt + 24
    xorl %eax, %eax
    movl $(boot_pml4 + 8), %edi
    movl $511, %ecx
    rep stosq
    movl $(boot_pdpt + 32), %edi
    movl $508, %ecx
    rep stosq
# Back to 32-bit mode, where all ways come together.
    lgdtq boot_gdt_pointer
    movl $(first_core_stacks + {stack_top}), %esp
    pushq $CODE32
    pushq $1f
    lretq
.code32
1:  movl %cr4, %eax
    andl $0x1020, %eax                  # no PCIDE: paging could not be switched off
    movl %eax, %cr4
    movl %cr0, %eax
    andl $0x7fffffff, %eax              # PG
    movl %eax, %cr0
    movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl $0xc0000080, %ecx              # IA32_EFER
    rdmsr
    andl $~0x100, %eax                  # LME
    wrmsr
    xorl %eax, %eax
    movl %eax, %cr4
    movl $linux_page, %esi
    jmp linux_joined

text_no_room:
    .asciz "barecore: the memory from 1 MiB on, where this image runs, is in use or not there, nothing runs\r\n"
    .balign 4
# How many bytes of configuration the host's tool has put behind the image (link.ld).
.globl embedded_len
embedded_len: .long 0

# Not zeroed with .bss: it is in use then.
.section .boot.bss, "aw", @nobits
    .balign 4096
linux_page:
    .skip 4096
high_pml5:
    .skip 4096
high_pdpt:
    .skip 4096
high_pd:
    .skip 8192
linux_line:
    .skip {command_line_len} + 2
    .balign 8
.set LINUX_LEN, . - linux_page
