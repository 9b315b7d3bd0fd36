//! When queues are shared out anew without being asked (Open vSwitch's `pmd-auto-lb`): a PMD has had
//! too much to do for a minute, and loads would differ less.

use super::STEPS;

/// How long a PMD has had too much to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overload(usize);

impl Overload {
    /// In another step the PMD was busy for `busy` of `all` cycles; too much is `threshold` percent of
    /// them.
    pub fn step(&mut self, busy: u64, all: u64, threshold: u32) {
        let load = (u128::from(busy) * 100).checked_div(all.into()).unwrap_or(0);
        self.0 = if load >= threshold.into() { self.0 + 1 } else { 0 };
    }

    /// Whether it had too much to do for a minute.
    pub fn is_overloaded(&self) -> bool {
        self.0 >= STEPS
    }
}

/// By how many percent the variance of loads would get smaller, of PMDs that are busy for so many
/// cycles of `all` as things are, and would be for so many. 0 if it would not.
pub fn improvement(
    are: impl Iterator<Item = u64> + Clone,
    would_be: impl Iterator<Item = u64> + Clone,
    all: u64,
) -> u32 {
    let percent = |busy: u64| (u128::from(busy) * 100).checked_div(all.into()).unwrap_or(0);
    let (before, after) = (variance(are.map(percent)), variance(would_be.map(percent)));
    let gain = (before.saturating_sub(after) * 100).checked_div(before);
    gain.and_then(|gain| gain.try_into().ok()).unwrap_or(0)
}

/// The variance of `loads`, in whole numbers as Open vSwitch computes it.
fn variance(loads: impl Iterator<Item = u128> + Clone) -> u128 {
    let count = loads.clone().count() as u128;
    let mean = loads.clone().sum::<u128>().checked_div(count).unwrap_or(0);
    let squares = loads.map(|load| load.abs_diff(mean).pow(2)).sum::<u128>();
    squares.checked_div(count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_of_load_in_a_row_is_too_much() {
        let mut overload = Overload::default();
        let steps = |overload: &mut Overload, busy, count| {
            (0..count).for_each(|_| overload.step(busy, 1000, 95));
        };
        steps(&mut overload, 950, 11);
        assert!(!overload.is_overloaded());
        steps(&mut overload, 949, 1);
        steps(&mut overload, 1000, 11);
        assert!(!overload.is_overloaded(), "one step was easy, and all are counted anew");
        steps(&mut overload, 950, 1);
        assert!(overload.is_overloaded());
        steps(&mut overload, 0, 1);
        assert!(!overload.is_overloaded());
    }

    #[test]
    fn every_load_is_too_much_for_a_threshold_of_nothing() {
        let mut overload = Overload::default();
        (0..STEPS).for_each(|_| overload.step(0, 0, 0));
        assert!(overload.is_overloaded());
    }

    #[test]
    fn an_improvement_is_by_how_much_loads_differ_less() {
        let gain = |are: [u64; 2], would_be: [u64; 2]| {
            improvement(are.into_iter(), would_be.into_iter(), 100)
        };
        assert_eq!(gain([100, 0], [50, 50]), 100);
        // Variances 2500 and 625.
        assert_eq!(gain([100, 0], [75, 25]), 75);
        assert_eq!(gain([75, 25], [100, 0]), 0, "worse is no improvement");
        assert_eq!((gain([50, 50], [50, 50]), gain([0, 0], [0, 0])), (0, 0));
        assert_eq!(improvement([7, 5].into_iter(), [6, 6].into_iter(), 0), 0);
    }
}
