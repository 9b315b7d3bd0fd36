//! Registers that people are shown: those that can be read without a side effect.

use bus::Mmio;

use crate::chip::Chip;
use crate::e1000::queue;

/// A register as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// Its name in the datasheet.
    pub name: &'static str,
    /// The pair of queues that it is of, if it is one's.
    pub pair: Option<usize>,
    /// Where it is.
    pub offset: usize,
    /// What it holds.
    pub value: u32,
}

/// The register with this `index` of a card with so many pairs of queues; none beyond the last.
pub(crate) fn register(
    (chip, pairs): (Chip, usize),
    registers: &impl Mmio,
    index: usize,
) -> Option<Register> {
    let own = chip.registers().iter().map(|(name, offset)| (*name, None, *offset));
    let queues = (0..pairs).flat_map(|n| {
        let (receive, transmit) = chip.blocks(n);
        let received = RECEIVE.iter().map(move |(name, offset)| (*name, receive + offset));
        let sent = TRANSMIT.iter().map(move |(name, offset)| (*name, transmit + offset));
        received.chain(sent).map(move |(name, offset)| (name, Some(n), offset))
    });
    let (name, pair, offset) = own.chain(queues).nth(index)?;
    Some(Register { name, pair, offset, value: registers.read32(offset) })
}

/// Registers of queues to show.
static RECEIVE: [(&str, usize); 6] = [
    ("RDBAL", queue::BASE_LOW),
    ("RDBAH", queue::BASE_HIGH),
    ("RDLEN", queue::LENGTH),
    ("RDH", queue::HEAD),
    ("RDT", queue::TAIL),
    ("RXDCTL", queue::CONTROL),
];
static TRANSMIT: [(&str, usize); 6] = [
    ("TDBAL", queue::BASE_LOW),
    ("TDBAH", queue::BASE_HIGH),
    ("TDLEN", queue::LENGTH),
    ("TDH", queue::HEAD),
    ("TDT", queue::TAIL),
    ("TXDCTL", queue::CONTROL),
];
