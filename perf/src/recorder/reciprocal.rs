//! Division by a number of frames, without a division.

/// Frames that an iteration receives at most, where reciprocals are at hand.
const MOST: usize = 512;
/// Reciprocals are in units of 2^-63.
const POWER: u32 = 63;

/// The reciprocal of each number, rounded up.
static RECIPROCALS: [u64; MOST + 1] = {
    let mut reciprocals = [0; MOST + 1];
    let mut number = 1;
    while number <= MOST {
        reciprocals[number] = (1_u64 << POWER).div_ceil(number as u64);
        number += 1;
    }
    reciprocals
};

/// `cycles / frames`, rounded down; exact below 2^54 cycles, which is longer than any iteration.
/// 0 where there are no frames.
#[inline]
pub(super) fn divide(cycles: u64, frames: u32) -> u64 {
    match RECIPROCALS.get(frames as usize) {
        // Rounding up adds less than `frames` units, so less than a unit of the quotient.
        Some(&reciprocal) => ((u128::from(cycles) * u128::from(reciprocal)) >> POWER) as u64,
        None => divide_by_many(cycles, frames),
    }
}

#[cold]
fn divide_by_many(cycles: u64, frames: u32) -> u64 {
    cycles.checked_div(frames.into()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_quotient_is_that_of_a_division(
            cycles in (0..54_u32).prop_flat_map(|power| 0..1_u64 << power),
            frames in 1..1000_u32,
        ) {
            prop_assert_eq!(divide(cycles, frames), cycles / u64::from(frames));
            let whole = cycles / u64::from(frames) * u64::from(frames);
            prop_assert_eq!(divide(whole, frames), whole / u64::from(frames));
        }
    }

    #[test]
    fn no_frames_have_no_cycles_each() {
        assert_eq!(divide(u64::MAX, 0), 0);
    }
}
