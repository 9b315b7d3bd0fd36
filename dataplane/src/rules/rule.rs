//! One rule: whom it fits, and what is done with them.

use core::cmp::{Ordering, Reverse};

use heapless::Vec;

use crate::field::Id;
use crate::key::{Key, Mask, WORDS};

/// Actions of a rule at most.
pub const ACTIONS: usize = 32;
/// The priority of rules that give none.
pub const DEFAULT_PRIORITY: u16 = 0x8000;

/// Something that a rule does with packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Sends it out by this port, but for the one that it came in by.
    Output(u16),
    /// Sends it back out by the port it came in by.
    InPort,
    /// Sends it out by all ports but the one that it came in by.
    Flood,
    /// Does what a switch does that learns addresses.
    Normal,
    /// Looks in this table what else is to be done.
    Resubmit {
        /// As if the packet had come in by this port.
        port: Option<u16>,
        /// In this table; in that of the rule if there is none.
        table: Option<u8>,
    },
    /// Goes on in this table.
    Goto(u8),
    /// Changes a field where `mask` has ones.
    Set {
        /// Which.
        field: Id,
        /// Its new value.
        value: [u8; 16],
        /// Where it changes.
        mask: [u8; 16],
    },
    /// Gives it a VLAN tag, if it has none, and the tag this number.
    SetVlan(u16),
    /// Gives it a VLAN tag, if it has none, and the tag this priority.
    SetPriority(u8),
    /// Gives it another VLAN tag, of this type.
    PushVlan(u16),
    /// Takes its outer VLAN tag off, if it has one.
    PopVlan,
    /// Lets it live for one hop less.
    DecTtl,
    /// Goes on only if this meter lets it pass.
    Meter(u32),
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The table that it is in.
    pub table: u8,
    /// Of several rules that fit, the one with the highest priority holds.
    pub priority: u16,
    /// What its user knows it by.
    pub cookie: u64,
    /// What packets it fits must be like.
    pub value: Key,
    /// Where they must be like that.
    pub mask: Mask,
    /// What is done with them. Nothing: they are dropped.
    pub actions: Vec<Action, ACTIONS>,
}

impl Rule {
    /// A rule of table 0 that fits all packets and drops them.
    pub fn new() -> Self {
        Self {
            table: 0,
            priority: DEFAULT_PRIORITY,
            cookie: 0,
            value: Key::ZERO,
            mask: Mask::NONE,
            actions: Vec::new(),
        }
    }

    /// The same without what it owns.
    pub fn view(&self) -> View<'_> {
        let Self { table, priority, cookie, value, mask, actions } = self;
        View {
            table: *table,
            priority: *priority,
            cookie: *cookie,
            value: value.words(),
            mask,
            actions,
            hits: (0, 0),
            number: 0,
        }
    }
}

impl Default for Rule {
    fn default() -> Self {
        Self::new()
    }
}

/// A rule of a set. Its other fields are those of [`Rule`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are those of `Rule`")]
pub struct View<'a> {
    pub table: u8,
    pub priority: u16,
    pub cookie: u64,
    pub value: &'a [u64; WORDS],
    pub mask: &'a Mask,
    pub actions: &'a [Action],
    /// Packets that met it, and bytes of those.
    pub hits: (u64, u64),
    /// Its number in the set.
    pub number: u32,
}

impl View<'_> {
    /// Which of both comes first in a set; neither if they are about the same packets, in the same table at
    /// the same priority.
    pub fn order(&self, other: &View<'_>) -> Ordering {
        self.rank().cmp(&other.rank())
    }

    /// Whether it does the same as `other` with the same packets, and is known by the same name.
    pub fn is_same(&self, other: &View<'_>) -> bool {
        (self.cookie, self.actions) == (other.cookie, other.actions) && self.order(other).is_eq()
    }

    fn rank(&self) -> (u8, Reverse<u16>, &[u64; WORDS], &[u64; WORDS]) {
        (self.table, Reverse(self.priority), &self.mask.0, self.value)
    }
}
