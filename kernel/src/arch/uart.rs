//! Serial ports, wherever they are.
#![expect(unsafe_code, reason = "whoever names a place says that a serial port is there")]

use serial::{Error, Place, Port};

use super::paging;

/// A serial port that can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uart(Place);

impl Uart {
    /// COM1.
    pub(crate) const COM1: Self = Self(Place::COM1);

    /// The one at `place`; none if no device can be there.
    pub(crate) fn at(place: Place) -> Option<Self> {
        let is_there = match place {
            Place::Port(port) => port <= u16::MAX - 7,
            Place::Memory { address, .. } => paging::map_mmio(address, place.span()).is_some(),
        };
        is_there.then_some(Self(place))
    }

    /// Sets it up for `baud` symbols a second, or for as many as it was left with.
    pub(crate) fn open(self, baud: Option<u32>) -> Result<Port, Error> {
        self.seize().set_up(baud)
    }

    /// The port as it is.
    pub(crate) fn seize(self) -> Port {
        // SAFETY: Memory was mapped in `at`; what is there is no memory of ours, and whoever named the place,
        // be it the user or the firmware, says that it is a serial port.
        let port = unsafe { Port::seize(self.0) };
        let Some(port) = port else { unreachable!("`at` leaves room for eight registers") };
        port
    }
}
