# Where UEFI firmware enters: an application that asks boot services for what it wants, ends them, and goes
# the way of Linux's 64-bit entry with a zero page of its own making.
#
# UEFI specification 2.10. RBX: boot services (4.4), RBP: the loaded image (9.1), R12: the zero page,
# R13: the system table (4.3), R14: our handle; calls keep these (2.3.4.1).

.set PAGES, 64                          # the zero page, and at offsets of it:
.set LINE, 0x1000                       # the command line
.set LOCALS, 0x1800
.set NAME, 0x1900                       # a file's name, in two bytes a character
.set NAME_LEN, 255
.set MAP, 0x2000                        # the memory map
.set MAP_LEN, (PAGES << 12) - MAP

.set SIZE, LOCALS
.set POINTER, LOCALS + 8
.set KEY, LOCALS + 16
.set STRIDE, LOCALS + 24
.set VERSION, LOCALS + 32
.set FILE, LOCALS + 40
.set PATH, LOCALS + 48

.set LOADER_DATA, 2                     # EfiLoaderData (7.2.1)
.set USABLE_TYPES, 0x9e                 # loader, boot services, conventional (7.2.3)

.section .boot.linux, "ax"
.code64
.globl efi_entry
efi_entry:
    pushq %rbx
    pushq %rbp
    pushq %rsi
    pushq %rdi
    pushq %r12
    pushq %r13
    pushq %r14
    subq $0x30, %rsp
    cld
    movq %rcx, %r14
    movq %rdx, %r13
    movq 96(%rdx), %rbx                 # BootServices
    movl $0xffffffff, %eax
    movq %rax, 0x28(%rsp)
    movl $1, %ecx                       # AllocateMaxAddress: below 4 GiB
    movl $LOADER_DATA, %edx
    movl $PAGES, %r8d
    leaq 0x28(%rsp), %r9
    call *40(%rbx)                      # AllocatePages
    testq %rax, %rax
    jnz efi_fails
    movq 0x28(%rsp), %r12
    movq %r12, %rdi
    movl $(PAGES << 12), %ecx
    rep stosb
    movq %r14, %rcx
    leaq guid_loaded_image(%rip), %rdx
    call protocol
    jnz efi_fails
    movq %rax, %rbp
    movb $0xff, 0x210(%r12)             # type_of_loader: none that is registered
    call take_line
    call take_mac
    call take_offered_file
    jz 1f
    call take_named_file
1:  movb $16, 0x28(%rsp)                # attempts
1:  movq $MAP_LEN, SIZE(%r12)
    leaq SIZE(%r12), %rcx
    leaq MAP(%r12), %rdx
    leaq KEY(%r12), %r8
    leaq STRIDE(%r12), %r9
    leaq VERSION(%r12), %rax
    movq %rax, 0x20(%rsp)
    call *56(%rbx)                      # GetMemoryMap
    testq %rax, %rax
    jnz efi_fails
    movq %r14, %rcx
    movq KEY(%r12), %rdx
    call *232(%rbx)                     # ExitBootServices
    testq %rax, %rax
    jz leave_firmware
    decb 0x28(%rsp)                     # the map changed meanwhile
    jnz 1b
efi_fails:
    movabsq $0x8000000000000001, %rax   # EFI_LOAD_ERROR
    addq $0x30, %rsp
    popq %r14
    popq %r13
    popq %r12
    popq %rdi
    popq %rsi
    popq %rbp
    popq %rbx
    ret

# The interface of the protocol at RDX that the handle RCX has, in RAX. ZF: it has one.
protocol:
    subq $0x38, %rsp
    leaq 0x28(%rsp), %r8
    call *152(%rbx)                     # HandleProtocol
    testq %rax, %rax
    movq 0x28(%rsp), %rax
    leaq 0x38(%rsp), %rsp
    ret

# Load options, which are UTF-16 where there are any, become a line of bytes.
take_line:
    leaq LINE(%r12), %rdi
    movl %edi, 0x228(%r12)
    movl 48(%rbp), %ecx                 # LoadOptionsSize
    movq 56(%rbp), %rsi                 # LoadOptions
    shrl $1, %ecx
    jz 3f
    movl ${command_line_len} + 1, %eax
    cmpl %eax, %ecx
    cmoval %eax, %ecx
1:  lodsw
    testw %ax, %ax
    jz 3f
    cmpw $0x7f, %ax
    jb 2f
    movb $'?', %al
2:  stosb
    loop 1b
3:  ret

# The address of the card that we were loaded by, if it was one: a node of its device path (10.3.5.11).
take_mac:
    subq $0x38, %rsp
    movq 24(%rbp), %rcx                 # DeviceHandle
    leaq guid_device_path(%rip), %rdx
    call protocol
    jnz 3f
1:  movzwl (%rax), %ecx                 # type and subtype
    movzwl 2(%rax), %edx                # length
    cmpb $0x7f, %cl                     # the end
    je 3f
    cmpl $4, %edx
    jb 3f
    cmpw $0x0b03, %cx
    je 2f
    addq %rdx, %rax
    jmp 1b
2:  movl 4(%rax), %ecx
    movl %ecx, {boot_mac}(%r12)
    movzwl 8(%rax), %ecx
    orl $0x10000, %ecx                  # there is one
    movl %ecx, {boot_mac}+4(%r12)
3:  addq $0x38, %rsp
    ret

# A file that the loader offers as Linux's (Documentation/x86/boot: LINUX_EFI_INITRD_MEDIA_GUID). ZF: taken.
take_offered_file:
    subq $0x38, %rsp
    leaq guid_load_file(%rip), %rcx
    leaq path_of_file(%rip), %rax
    movq %rax, PATH(%r12)
    leaq PATH(%r12), %rdx
    leaq POINTER(%r12), %r8
    call *184(%rbx)                     # LocateDevicePath
    testq %rax, %rax
    jnz 1f
    movq POINTER(%r12), %rcx
    leaq guid_load_file(%rip), %rdx
    call protocol
    jnz 1f
    movq %rax, FILE(%r12)
    xorl %eax, %eax
    call load                           # fails for want of room, and says how much
    call room_for_file
    jnz 1f
    call load
    jnz 1f
    call keep_file
1:  leaq 0x38(%rsp), %rsp
    ret

# Loads the file (13.2.2) to RAX. ZF: done.
load:
    subq $0x38, %rsp
    movq %rax, 0x20(%rsp)
    movq FILE(%r12), %rcx
    movq PATH(%r12), %rdx
    xorl %r8d, %r8d
    leaq SIZE(%r12), %r9
    call *(%rcx)
    testq %rax, %rax
    leaq 0x38(%rsp), %rsp
    ret

# The file that initrd= names, on the volume that we come from: iPXE's, or that of a disk (13.4, 13.5).
take_named_file:
    subq $0x38, %rsp
    leaq LINE(%r12), %rsi
    movabsq $0x3d647274696e6900, %rcx
1:  movq (%rsi), %rax
    testb %al, %al
    jz 4f
    incq %rsi
    shlq $8, %rax
    cmpq %rcx, %rax
    jne 1b
    addq $6, %rsi
    leaq NAME(%r12), %rdi
    movl $NAME_LEN, %ecx
    xorl %eax, %eax
2:  lodsb
    cmpb $' ', %al
    jbe 3f
    cmpb $'/', %al
    jne 1f
    movb $'\\', %al
1:  stosw
    loop 2b
3:  movq 24(%rbp), %rcx
    leaq guid_file_system(%rip), %rdx
    call protocol
    jnz 4f
    movq %rax, %rcx
    leaq FILE(%r12), %rdx
    call *8(%rcx)                       # OpenVolume
    testq %rax, %rax
    jnz 4f
    movq FILE(%r12), %rcx
    leaq FILE(%r12), %rdx
    leaq NAME(%r12), %r8
    movl $1, %r9d                       # to read
    movq $0, 0x20(%rsp)
    call *8(%rcx)                       # Open
    testq %rax, %rax
    jnz 4f
    movq FILE(%r12), %rcx
    movq $-1, %rdx                      # its end
    call *56(%rcx)                      # SetPosition
    movq FILE(%r12), %rcx
    leaq SIZE(%r12), %rdx
    call *48(%rcx)                      # GetPosition
    movq FILE(%r12), %rcx
    xorl %edx, %edx
    call *56(%rcx)
    call room_for_file
    jnz 4f
    movq FILE(%r12), %rcx
    leaq SIZE(%r12), %rdx
    movq %rax, %r8
    call *32(%rcx)                      # Read
    testq %rax, %rax
    jnz 4f
    call keep_file
4:  addq $0x38, %rsp
    ret

# Pages for as many bytes as SIZE says, in POINTER and RAX. ZF: there are.
room_for_file:
    subq $0x38, %rsp
    xorl %ecx, %ecx                     # AllocateAnyPages
    movl $LOADER_DATA, %edx
    movq SIZE(%r12), %r8
    addq $0xfff, %r8
    shrq $12, %r8
    leaq POINTER(%r12), %r9
    call *40(%rbx)                      # AllocatePages; none are refused
    testq %rax, %rax
    movq POINTER(%r12), %rax
    leaq 0x38(%rsp), %rsp
    ret

# Tells of the file as boot.rst says: ramdisk_image and ramdisk_size, with their upper halves. ZF.
keep_file:
    movq POINTER(%r12), %rax
    movl %eax, 0x218(%r12)
    shrq $32, %rax
    movl %eax, 0xc0(%r12)
    movq SIZE(%r12), %rax
    movl %eax, 0x21c(%r12)
    shrq $32, %rax
    movl %eax, 0xc4(%r12)
    cmpl %eax, %eax
    ret

# The firmware's boot services are over. Each page from 1 MiB on, where we go, has to be in the map, once,
# and as memory that nobody needs any more, nor we: it may have given us just that for the page or the file.
leave_firmware:
    cli
    movl $0x34364c45, 0x1c0(%r12)       # efi_info: EL64
    movl %r13d, 0x1c4(%r12)
    movq %r13, %rax
    shrq $32, %rax
    movl %eax, 0x1d8(%r12)
    leaq MAP(%r12), %rsi
    movl %esi, 0x1d0(%r12)
    movl SIZE(%r12), %ecx
    movl %ecx, 0x1d4(%r12)
    movl STRIDE(%r12), %ebx
    movl %ebx, 0x1c8(%r12)
    movl VERSION(%r12), %eax
    movl %eax, 0x1cc(%r12)
    movl $__image_start, %r10d
    movl $__image_end, %r11d
    leaq (PAGES << 12)(%r12), %rdi
    movq %r12, %rsi
    call lies_elsewhere
    movl 0xc0(%r12), %eax               # the file; 0 if there is none
    shlq $32, %rax
    movl 0x218(%r12), %esi
    orq %rax, %rsi
    movl 0xc4(%r12), %eax
    shlq $32, %rax
    movl 0x21c(%r12), %edi
    orq %rax, %rdi
    addq %rsi, %rdi
    call lies_elsewhere
    leaq MAP(%r12), %rsi
    addq %rsi, %rcx                     # the end of the map
    xorl %edx, %edx                     # bytes that were found
1:  cmpq %rcx, %rsi
    jae 3f
    movq 8(%rsi), %r8                   # PhysicalStart
    movq 24(%rsi), %r9                  # NumberOfPages
    shlq $12, %r9
    addq %r8, %r9
    cmpq %r10, %r8
    cmovbq %r10, %r8
    cmpq %r11, %r9
    cmovaq %r11, %r9
    subq %r8, %r9
    jbe 2f
    movl (%rsi), %eax
    cmpl $7, %eax
    ja no_room_64
    movl $USABLE_TYPES, %edi
    btl %eax, %edi
    jnc no_room_64
    addq %r9, %rdx
2:  addq %rbx, %rsi
    jmp 1b
3:  cmpq $__image_len, %rdx
    jne no_room_64
    movq %r12, %rsi
    jmp move

# Returns if nothing from RSI to RDI lies where we go.
lies_elsewhere:
    cmpq %r11, %rsi
    jae 1f
    cmpq %r10, %rdi
    ja no_room_64
1:  ret

    .balign 8
guid_loaded_image:                      # 9.1
    .long 0x5b1b31a1
    .short 0x9562, 0x11d2
    .byte 0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b
guid_device_path:                       # 10.2
    .long 0x09576e91
    .short 0x6d3f, 0x11d2
    .byte 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b
guid_file_system:                       # 13.4
    .long 0x964e5b22
    .short 0x6459, 0x11d2
    .byte 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b
guid_load_file:                         # 13.2: EFI_LOAD_FILE2_PROTOCOL
    .long 0x4006c0c1
    .short 0xfcb3, 0x403e
    .byte 0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d
# A vendor's media node with LINUX_EFI_INITRD_MEDIA_GUID, and the end (10.3.5.3, 10.3.1).
path_of_file:
    .byte 4, 3
    .short 20
    .long 0x5568e427
    .short 0x68fc, 0x4f3d
    .byte 0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68
    .byte 0x7f, 0xff
    .short 4
