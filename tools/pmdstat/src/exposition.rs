//! What machines counted, in Prometheus' text exposition format.
//!
//! [`machine`] puts what one start of a machine counted into an [`Exposition`], which keeps all samples of a
//! metric together, whichever machines they are of. [`mod@metrics`] lists the metrics; docs/fleet.md tells of them.

mod cards;
mod counters;
mod histograms;
mod ledgers;
pub(crate) mod metrics;
mod text;

pub(crate) use text::{Exposition, Labels};

use crate::recording::{Boot, Copies, Copy};

/// Which copies are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Those of which all was heard: numbers of others may go back, which Prometheus takes for a new start.
    Whole,
    /// The last, where none is known to be whole: a recording may end there.
    Last,
}

/// Adds what `boot` counted on `host`.
pub(crate) fn machine(boot: &Boot, told: Told, host: &str, page: &mut Exposition) {
    let machine = Machine { boot, told, host };
    counters::add(&machine, page);
    ledgers::add(&machine, page);
    histograms::add(&machine, page);
    cards::add(&machine, page);
}

/// One start of a machine, and how it is told of.
struct Machine<'a> {
    boot: &'a Boot,
    told: Told,
    host: &'a str,
}

impl Machine<'_> {
    /// The copy that is told.
    fn copy<'c>(&self, copies: &'c Copies) -> Option<&'c Copy> {
        match self.told {
            Told::Whole => copies.last_whole(),
            Told::Last => copies.last(),
        }
    }

    /// Labels of what is of `core`.
    fn core(&self, core: u16) -> Labels {
        Labels::of(self.host).and("core", core)
    }
}

#[cfg(test)]
mod tests;
