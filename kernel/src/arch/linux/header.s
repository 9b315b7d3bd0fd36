# The first 8 KiB of barecore.img: the header of an EFI application, that of a Linux kernel, and the
# real-mode code that BIOS loaders enter. Not loaded with the ELF image; the host's tool puts the
# segments that are behind it. Offsets in this section are offsets in the file.
#
# Linux boot protocol 2.15 (Documentation/arch/x86/boot.rst), PE/COFF (Microsoft, revision 11).

.set SETUP_LEN, 0x2000
.set ZERO_PAGE, 0x1000                  # in real mode: the structure is made in our second 4 KiB
.set STACK_TOP, 0x7ff0                  # boot.rst: loaders leave 32 KiB from the setup code on

.section .setup, "a", @progbits
    .code16
setup:
    .ascii "MZ"
    .org 0x3c
    .long pe_header - setup

pe_header:
    .ascii "PE\0\0"
    .short 0x8664, 1                    # x86-64, one section
    .long 0, 0, 0
    .short section_header - optional_header
    .short 0x0206                       # executable, no line numbers, no debug information
optional_header:
    .short 0x20b                        # PE32+
    .byte 0, 0
    .long __payload_len                 # size of code
    .long 0, 0
    .long __efi_entry                   # RVA of the entry
    .long SETUP_LEN                     # RVA of the code
    .quad 0                             # image base: anywhere
    .long 0x1000, 0x200                 # alignment of sections, in memory and in the file
    .short 0, 0, 0, 0, 0, 0
    .long 0
    .long __efi_image_len
    .long SETUP_LEN                     # size of headers
    .long 0
    .short 10, 0                        # subsystem: EFI application
    .quad 0, 0, 0, 0
    .long 0, 6
    .quad 0, 0, 0, 0, 0, 0              # no directories
section_header:
    .ascii ".text\0\0\0"
    .long __efi_section_len
    .long SETUP_LEN
    .long __payload_len
    .long SETUP_LEN
    .long 0, 0
    .short 0, 0
    .long 0xe0000020                    # code; executable, readable, writable

    .org 0x1f1
    .byte SETUP_LEN / 512 - 1           # setup_sects, the first not counted
    .short 0
    .long __payload_paragraphs          # syssize
    .short 0
    .short 0xffff                       # vid_mode: normal
    .short 0
    .short 0xaa55
    .byte 0xeb, header_end - header_magic # a jump to what follows the header
header_magic:
    .ascii "HdrS"
    .short 0x20f
    .long 0
    .short 0
    .short version_text - setup - 0x200
    .byte 0                             # type_of_loader
    .byte 0x81                          # loadflags: loaded high, the heap may be used
    .short 0
code32_start:
    .long __image_start
    .long 0, 0                          # ramdisk_image, ramdisk_size
    .long 0
    .short STACK_TOP - 0x200            # heap_end_ptr
    .byte 0, 0
    .long 0                             # cmd_line_ptr
    .long 0xffffffff                    # initrd_addr_max
    .long 0x800000                      # kernel_alignment: what lies elsewhere lies behind where we go
    .byte 1, 23                         # relocatable, in such steps
    .short 0x63                         # xloadflags: 64-bit entry, above 4 GiB too, with 5 levels of paging too
    .long {command_line_len}            # cmdline_size
    .long 0
    .quad 0
    .long 0, 0
    .quad 0
    .quad __image_start                 # pref_address
    .long __image_len                   # init_size
    .long 0                             # handover_offset
    .long 0                             # kernel_info_offset
header_end:

# Real mode, CS 32 paragraphs behind our start, DS at it.
    movw %ds, %ax
    movw %ax, %es
    movw %ax, %ss
    movw $STACK_TOP, %sp
    cld
    pushw %ax
    pushw $1f - setup
    lretw                               # CS as DS: labels are offsets
1:  movw $0x1f1, %si
    movw $(ZERO_PAGE + 0x1f1), %di
    movw $(header_end - setup - 0x1f1), %cx
    rep movsb

# The memory map (INT 15h, E820), into the table of the zero page.
    movw $(ZERO_PAGE + 0x2d0), %di
    xorl %ebx, %ebx
1:  movl $0xe820, %eax
    movl $20, %ecx
    movl $0x534d4150, %edx              # SMAP
    int $0x15
    jc 2f
    cmpl $0x534d4150, %eax
    jne 2f
    incb ZERO_PAGE + 0x1e8
    addw $20, %di
    cmpb $128, ZERO_PAGE + 0x1e8
    jae 2f
    testl %ebx, %ebx
    jnz 1b

2:  cli
    inb $0x92, %al                      # A20, where the loader has left it closed
    testb $2, %al
    jnz 1f
    orb $2, %al
    andb $0xfe, %al                     # not the reset beside it
    outb %al, $0x92
1:  xorl %eax, %eax
    movw %ds, %ax
    shll $4, %eax
    leal ZERO_PAGE(%eax), %esi          # where the structure is for 32-bit code
    addl %eax, setup_gdt_pointer - setup + 2
    movl code32_start - setup, %eax     # a loader may have changed it
    movl %eax, jump_target - setup
    lgdtl setup_gdt_pointer - setup
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    jmp 1f
1:  movw $0x18, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    .byte 0x66, 0xea                    # a far jump with 32 bits
jump_target:
    .long 0
    .short 0x10

    .balign 8
setup_gdt:                              # boot.rst: __BOOT_CS is 0x10, __BOOT_DS is 0x18
    .quad 0, 0
    .quad 0x00cf9b000000ffff
    .quad 0x00cf93000000ffff
setup_gdt_end:
setup_gdt_pointer:
    .short setup_gdt_end - setup_gdt - 1
    .long setup_gdt - setup
version_text:
    .asciz "Barecore"
    .org SETUP_LEN
