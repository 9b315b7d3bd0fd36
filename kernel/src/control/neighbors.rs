//! Who is next on the way to tunnels' other ends: wanted by upcalls, asked for on the wire, and
//! forgotten when nobody answers.

use dataplane::network::{NEIGHBORS, Neighbor};
use heapless::Vec;

/// Seconds between two questions about somebody who did not answer, and about one who did.
const ASK_AGAIN: u64 = 1;
const REFRESH: u64 = 30;
/// Seconds after which somebody who did not answer is forgotten (Open vSwitch's default).
const AGEING: u64 = 900;

/// Somebody who is wanted.
struct Seen {
    address: u128,
    mac: Option<u64>,
    /// When they were asked last, and when they were heard, or wanted first.
    asked: Option<u64>,
    heard: u64,
}

/// All who are wanted.
pub(super) struct Neighbors {
    seen: Vec<Seen, NEIGHBORS>,
    /// Something is known that was not published.
    pub(super) changed: bool,
    hertz: u64,
}

impl Neighbors {
    /// Nobody, by a clock that counts `hertz` in a second.
    pub(super) const fn new(hertz: u64) -> Self {
        Self { seen: Vec::new(), changed: false, hertz }
    }

    /// The neighbor with this `address` should be known. One too many is not.
    pub(super) fn want(&mut self, address: u128, now: u64) {
        if self.seen.iter().all(|seen| seen.address != address) {
            let seen = Seen { address, mac: None, asked: None, heard: now };
            let _one_too_many = self.seen.push(seen);
        }
    }

    /// Somebody said that `address` is at `mac`. Only who is wanted is listened to.
    pub(super) fn hear(&mut self, address: u128, mac: u64, now: u64) {
        let Some(seen) = self.seen.iter_mut().find(|seen| seen.address == address) else { return };
        self.changed |= seen.mac != Some(mac);
        (seen.mac, seen.heard) = (Some(mac), now);
    }

    /// Forgets who was silent for long, and returns one who is to be asked for, if any.
    pub(super) fn due(&mut self, now: u64) -> Option<u128> {
        let before = self.seen.len();
        let (ageing, hertz) = (AGEING * self.hertz, self.hertz);
        self.seen.retain(|seen| now.saturating_sub(seen.heard) < ageing);
        self.changed |= self.seen.len() != before;
        let is_due = |seen: &&mut Seen| {
            let pause = if seen.mac.is_some() { REFRESH } else { ASK_AGAIN } * hertz;
            seen.asked.is_none_or(|asked| now.saturating_sub(asked) >= pause)
        };
        let seen = self.seen.iter_mut().find(is_due)?;
        seen.asked = Some(now);
        Some(seen.address)
    }

    /// Those who are known.
    pub(super) fn known(&self) -> impl Iterator<Item = Neighbor> {
        let known = |seen: &Seen| Some(Neighbor { address: seen.address, mac: seen.mac? });
        self.seen.iter().filter_map(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1000;

    #[test]
    fn only_who_is_wanted_is_listened_to() {
        let mut neighbors = Neighbors::new(SECOND);
        neighbors.hear(7, 1, 0);
        assert!(!neighbors.changed && neighbors.known().next().is_none());
        neighbors.want(7, 0);
        neighbors.hear(7, 1, 0);
        assert!(core::mem::take(&mut neighbors.changed));
        assert_eq!(neighbors.known().next(), Some(Neighbor { address: 7, mac: 1 }));
        neighbors.hear(7, 1, 5);
        assert!(!neighbors.changed, "that was known");
    }

    #[test]
    fn who_is_silent_is_asked_each_second_and_forgotten_in_the_end() {
        let mut neighbors = Neighbors::new(SECOND);
        neighbors.want(7, 0);
        assert_eq!([0, 1, 999, 1000].map(|now| neighbors.due(now)), [Some(7), None, None, Some(7)]);
        neighbors.hear(7, 1, 1000);
        assert_eq!([2000, 31_000].map(|now| neighbors.due(now)), [None, Some(7)]);
        neighbors.changed = false;
        assert_eq!(neighbors.due(1000 + AGEING * SECOND), None);
        assert!(neighbors.changed && neighbors.known().next().is_none());
    }
}
