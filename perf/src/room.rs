//! The rooms that an iteration's time is charged to.

/// A part of the PMD loop, in the order in which a batch walks through them.
///
/// Leaving a room charges the time since the last doorway to it. The rooms add up to the
/// iteration exactly, because [`Room::Rx`] is what the others leave over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Polling receive queues, and all that no other room was charged with.
    Rx,
    /// Looking at each frame once.
    Parse,
    /// Exact-match caches.
    Cache,
    /// Search for wildcarded flows.
    Classifier,
    /// Slow path.
    Upcall,
    /// Carrying out verdicts.
    Act,
    /// Handing frames to devices, and taking back those that they are done with.
    Tx,
    /// Further passes of frames that need one.
    Again,
    /// Commands from the control core, and whatever is due now and then.
    Housekeeping,
}

impl Room {
    /// How many there are.
    pub const COUNT: usize = 9;

    /// All of them, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Rx,
        Self::Parse,
        Self::Cache,
        Self::Classifier,
        Self::Upcall,
        Self::Act,
        Self::Tx,
        Self::Again,
        Self::Housekeeping,
    ];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rx => "rx",
            Self::Parse => "parse",
            Self::Cache => "cache",
            Self::Classifier => "classifier",
            Self::Upcall => "upcall",
            Self::Act => "act",
            Self::Tx => "tx",
            Self::Again => "again",
            Self::Housekeeping => "housekeeping",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_stand_in_the_order_of_their_numbers() {
        for (number, room) in Room::ALL.into_iter().enumerate() {
            assert_eq!(room as usize, number, "{}", room.name());
        }
    }
}
