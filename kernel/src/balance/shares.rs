//! Which cycles of a PMD each of its queues took.
//!
//! A PMD reads no clock for that. It counts, for each queue, passes of frames and subtables looked at;
//! upcalls, which it times anyway, are charged as they are. Whatever else its iterations with frames
//! took is shared out here: the classifier by subtables, all other rooms by passes. Housekeeping is
//! nobody's.

use dataplane::Counted;

/// What a PMD spent in a time, in cycles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// In iterations in which a frame was received or sent.
    pub busy: u64,
    /// Of those, in the classifier.
    pub classifier: u64,
    /// Of those, in housekeeping.
    pub housekeeping: u64,
}

/// Tells `each` how many cycles of what a PMD spent each of its queues took, which `counted` so much
/// meanwhile, and returns those that none took.
pub fn shares(
    spending: Spending,
    counted: impl Iterator<Item = Counted> + Clone,
    mut each: impl FnMut(usize, u64),
) -> u64 {
    let sum = |part: fn(&Counted) -> u64| counted.clone().map(|it| part(&it)).sum::<u64>();
    let [passes, probes] = [sum(|it| it.passes), sum(|it| it.probes)];
    let mut rest = spending.busy.saturating_sub(spending.housekeeping);
    let upcalls = sum(|it| it.upcalls).min(rest);
    rest -= upcalls;
    // Probes of frames that an upcall settled belong to that.
    let classifier = if probes > 0 { spending.classifier.min(rest) } else { 0 };
    rest -= classifier;
    let mut charged = 0;
    for (number, queue) in counted.clone().enumerate() {
        let upcalls = queue.upcalls.min(upcalls);
        let own =
            upcalls + part(classifier, queue.probes, probes) + part(rest, queue.passes, passes);
        charged += own;
        each(number, own);
    }
    spending.busy.saturating_sub(charged)
}

/// The part of `amount` that `own` of `all` stand for.
fn part(amount: u64, own: u64, all: u64) -> u64 {
    let part = (u128::from(amount) * u128::from(own)).checked_div(all.into());
    part.and_then(|part| u64::try_from(part).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(spending: Spending, counted: &[Counted]) -> (Vec<u64>, u64) {
        let mut shares = vec![0; counted.len()];
        let rest =
            super::shares(spending, counted.iter().copied(), |number, own| shares[number] = own);
        (shares, rest)
    }

    fn passes(passes: u64) -> Counted {
        Counted { passes, ..Counted::default() }
    }

    #[test]
    fn cycles_are_shared_out_by_passes() {
        let spending = Spending { busy: 1100, classifier: 0, housekeeping: 100 };
        let (shares, rest) = of(spending, &[passes(30), passes(10), passes(0)]);
        assert_eq!((shares, rest), (vec![750, 250, 0], 100), "housekeeping is nobody's");
    }

    #[test]
    fn upcalls_are_charged_as_they_are_and_the_classifier_by_probes() {
        let spending = Spending { busy: 10_000, classifier: 4000, housekeeping: 0 };
        let counted = [
            Counted { passes: 50, probes: 30, upcalls: 2000, ..Counted::default() },
            Counted { passes: 50, probes: 10, ..Counted::default() },
        ];
        assert_eq!(of(spending, &counted), (vec![2000 + 3000 + 2000, 1000 + 2000], 0));
    }

    #[test]
    fn where_nothing_came_nothing_is_charged() {
        let spending = Spending { busy: 500, classifier: 100, housekeeping: 10 };
        assert_eq!(of(spending, &[passes(0)]), (vec![0], 500));
        assert_eq!(of(spending, &[]), (vec![], 500));
    }

    proptest! {
        #[test]
        fn shares_and_the_rest_are_all_that_was_spent_give_or_take_rounding(
            (busy, classifier, housekeeping) in (0..1_u64 << 50, 0..1_u64 << 50, 0..1_u64 << 40),
            counted in prop::collection::vec((0..1_u64 << 40, 0..1_u64 << 40, 0..1_u64 << 44), 0..17),
        ) {
            let counted: Vec<_> = counted
                .into_iter()
                .map(|(passes, probes, upcalls)| Counted { passes, probes, upcalls, ..Counted::default() })
                .collect();
            let upcalls: u64 = counted.iter().map(|it| it.upcalls).sum();
            let spending = Spending { busy, classifier, housekeeping };
            let (shares, rest) = of(spending, &counted);
            // Only upcalls that took longer than all iterations together could be charged too much.
            if upcalls <= busy.saturating_sub(housekeeping) {
                prop_assert_eq!(shares.iter().sum::<u64>() + rest, busy);
            }
        }
    }
}
