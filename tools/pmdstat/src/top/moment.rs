//! Moments of a machine that is heard, and the way from one to another.

use std::time::Duration;

use perf::Timebase;

/// A moment: which start of the machine, and nanoseconds since its boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    pub(super) start: usize,
    pub(super) nanos: u64,
}

/// The first and the last moment that is known of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: Moment,
    pub(super) last: Moment,
}

/// All that is known, start by start, oldest first: a tape. Between starts there is no time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tape(pub(super) Vec<Span>);

impl Tape {
    /// Where it begins.
    pub(super) fn first(&self) -> Moment {
        self.0.first().map(|span| span.first).unwrap_or_default()
    }

    /// Where it ends.
    pub(super) fn last(&self) -> Moment {
        self.0.last().map(|span| span.last).unwrap_or_default()
    }

    /// The moment so far behind `from`, or the last.
    pub(super) fn behind(&self, from: Moment, by: Duration) -> Moment {
        self.moment(self.place(from).saturating_add(nanos(by)))
    }

    /// The moment so far before `from`, or the first.
    pub(super) fn before(&self, from: Moment, by: Duration) -> Moment {
        self.moment(self.place(from).saturating_sub(nanos(by)))
    }

    /// Nanoseconds of tape before `moment`.
    fn place(&self, moment: Moment) -> u64 {
        let of = |span: &Span| moment.clamp(span.first, span.last).nanos - span.first.nanos;
        let before = self.0.iter().take_while(|span| span.first <= moment);
        let each = before.map(|span| if moment > span.last { length(span) } else { of(span) });
        each.fold(0, u64::saturating_add)
    }

    /// The moment behind so many nanoseconds of tape.
    fn moment(&self, mut place: u64) -> Moment {
        for span in &self.0 {
            if place <= length(span) {
                return Moment { nanos: span.first.nanos + place, ..span.first };
            }
            place -= length(span);
        }
        self.last()
    }
}

fn length(span: &Span) -> u64 {
    span.last.nanos.saturating_sub(span.first.nanos)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The last count of the time-stamp counter that is not behind `nanos` since boot. Where the speed of the
/// counter is not known, all counts are.
pub(super) fn count_at(base: &Timebase, nanos: u64) -> u64 {
    const SECOND: u128 = 1_000_000_000;
    if base.hertz == 0 {
        return u64::MAX;
    }
    let beyond = ((u128::from(nanos) + 1) * u128::from(base.hertz)).div_ceil(SECOND);
    base.boot.saturating_add(u64::try_from(beyond - 1).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(start: usize, nanos: u64) -> Moment {
        Moment { start, nanos }
    }

    fn tape() -> Tape {
        Tape(vec![
            Span { first: at(3, 100), last: at(3, 200) },
            Span { first: at(4, 0), last: at(4, 50) },
        ])
    }

    #[test]
    fn starts_follow_one_another_without_a_pause() {
        let (tape, step) = (tape(), Duration::from_nanos(60));
        assert_eq!(tape.behind(at(3, 100), step), at(3, 160));
        assert_eq!(tape.behind(at(3, 160), step), at(4, 20));
        assert_eq!(tape.before(at(4, 20), step), at(3, 160));
    }

    #[test]
    fn the_tape_has_two_ends() {
        let (tape, step) = (tape(), Duration::MAX);
        assert_eq!(tape.behind(at(3, 100), step), at(4, 50));
        assert_eq!(tape.before(at(4, 50), step), at(3, 100));
        assert_eq!(tape.behind(at(9, 0), Duration::ZERO), at(4, 50));
        assert_eq!(tape.before(at(0, 0), Duration::ZERO), at(3, 100));
        assert_eq!(Tape::default().behind(at(1, 1), step), at(0, 0));
    }

    #[test]
    fn a_count_is_the_last_of_its_nanosecond() {
        for hertz in [1, 999, 1_000_000_000, 2_245_782_362] {
            let base = Timebase::new(hertz, 77);
            for nanos in [0, 1, 999_999_999, 5_261_277_074] {
                let count = count_at(&base, nanos);
                assert!(base.nanos_since_boot(count) <= nanos, "{hertz} {nanos}");
                assert!(base.nanos_since_boot(count + 1) > nanos, "{hertz} {nanos}");
            }
        }
        assert_eq!(count_at(&Timebase::new(0, 0), 0), u64::MAX);
    }
}
