//! The dataplane on the Linux host, for measuring: the loop that the image runs, over ports
//! without wires.
//!
//! | module | what lives there |
//! |---|---|
//! | `clock` | the time-stamp counter, and a clock that repeats |
//! | `port`, `flows` | ports that bring and swallow frames, and the frames they bring |
//! | `shape` | what an iteration finds at the ports |
//! | `recording` | what a PMD records: the switches that are compared |
//! | `switch` | what that PMD decides with |
//! | `rig` | a PMD over two such ports |
//! | `setup` | what a rig is for: rules, caches and frames of each path |
//! | [`paths`] | what a packet costs on each path |
//! | [`growth`] | how that grows |
//! | [`peer`] | the same in turn with other dataplanes |
//! | [`compare`] | what recording costs in cycles |
//! | [`mark`] | what marking a suspicious iteration costs |
//! | [`dump`], `reader` | what a reader costs, and whether it gets whole rows |
//! | [`hostile`] | input of any kind, for fuzzers |
//! | `statistics` | tenth percentile, median, pairs |
//! | [`callgrind`] | what recording costs in instructions, which repeat |
//! | `figure` | what is measured, as lines |
//! | `warm` | rigs that are measured in cycles |
//! | `urgency` | the processor, before all others |

#![deny(unsafe_code)]

pub mod callgrind;
mod clock;
pub mod compare;
pub mod dump;
mod figure;
mod flows;
pub mod growth;
pub mod hostile;
pub mod mark;
pub mod paths;
pub mod peer;
mod port;
mod reader;
mod recording;
mod rig;
mod setup;
mod shape;
mod statistics;
mod switch;
pub mod urgency;
mod warm;

pub use clock::Steps;
pub use figure::{Figure, IN_PAIRS};
pub use flows::CLASS;
pub use recording::Recording;
pub use rig::Rig;
pub use setup::{Path, Setup};
pub use shape::Shape;
