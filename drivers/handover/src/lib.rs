//! All that crosses cores, and nothing else does.
//!
//! | module | what crosses | from | to |
//! |---|---|---|---|
//! | `mailbox` | commands | the control core | one PMD |
//! | `store` | empty frames, in bulk | any core | any core |
//!
//! A mailbox has one sender and one receiver, so it needs no lock. The store has a spin lock that
//! a core meets only when its own stack of frames has run empty or over.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod mailbox;
mod store;

pub use mailbox::{Inbox, Mailbox, Sender};
pub use store::PoolStore;
