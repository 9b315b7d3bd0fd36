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
    /// The memory handed in is too small for the rings.
    NoMemory,
}
