//! What is said of many measurements of the same thing on a machine that does other things too.

/// The value that a tenth of `values` lies below: what is measured while the machine is at its
/// best. 0 if there are none.
pub(crate) fn low(values: &[f64]) -> f64 {
    quantile(values, 10)
}

/// The value that half of `values` lies below. 0 if there are none.
fn median(values: &[f64]) -> f64 {
    quantile(values, 2)
}

/// What `combine` makes of each pair of neighbours, one of `these` and one of `those`: the median.
pub(crate) fn paired(these: &[f64], those: &[f64], combine: impl Fn(f64, f64) -> f64) -> f64 {
    let pairs = these.iter().zip(those);
    median(&pairs.map(|(&this, &that)| combine(this, that)).collect::<Vec<_>>())
}

fn quantile(values: &[f64], part: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / part).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_wild_values_change_nothing() {
        let mut values: Vec<_> = (0..100).map(f64::from).collect();
        values[70..].fill(1e9);
        assert_eq!((low(&values), median(&values)), (10.0, 50.0));
        assert_eq!(low(&[]), 0.0);
    }

    #[test]
    fn pairs_cancel_what_both_halves_have() {
        let slow =
            |value: f64, turn: usize| if turn.is_multiple_of(2) { value } else { value * 1.5 };
        let off: Vec<_> = (0..9).map(|turn| slow(100.0, turn)).collect();
        let on: Vec<_> = (0..9).map(|turn| slow(110.0, turn)).collect();
        assert!((paired(&on, &off, |on, off| on / off) - 1.1).abs() < 1e-9);
    }
}
