# One stub per vector, sixteen bytes apart; each pushes an error code if the processor did not.
#
# The stack at the call of the handler is `traps::Frame`, with the vector registers below it.

.section .text
.code64
.balign 16
.globl trap_stubs
trap_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    # Double fault, TSS, segment, stack, protection, page, alignment, control, VMM and security.
    .if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30)
    .else
    pushq $0
    .endif
    pushq $vector
    jmp trap_common
    .set vector, vector + 1
    .endr

.balign 16
trap_common:
    pushq %rax
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    cld
    movq %rsp, %rdi                     # the argument of the handler
    movq %rsp, %rbx                     # kept by the handler: where everything is restored from
    subq ${vectors_len}, %rsp
    andq $-64, %rsp
    xorl %ebp, %ebp
    cmpl $0, vector_state(%rip)
    je 1f
    # The header must be all zeroes before XSAVE (Intel SDM volume 1, 13.4.2).
    xorl %eax, %eax
    movq %rax, 512(%rsp)
    movq %rax, 520(%rsp)
    movq %rax, 528(%rsp)
    movq %rax, 536(%rsp)
    movq %rax, 544(%rsp)
    movq %rax, 552(%rsp)
    movq %rax, 560(%rsp)
    movq %rax, 568(%rsp)
    movl $-1, %eax
    movl $-1, %edx
    xsave64 (%rsp)
    call {handle}
    movl $-1, %eax
    movl $-1, %edx
    xrstor64 (%rsp)
    jmp 2f
1:  fxsave64 (%rsp)
    call {handle}
    fxrstor64 (%rsp)
2:  movq %rbx, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rbp
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rbx
    popq %rax
    addq $16, %rsp                      # vector and error code
    iretq
