//! What became of many boots by one path, in a line.

use std::fmt;
use std::time::Duration;

use ::qemu::missing::Missing;
use anyhow::Result;

/// After so many boots a line tells how many were good: all of them can take half an hour.
const TELL_EVERY: u32 = 10;

/// How the boots by one path ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    name: String,
    /// How many there were.
    pub(super) tried: usize,
    /// How long the good ones took, the shortest first.
    pub(super) times: Vec<Duration>,
}

impl Row {
    /// Boots `count` times, which are counted from 1. A boot that fails is told, and the next one follows.
    ///
    /// # Errors
    ///
    /// What is missing here to boot so.
    pub(super) fn of(
        name: &str,
        count: u32,
        mut boot: impl FnMut(u32) -> Result<Duration>,
    ) -> Result<Self, Missing> {
        let mut times = Vec::new();
        for number in 1..=count {
            match boot(number).map_err(anyhow::Error::downcast::<Missing>) {
                Ok(time) => times.push(time),
                Err(Ok(missing)) => return Err(missing),
                Err(Err(error)) => eprintln!("{name}: boot {number} of {count} failed: {error:#}"),
            }
            if number % TELL_EVERY == 0 && number < count {
                eprintln!("{name}: {} of the first {number} of {count} booted", times.len());
            }
        }
        times.sort_unstable();
        Ok(Self { name: name.to_owned(), tried: count as usize, times })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, tried, times } = self;
        write!(f, "{name}: {} of {tried} booted", times.len())?;
        let (Some(median), Some(longest)) = (times.get(times.len() / 2), times.last()) else {
            return Ok(());
        };
        let [median, longest] = [median, longest].map(Duration::as_secs_f64);
        write!(f, ", first frame after {median:.2} s (median), {longest:.2} s (longest)")
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn a_row_counts_those_that_failed_and_measures_the_others() {
        let row = Row::of("pvh", 4, |number| match number {
            2 => bail!("no boot"),
            number => Ok(Duration::from_millis(1000 - 100 * u64::from(number))),
        });
        let text = "pvh: 3 of 4 booted, first frame after 0.70 s (median), 0.90 s (longest)";
        assert_eq!(row.unwrap().to_string(), text);
    }

    #[test]
    fn a_path_on_which_nothing_boots_has_no_times() {
        let row = Row::of("pvh", 2, |_| bail!("no boot")).unwrap();
        assert_eq!(row.to_string(), "pvh: 0 of 2 booted");
    }

    #[test]
    fn what_is_missing_ends_the_row_and_is_no_failure() {
        let missing = Row::of("kexec", 2, |_| Err(Missing("no Linux".into()).into())).unwrap_err();
        assert_eq!(missing.to_string(), "no Linux");
    }
}
