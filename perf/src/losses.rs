//! Frames that NICs lost, by the millisecond in which the control core sampled them.
//!
//! A sample tells what was lost since the one before it. Where one comes late, the milliseconds
//! between have none, and it tells of all of them.

/// What one sample told, and in which millisecond since boot it was taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// The millisecond plus one; 0 before the first sample.
    mark: u64,
    frames: u64,
}

/// The last milliseconds of what the NICs of one PMD lost.
pub struct Losses<'a> {
    samples: &'a mut [Sample],
}

impl<'a> Losses<'a> {
    /// As many milliseconds as there are `samples`.
    pub fn new(samples: &'a mut [Sample]) -> Self {
        Self { samples }
    }

    /// Counts `frames` more, perhaps none, that a sample in `millisecond` showed.
    pub fn add(&mut self, millisecond: u64, frames: u64) {
        let Some(place) = self.place(millisecond) else { return };
        let sample = &mut self.samples[place];
        if sample.mark != millisecond + 1 {
            *sample = Sample { mark: millisecond + 1, frames: 0 };
        }
        sample.frames = sample.frames.saturating_add(frames);
    }

    /// Frames that the sample in `millisecond` showed; nothing where there was none, or it is too
    /// long ago.
    pub fn sampled_in(&self, millisecond: u64) -> Option<u64> {
        let sample = self.samples[self.place(millisecond)?];
        (sample.mark == millisecond + 1).then_some(sample.frames)
    }

    fn place(&self, millisecond: u64) -> Option<usize> {
        Some(millisecond.checked_rem(self.samples.len() as u64)? as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(len: usize) -> Losses<'static> {
        Losses::new(vec![Sample::default(); len].leak())
    }

    #[test]
    fn what_was_not_sampled_is_not_known() {
        let mut losses = losses(4);
        losses.add(0, 0);
        losses.add(2, 5);
        losses.add(2, 7);
        assert_eq!([0, 1, 2, 3].map(|it| losses.sampled_in(it)), [Some(0), None, Some(12), None]);
    }

    #[test]
    fn the_oldest_samples_make_room() {
        let mut losses = losses(4);
        (0..6).for_each(|number| losses.add(number, number));
        assert_eq!([1, 2, 5].map(|it| losses.sampled_in(it)), [None, Some(2), Some(5)]);
    }

    #[test]
    fn without_memory_nothing_is_known() {
        let mut losses = losses(0);
        losses.add(1, 1);
        assert_eq!(losses.sampled_in(1), None);
    }
}
