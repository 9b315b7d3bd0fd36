//! `capture show`: captured frames in order of time, a line or some a step.

use core::fmt::{self, Write};

use dataplane::PORTS;
use dataplane::capture::Captured;
use heapless::Vec;
use perf::Timebase;
use perf::capture::{End, Head, Row, Title};

use crate::control::{Asked, Pmd};

/// Lines of bytes in one step.
const ROWS: usize = 8;

/// `capture show` while it is carried out.
pub struct CaptureJob {
    /// Of each PMD, the first of its frames that was not told.
    next: Vec<usize, PORTS>,
    told: u16,
    /// Lines that were written of the frame that is being told.
    rows: Option<usize>,
}

impl CaptureJob {
    /// Begins.
    pub fn new() -> Self {
        Self { next: Vec::new(), told: 0, rows: None }
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
        let frames = pmds.iter().map(|pmd| pmd.captures().frames());
        if self.next.is_empty() {
            self.next = pmds.iter().map(|_| 0).collect();
            let most = usize::from(asked.wish.frames);
            let frames = frames.map(<[_]>::len).sum::<usize>().min(most) as u16;
            title(asked, frames, base, out)?;
            return Ok(true);
        }
        let each = frames.zip(&self.next).enumerate();
        let firsts = each.filter_map(|(place, (frames, next))| Some((place, frames.get(*next)?)));
        let first = firsts.min_by_key(|(_, frame)| frame.at);
        match first.filter(|_| self.told < asked.wish.frames) {
            Some((place, frame)) => self.tell(place, frame, base, out).map(|()| true),
            None => writeln!(out, "{}", End { number: asked.wish.number }).map(|()| false),
        }
    }

    /// Writes some more of `frame`, the next of the PMD in `place`.
    fn tell(
        &mut self,
        place: usize,
        frame: &Captured,
        base: &Timebase,
        out: &mut impl Write,
    ) -> fmt::Result {
        let Some(rows) = self.rows else {
            let nanos = base.unix_nanos(frame.at).unwrap_or(base.nanos_since_boot(frame.at));
            self.rows = Some(0);
            let head = Head::new((self.told + 1, nanos), frame.len, frame.bytes());
            return writeln!(out, "{head}");
        };
        let mut rest = Row::all(frame.bytes()).skip(rows);
        rest.by_ref().take(ROWS).try_for_each(|row| writeln!(out, "{row}"))?;
        self.rows = rest.next().map(|_| rows + ROWS);
        if self.rows.is_none() {
            self.told += 1;
            self.next[place] += 1;
        }
        Ok(())
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
