//! What is decided: the PMD loop, its rooms, and where each frame is to go.
//!
//! A [`Batch`] walks from room to room, and in each the frames that the room can settle get a
//! [`Verdict`]. No room calls another, and no room knows a NIC. The same loop runs in the kernel
//! and in the tests of this crate.
//!
//! | module | what lives there |
//! |---|---|
//! | `pmd` | the loop: poll, carry to the end, measure |
//! | `batch` | frames on their way, what is known of each and what was decided |
//! | `parse` | the room that looks at frames |
//! | `rules` | where frames go by the port they came in by |
//! | `act` | the room that carries out verdicts |
//! | `exits` | frames waiting for transmit rings, and the room that hands them over |
//! | `books` | what became of the frames of one iteration |
//! | [`ledger`] | where every frame ended |
//! | `order` | what the control core may ask for |

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod act;
mod batch;
mod books;
mod exits;
pub mod ledger;
mod order;
mod parse;
mod pmd;
mod rules;

pub use batch::{Batch, Verdict};
pub use exits::{Exit, Exits};
pub use ledger::{Account, Ledger, PORTS, Reading, Reason};
pub use order::Order;
pub use parse::{LARGEST, SMALLEST, VLAN_TAG};
pub use pmd::{HOUSEKEEPING, Parts, Pmd, QUEUES};
pub use rules::Rules;
