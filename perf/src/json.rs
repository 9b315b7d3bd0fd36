//! What reports tell, for programs: documents of JSON, each in a line of its own.
//!
//! A document begins with the members `schema` and `schema_version`. Keys name the unit, numbers
//! are whole, what was not asked for is not there, and what the machine cannot tell is null, never
//! 0. `docs/json.md` tells what each key means.
//!
//! Values are handed to a serialiser, never made into JSON by hand. A document may be longer than
//! any memory, so it is written in steps, as the text of reports is; a step writes
//! [`STEP`] bytes at most.
//!
//! | document | what it tells |
//! |---|---|
//! | [`PerfShow`] | a PMD: what it counted, histograms, histories |
//! | [`LogShow`] | the settings of a PMD |
//! | [`ShowEvents`] | the list of events |
//! | [`ShowEvent`] | an event: its suspicious iterations and the rows around them, or a note |
//! | [`Pen`], [`Moment`], [`Fates`] | what another crate makes a document of |

mod event;
mod events;
mod figures;
mod iteration;
mod pen;
mod perf_show;
mod settings;
mod values;

pub use event::ShowEvent;
pub use events::ShowEvents;
pub use pen::{PART, Pen};
pub use perf_show::{Figures, PerfShow, Wanted};
pub use settings::LogShow;
pub use values::{Fates, Moment};

/// Bytes that a step writes at most, but for texts that are longer by themselves.
pub const STEP: usize = 2 * PART;

/// Counts up where a key of any document changes its meaning or goes away; new keys may come at any
/// time.
pub const VERSION: u32 = 1;

#[cfg(test)]
mod tests;
