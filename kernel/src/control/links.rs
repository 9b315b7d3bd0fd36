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

    /// Bit p says that the link of port p is down.
    fn down(&self) -> u16 {
        let is_down = |link: &Option<Link>| link.is_some_and(|link| !link.is_up);
        self.known.iter().rev().fold(0, |bits, link| bits << 1 | u16::from(is_down(link)))
    }
}

impl<O: Orders> Control<'_, O> {
    /// Looks at the links of all ports, has everybody know, and tells `changed` of those that are other
    /// than before. Call it now and then: each look asks all cards, and nothing is published while PMDs
    /// do not know of the last change.
    pub fn watch_links(&mut self, machine: &impl Machine, mut changed: impl FnMut(usize, Link)) {
        let now = machine.now();
        let links = (0..PORTS).map_while(|port| Some((port, machine.link(port)?)));
        for (port, link) in links {
            if self.links.update(port, link) && self.tell_link(port, link, now) {
                changed(port, link);
            }
        }
        self.tables.set_down(self.links.down());
    }

    /// Tells the operator, unless there were too many changes lately. Whether that was told.
    fn tell_link(&mut self, port: usize, link: Link, now: u64) -> bool {
        let links = &mut self.links;
        if !links.pace.allows(now) {
            links.untold += 1;
            return false;
        }
        links.pace.spend(now, 1);
        let mut text = String::<NOTE>::new();
        let _it_is_short = write!(text, "port {port}: link {link}");
        match core::mem::take(&mut links.untold) {
            0 => self.aside.line(format_args!("{text}")),
            more => self.aside.line(format_args!("{text} (and {more} changes that were not told)")),
        }
        self.events.note(text, now);
        true
    }
}
