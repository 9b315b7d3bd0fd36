//! Numbers that were counted, as they grew.

use std::collections::BTreeMap;

use perf::stream::Amounts;

/// A copy of a table at one moment. However far apart the positions are that a file tells of, it takes no
/// more memory than the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Copy {
    /// When it was taken, as a count of the time-stamp counter.
    pub(crate) at: u64,
    /// The numbers that are not 0, by position.
    pub(crate) numbers: BTreeMap<u16, u64>,
    /// It is known that all of it was heard.
    pub(crate) is_whole: bool,
}

impl Copy {
    /// The number at `position`.
    pub(crate) fn get(&self, position: usize) -> u64 {
        let position = u16::try_from(position).ok();
        position.and_then(|position| self.numbers.get(&position).copied()).unwrap_or(0)
    }
}

/// Copies of a table, oldest first. One that came in pieces may miss some; the next has them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Copies(Vec<Copy>);

impl Copies {
    /// The newest that is whole; without any the newest.
    pub(crate) fn last(&self) -> Option<&Copy> {
        self.last_whole().or(self.0.last())
    }

    /// The newest of which it is known that all of it was heard.
    pub(crate) fn last_whole(&self) -> Option<&Copy> {
        self.0.iter().rfind(|copy| copy.is_whole)
    }

    /// The one of this moment, if it is known that all of it was heard.
    pub(crate) fn whole_at(&self, at: u64) -> Option<&Copy> {
        self.0.iter().rfind(|copy| copy.is_whole && copy.at == at)
    }

    /// Forgets all but the newest two that are whole, and what is coming in behind them.
    pub(crate) fn forget_old(&mut self) {
        let coming = self.0.pop_if(|copy| !copy.is_whole);
        self.0.retain(|copy| copy.is_whole);
        self.0.drain(..self.0.len().saturating_sub(2));
        self.0.extend(coming);
    }

    /// Numbers in all of them.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|copy| copy.numbers.len()).sum()
    }

    /// Those that were taken by `at` and of which all was heard, newest first.
    pub(crate) fn whole_by(&self, at: u64) -> impl Iterator<Item = &Copy> {
        self.0.iter().rev().filter(move |copy| copy.is_whole && copy.at <= at)
    }

    /// Forgets those that were taken before `at`.
    pub(crate) fn forget_before(&mut self, at: u64) {
        self.0.retain(|copy| copy.at >= at);
    }

    /// Each, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Copy> {
        self.0.iter()
    }

    /// Adds one that is newer than all.
    pub(crate) fn push(&mut self, copy: Copy) {
        self.0.push(copy);
    }

    /// Of the newest all was heard.
    pub(super) fn end(&mut self) {
        self.0.last_mut().into_iter().for_each(|copy| copy.is_whole = true);
    }

    /// Keeps what a message tells.
    pub(super) fn take(&mut self, message: &Amounts<'_>) {
        if self.0.last().is_none_or(|last| last.at != message.at) {
            self.0.push(Copy { at: message.at, ..Copy::default() });
        }
        let Some(copy) = self.0.last_mut() else { return };
        let mut next = Some(message.first);
        for amount in message.amounts {
            // No table is so long that positions end.
            let Some(position) = next.and_then(|next| next.checked_add(amount.skipped)) else {
                return;
            };
            copy.numbers.insert(position, amount.count);
            next = position.checked_add(1);
        }
    }
}
