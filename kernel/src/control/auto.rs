//! How long an iteration may take until a receive ring overflows: what `-us auto` stands for.

/// Auto limits lie between these, in microseconds. Without frames a ring never overflows.
pub(super) const LEAST: u32 = 1;
/// The largest.
pub(super) const MOST: u32 = 10_000;

/// Microseconds until a ring of `slots` is full, where `frames` came in a time of `micros`.
pub(super) fn until_overflow(slots: u32, frames: u64, micros: u64) -> u32 {
    let until = (u128::from(slots) * u128::from(micros)).checked_div(frames.into());
    let until = until.and_then(|until| u32::try_from(until).ok()).unwrap_or(MOST);
    until.clamp(LEAST, MOST)
}

/// Whether a limit changed by enough to tell the PMD: by more than an eighth.
pub(super) fn differs(new: u32, old: u32) -> bool {
    new.abs_diff(old) > old / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_lasts_for_as_long_as_its_slots() {
        // Sheet G2: 2048 slots last 512 us at 4 Mpps, 137 us at 14.88 Mpps, 13 us at 148.8 Mpps.
        let lasts = |rate| until_overflow(2048, rate, 1_000_000);
        assert_eq!((lasts(4_000_000), lasts(14_880_000), lasts(148_800_000)), (512, 137, 13));
    }

    #[test]
    fn without_frames_the_limit_is_the_largest() {
        assert_eq!(until_overflow(256, 0, 1_000_000), MOST);
        assert_eq!(until_overflow(256, 1, u64::MAX), MOST);
        assert_eq!(until_overflow(0, 1000, 1000), LEAST);
    }

    #[test]
    fn small_changes_are_kept_from_the_pmd() {
        assert!(!differs(110, 100) && !differs(90, 100) && differs(120, 100) && differs(2, 1));
    }
}
