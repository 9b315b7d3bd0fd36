//! `capture show`: captured frames in order of time, a line or some a step.

use core::fmt::{self, Write};

use dataplane::PORTS;
use dataplane::capture::Captured;
use heapless::Vec;
use perf::Timebase;
use perf::capture::{End, Head, Row, Title};

use crate::control::{Asked, Lending, Pmd};

/// Lines of bytes in one step.
const ROWS: usize = 8;

/// `capture show` while it is carried out.
pub struct CaptureJob {
    /// Of each PMD, the first of its frames that was not told; nothing before the title is.
    next: Option<Vec<usize, PORTS>>,
    told: u16,
    /// Lines that were written of the frame that is being told.
    rows: Option<usize>,
}

impl CaptureJob {
    /// Begins.
    pub fn new() -> Self {
        Self { next: None, told: 0, rows: None }
    }

    /// Writes some more of the frames that `pmds` captured. False once all is said.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step<O>(
        &mut self,
        pmds: &[Pmd<O>],
        asked: &Asked,
        base: &Timebase,
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        let captures = pmds.iter().map(Pmd::captures);
        let Some(next) = &mut self.next else {
            self.next = Some(pmds.iter().map(|_| 0).collect());
            let most = usize::from(asked.wish.frames);
            let frames = captures.map(Lending::count).sum::<usize>().min(most) as u16;
            title(asked, frames, base, out)?;
            return Ok(true);
        };
        let each = captures.zip(next);
        let firsts = each.filter_map(|(captures, next)| Some((captures.frame(*next)?, next)));
        let first = firsts.min_by_key(|(frame, _)| frame.at);
        match first.filter(|_| self.told < asked.wish.frames) {
            Some((frame, next)) => {
                let is_told = tell(frame, (&mut self.rows, self.told + 1), base, out)?;
                *next += usize::from(is_told);
                self.told += u16::from(is_told);
                Ok(true)
            }
            None => writeln!(out, "{}", End { number: asked.wish.number }).map(|()| false),
        }
    }
}

impl Default for CaptureJob {
    fn default() -> Self {
        Self::new()
    }
}

fn title(asked: &Asked, frames: u16, base: &Timebase, out: &mut impl Write) -> fmt::Result {
    let Asked { port, matching, wish } = asked;
    let is_unix = base.utc.is_some();
    let (number, snaplen) = (wish.number, wish.snaplen);
    write!(out, "{}", Title { number, port: *port, snaplen, frames, is_unix })?;
    if !matching.is_empty() {
        write!(out, " match={matching}")?;
    }
    writeln!(out)
}

/// Writes some more of `frame`, which has this number and of which so many lines are written. Whether
/// that was the rest of it.
fn tell(
    frame: Captured<'_>,
    (written, number): (&mut Option<usize>, u16),
    base: &Timebase,
    out: &mut impl Write,
) -> Result<bool, fmt::Error> {
    let Some(rows) = *written else {
        let nanos = base.unix_nanos(frame.at).unwrap_or(base.nanos_since_boot(frame.at));
        *written = Some(0);
        let head = Head::new((number, nanos), frame.len, frame.bytes);
        return writeln!(out, "{head}").map(|()| false);
    };
    let mut rest = Row::all(frame.bytes).skip(rows);
    rest.by_ref().take(ROWS).try_for_each(|row| writeln!(out, "{row}"))?;
    *written = rest.next().map(|_| rows + ROWS);
    Ok(written.is_none())
}

#[cfg(test)]
mod tests {
    use dataplane::capture::Wish;
    use dataplane::key::{Key, Mask};
    use heapless::String;

    use super::*;

    #[test]
    fn without_a_pmd_there_is_a_title_and_an_end() {
        let like = (Key::ZERO, Mask::NONE);
        let wish = Wish { number: 1, like, snaplen: 128, frames: 5 };
        let asked = Asked { port: 32, matching: String::new(), wish };
        let (mut job, mut out) = (CaptureJob::new(), std::string::String::new());
        let mut step = || job.step::<()>(&[], &asked, &Timebase::new(1, 0), &mut out);
        assert_eq!((step(), step()), (Ok(true), Ok(false)));
        let lines = "# capture 1: port=32 snaplen=128 frames=0 clock=boot\n# capture 1: end\n";
        assert_eq!(out, lines);
    }
}
