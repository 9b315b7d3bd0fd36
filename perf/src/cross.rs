//! What crosses cores: the three ways in which one core writes and another reads that need an order
//! between the two. All else is counts, each of which stands for itself.
//!
//! These files are compiled once more by the tests, with atomics that try every order which the
//! language allows; so they name their atomics by `super::atomic`, and nothing else of this crate.

pub(crate) mod seal;
pub(crate) mod tenancy;
pub(crate) mod turns;

pub(crate) use core::sync::atomic;

pub use seal::Seal;
pub(crate) use tenancy::Tenancy;
pub(crate) use turns::Turns;
