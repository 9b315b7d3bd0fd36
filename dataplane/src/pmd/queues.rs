//! How a PMD gets receive queues, and gives them away.

use frame::{RxQueue, TxQueue};

use super::Pmd;
use crate::rxq::{Exchange, Rxq};
use crate::switch::Settled;

impl<R: RxQueue, T: TxQueue> Pmd<R, T> {
    /// Takes and gives away queues by `exchange` from now on.
    pub fn set_exchange(&mut self, exchange: Exchange<R>) {
        self.exchange = Some(exchange);
    }

    /// Polls the queues that were given to it from now on.
    pub(super) fn welcome(&mut self) {
        while let Some(rxq) = self.exchange.as_mut().and_then(|exchange| exchange.given.take()) {
            self.expected = self.expected.saturating_sub(1);
            let _there_is_room_for_all_that_there_are = self.poll(rxq);
        }
    }

    /// Gives a queue back, after the frames that came out of it.
    pub(super) fn give_back(&mut self, port: u16, number: u16) {
        let is_it = |entry: &Rxq<R>| (entry.port, entry.number) == (port, number);
        let Some(place) = self.entries.iter().position(is_it) else { return };
        let flushed = self.parts.exits.flush_all(self.parts.pool, &mut self.books);
        self.account(Settled::default(), flushed);
        let Some(exchange) = &mut self.exchange else { return };
        if let Err(rxq) = exchange.back.send(self.entries.remove(place)) {
            let _it_was_there_just_now = self.entries.push(rxq);
        }
    }

    /// Has house kept in the next iteration, and no sleep before that, while there is something to be
    /// done or to come. A PMD that polls nothing parks: it keeps house and rests, and nothing of that
    /// is recorded.
    pub(super) fn hurry(&mut self) {
        let hurries = self.stall.times > 0 || self.expected > 0;
        let is_vacant =
            self.entries.is_empty() && !hurries && !self.parts.exits.outboxes.is_waiting();
        // Not the iteration in which it got there: that may be worth a look.
        let parks = is_vacant && self.is_vacant;
        self.is_vacant = is_vacant;
        self.parts.recorder.park(parks);
        self.sleep.park(parks);
        self.urgent = hurries || is_vacant;
        if self.expected > 0 {
            self.sleep.cancel();
        }
    }
}
