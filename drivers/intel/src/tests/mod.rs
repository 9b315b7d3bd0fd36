//! The rings, against a device that is played.

mod bench;
mod random;
mod rings;
