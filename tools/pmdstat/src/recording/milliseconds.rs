//! Milliseconds of a core, in as few bytes as on the line: an hour has 3.6 million of them.

use std::iter;

use perf::Millisecond;

/// Records, oldest first, as postcard writes them.
#[derive(Debug, Default)]
pub(crate) struct Milliseconds(Vec<u8>);

/// Bytes of a record at most: of 14 numbers of 64 bits.
const LONGEST: usize = 14 * 10;

impl Milliseconds {
    /// Each, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Millisecond> {
        let mut rest = &*self.0;
        iter::from_fn(move || {
            let (record, behind) = postcard::take_from_bytes(rest).ok()?;
            rest = behind;
            Some(record)
        })
    }
}

impl Extend<Millisecond> for Milliseconds {
    fn extend<T: IntoIterator<Item = Millisecond>>(&mut self, records: T) {
        for record in records {
            let mut bytes = [0; LONGEST];
            // It fits: that is the most that numbers take.
            let written = postcard::to_slice(&record, &mut bytes);
            self.0.extend(written.into_iter().flat_map(|written| written.iter()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were() {
        let most = u64::MAX;
        let all = [
            Millisecond { number: 7, packets: 64, ..Millisecond::default() },
            Millisecond {
                number: most,
                iterations: most,
                cycles: most,
                fill: most,
                ..Default::default()
            },
            Millisecond::default(),
        ];
        let mut kept = Milliseconds::default();
        kept.extend(all);
        assert!(kept.iter().eq(all));
    }
}
