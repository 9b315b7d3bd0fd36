//! Sleeping, stopping, starting again, and leaving the emulator.
#![expect(unsafe_code, reason = "the ways out are ports")]

use kernel::boot::acpi::Register;
use raw_cpuid::CpuId;
use spin::Once;
use x86_64::instructions::interrupts;
use x86_64::structures::DescriptorTablePointer;

use super::{acpi, registers, tsc};

/// What [`exit`] tells QEMU when all is well: QEMU's own status is then 33.
pub(crate) const DONE: u8 = 0x10;
/// What a crash tells QEMU: QEMU's own status is then 35.
pub(crate) const CRASHED: u8 = 0x11;

const DEBUG_EXIT: u16 = 0xf4;
const RESET_CONTROL: u16 = 0xcf9;
const KEYBOARD_COMMAND: u16 = 0x64;

/// Sleeps until the next interrupt. To be called with interrupts masked, as they always are: one
/// that comes before the sleep still ends it, since STI takes effect after the next instruction.
pub(crate) fn idle() {
    interrupts::enable_and_hlt();
    interrupts::disable();
}

/// Sleeps until an NMI. One that comes before the sleep does not end it.
pub(crate) fn sleep_deaf() {
    x86_64::instructions::hlt();
}

/// Does nothing for a moment: in a light state of sleep up to `until` where the processor has TPAUSE
/// (Intel SDM, volume 2) or MWAITX with its timer (AMD64 manual, volume 3).
#[inline]
pub(crate) fn rest(until: u64) {
    static WAY: Once<fn(u64)> = Once::new();
    WAY.call_once(way)(until);
}

fn way() -> fn(u64) {
    let cpu = CpuId::new();
    if cpu.get_extended_feature_info().is_some_and(|cpu| cpu.has_waitpkg()) {
        return registers::wait_until;
    }
    let extended = cpu.get_extended_processor_and_feature_identifiers();
    if extended.is_some_and(|cpu| cpu.has_monitorx_mwaitx()) {
        return |until| {
            // Not 0, which may stand for no timer.
            let cycles = until.saturating_sub(tsc::now()).clamp(1, u32::MAX.into());
            registers::wait_for(cycles as u32);
        };
    }
    |_| core::hint::spin_loop()
}

/// Ends QEMU through its device `isa-debug-exit` at port 0xf4, or else stops this core.
pub(crate) fn exit(status: u8) -> ! {
    let is_virtual = CpuId::new().get_feature_info().is_some_and(|cpu| cpu.has_hypervisor());
    if is_virtual {
        // SAFETY: The port leads to a device that ends the machine, or to none.
        unsafe { registers::write_port32(DEBUG_EXIT, u32::from(status)) };
    }
    halt()
}

/// Stops this core for good.
pub(crate) fn halt() -> ! {
    loop {
        interrupts::disable();
        x86_64::instructions::hlt();
    }
}

/// Starts the machine again: by the register that ACPI names, the chip set's, the keyboard
/// controller's, and if all of them are ignored by a fault that nothing handles.
pub(crate) fn reboot() -> ! {
    interrupts::disable();
    if let Some((register, value)) = acpi::platform().fixed.reset {
        write(register, value);
        tsc::wait_us(10_000);
    }
    for (port, value) in [(RESET_CONTROL, 0x02), (RESET_CONTROL, 0x06), (KEYBOARD_COMMAND, 0xfe)] {
        // SAFETY: Resetting the machine is what these are for.
        unsafe { registers::write_port8(port, value) };
        tsc::wait_us(10_000);
    }
    let nothing = DescriptorTablePointer { limit: 0, base: x86_64::VirtAddr::zero() };
    // SAFETY: The machine is to be reset by the fault that follows.
    unsafe { x86_64::instructions::tables::lidt(&nothing) };
    x86_64::instructions::interrupts::int3();
    halt()
}

fn write(register: Register, value: u8) {
    match register {
        // SAFETY: The firmware names this port as the one that resets the machine.
        Register::Port(port) => unsafe { registers::write_port8(port, value) },
        Register::Memory(address) => {
            if let Some(place) = super::paging::map_mmio(address, 1) {
                // SAFETY: Just mapped; the firmware names it as the one that resets the machine.
                unsafe { place.write_volatile(value) };
            }
        }
    }
}
