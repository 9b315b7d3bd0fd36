# Instructions that may fault on a processor that lacks what they reach; nothing is lost then.
#
# Called as C functions with the register's number, and the value to write. They return the value
# in RAX and in RDX whether it was done: if the instruction faults, the handler goes on at
# attempt_failed, with all other registers as they were.

.section .text
.code64
.balign 16
.globl attempt_to_read_msr
attempt_to_read_msr:
    movl %edi, %ecx
.globl attempt_rdmsr
attempt_rdmsr:
    rdmsr
    jmp attempt_succeeded

.globl attempt_to_read_pmc
attempt_to_read_pmc:
    movl %edi, %ecx
.globl attempt_rdpmc
attempt_rdpmc:
    rdpmc
attempt_succeeded:
    shlq $32, %rdx
    orq %rdx, %rax
    movl $1, %edx
    ret

.globl attempt_to_write_msr
attempt_to_write_msr:
    movl %edi, %ecx
    movq %rsi, %rax
    movq %rsi, %rdx
    shrq $32, %rdx
.globl attempt_wrmsr
attempt_wrmsr:
    wrmsr
    movl $1, %edx
    ret

.globl attempt_failed
attempt_failed:
    xorl %edx, %edx
    ret
