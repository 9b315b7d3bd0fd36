//! What is measured: each iteration of each PMD loop, exactly, and why some took too long.
//!
//! A PMD core owns a [`Recorder`] and writes into [`Metrics`] in static memory; the control core
//! reads [`Metrics`] without stopping it. Nothing here reads a clock, allocates, waits or knows a
//! NIC: time is handed in as raw time-stamp counts, and only readers convert it.
//!
//! It needs neither Barecore's kernel nor its dataplane, no allocator and no std: `examples/own_loop.rs`
//! instruments a loop of its own, with a clock of its own, and reads the record back.
//!
//! | module | what lives there |
//! |---|---|
//! | [`room`] | the rooms that an iteration's time is charged to |
//! | [`iteration`] | one iteration, and the two cache lines it is stored in |
//! | [`history`] | the last iterations of a core: a chain of segments that windows can pin |
//! | [`milliseconds`] | the last milliseconds of a core |
//! | [`losses`] | what NICs lost in the last milliseconds |
//! | [`counters`] | Open vSwitch's counters, written by one core and read by any |
//! | [`histogram`] | buckets that add up to Open vSwitch's bins, filled without a search |
//! | [`quantity`] | what there are histograms of |
//! | [`settings`] | what a user sets, with names, ranges and defaults |
//! | [`suspicion`] | what makes an iteration suspicious |
//! | [`marks`] | notes of suspicious iterations, from a PMD to the control core |
//! | [`stolen`] | what took time from a core behind its back |
//! | [`gaps`] | what a core misses that does nothing but look at its clock |
//! | [`recorder`] | the PMD's side of it all |
//! | [`metrics`] | what a PMD's readers see |
//! | [`snapshot`], [`distribution`] | a copy of all counts, and how samples are distributed |
//! | [`windows`] | the last seconds of a PMD, without a clear |
//! | [`watchdog`] | notices an iteration that does not end |
//! | [`events`] | suspicious iterations on the control core: kept, listed, printed |
//! | [`time`], [`calendar`] | what converts counts of the time-stamp counter |
//! | [`report`] | the words and columns that users of Open vSwitch know |
//! | [`json`] | the same for programs, a document a line |
//! | [`request`] | commands that programs give at a console, and the marks of their answers |
//! | [`capture`] | captured frames as text |
//! | [`stream`] | frames that survive a serial line |

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod calendar;
pub mod capture;
pub mod counters;
mod cross;
#[cfg(test)]
mod defects;
pub mod distribution;
pub mod events;
pub mod gaps;
pub mod histogram;
pub mod history;
#[cfg(test)]
mod identities;
pub mod iteration;
pub mod json;
#[cfg(test)]
mod lines;
pub mod losses;
pub mod marks;
pub mod metrics;
pub mod milliseconds;
#[cfg(test)]
mod played;
pub mod quantity;
pub mod recorder;
pub mod report;
pub mod request;
pub mod room;
mod samples;
pub mod settings;
pub mod snapshot;
pub mod stolen;
pub mod stream;
pub mod suspicion;
pub mod time;
pub mod watchdog;
pub mod windows;

pub use counters::{Counter, Counters, Tally};
pub use cross::Seal;
pub use distribution::{Distribution, PERCENTILES};
pub use history::{History, Segment};
pub use iteration::{Flags, Iteration};
pub use marks::{Mark, Marks};
pub use metrics::Metrics;
pub use milliseconds::{Millisecond, Milliseconds};
pub use quantity::Quantity;
pub use recorder::{Clock, Recorder};
pub use room::Room;
pub use settings::Settings;
pub use snapshot::Snapshot;
pub use suspicion::{Limits, Reasons};
pub use time::Timebase;
