//! All that crosses cores, and nothing else does.
//!
//! | module | what crosses | from | to |
//! |---|---|---|---|
//! | `local` | frames of this machine itself | the control core | PMDs, and back |
//! | `mailbox` | messages | one core | one other |
//! | `published` | a table | the control core | every PMD |
//! | `recall` | a card that is to be put in order | PMDs | the control core, and back |
//! | `shared_tx` | frames, where a card has too few queues | any PMD | a card |
//! | `steered_tx` | frames, by all queues of a card | any PMD | a card |
//! | `store` | empty frames, in bulk | any core | any core |
//!
//! A mailbox has one sender and one receiver, so it needs no lock; a published table has two copies,
//! which change hands. That file and `recall` are compiled once more by the tests, with atomics that try every
//! order which the language allows, so they name their atomics by `super::atomic`. The store has a spin lock
//! that a core meets only when its own stack of frames has run empty or over.

#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

pub(crate) use core::sync::atomic;

mod local;
mod mailbox;
mod published;
mod recall;
mod shared_tx;
mod steered_tx;
mod store;

pub use local::{LOCAL_RING, LocalRx, LocalTx};
pub use mailbox::{Inbox, Mailbox, Sender};
pub use published::{Published, Publisher, READERS, Reader};
pub use recall::{HOLDERS, Holder, Owner, Recall, Turn};
pub use shared_tx::SharedTx;
pub use steered_tx::{RINGS, Steer, SteeredTx};
pub use store::PoolStore;
