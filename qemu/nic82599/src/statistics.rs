//! The card's counters: registers that reading clears, and the model's own books.
//!
//! Section 8.2.3.23. Counters have 32 bits and stick at their maximum. The model's books are
//! never cleared; a test holds what a driver says against them.

use super::registers::{self as regs, Bank, Register};

/// What happened on a card since it was made; resets do not clear it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Frames that came in by the cable and were no errors.
    pub arrived: u64,
    /// Frames that were put into receive rings.
    pub received: u64,
    /// Frames that came while RXEN was clear or the link was down.
    pub unheard: u64,
    /// Frames that the filters did not take.
    pub filtered: u64,
    /// Frames that found no room in the packet buffer.
    pub missed: u64,
    /// Frames that were dropped since their queue had no descriptor, or was not enabled.
    pub no_descriptor: u64,
    /// Frames with a wrong CRC, or too long.
    pub damaged: u64,
    /// Frames that were sent.
    pub sent: u64,
    /// Frames that a driver handed over to be cut into several.
    pub cut: u64,
    /// Frames that a driver left a checksum of TCP or UDP to, and that were not cut.
    pub checksummed: u64,
    /// [`Statistics::received`] of each queue, from queue 0 to the last one that has any.
    pub received_by_queue: Vec<u64>,
    /// [`Statistics::no_descriptor`] of each queue, in the same way.
    pub no_descriptor_by_queue: Vec<u64>,
    /// [`Statistics::sent`] of each queue, in the same way.
    pub sent_by_queue: Vec<u64>,
    /// Resets by CTRL and by the PCI function.
    pub resets: u64,
}

/// Counts one more for `queue`.
pub(crate) fn count_for(queue: u32, counts: &mut Vec<u64>) {
    let index = queue as usize;
    counts.resize(counts.len().max(index + 1), 0);
    counts[index] += 1;
}

/// Whether reading `register` clears it.
pub(crate) fn is_counter(register: Register) -> bool {
    let per_queue: [Bank; 7] = [
        regs::QPRC,
        regs::QBRC_L,
        regs::QBRC_H,
        regs::QPRDC,
        regs::QPTC,
        regs::QBTC_L,
        regs::QBTC_H,
    ];
    // Statistics lie from 3F60 to 41B0; in between are a few MAC registers, 4200 and on.
    matches!(register.0, 0x3F60..0x4100 | 0x41A4..0x41B4)
        || per_queue.iter().any(|bank| bank.index(register).is_some())
}

/// The number, in [`regs::PRC_SIZE`] and [`regs::PTC_SIZE`], of a frame of `length` bytes with CRC.
pub(crate) fn size_class(length: usize) -> u32 {
    match length {
        ..=64 => 0,
        65..=127 => 1,
        128..=255 => 2,
        256..=511 => 3,
        512..=1023 => 4,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_cleared_by_reading_and_their_neighbors_are_not() {
        let counters = [regs::CRCERRS, regs::GPRC, regs::MPC.at(7), regs::QPRDC.at(15)];
        assert!(counters.into_iter().all(is_counter));
        let others = [regs::HLREG0, regs::RQSMR.at(0), regs::TQSM.at(31), regs::RDT.at(3)];
        assert!(!others.into_iter().any(is_counter));
    }
}
