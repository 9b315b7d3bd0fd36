//! Machine checks: which of them the machine survives, and what a report says of the others.
//!
//! Numbers and bits are those of the Intel SDM, volume 3, chapter 15; AMD's are the same where
//! both have them.
#![expect(unsafe_code, reason = "the banks are model specific registers")]

use core::fmt::{self, Display, Formatter};

use raw_cpuid::CpuId;

use super::registers;

const MCG_CAP: u32 = 0x179;
const MCG_STATUS: u32 = 0x17a;
const MCG_CTL: u32 = 0x17b;
/// Control, status, address and more of bank 0; those of the next follow.
const MC0_CTL: u32 = 0x400;
/// The registers of more would be others'.
const BANKS_MAX: u32 = 32;

const BANKS: u64 = 0xff; // of MCG_CAP: how many there are
const HAS_MCG_CTL: u64 = 1 << 8; // of MCG_CAP
const RECOVERS: u64 = 1 << 24; // of MCG_CAP: knows uncorrected errors that can be lived with

const MAY_GO_ON: u64 = 1 << 0; // of MCG_STATUS: RIPV

const IS_VALID: u64 = 1 << 63; // of a bank's status
const IS_UNCORRECTED: u64 = 1 << 61; // of a bank's status
const HAS_ADDRESS: u64 = 1 << 58; // of a bank's status
const IS_CORE_CORRUPT: u64 = 1 << 57; // of a bank's status
const NEEDS_ACTION: u64 = 1 << 55; // of a bank's status, with `RECOVERS`

/// Has this core's errors of all kinds reported, and forgets those from before (15.8).
pub(super) fn set_up_this_core() {
    let Some(capabilities) = capabilities() else { return };
    if capabilities & HAS_MCG_CTL != 0 {
        // SAFETY: The register is there, and to be told of errors has its vector.
        unsafe { registers::write_msr(MCG_CTL, u64::MAX) };
    }
    // A bank of a virtual machine may refuse, and is left as it is.
    for bank in banks(capabilities) {
        if bank > 0 || !is_bank_0_reserved() {
            // SAFETY: As above.
            let _ = unsafe { registers::try_write_msr(register(bank, 0), u64::MAX) };
        }
        // SAFETY: To forget an error reaches no memory.
        let _ = unsafe { registers::try_write_msr(register(bank, 1), 0) };
    }
}

/// In the handler of a machine check: whether what was interrupted can go on as if nothing had
/// happened. Then the banks are cleared, and the next machine check may come.
pub(super) fn survive() -> bool {
    let Some(capabilities) = capabilities() else { return false };
    if first_fatal(capabilities).is_some() {
        return false;
    }
    banks(capabilities).for_each(clear);
    // SAFETY: The register exists with `capabilities`; what was in progress is over.
    unsafe { registers::write_msr(MCG_STATUS, 0) };
    true
}

/// Why a machine check was not survived.
pub(super) struct Reason;

impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match capabilities().map(first_fatal) {
            None => f.write_str("the processor cannot say why"),
            Some(None) => f.write_str("no bank says why"),
            Some(Some(fatal)) => write!(f, "{fatal}"),
        }
    }
}

/// What cannot be survived.
enum Fatal {
    /// The processor does not know where to go on (`status` of the whole).
    NoWayBack { status: u64 },
    /// An error that nothing corrects.
    Bank { bank: u32, status: u64 },
}

impl Display for Fatal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (bank, status) = match *self {
            Self::NoWayBack { status } => {
                return write!(f, "it cannot go on where it was (status {status:#x})");
            }
            Self::Bank { bank, status } => (bank, status),
        };
        write!(f, "bank {bank}: status {status:#018x}")?;
        if status & HAS_ADDRESS != 0 {
            write!(f, ", address {:#x}", read(register(bank, 2)))?;
        }
        Ok(())
    }
}

/// The first reason not to go on; banks first, they say more.
fn first_fatal(capabilities: u64) -> Option<Fatal> {
    let status_of = |bank| (bank, read(register(bank, 1)));
    let fatal = banks(capabilities).map(status_of).find(|&(_, it)| is_fatal(it, capabilities));
    let status = read(MCG_STATUS);
    let no_way_back = (status & MAY_GO_ON == 0).then_some(Fatal::NoWayBack { status });
    fatal.map(|(bank, status)| Fatal::Bank { bank, status }).or(no_way_back)
}

/// Whether an error must not be lived with. An uncorrected one can be if it was found before
/// anybody used the data (15.6.3: action optional, or none required).
fn is_fatal(status: u64, capabilities: u64) -> bool {
    let has = |bits| status & bits != 0;
    let can_be_lived_with = capabilities & RECOVERS != 0 && !has(NEEDS_ACTION);
    has(IS_VALID) && (has(IS_CORE_CORRUPT) || has(IS_UNCORRECTED) && !can_be_lived_with)
}

fn banks(capabilities: u64) -> core::ops::Range<u32> {
    0..((capabilities & BANKS) as u32).min(BANKS_MAX)
}

/// What MCG_CAP says, if the processor has all this.
fn capabilities() -> Option<u64> {
    let cpu = CpuId::new().get_feature_info()?;
    (cpu.has_mce() && cpu.has_mca()).then(|| read(MCG_CAP))
}

/// On old Intel processors the control of bank 0 is left to firmware (15.3.2.1).
fn is_bank_0_reserved() -> bool {
    let is_intel = CpuId::new().get_vendor_info().is_some_and(|it| it.as_str() == "GenuineIntel");
    let is_old = |cpu: raw_cpuid::FeatureInfo| cpu.family_id() == 6 && cpu.model_id() < 0x1a;
    is_intel && CpuId::new().get_feature_info().is_some_and(is_old)
}

/// Not by an attempt: this runs in the handler.
fn clear(bank: u32) {
    // SAFETY: The bank exists, and to forget an error reaches no memory.
    unsafe { registers::write_msr(register(bank, 1), 0) };
}

/// Register number `which` of `bank`.
fn register(bank: u32, which: u32) -> u32 {
    MC0_CTL + 4 * bank + which
}

fn read(register: u32) -> u64 {
    // SAFETY: Only used for registers that `capabilities` promise.
    unsafe { registers::read_msr(register) }
}
