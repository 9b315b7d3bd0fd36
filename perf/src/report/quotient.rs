//! Numbers that are not whole, without floating point.

use core::fmt::{self, Display, Formatter, Write};

use heapless::String;

/// Decimals that a quotient shows at most.
const DECIMALS: usize = 9;
/// Room for 39 digits, a point and the decimals.
type Digits = String<64>;

/// A quotient of two counts. Shows as many decimals as the format asks for, none by default.
///
/// Rounded to the nearest, halves upwards. A quotient by 0 is 0: where nothing was counted there
/// is nothing to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotient {
    numerator: u128,
    denominator: u128,
}

impl Quotient {
    /// `numerator / denominator`.
    pub fn of(numerator: impl Into<u128>, denominator: impl Into<u128>) -> Self {
        Self { numerator: numerator.into(), denominator: denominator.into() }
    }

    /// How many per cent of `whole` are `part`.
    pub fn percent(part: u64, whole: u64) -> Self {
        Self::of(u128::from(part) * 100, whole)
    }

    /// The quotient in thousandths, rounded; nothing where it is one by 0, or beyond all bounds.
    pub(crate) fn thousandths(&self) -> Option<u64> {
        let is_known = self.denominator > 0;
        is_known.then(|| self.scaled(1000).try_into().ok()).flatten()
    }

    /// The quotient in units of `1 / scale`, rounded.
    fn scaled(&self, scale: u128) -> u128 {
        let doubled = self.numerator.saturating_mul(scale).saturating_mul(2);
        let sum = doubled.saturating_add(self.denominator);
        sum.checked_div(self.denominator.saturating_mul(2)).unwrap_or(0)
    }

    fn digits(&self, decimals: usize) -> Result<Digits, fmt::Error> {
        let scale = 10_u128.pow(decimals as u32);
        let scaled = self.scaled(scale);
        let mut digits = Digits::new();
        write!(digits, "{}", scaled / scale)?;
        if decimals > 0 {
            write!(digits, ".{:0decimals$}", scaled % scale)?;
        }
        Ok(digits)
    }
}

impl Display for Quotient {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let decimals = out.precision().unwrap_or(0).min(DECIMALS);
        out.pad_integral(true, "", &self.digits(decimals)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_upwards() {
        assert_eq!(format!("{}", Quotient::of(1_u64, 2_u64)), "1");
        assert_eq!(format!("{}", Quotient::of(49_u64, 100_u64)), "0");
        assert_eq!(format!("{:.1}", Quotient::of(1_u64, 20_u64)), "0.1");
        assert_eq!(format!("{:.2}", Quotient::of(1995_u64, 1000_u64)), "2.00");
    }

    #[test]
    fn nothing_by_nothing_is_nothing() {
        assert_eq!(format!("{:.2}", Quotient::of(0_u64, 0_u64)), "0.00");
        assert_eq!(format!("{}", Quotient::of(u64::MAX, 0_u64)), "0");
    }

    #[test]
    fn width_and_side_are_as_asked() {
        let third = Quotient::of(100_u64, 3_u64);
        assert_eq!(format!("[{third:6.1}]"), "[  33.3]");
        assert_eq!(format!("[{third:<8.2}]"), "[33.33   ]");
        assert_eq!(format!("[{third:1}]"), "[33]");
    }

    #[test]
    fn decimals_keep_their_leading_zeros() {
        assert_eq!(format!("{:.5}", Quotient::of(1_000_003_u64, 1_000_000_u64)), "1.00000");
        assert_eq!(format!("{:.5}", Quotient::of(100_007_u64, 100_000_u64)), "1.00007");
        assert_eq!(format!("{:.9}", Quotient::of(1_u64, 1_000_000_000_u64)), "0.000000001");
    }

    #[test]
    fn the_largest_numbers_are_shown() {
        assert_eq!(format!("{}", Quotient::percent(u64::MAX, 1)), "1844674407370955161500");
        let text = format!("{:.9}", Quotient::of(u128::MAX, 1_u64));
        assert!(text.len() < 64, "{text}");
    }
}
