//! This dataplane as one of several that are measured in turn on one core: it waits, runs when it is
//! told to, says what it took, and waits again.

use std::io::{self, BufRead as _, Write as _};
use std::time::{Duration, Instant};

use dataplane::HOUSEKEEPING;
use perf::Clock as _;

use crate::clock::Tsc;
use crate::recording::Recording;
use crate::rig::Rig;
use crate::setup::{Frames, Setup};
use crate::urgency::{self, Seat, take};

/// Iterations before anything is measured.
const WARM_UP: u64 = 4 * HOUSEKEEPING;
/// Blocks of one turn, and how long each lasts about.
const BLOCKS: usize = 16;
const BLOCK: Duration = Duration::from_millis(2);

/// For each line of standard input writes a line: cycles of a packet in each block of that turn, of
/// an iteration where nothing comes. The first line that is written is how often the counter counts
/// in a second.
///
/// # Errors
///
/// Nobody listens.
pub fn serve(setup: &Setup, burst: u32) -> io::Result<()> {
    urgency::raise();
    take(Seat::Last);
    let mut out = io::stdout().lock();
    writeln!(out, "{}", hertz())?;
    out.flush()?;
    let mut rig = Rig::with(Recording::OFF, setup);
    rig.start(burst, &Tsc);
    let rounds = u64::from(setup.flows).div_ceil(u64::from(burst.max(1)) * HOUSEKEEPING);
    rig.run(WARM_UP * (1 + rounds), &Tsc);
    let iterations = iterations(&mut rig);
    for line in io::stdin().lock().lines() {
        line?;
        let blocks: Vec<String> =
            (0..BLOCKS).map(|_| block(&mut rig, iterations, setup, burst)).collect();
        writeln!(out, "{}", blocks.join(" "))?;
        out.flush()?;
    }
    Ok(())
}

/// How often the time-stamp counter counts in a second, within a thousandth.
fn hertz() -> u64 {
    let (start, from) = (Instant::now(), Tsc.now());
    while start.elapsed() < Duration::from_millis(200) {}
    let (cycles, elapsed) = (Tsc.now() - from, start.elapsed());
    (cycles as f64 / elapsed.as_secs_f64()) as u64
}

/// Iterations of a block; whole rounds of housekeeping.
fn iterations(rig: &mut Rig) -> u64 {
    let start = Instant::now();
    rig.run(HOUSEKEEPING, &Tsc);
    let rounds = BLOCK.as_secs_f64() / start.elapsed().as_secs_f64();
    HOUSEKEEPING * (rounds.ceil() as u64).max(1)
}

fn block(rig: &mut Rig, iterations: u64, setup: &Setup, burst: u32) -> String {
    let start = Tsc.now();
    rig.run(iterations, &Tsc);
    let packets = (setup.per_iteration() / 32 * burst).max(1);
    let cycles = (Tsc.now() - start) as f64 / (iterations as f64 * f64::from(packets));
    format!("{cycles:.2}")
}

impl Setup {
    /// The frames that `port` brings in turn, one after the other, for whoever is to bring the same;
    /// and how long each is. None if it brings none.
    #[must_use]
    pub fn traffic(&self, port: u8) -> (Vec<u8>, usize) {
        if !self.brings()[usize::from(port)] {
            return (Vec::new(), 0);
        }
        match self.frames(port) {
            Frames::Plain(frames) => (frames.concat(), frames[0].len()),
            Frames::Tunnelled(frames) => (frames.concat(), frames[0].len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::Path;

    #[test]
    fn the_traffic_of_a_port_is_whole_frames() {
        let setup = Setup::new(Path::Vxlan, 7);
        let [(outer, long), (inner, short)] = [0, 1].map(|port| setup.traffic(port));
        assert_eq!((outer.len(), inner.len()), (7 * long, 7 * short));
        assert_eq!(long - short, 50);
        assert!(Setup::new(Path::Decap, 7).traffic(1).0.is_empty());
    }
}
