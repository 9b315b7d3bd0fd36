//! What is decided: the PMD loop, its rooms, and where each frame is to go.
//!
//! A [`Batch`] walks from room to room, and in each the frames that the room can settle get a
//! [`Verdict`]. No room calls another, and no room knows a NIC. The same loop runs in the kernel
//! and in the tests of this crate.
//!
//! What is generic is compiled where it is used: in the image with the kernel, which is optimized for
//! size. So only the loop and what meets queues are, which do the same for a whole batch; what is done
//! for each frame is in functions that are not, apart from the loop (`inline(never)`).
//!
//! | module | what lives there |
//! |---|---|
//! | `pmd` | the loop: poll, carry to the end, measure |
//! | `batch` | frames on their way, what is known of each and what was decided |
//! | [`wire`] | what headers look like, a file for each protocol |
//! | `parse`, [`extract`](extract()) | the room that looks at frames; from bytes to a key |
//! | [`key`], [`field`] | what packets are looked up by, and the names of its parts |
//! | [`switch`] | what a PMD decides with; the rooms of caches and of the classifier |
//! | [`emc`], [`smc`] | the exact-match cache, the signature cache |
//! | [`classifier`], [`flow`] | megaflows by mask, megaflows |
//! | `upcall`, [`translate`] | the room that asks rules; from rules to a megaflow |
//! | [`rules`] | what a user wants, as text and as tables |
//! | [`network`] | what upcalls know besides: ports and learned addresses |
//! | [`bond`] | ports that are taken for one |
//! | [`tunnel`] | VXLAN: headers put in front and taken off |
//! | [`program`], `rewrite` | what is done with the packets of a flow, and how packets change |
//! | [`meter`] | rates that packets may not exceed |
//! | `act` | the room that carries out verdicts |
//! | `outboxes` | frames waiting for transmit rings |
//! | `exits` | the room that hands them over |
//! | `books` | what became of the frames of one iteration |
//! | [`ledger`] | where every frame ended |
//! | `rxq` | receive queues, and how they change hands |
//! | [`capture`] | frames that are kept for somebody to look at |
//! | `sleep` | sleeping while there is little to do |
//! | `order` | what the control core may ask for |

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod act;
mod batch;
pub mod bond;
mod books;
pub mod capture;
pub mod classifier;
pub mod emc;
mod exits;
mod extract;
pub mod field;
pub mod flow;
pub mod hash;
pub mod key;
pub mod ledger;
pub mod meter;
pub mod network;
mod order;
mod outboxes;
mod parse;
#[cfg(test)]
mod played;
mod pmd;
pub mod program;
mod rewrite;
pub mod rules;
mod rxq;
pub mod simple;
mod sleep;
pub mod smc;
pub mod switch;
pub mod translate;
pub mod tunnel;
mod upcall;
pub mod wire;

pub use batch::{Batch, Verdict};
pub use exits::{Exit, Exits};
pub use extract::extract;
pub use ledger::{Account, LOCAL, Ledger, PORTS, Reading, Reason};
pub use order::Order;
pub use parse::{LARGEST, SMALLEST, VLAN_TAG};
pub use pmd::{GROUP, HOUSEKEEPING, Parts, Pmd, QUEUES};
pub use rxq::{Counted, Exchange, Load, MOVING, Rxq};
pub use sleep::Sleep;
pub use switch::{Note, Switch};
