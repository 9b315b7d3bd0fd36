//! What can be made to go wrong with the card.

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The reset bits of CTRL stay set for ever.
    ResetNeverEnds,
    /// RXDCTL.ENABLE of all queues reads 0, and they do not receive.
    ReceiveEnableNeverSets,
    /// TXDCTL.ENABLE of all queues reads 0, and they do not send.
    TransmitEnableNeverSets,
    /// EEC never says that the NVM was read.
    AutoReadNeverDone,
    /// RDRXCTL never says that the DMA is initialized.
    DmaInitNeverDone,
    /// STATUS says for ever that requests are under way, though CTRL.GIO_DIS is set.
    GioMasterStuck,
    /// SECRXSTAT never says that the receive path is blocked.
    SecurityBlockNeverReady,
    /// Somebody else holds the semaphore SWSM.SMBI for ever.
    SemaphoreHeld,
    /// The checksum over the NVM is wrong: its lowest bit is the other way round.
    NvmChecksumWrong,
    /// So is the lowest bit of a word in a section of the NVM, so that the checksum is not right for it.
    NvmSectionDamaged,
    /// The link changes its state at every so many-th reading of LINKS.
    LinkFlaps {
        /// Readings from one change to the next; at least 1.
        readings: u32,
    },
    /// The cage is empty.
    CageEmpty,
    /// The module in the cage is of a kind that no link is made over.
    ModuleUnknown,
    /// The module holds the clock of its wires down for ever.
    ModuleStuck,
    /// What is received is light, and no Ethernet.
    NoLock,
    /// The card is pulled out after so many further register accesses: all reads are ones.
    SurpriseRemoval {
        /// Accesses that still work.
        after: u64,
    },
    /// Descriptors that were handed to the card are not taken until the fault is taken back.
    TransmitStalls,
    /// So many frames that come next are missed, as if the packet buffer were full.
    Missed(u32),
    /// So many frames that come next have a wrong CRC.
    CrcErrors(u32),
    /// So many receive descriptors that are written next hold a lie.
    Lies {
        /// What is wrong with them.
        lie: Lie,
        /// How many.
        count: u32,
    },
}

/// What is wrong with a receive descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Its length is beyond its buffer.
    LengthBeyondBuffer,
    /// Its length is zero.
    LengthZero,
    /// It does not end a frame, though no other one follows that does.
    NoEndOfPacket,
    /// It reports a MAC error (RXE).
    ErrorBits,
}

/// All that goes wrong with a card at present.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    present: Vec<Fault>,
    /// Register accesses since the last fault came.
    accesses: u64,
}

impl Faults {
    /// Has `fault` happen from now on.
    pub(crate) fn add(&mut self, fault: Fault) {
        self.accesses = 0;
        self.present.push(fault);
    }

    /// Has no fault happen any more.
    pub(crate) fn clear(&mut self) {
        self.present.clear();
    }

    /// Has `fault` happen no more.
    pub(crate) fn take_back(&mut self, fault: Fault) {
        self.present.retain(|present| *present != fault);
    }

    /// Whether `fault` is present.
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.present.contains(&fault)
    }

    /// Counts a register access; tells whether the card is still there.
    pub(crate) fn count_access(&mut self) -> bool {
        self.accesses += 1;
        let accesses = self.accesses;
        !self.present.iter().any(|fault| match fault {
            Fault::SurpriseRemoval { after } => accesses > *after,
            _ => false,
        })
    }

    /// After how many readings of LINKS the link is to change.
    pub(crate) fn link_flaps(&self) -> Option<u32> {
        self.present.iter().find_map(|fault| match fault {
            Fault::LinkFlaps { readings } => Some((*readings).max(1)),
            _ => None,
        })
    }

    /// Whether the next frame is to be missed.
    pub(crate) fn take_missed(&mut self) -> bool {
        self.take(|fault| if let Fault::Missed(left) = fault { Some(left) } else { None })
    }

    /// Whether the next frame is to have a wrong CRC.
    pub(crate) fn take_crc_error(&mut self) -> bool {
        self.take(|fault| if let Fault::CrcErrors(left) = fault { Some(left) } else { None })
    }

    /// The lie that the next descriptor is to hold.
    pub(crate) fn take_lie(&mut self) -> Option<Lie> {
        self.present.iter_mut().find_map(|fault| match fault {
            Fault::Lies { lie, count } if *count > 0 => {
                *count -= 1;
                Some(*lie)
            }
            _ => None,
        })
    }

    fn take(&mut self, count: impl Fn(&mut Fault) -> Option<&mut u32>) -> bool {
        let left = self.present.iter_mut().find_map(|it| count(it).filter(|left| **left > 0));
        left.map(|left| *left -= 1).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_fault_happens_so_often_and_then_no_more() {
        let mut faults = Faults::default();
        faults.add(Fault::Missed(2));
        faults.add(Fault::Lies { lie: Lie::LengthZero, count: 1 });
        assert_eq!([(); 3].map(|()| faults.take_missed()), [true, true, false]);
        assert!(!faults.take_crc_error());
        assert_eq!(faults.take_lie(), Some(Lie::LengthZero));
        assert_eq!(faults.take_lie(), None);
    }

    #[test]
    fn a_card_is_gone_after_the_accesses_that_still_work() {
        let mut faults = Faults::default();
        faults.add(Fault::SurpriseRemoval { after: 1 });
        assert!(faults.count_access());
        assert!(!faults.count_access());
        faults.clear();
        assert!(faults.count_access());
    }
}
