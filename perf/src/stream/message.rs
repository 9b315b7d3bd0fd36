//! What frames say.
//!
//! Counts of the time-stamp counter are raw, as everywhere; the greeting says what converts them.
//! Numbers are postcard's, so that small ones are short.

use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::items::Items;
use super::kind::{Damage, Kind};
use crate::events::Loss;
use crate::iteration::Iteration;
use crate::milliseconds::Millisecond;
use crate::room::Room;
use crate::stolen::Readings;
use crate::time::Timebase;

/// What a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A defmt frame.
    Log(&'a [u8]),
    /// Who speaks.
    Greeting(Greeting),
    /// Something in words.
    Fact(Fact<'a>),
    /// A suspicious iteration.
    Suspect(Suspect),
    /// Iterations around it.
    Rows(Rows<'a>),
    /// An event was sent whole.
    Whole(Whole),
    /// What an operator noted down.
    Note(Note<'a>),
    /// Milliseconds of a core.
    Milliseconds(Milliseconds<'a>),
    /// Numbers that were counted.
    Amounts(Amounts<'a>),
    /// What numbers are called.
    Names(Names<'a>),
    /// What was not sent since boot.
    Gap(Items<'a, Gap>),
    /// A piece of the text of a crash report.
    Crash(&'a str),
}

/// Who speaks. Said at boot and from time to time; facts follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    /// [Version](super::VERSION) of the protocol.
    pub version: u16,
    /// Build id of the image (the note of type `NT_GNU_BUILD_ID`); zeros where it has none.
    pub build: [u8; 20],
    /// What converts counts.
    pub base: Timebase,
    /// When it was said, as a count of the time-stamp counter.
    pub at: u64,
}

/// Something in words that holds until the same is said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact<'a> {
    /// What it is about: `machine`, `port 0`, `pmd 1`.
    pub about: &'a str,
    /// What of that.
    pub name: &'a str,
    /// What it is.
    pub value: &'a str,
}

/// A suspicious iteration of an event. Those of one event come in order, before its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    /// The number of the event, counted from 1 across cores.
    pub event: u64,
    /// The core.
    pub core: u16,
    /// All that was recorded.
    pub iteration: Iteration,
    /// Whether it is known in which rooms its time was spent.
    pub has_rooms: bool,
    /// What the core's slow registers counted since the last look.
    pub readings: Readings,
    /// What a NIC lost, where that is why it is suspicious.
    pub loss: Option<Loss>,
}

/// Iterations of an event in a row, oldest first, in the columns of Open vSwitch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows<'a> {
    /// Where they begin.
    pub heading: Heading,
    /// The iterations.
    pub rows: Items<'a, Row>,
}

/// Where [`Rows`] begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// The event.
    pub event: u64,
    /// The number of an iteration, and the count at its end: those that [`Row`]s count from.
    pub number: u64,
    /// That count.
    pub end: u64,
}

/// An iteration against the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Iterations between the two that are not there.
    pub skipped: u64,
    /// Cycles from the end of the other to its start, modulo 2^64.
    pub apart: u64,
    /// Its length in cycles.
    pub cycles: u64,
    /// Frames received.
    pub packets: u32,
    /// Polls that brought any.
    pub batches: u32,
    /// Highest fill of a receive ring, in frames.
    pub fill: u32,
    /// Frames handed to the slow path.
    pub upcalls: u32,
    /// Cycles of that.
    pub upcall_cycles: u64,
}

impl Row {
    /// The row of `iteration` behind what `heading` says.
    pub fn of(iteration: &Iteration, heading: &Heading) -> Self {
        Self {
            skipped: iteration.number.wrapping_sub(heading.number).wrapping_sub(1),
            apart: iteration.start.wrapping_sub(heading.end),
            cycles: iteration.cycles,
            packets: iteration.packets,
            batches: iteration.batches,
            fill: iteration.fill,
            upcalls: iteration.upcalls,
            upcall_cycles: iteration.room(Room::Upcall),
        }
    }

    /// The iteration behind what `heading` says, as far as a row tells; `heading` is at its end
    /// afterwards.
    pub fn iteration(&self, heading: &mut Heading) -> Iteration {
        let number = heading.number.wrapping_add(1).wrapping_add(self.skipped);
        let start = heading.end.wrapping_add(self.apart);
        (heading.number, heading.end) = (number, start.wrapping_add(self.cycles));
        let Self { cycles, packets, batches, fill, upcalls, upcall_cycles, .. } = *self;
        let bare = Iteration { number, start, cycles, ..Iteration::default() };
        let counted = Iteration { packets, batches, fill, upcalls, ..bare };
        counted.with_room(Room::Upcall, upcall_cycles)
    }
}

/// An event was sent whole, or as much of it as there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whole {
    /// The event.
    pub event: u64,
    /// Suspicious iterations that were sent.
    pub suspects: u64,
    /// Rows that were sent.
    pub rows: u64,
    /// Iterations of its window that the history did not have.
    pub missing: u64,
    /// Its window was cut, because too many were waiting; or it made room for newer ones meanwhile.
    pub is_cut: bool,
}

/// What an operator noted down. It is an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note<'a> {
    /// The number of the event.
    pub event: u64,
    /// When, as a count of the time-stamp counter.
    pub at: u64,
    /// The text.
    pub text: &'a str,
}

/// Milliseconds of a core, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milliseconds<'a> {
    /// The core.
    pub core: u16,
    /// The milliseconds.
    pub records: Items<'a, Millisecond>,
}

/// Which numbers [`Amounts`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Table {
    /// What the PMD of a core counted; [`Names`] tell what.
    Counters,
    /// What became of frames, by the PMD of a core; [`Names`] tell what.
    Ledger,
    /// What the card of a port counted; [`Names`] tell what.
    Card,
    /// Samples of this [`Quantity`](crate::Quantity) that the PMD of a core took, by bucket.
    Histogram(u8),
}

/// Numbers that were counted since boot, those that are not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts<'a> {
    /// Which.
    pub table: Table,
    /// The core or port.
    pub owner: u16,
    /// When, as a count of the time-stamp counter. All of one copy say the same.
    pub at: u64,
    /// The position of the first; where it is 0, a new copy begins.
    pub first: u16,
    /// The numbers.
    pub amounts: Items<'a, Amount>,
}

/// A number of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Positions before it, behind the last, that hold 0.
    pub skipped: u16,
    /// How many.
    pub count: u64,
}

/// What the numbers of a table are called, those of its positions from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names<'a> {
    /// The table.
    pub table: Table,
    /// The core or port.
    pub owner: u16,
    /// The position of the first.
    pub first: u16,
    /// The names.
    pub names: Items<'a, &'a str>,
}

/// What was not sent since boot, because the line was slower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Kind of the frames; for [`Kind::Suspect`] and [`Kind::Rows`] whole events are counted.
    pub kind: u8,
    /// How many.
    pub count: u64,
}

impl<'a> Message<'a> {
    /// What `frame` says.
    ///
    /// # Errors
    ///
    /// Its payload is none of its kind.
    pub fn read(frame: &Frame<'a>) -> Result<Self, Damage> {
        let Frame { kind, payload, .. } = *frame;
        Ok(match kind {
            Kind::Log => Self::Log(payload),
            Kind::Greeting => Self::Greeting(take(kind, payload)?.0),
            Kind::Fact => Self::Fact(take(kind, payload)?.0),
            Kind::Suspect => Self::Suspect(take(kind, payload)?.0),
            Kind::Rows => {
                let (heading, rest) = take(kind, payload)?;
                Self::Rows(Rows { heading, rows: Items::read(rest, kind)? })
            }
            Kind::Whole => Self::Whole(take(kind, payload)?.0),
            Kind::Note => Self::Note(take(kind, payload)?.0),
            Kind::Milliseconds => {
                let (core, rest) = take(kind, payload)?;
                Self::Milliseconds(Milliseconds { core, records: Items::read(rest, kind)? })
            }
            Kind::Amounts => {
                let ((table, owner, at, first), rest) = take(kind, payload)?;
                let amounts = Items::read(rest, kind)?;
                Self::Amounts(Amounts { table, owner, at, first, amounts })
            }
            Kind::Names => {
                let ((table, owner, first), rest) = take(kind, payload)?;
                Self::Names(Names { table, owner, first, names: Items::read(rest, kind)? })
            }
            Kind::Gap => Self::Gap(Items::read(payload, kind)?),
            Kind::Crash => {
                Self::Crash(core::str::from_utf8(payload).map_err(|_| Damage::Payload(kind))?)
            }
        })
    }
}

fn take<'a, T: Deserialize<'a>>(kind: Kind, payload: &'a [u8]) -> Result<(T, &'a [u8]), Damage> {
    postcard::take_from_bytes(payload).map_err(|_| Damage::Payload(kind))
}
