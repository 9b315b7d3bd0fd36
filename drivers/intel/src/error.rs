//! Why a card could not be started.

/// Why a card could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The function is no card of this crate's families.
    WrongKind,
    /// The function has no registers, or they have no address.
    NoRegisters,
    /// The registers could not be mapped.
    NotMapped,
    /// All registers read as ones: the card is not there any more.
    Gone,
    /// The card did not finish its reset in time. Power it down.
    StuckInReset,
    /// The card did not read its own settings in time (EEC or EECD, Auto_RD).
    NoSettings,
    /// The card's DMA engine was not ready in time after the reset (RDRXCTL.DMAIDONE).
    NoDma,
    /// Firmware does not let go of what it shares with the driver (SWSM, SW_FW_SYNC).
    NoSemaphore,
    /// A queue did not start in time (RXDCTL.ENABLE, TXDCTL.ENABLE).
    StuckQueue,
    /// The way in did not halt in time (SECRXSTAT.SECRX_RDY).
    StuckReceive,
    /// The memory handed in is too small for the rings.
    NoMemory,
}
