//! What is measured: each iteration of each PMD loop, exactly, and why some took too long.
//!
//! A PMD core owns a [`Recorder`] and writes into [`Metrics`] in static memory; the control core
//! reads [`Metrics`] without stopping it. Nothing here reads a clock, allocates, waits or knows a
//! NIC: time is handed in as raw time-stamp counts, and only readers convert it.
//!
//! | module | what lives there |
//! |---|---|
//! | [`room`] | the rooms that an iteration's time is charged to |
//! | [`iteration`] | one iteration, and the two cache lines it is stored in |
//! | [`history`] | the last iterations of a core: a chain of segments that windows can pin |
//! | [`counters`] | Open vSwitch's counters, written by one core and read by any |
//! | [`histogram`] | Open vSwitch's bins, filled without a search |
//! | [`suspicion`] | what makes an iteration suspicious |
//! | [`marks`] | notes of suspicious iterations, from a PMD to the control core |
//! | [`recorder`] | the PMD's side of it all |
//! | [`report`] | the words and columns that users of Open vSwitch know |
//! | [`stream`] | frames that survive a serial line |

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod counters;
pub mod histogram;
pub mod history;
pub mod iteration;
pub mod marks;
pub mod recorder;
pub mod report;
pub mod room;
pub mod stream;
pub mod suspicion;

pub use counters::{Counter, Counters, Tally};
pub use histogram::Histogram;
pub use history::{History, Segment};
pub use iteration::{Flags, Iteration};
pub use marks::{Mark, Marks};
pub use recorder::{Clock, Metrics, Recorder};
pub use room::Room;
pub use suspicion::{Limits, Reasons, Settings};
