//! What a driver did that the datasheet does not allow.
//!
//! The model goes on after a violation as well as it can, as hardware would; it is the test that
//! decides. A list that stays empty is the point of the model.

use std::fmt;

use super::registers::Register;

/// Violations of one rule at one register that are kept.
const MOST: usize = 4;

/// A rule that can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Registers are accessed by 32 bits, at addresses that four divides.
    Width,
    /// Nothing but CTRL and STATUS is touched within a millisecond of a reset that is not known to be
    /// over.
    ResetAwaited,
    /// A tail is written only after the queue's ENABLE was read back as set.
    TailAfterEnable,
    /// A tail names a descriptor of its ring.
    TailInRing,
    /// A ring's length is a multiple of 128 bytes, and not zero when its queue is enabled.
    RingLength,
    /// A ring begins at a multiple of 128 bytes.
    RingBase,
    /// A ring's place and length change only while its queue is disabled.
    RingStill,
    /// RXEN is set while the security block holds the receive path, SECRXSTAT having said so.
    SecurityBlock,
    /// DMATXCTL.TE is set before a transmit queue is enabled.
    TransmitDmaFirst,
    /// The card reaches into memory only while it may be bus master.
    BusMaster,
    /// Rings and buffers lie in the guest's memory.
    InMemory,
    /// MRQC and RDRXCTL change only while RXEN is clear.
    ModeWhileReceiving,
    /// FCTRL changes only while RXEN is clear.
    FilterWhileReceiving,
    /// RSS is switched on once after a reset, and never off.
    RssAfterReset,
    /// MTQC changes only while the transmit arbiter is off (RTTDCS.ARBDIS).
    ArbiterOff,
    /// Bits that are reserved keep the value that the datasheet asks for.
    ReservedBits,
    /// What can only be read is not written.
    ReadOnly,
    /// HLREG0 and RDRXCTL agree on whether the CRC is stripped.
    CrcStripAgrees,
    /// The receive packet buffers together have at most 512 KB.
    PacketBufferSize,
    /// Receive buffers have from 1 to 16 KB.
    ReceiveBufferSize,
    /// A receive descriptor is handed over with its DD bit clear.
    FreshDescriptor,
    /// CORECTL is written while the semaphore for the MAC's registers is held.
    Semaphore,
    /// A data descriptor that needs a context names one that was given, and that serves for it.
    ContextGiven,
    /// PAYLEN is what the descriptors of a frame hold together.
    PayloadLength,
    /// A frame has from 17 bytes up to what MAXFRS allows, in at most 40 descriptors.
    FrameSize,
    /// RS is set only on the last descriptor of a frame, or on a context.
    ReportAtEnd,
    /// The card puts the CRC behind a frame (IFCS).
    CrcInserted,
    /// What was asked for is in the datasheet but not in this model.
    Modelled,
}

/// A broken rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// The register that was accessed, or that the queue in question is driven by.
    pub register: Register,
    /// The value that was written, or the guest address or descriptor word that is wrong.
    pub value: u64,
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {} with {:#x}", self.rule, self.register, self.value)
    }
}

/// Broken rules, the first ones of each kind.
#[derive(Debug, Default)]
pub(crate) struct Violations {
    first: Vec<Violation>,
}

impl Violations {
    /// Notes that `rule` was broken.
    pub(crate) fn add(&mut self, rule: Rule, register: Register, value: impl Into<u64>) {
        let is_alike = |it: &&Violation| it.rule == rule && it.register == register;
        if self.first.iter().filter(is_alike).count() < MOST {
            self.first.push(Violation { rule, register, value: value.into() });
        }
    }

    /// Notes that `rule` was broken unless `holds`.
    pub(crate) fn check(&mut self, holds: bool, rule: Rule, register: Register, value: u32) {
        if !holds {
            self.add(rule, register, value);
        }
    }

    /// Those that are kept, in order.
    pub(crate) fn first(&self) -> &[Violation] {
        &self.first
    }
}
