//! The tests play the device, in plain memory.

mod bench;
mod card;
mod console;
mod lies;
mod mending;
mod net;
mod random;
mod registers;
mod ring;
mod set_up;
