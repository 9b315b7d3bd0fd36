//! What headers look like on the wire: a file for each protocol, all of one shape.
//!
//! Each has a `Header`, a view of bytes that is as long as the header always is, and a function
//! `split` that tells the header from what follows, or says that it is cut off or cannot be true.
//! A header that was split off can be read whole; nothing here reads past the bytes it was given.

pub mod arp;
pub mod checksum;
pub mod ethernet;
pub mod icmp;
pub mod icmpv6;
pub mod ipv4;
pub mod ipv6;
pub mod sctp;
pub mod tcp;
pub mod udp;
pub mod vlan;
pub mod vxlan;
