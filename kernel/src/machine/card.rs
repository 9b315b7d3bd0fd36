//! What a card is by its numbers, and whether it gave back what it was sent.

use core::fmt::{self, Display, Formatter};

use heapless::String;

use crate::loopback::Outcome;

/// What a card says that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Vendor and device.
    pub device: (u16, u16),
    /// Vendor and number of the board that it is on.
    pub subsystem: (u16, u16),
    /// Which make of it.
    pub revision: u8,
    /// The version of its NVM, which firmware is a part of; none if it does not tell.
    pub nvm: Option<u32>,
}

impl Display for Identity {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { device, subsystem, revision, nvm } = self;
        write!(out, "{:04x}:{:04x}, subsystem ", device.0, device.1)?;
        write!(out, "{:04x}:{:04x}, revision {revision:#04x}, ", subsystem.0, subsystem.1)?;
        match nvm {
            Some(version) => write!(out, "NVM {version:#010x}"),
            None => out.write_str("NVM unknown"),
        }
    }
}

/// Whether the NVM of a card adds up to the checksum that is stored in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// It does.
    Right,
    /// It does not: it is damaged, or was written by somebody who did not care.
    Wrong {
        /// The checksum that is stored.
        stored: u16,
        /// The one that would be right.
        computed: u16,
    },
    /// It could not be read, or nothing is known of how that is done.
    Unread,
}

impl Display for Checksum {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Right => out.write_str("right"),
            Self::Wrong { stored, computed } => {
                write!(out, "wrong: stored {stored:#06x}, computed {computed:#06x}")
            }
            Self::Unread => out.write_str("not read"),
        }
    }
}

/// Whether a card was made to receive what it sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loopback {
    /// Nobody wanted it.
    #[default]
    NotRun,
    /// Cards of this kind cannot.
    Impossible,
    /// It did not do as it was told.
    Refused,
    /// It was, at boot, and this became of the frames.
    Ran(Outcome),
}

impl Loopback {
    /// The verdict in a word or some.
    pub fn verdict(&self) -> &'static str {
        match self {
            Self::NotRun => "loopback not run",
            Self::Impossible => "PASS, without loopback",
            Self::Refused => "FAIL",
            Self::Ran(outcome) if outcome.is_good() => "PASS",
            Self::Ran(_) => "FAIL",
        }
    }
}

impl Display for Loopback {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRun => out.write_str(
                "not run: its queues are the PMDs' (boot with test=nictest to have it run before)",
            ),
            Self::Impossible => out.write_str("cards of virtio have none"),
            Self::Refused => out.write_str("the card does not do as it is told"),
            Self::Ran(outcome) => {
                let Outcome { wanted, sent, received, spoiled, foreign, driver, elapsed } =
                    *outcome;
                write!(out, "frames={wanted} sent={sent} received={received} ")?;
                write!(out, "lost={} spoiled={spoiled} foreign={foreign}, ", outcome.lost())?;
                let each = |cycles: u64| cycles / u64::from(received).max(1);
                write!(out, "{} cycles a frame in the driver, ", each(driver))?;
                write!(out, "{} from end to end", each(elapsed))
            }
        }
    }
}

/// Why something was done, in words.
pub type Words = String<56>;

/// How a card fared while it ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// How often it was reset since boot.
    pub resets: u64,
    /// Why it was reset or quarantined last.
    pub reason: Option<Words>,
    /// It is not used any more.
    pub is_quarantined: bool,
    /// Frames of those counted as sent that came back unsent since boot, because it was reset.
    pub unsent: u64,
}

/// The line of a port about that, with its end; nothing of a card that was never reset.
impl Display for Health {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { resets, reason: Some(reason), is_quarantined, unsent } = self else {
            return Ok(());
        };
        match is_quarantined {
            true => writeln!(out, "  card quarantined: {reason}, resets={resets} unsent={unsent}"),
            false => writeln!(out, "  card resets={resets} unsent={unsent}, last: {reason}"),
        }
    }
}

/// What was done with a card while it ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mended {
    /// It is being reset.
    Reset(Words),
    /// It works again.
    Works,
    /// It will not be used any more.
    Quarantined(Words),
}

impl Display for Mended {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reset(reason) => write!(out, "card reset: {reason}"),
            Self::Works => out.write_str("card works again"),
            Self::Quarantined(reason) => write!(out, "card quarantined: {reason}"),
        }
    }
}
