//! Sums over the last 60 seconds, in steps of 5 (Open vSwitch's).

/// Seconds of a step.
pub const STEP: u32 = 5;
/// Steps that are remembered.
pub const STEPS: usize = 12;
/// Seconds that are remembered.
pub const SECONDS: u32 = STEP * STEPS as u32;

/// What was added in each of the last steps, and in the one under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    sums: [u64; STEPS],
    current: u64,
    /// Steps that ended since the first began.
    ended: usize,
}

impl Steps {
    /// Nothing yet.
    pub const NONE: Self = Self { sums: [0; STEPS], current: 0, ended: 0 };

    /// Adds `amount` to the step under way.
    pub fn add(&mut self, amount: u64) {
        self.current = self.current.saturating_add(amount);
    }

    /// Ends the step under way, and returns its sum.
    pub fn end(&mut self) -> u64 {
        let sum = core::mem::take(&mut self.current);
        self.sums[self.ended % STEPS] = sum;
        self.ended += 1;
        sum
    }

    /// The sum over the last `count` steps that ended, or as many as are remembered.
    pub fn last(&self, count: usize) -> u64 {
        let count = count.min(STEPS).min(self.ended);
        (self.ended - count..self.ended).map(|step| self.sums[step % STEPS]).sum()
    }

    /// The sum over all steps that are remembered, and what there is of the one under way.
    pub fn lately(&self) -> u64 {
        self.last(STEPS).saturating_add(self.current)
    }

    /// Steps that ended since the first began.
    pub fn ended(&self) -> usize {
        self.ended
    }
}

/// The window that is meant by so many `seconds`, in seconds: whole steps, all of them for 0 or
/// more than are remembered.
pub fn window(seconds: u32) -> u32 {
    match seconds {
        1..=SECONDS => seconds.next_multiple_of(STEP),
        _ => SECONDS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_those_of_open_vswitch() {
        let windows = [0, 1, 5, 6, 51, 55, 56, 60, 61].map(window);
        assert_eq!(windows, [60, 5, 5, 10, 55, 55, 60, 60, 60]);
    }

    #[test]
    fn sums_are_those_of_the_last_steps_that_ended() {
        let mut steps = Steps::NONE;
        for step in 1..=30 {
            steps.add(step);
            steps.add(100);
            assert_eq!(steps.end(), step + 100);
        }
        steps.add(7);
        assert_eq!([0, 1, 2].map(|count| steps.last(count)), [0, 130, 259]);
        let all: u64 = (19..=30).map(|step| step + 100).sum();
        assert_eq!([12, 13].map(|count| steps.last(count)), [all, all]);
        assert_eq!((steps.ended(), steps.lately()), (30, all + 7));
    }

    #[test]
    fn steps_that_never_were_add_nothing() {
        let mut steps = Steps::NONE;
        steps.add(5);
        assert_eq!(steps.last(12), 0);
        steps.end();
        assert_eq!(steps.last(12), 5);
    }
}
