//! The rings, against a device that is played; and bring-up, against cards that are.

mod bench;
mod checksum;
mod documented;
mod igb;
mod ixgbe;
mod ixgbe_link;
mod jumbo;
mod loopback;
mod mdio;
mod module;
mod played;
mod random;
mod report;
mod rings;
mod statistics;
mod swap;
