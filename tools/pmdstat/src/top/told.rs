//! What was said, and said otherwise later.

/// All that was said of one thing, oldest first, with moments in counts.
#[derive(Clone, Debug)]
pub(super) struct Told<T>(Vec<(u64, T)>);

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: PartialEq> Told<T> {
    /// It is `value` from `at` on.
    pub(super) fn say(&mut self, at: u64, value: T) {
        if self.0.last().is_none_or(|(_, last)| *last != value) {
            self.0.push((at, value));
        }
    }

    /// What was last said by `at`.
    pub(super) fn by(&self, at: u64) -> Option<&T> {
        self.0.iter().rev().find(|(said, _)| *said <= at).map(|(_, value)| value)
    }

    /// Forgets what was no longer so at `at`.
    pub(super) fn forget_before(&mut self, at: u64) {
        let known = self.0.iter().rposition(|(said, _)| *said <= at).unwrap_or(0);
        self.0.drain(..known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_last_holds_until_it_is_said_otherwise() {
        let mut link = Told::default();
        for (at, value) in [(10, "up"), (20, "up"), (30, "down")] {
            link.say(at, value);
        }
        let by = |link: &Told<&'static str>| [9, 10, 29, 30].map(|at| link.by(at).copied());
        assert_eq!(by(&link), [None, Some("up"), Some("up"), Some("down")]);
        link.forget_before(29);
        assert_eq!(by(&link), [None, Some("up"), Some("up"), Some("down")]);
        link.forget_before(30);
        assert_eq!(by(&link), [None, None, None, Some("down")]);
    }
}
