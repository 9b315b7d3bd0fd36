//! The words and columns that users of Open vSwitch know.
//!
//! Everything here is a value that displays itself, so that the kernel's console and the tools on
//! the host write the same text. Lines end with a line feed where a value has several of them; a
//! value that is one line has no end of line. Nothing is told that was not measured: there is no
//! wall clock, so times are since boot.
//!
//! | value | lines |
//! |---|---|
//! | [`Heading`], [`Overall`] | the blocks of `pmd-perf-show` for one PMD |
//! | [`Histograms`] | its histograms, a line at a time |
//! | [`Row`] under [`ROW_TITLES`] | iterations, newest first |
//! | [`Suspect`], then [`NEIGHBOURHOOD`] | a suspicious iteration |
//! | [`Rooms`] | where one iteration's time went |
//! | [`Quotient`] | a number that is not whole |

mod histograms;
mod iterations;
mod overall;
mod quotient;

pub use histograms::{Column, Histograms};
pub use iterations::{NEIGHBOURHOOD, ROW_TITLES, Rooms, Row, Suspect};
pub use overall::{Heading, Overall};
pub use quotient::Quotient;
