//! What moves: frames, bursts of them, the pools they come from, and the two halves of a port.
//!
//! Drivers and dataplane both know this crate and nothing of each other. A [`Frame`] is the sole
//! owner of one buffer; it moves from a receive ring through the rooms of the dataplane to a
//! transmit ring and back to a [`LocalPool`]. It is never copied and never dropped: a frame that
//! is dropped is a counted bug ([`leaked`]), because its buffer is gone.
//!
//! | module | what lives there |
//! |---|---|
//! | `buffer` | memory of one frame, and the handle that owns it |
//! | `pool` | a core's own stack of empty frames over a shared store |
//! | `port` | what a receive queue and a transmit queue can do |
//! | `cpu` | hints to the processor |

#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

mod buffer;
pub mod cpu;
mod pool;
mod port;

pub use buffer::{BUFFER, Buffer, Frame, HEADROOM, MOST, ROOM, leaked};
pub use pool::{Bulk, LOCAL, LocalPool, Store};
pub use port::{BURST, Burst, OUTBOX, Outbox, Polled, Refused, RxQueue, TxQueue};
