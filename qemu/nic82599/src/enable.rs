//! The ENABLE bit of a queue, in RXDCTL and TXDCTL (8.2.3.8.6, 8.2.3.9).

/// How far a queue's ENABLE has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Enable {
    #[default]
    Off,
    /// Asked for, and not yet to be seen.
    Asked,
    /// The next reading shows it.
    On,
    /// The driver has seen it.
    Seen,
}

impl Enable {
    /// What the next reading shows; hardware takes a moment, so the first one shows nothing.
    pub(crate) fn read(&mut self) -> bool {
        let shows = matches!(self, Self::On | Self::Seen);
        *self = match self {
            Self::Off => Self::Off,
            Self::Asked => Self::On,
            Self::On | Self::Seen => Self::Seen,
        };
        shows
    }

    /// Takes a written ENABLE bit.
    pub(crate) fn write(&mut self, is_set: bool) {
        *self = match (*self, is_set) {
            (_, false) => Self::Off,
            (Self::Off, true) => Self::Asked,
            (other, true) => other,
        };
    }
}
