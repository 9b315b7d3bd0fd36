//! Cards that lie, or need a reset: they are reset while they run, or quarantined, and the operator is
//! told, by a line and by an event among suspicious iterations.
//!
//! There is no rate to that: a driver quarantines a card that is reset too often.

use core::fmt::Write as _;

use dataplane::PORTS;
use heapless::String;
use perf::events::NOTE;

use super::{Control, Orders};
use crate::machine::{Machine, Mended};

impl<O: Orders> Control<'_, O> {
    /// Looks after the cards of all ports, and tells `told` of each with which something was done. Call it
    /// now and then, before links are looked at: the link of a card that is being reset is down.
    pub fn watch_cards(
        &mut self,
        machine: &mut impl Machine,
        mut told: impl FnMut(usize, &Mended),
    ) {
        let now = machine.now();
        for port in 0..PORTS {
            let Some(mended) = machine.mend(port) else { continue };
            let mut text = String::<NOTE>::new();
            let _it_is_short = write!(text, "port {port}: {mended}");
            self.aside.line(format_args!("{text}"));
            self.events.note(text, now);
            told(port, &mended);
        }
    }
}
