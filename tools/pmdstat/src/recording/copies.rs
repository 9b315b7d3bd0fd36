//! Numbers that were counted, as they grew.

use perf::stream::Amounts;

/// A copy of a table at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Copy {
    /// When it was taken, as a count of the time-stamp counter.
    pub(crate) at: u64,
    /// The numbers, by position; what is behind the last is 0.
    pub(crate) numbers: Vec<u64>,
    /// It is known that all of it was heard.
    pub(crate) is_whole: bool,
}

impl Copy {
    /// The number at `position`.
    pub(crate) fn get(&self, position: usize) -> u64 {
        self.numbers.get(position).copied().unwrap_or(0)
    }
}

/// All copies of a table, oldest first. One that came in pieces may miss some; the next has them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Copies(Vec<Copy>);

impl Copies {
    /// The newest.
    pub(crate) fn last(&self) -> Option<&Copy> {
        self.0.last()
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
        let mut position = usize::from(message.first);
        for amount in message.amounts {
            position += usize::from(amount.skipped);
            copy.numbers.resize(copy.numbers.len().max(position + 1), 0);
            copy.numbers[position] = amount.count;
            position += 1;
        }
    }
}
