//! A cable of no length: a frame that is sent by it has arrived before its sender goes on.

use std::fmt;
use std::sync::{Mutex, Weak};

use super::cable::Sent;
use super::card::Card;

/// The end of one. It leads to a card for as long as there is that card.
pub(crate) struct Patch(Weak<Mutex<Card>>);

impl Patch {
    /// The end that leads to `card`.
    pub(crate) fn new(card: Weak<Mutex<Card>>) -> Self {
        Self(card)
    }

    /// Has a frame arrive. A card that is at something else is full, and not waited for: it may
    /// be sending to the card that sends to it.
    pub(crate) fn send(&self, frame: &[u8]) -> Sent {
        let Some(card) = self.0.upgrade() else { return Sent::Gone };
        let Ok(mut card) = card.try_lock() else { return Sent::Full };
        if !card.has_room() {
            return Sent::Full;
        }
        card.arrive(frame);
        card.raise();
        Sent::Gone
    }
}

impl fmt::Debug for Patch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The card at the other end may lead back here.
        out.write_str("Patch")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::Config;

    fn card() -> Arc<Mutex<Card>> {
        let config = Config::new(true);
        Arc::new(Mutex::new(Card::new([2; 6], config, None, 0)))
    }

    #[test]
    fn a_frame_has_arrived_once_it_is_sent() {
        let card = card();
        assert_eq!(Patch::new(Arc::downgrade(&card)).send(&[0; 60]), Sent::Gone);
        assert_eq!(card.lock().unwrap().statistics.unheard, 1, "its link is down");
    }

    #[test]
    fn a_card_that_is_busy_is_not_waited_for_and_one_that_is_no_more_takes_nothing() {
        let card = card();
        let patch = Patch::new(Arc::downgrade(&card));
        let held = card.lock().unwrap();
        assert_eq!(patch.send(&[0; 60]), Sent::Full);
        assert_eq!(held.statistics.unheard, 0);
        drop(held);
        drop(card);
        assert_eq!(patch.send(&[0; 60]), Sent::Gone);
    }
}
