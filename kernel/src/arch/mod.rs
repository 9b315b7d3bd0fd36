//! All that is x86: the way in, memory, cores, traps, clocks, and the way out.
//!
//! [`set_up`] runs once, on core 0, with interrupts masked; they stay masked everywhere but in
//! [`power::idle`] on core 0. What returns from its vector: the timer, an NMI, a machine check that
//! can be survived, and the refusal of an instruction that was only an attempt.

pub(crate) mod acpi;
pub(crate) mod apic;
mod clocks;
mod copy;
pub(crate) mod cores;
pub(crate) mod crash;
mod descriptors;
mod entry;
mod interruptions;
mod loader;
mod machine_check;
pub(crate) mod memory;
pub(crate) mod narrow;
pub(crate) mod paging;
pub(crate) mod pci;
pub(crate) mod performance;
mod pic;
mod pmu;
pub(crate) mod power;
pub(crate) mod processor;
pub(crate) mod provoke;
pub(crate) mod random;
mod registers;
pub(crate) mod rtc;
pub(crate) mod second_clock;
pub(crate) mod sections;
pub(crate) mod smbios;
mod stacks;
mod steal;
pub(crate) mod stolen;
mod traps;
pub(crate) mod tsc;
pub(crate) mod uart;

use kernel::boot::Handoff;
use spin::Once;

pub(crate) use loader::{boot_nic, command_line, module};

static HANDOFF: Once<Handoff> = Once::new();

/// What the boot loader handed over; nothing before [`set_up`] has read it.
pub(crate) fn handoff() -> Option<&'static Handoff> {
    HANDOFF.get()
}

/// Sets up everything that core 0 needs, and the tick; other cores start with [`cores::start`].
///
/// Panics, which is to say reports and stops, if the loader's data or memory do not suffice.
fn set_up(magic: u32, structure: u64) {
    cores::adopt_first();
    traps::set_up();
    crash::open_console();
    let (handoff, block) = match loader::read(magic, structure) {
        Ok(read) => read,
        Err(error) => panic!("{error}"),
    };
    let handoff = HANDOFF.call_once(|| handoff);
    for oddity in &handoff.oddities {
        crash::say(format_args!("warning: {oddity}"));
    }
    memory::set_up(&handoff.regions, block, handoff.module.clone().unwrap_or_default());
    paging::set_up(&handoff.regions);
    acpi::set_up(handoff.acpi, handoff.efi_system_table);
    smbios::set_up(handoff.smbios, handoff.efi_system_table);
    pic::silence();
    apic::set_up();
    machine_check::set_up_this_core();
    stolen::set_up_this_core();
    tsc::set_up();
    cores::number(acpi::platform());
    apic::start_tick();
}
