//! Which accelerator a machine gets.
//!
//! A `/dev/kvm` that opens is not enough: under some hypervisors it opens on processors
//! without VMX or SVM and then emulates each instruction, a thousand times slower than TCG.
//! QEMU's own fallback (`-accel kvm -accel tcg`) does not notice, since opening succeeds.

use std::fmt;
use std::fs::{self, OpenOptions};

/// What executes the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accelerator {
    /// The processor itself, through `/dev/kvm`.
    Kvm,
    /// QEMU's translator. Works everywhere; times are the emulator's.
    Tcg,
}

impl Accelerator {
    /// The best accelerator that really works on this host.
    #[must_use]
    pub fn of_this_host() -> Self {
        let opens = OpenOptions::new().read(true).write(true).open("/dev/kvm").is_ok();
        Self::choose(opens, &fs::read_to_string("/proc/cpuinfo").unwrap_or_default())
    }

    /// KVM where `/dev/kvm` opens for reading and writing and the text of `/proc/cpuinfo`
    /// has the flag `vmx` or `svm`; else TCG.
    #[must_use]
    pub fn choose(kvm_opens: bool, cpuinfo: &str) -> Self {
        if kvm_opens && has_virtualization(cpuinfo) { Self::Kvm } else { Self::Tcg }
    }
}

impl fmt::Display for Accelerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        })
    }
}

fn has_virtualization(cpuinfo: &str) -> bool {
    cpuinfo
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.trim() == "flags")
        .any(|(_, flags)| flags.split_whitespace().any(|flag| matches!(flag, "vmx" | "svm")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTEL: &str = "processor\t: 0\nflags\t\t: fpu vme vmx sse2\n";
    const HIDDEN: &str = "model name\t: vmx svm\nflags\t\t: fpu svmlike sse2\n";

    #[test]
    fn kvm_needs_both_the_device_and_the_flag() {
        assert_eq!(Accelerator::choose(true, INTEL), Accelerator::Kvm);
        assert_eq!(Accelerator::choose(false, INTEL), Accelerator::Tcg);
    }

    #[test]
    fn a_device_that_opens_without_the_flag_is_not_believed() {
        assert_eq!(Accelerator::choose(true, HIDDEN), Accelerator::Tcg);
        assert_eq!(Accelerator::choose(true, ""), Accelerator::Tcg);
    }
}
