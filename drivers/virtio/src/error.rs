//! Why a device could not be started.

/// Why a device could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The function is no virtio device of this kind.
    WrongKind,
    /// The device does not say where its registers are, or they lie outside of its memory. A
    /// device with legacy registers only is such a one.
    NoRegisters,
    /// The registers could not be mapped.
    NotMapped,
    /// The device did not finish its reset in time. Power it down.
    StuckInReset,
    /// The device does not offer version 1 of the specification.
    TooOld,
    /// The device does not accept the features that were chosen of those it offers.
    FeaturesRefused,
    /// The device lacks a queue that its kind must have.
    NoQueue,
    /// The device did not do what it was told by its queue for commands.
    CommandRefused,
    /// The device offers less than it did before it was reset.
    Changed,
    /// The memory handed in is too small for the rings.
    NoMemory,
}
