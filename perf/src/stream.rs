//! What the control core sends, and how readers find it again.
//!
//! A stream is made of [frames](Frame), numbered and checksummed, which carry [messages](Message). On a
//! line of its own they are stuffed between zero bytes; on a line that text shares they are
//! [armoured](armour): a line of printable characters each. A [`Scanner`] finds both, and text, in
//! whatever a line or a file holds.
//!
//! # Versions
//!
//! The layout of a message never changes. One that is to hold something else is a message of a new
//! [`Kind`], with a number that no other had, and the old one is read for good: recordings from
//! `golden/` are read by a test. So are the numbers of rooms, flags, reasons, counters and quantities
//! never given another meaning. A reader passes over kinds that it does not know.

pub mod armour;
mod draft;
mod frame;
mod items;
mod kind;
mod message;
mod scanner;

pub use draft::{Draft, Full};
pub use frame::{Frame, LINE, PAYLOAD, encode};
pub use items::Items;
pub use kind::{Damage, Kind};
pub use message::{
    Amount, Amounts, Fact, Gap, Greeting, Heading, Message, Milliseconds, Names, Note, Row, Rows,
    Suspect, Table, Whole,
};
pub use scanner::{Found, Scanner};

/// Version of the protocol: of the frame, and of what the kinds mean together.
pub const VERSION: u16 = 1;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
