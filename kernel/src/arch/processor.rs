//! What the processor calls itself, and what it runs under.

use core::fmt::{self, Display, Formatter};

use kernel::boot::threads;
use raw_cpuid::{CpuId, cpuid};

/// Lowest bits of APIC ids that tell threads of one core apart.
pub(crate) fn thread_bits() -> u32 {
    threads::thread_bits(|leaf, part| {
        let answer = cpuid!(leaf, part);
        [answer.eax, answer.ebx, answer.ecx, answer.edx]
    })
}

/// The processor's own name for itself.
pub(crate) struct Brand;

impl Display for Brand {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let brand = CpuId::new().get_processor_brand_string();
        out.write_str(brand.as_ref().map_or("n/a", |brand| brand.as_str().trim()))
    }
}

/// Whether there is a hypervisor or emulator.
pub(crate) fn is_virtual() -> bool {
    CpuId::new().get_feature_info().is_some_and(|cpu| cpu.has_hypervisor())
}

/// The hypervisor or emulator, if it says what it is.
pub(crate) struct Hypervisor;

impl Display for Hypervisor {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match CpuId::new().get_hypervisor_info() {
            Some(info) => write!(out, "{:?}", info.identify()),
            None => out.write_str("none"),
        }
    }
}
