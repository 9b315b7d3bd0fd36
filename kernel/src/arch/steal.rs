//! Time that KVM ran something else on a core, as KVM tells it (Linux, Documentation/virt/kvm/x86:
//! cpuid.rst, and msr.rst at `MSR_KVM_STEAL_TIME`).
#![expect(unsafe_code, reason = "the place to tell it is registered by instruction")]

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use raw_cpuid::{CpuId, cpuid};

use super::{cores, registers};

const MSR_KVM_STEAL_TIME: u32 = 0x4b56_4d03;
const IS_ENABLED: u64 = 1; // of MSR_KVM_STEAL_TIME
const HAS_STEAL_TIME: u32 = 1 << 5; // of EAX of the leaf of features
/// Where KVM's leaves start: its own place, or behind those of another that it also plays.
const LEAVES: [u32; 2] = [0x4000_0000, 0x4000_0100];
/// Attempts to read what may just be being written.
const ATTEMPTS: usize = 16;

static AREAS: [Area; cores::MAX] = [const { Area::new() }; cores::MAX];

/// What KVM writes for a core (`struct kvm_steal_time`).
#[repr(C, align(64))]
struct Area {
    nanoseconds: AtomicU64,
    /// Odd while it is being written.
    version: AtomicU32,
    others: [AtomicU32; 13],
}

const _: () = assert!(size_of::<Area>() == 64);

impl Area {
    const fn new() -> Self {
        Self {
            nanoseconds: AtomicU64::new(0),
            version: AtomicU32::new(0),
            others: [const { AtomicU32::new(0) }; 13],
        }
    }
}

/// Has KVM tell the core that runs this, which is `core`; says whether it does.
pub(super) fn start(core: usize) -> bool {
    if !is_offered() {
        return false;
    }
    let address = core::ptr::from_ref(&AREAS[core]).addr() as u64;
    // SAFETY: The area is static, at its physical address, and all atomic.
    unsafe { registers::try_write_msr(MSR_KVM_STEAL_TIME, address | IS_ENABLED) }.is_some()
}

/// Nanoseconds that were stolen from `core` since it started.
pub(super) fn nanoseconds(core: usize) -> Option<u64> {
    let area = &AREAS[core];
    (0..ATTEMPTS).find_map(|_| {
        let version = area.version.load(Ordering::Acquire);
        let nanoseconds = area.nanoseconds.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        let is_whole = version.is_multiple_of(2) && area.version.load(Ordering::Relaxed) == version;
        is_whole.then_some(nanoseconds)
    })
}

fn is_offered() -> bool {
    let is_virtual = CpuId::new().get_feature_info().is_some_and(|cpu| cpu.has_hypervisor());
    let leaf = LEAVES.into_iter().find(|&leaf| is_kvm(leaf)).filter(|_| is_virtual);
    leaf.is_some_and(|leaf| cpuid!(leaf + 1).eax & HAS_STEAL_TIME != 0)
}

fn is_kvm(leaf: u32) -> bool {
    let said = cpuid!(leaf);
    [said.ebx, said.ecx, said.edx].map(u32::to_le_bytes).as_flattened() == b"KVMKVMKVM\0\0\0"
}
