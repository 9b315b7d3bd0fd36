//! The words and columns that users of Open vSwitch know.
//!
//! Everything here is a value that displays itself, so that the kernel's console and the tools on
//! the host write the same text. Lines end with a line feed where a value has several of them; a
//! value that is one line has no end of line. Nothing is told that was not measured.
//!
//! | value | lines |
//! |---|---|
//! | [`Heading`], [`Overall`] | the blocks of `pmd-perf-show` for one PMD |
//! | [`Histograms`] | its histograms, a line at a time |
//! | [`Percentiles`], [`Latency`] | what Open vSwitch does not tell |
//! | [`Row`] under [`ROW_TITLES`] | iterations, newest first |
//! | [`MillisecondRow`] under [`MILLISECOND_TITLES`] | milliseconds, newest first |
//! | [`Suspect`], then [`NEIGHBOURHOOD`] | a suspicious iteration |
//! | [`Rooms`] | where one iteration's time went |
//! | [`TimeOfDay`], [`Moment`] | a time |
//! | [`Quotient`] | a number that is not whole |

mod histograms;
mod iterations;
mod milliseconds;
mod overall;
mod percentiles;
mod quotient;
mod time_of_day;

pub(crate) use histograms::averages;
pub use histograms::{COLUMNS, Column, Histograms};
pub use iterations::{FlagNames, NEIGHBOURHOOD, ROW_TITLES, Rooms, Row, Suspect};
pub use milliseconds::{MILLISECOND_TITLES, MillisecondRow};
pub use overall::{Heading, Overall};
pub use percentiles::{Latency, Percentiles};
pub use quotient::Quotient;
pub use time_of_day::{Moment, TimeOfDay};
