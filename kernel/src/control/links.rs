//! Links of ports: who has to know when one goes down or comes up.
//!
//! PMDs drop what was to leave by a link that is down; bonds use other members; the operator is told,
//! by a line and by an event among suspicious iterations.

use core::fmt::Write as _;

use dataplane::PORTS;
use heapless::String;
use perf::events::NOTE;

use super::pace::{Pace, Rate};
use super::{Control, Orders};
use crate::machine::{Link, Machine};

/// Changes that are told. A link that goes up and down all the time is to fill neither the console nor
/// the store of events.
const CHANGES: Rate = Rate { at_once: 60, per_minute: 60 };

/// The links of all ports, as they were when they were looked at last.
pub(super) struct Links {
    known: [Option<Link>; PORTS],
    /// How often each went up or down.
    resets: [u64; PORTS],
    pace: Pace,
    /// Changes since the last that was told.
    untold: u64,
}

impl Links {
    /// Links that nobody has looked at.
    pub(super) fn new(hertz: u64) -> Self {
        let pace = Pace::new(hertz, CHANGES);
        Self { known: [None; PORTS], resets: [0; PORTS], pace, untold: 0 }
    }

    /// How often the link of `port` went up or down since boot.
    pub(super) fn resets(&self, port: usize) -> u64 {
        self.resets.get(port).copied().unwrap_or(0)
    }

    /// Takes over what the link of `port` is. Whether it is another than before; at first it is expected
    /// to be up.
    fn update(&mut self, port: usize, link: Link) -> bool {
        let before = self.known[port].replace(link);
        let was_up = before.is_none_or(|before| before.is_up);
        self.resets[port] += u64::from(was_up != link.is_up);
        was_up != link.is_up || before.is_some_and(|before| before != link)
    }

    /// Whether a change may be told, which is counted as told then, or else as one that was not.
    fn may_tell(&mut self, now: u64) -> bool {
        let may = self.pace.allows(now);
        if may {
            self.pace.spend(now, 1);
        } else {
            self.untold += 1;
        }
        may
    }

    /// Bit p says that the link of port p is down.
    fn down(&self) -> u16 {
        let is_down = |link: &Option<Link>| link.is_some_and(|link| !link.is_up);
        self.known.iter().rev().fold(0, |bits, link| bits << 1 | u16::from(is_down(link)))
    }
}

impl<O: Orders> Control<'_, O> {
    /// Looks at the links of all ports, has everybody know, and tells `changed` of those that are other
    /// than before. Cards go on with modules that were plugged in, too. Call it ten times a second: each look
    /// asks all cards, and nothing is published while PMDs do not know of the last change.
    pub fn watch_links(&mut self, machine: &impl Machine, mut changed: impl FnMut(usize, Link)) {
        let now = machine.now();
        let links = (0..PORTS).map_while(|port| Some((port, machine.link(port)?)));
        for (port, link) in links {
            machine.tend(port);
            if self.links.update(port, link) && self.links.may_tell(now) {
                let report = machine.link_report(port).filter(|_| !link.is_up);
                self.tell_link((port, link), report.and_then(|report| report.cause), now);
                changed(port, link);
            }
        }
        self.tables.set_down(self.links.down());
    }

    /// Tells the operator what the link of a port is, and why it is down if that is known.
    fn tell_link(&mut self, (port, link): (usize, Link), cause: Option<&str>, now: u64) {
        let mut text = String::<NOTE>::new();
        let _it_is_short = write!(text, "port {port}: link {link}");
        let _it_is_short = cause.map(|cause| write!(text, ": {cause}"));
        match core::mem::take(&mut self.links.untold) {
            0 => self.aside.line(format_args!("{text}")),
            more => self.aside.line(format_args!("{text} (and {more} changes that were not told)")),
        }
        self.events.note(text, now);
    }
}
