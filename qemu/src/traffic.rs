//! Traffic through an image: offered on one side, compared byte for byte on the other.
//!
//! Each direction is a lane: one thread sends, another receives. What was sent and ought to
//! come out stands in a queue between the two, in order. A frame that comes out is looked for
//! there; those before it were lost on the way, and one that is not there at all is foreign.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};

use crate::frames::{LONGEST, SHORTEST};
use crate::wire::Wire;

/// How long a guest may leave a wire full.
const SEND_LIMIT: Duration = Duration::from_secs(20);

/// How long a receiver waits before it looks whether it is to end.
const RECEIVE_LIMIT: Duration = Duration::from_millis(20);

/// Frames of a lane that are waited for at the same time; older ones count as lost.
const MOST_EXPECTED: usize = 1 << 16;

/// More than any frame, so that one that grew on the way is seen to have grown.
const BUFFER: usize = 1 << 16;

/// Where the frames of one direction come from.
pub type Source = Box<dyn Iterator<Item = Vec<u8>> + Send>;

/// How fast a side is fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Frames that are sent at once.
    pub burst: u32,
    /// From one burst to the next.
    pub every: Duration,
}

impl Pace {
    /// `rate` frames a second in bursts of eight.
    #[must_use]
    pub fn per_second(rate: u32) -> Self {
        let burst = 8;
        Self { burst, every: Duration::from_secs(1) * burst / rate.max(1) }
    }
}

/// What happened in one direction, in frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Handed to the wire.
    pub offered: u64,
    /// Of those, too short or too long for an Ethernet; the image is to drop them.
    pub misfits: u64,
    /// Came out unchanged and in order.
    pub delivered: u64,
    /// Came out and were never sent, or sent otherwise: damaged, doubled or overtaken.
    pub foreign: u64,
}

/// Two lanes under way. Their threads end when this is dropped.
#[derive(Debug)]
pub struct Traffic {
    lanes: [Arc<Lane>; 2],
    senders: Vec<JoinHandle<io::Result<()>>>,
    receivers: Vec<JoinHandle<io::Result<()>>>,
}

#[derive(Debug, Default)]
struct Lane {
    offered: AtomicU64,
    misfits: AtomicU64,
    delivered: AtomicU64,
    foreign: AtomicU64,
    expected: Mutex<VecDeque<Vec<u8>>>,
    is_halted: AtomicBool,
    is_over: AtomicBool,
}

impl Traffic {
    /// Starts both lanes: frames of `sources[0]` go into `wires[0]` and are expected out of
    /// `wires[1]`; and the other way round.
    #[must_use]
    pub fn start(wires: [Wire; 2], sources: [Option<Source>; 2], pace: Pace) -> Self {
        let wires = wires.map(Arc::new);
        let mut traffic =
            Self { lanes: Default::default(), senders: Vec::new(), receivers: Vec::new() };
        for (side, source) in sources.into_iter().enumerate() {
            let lane = Arc::clone(&traffic.lanes[side]);
            let wire = Arc::clone(&wires[side ^ 1]);
            traffic.receivers.push(thread::spawn(move || lane.receive(&wire)));
            let Some(source) = source else { continue };
            let lane = Arc::clone(&traffic.lanes[side]);
            let wire = Arc::clone(&wires[side]);
            traffic.senders.push(thread::spawn(move || lane.send(&wire, source, pace)));
        }
        traffic
    }

    /// Both directions so far: from side 0 to side 1, and back.
    #[must_use]
    pub fn counts(&self) -> [Count; 2] {
        [self.lanes[0].count(), self.lanes[1].count()]
    }

    /// Whether every sender has come to the end of its source, or was halted.
    #[must_use]
    pub fn has_sent_all(&self) -> bool {
        self.senders.iter().all(JoinHandle::is_finished)
    }

    /// Stops offering frames; receiving goes on.
    ///
    /// # Errors
    ///
    /// A sender could not hand over its frames.
    pub fn halt(&mut self) -> Result<()> {
        self.lanes.iter().for_each(|lane| lane.is_halted.store(true, Relaxed));
        join(self.senders.drain(..)).context("the guest took no more frames")
    }

    /// Waits until every frame that ought to come out has come out, or none has come for
    /// `patience`.
    pub fn drain(&self, patience: Duration) {
        let mut last = (self.counts(), Instant::now());
        while !self.lanes.iter().all(|lane| lane.queue().is_empty()) && last.1.elapsed() < patience
        {
            thread::sleep(Duration::from_millis(1));
            let counts = self.counts();
            if counts != last.0 {
                last = (counts, Instant::now());
            }
        }
    }

    /// Ends both lanes and returns what happened.
    ///
    /// # Errors
    ///
    /// A wire broke.
    pub fn finish(mut self) -> Result<[Count; 2]> {
        self.halt()?;
        self.lanes.iter().for_each(|lane| lane.is_over.store(true, Relaxed));
        join(self.receivers.drain(..)).context("a wire broke")?;
        Ok(self.counts())
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        for lane in &self.lanes {
            lane.is_halted.store(true, Relaxed);
            lane.is_over.store(true, Relaxed);
        }
    }
}

impl Lane {
    fn send(&self, wire: &Wire, mut source: Source, pace: Pace) -> io::Result<()> {
        let mut due = Instant::now();
        while !self.is_halted.load(Relaxed) {
            for _ in 0..pace.burst {
                let Some(frame) = source.next() else { return Ok(()) };
                self.offer(wire, frame)?;
            }
            // A guest that is late is not flooded afterwards.
            due = (due + pace.every).max(Instant::now());
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        Ok(())
    }

    fn offer(&self, wire: &Wire, frame: Vec<u8>) -> io::Result<()> {
        let fits = (SHORTEST..=LONGEST).contains(&frame.len());
        if fits {
            let mut expected = self.queue();
            if expected.len() == MOST_EXPECTED {
                expected.pop_front();
            }
            // It stands in the queue before it is sent: it may come out at once.
            expected.push_back(frame.clone());
        } else {
            self.misfits.fetch_add(1, Relaxed);
        }
        wire.send(&frame, SEND_LIMIT)?;
        self.offered.fetch_add(1, Relaxed);
        Ok(())
    }

    fn receive(&self, wire: &Wire) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER];
        while !self.is_over.load(Relaxed) {
            if let Some(length) = wire.receive(&mut buffer, RECEIVE_LIMIT)? {
                self.judge(&buffer[..length]);
            }
        }
        Ok(())
    }

    fn judge(&self, frame: &[u8]) {
        let mut expected = self.queue();
        let bucket = match expected.iter().position(|sent| sent == frame) {
            Some(position) => {
                expected.drain(..=position);
                &self.delivered
            }
            None => &self.foreign,
        };
        bucket.fetch_add(1, Relaxed);
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Vec<u8>>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> Count {
        Count {
            offered: self.offered.load(Relaxed),
            misfits: self.misfits.load(Relaxed),
            delivered: self.delivered.load(Relaxed),
            foreign: self.foreign.load(Relaxed),
        }
    }
}

fn join(threads: impl Iterator<Item = JoinHandle<io::Result<()>>>) -> Result<()> {
    let results = threads.map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked")));
    for result in results.collect::<Vec<_>>() {
        result??;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use super::*;
    use crate::frames::Frames;
    use crate::run_directory::RunDirectory;

    const PACE: Pace = Pace { burst: 4, every: Duration::ZERO };

    /// A machine that forwards each frame to the other side after `change`; nothing drops it.
    fn start(
        sources: [Option<Source>; 2],
        change: fn(&mut Vec<u8>) -> bool,
    ) -> (RunDirectory, Traffic) {
        let run = RunDirectory::new().unwrap();
        let wires = ["0", "1"].map(|name| Wire::open(&run, name).unwrap());
        for (from, to) in [("0", "1"), ("1", "0")] {
            let socket = UnixDatagram::bind(run.file(&format!("{from}.qemu"))).unwrap();
            let out = run.file(&format!("{to}.host"));
            thread::spawn(move || {
                let mut buffer = [0; BUFFER];
                while let Ok(length) = socket.recv(&mut buffer) {
                    let mut frame = buffer[..length].to_vec();
                    if change(&mut frame) && socket.send_to(&frame, &out).is_err() {
                        return;
                    }
                }
            });
        }
        let traffic = Traffic::start(wires, sources, PACE);
        (run, traffic)
    }

    fn finished(mut traffic: Traffic) -> [Count; 2] {
        while !traffic.has_sent_all() {
            thread::yield_now();
        }
        traffic.halt().unwrap();
        traffic.drain(Duration::from_secs(60));
        traffic.finish().unwrap()
    }

    fn frames(side: u8, count: usize) -> Option<Source> {
        Some(Box::new(Frames::mixed(side).take(count)))
    }

    #[test]
    fn what_goes_in_comes_out_in_both_directions() {
        let (_run, traffic) = start([frames(0, 300), frames(1, 200)], |_| true);
        let [there, back] = finished(traffic);
        assert_eq!(there, Count { offered: 300, delivered: 300, ..Count::default() });
        assert_eq!(back, Count { offered: 200, delivered: 200, ..Count::default() });
    }

    #[test]
    fn one_changed_bit_makes_a_frame_foreign() {
        let (_run, traffic) = start([frames(0, 100), None], |frame| {
            frame[20] ^= u8::from(frame.len() == LONGEST);
            true
        });
        let [there, _] = finished(traffic);
        assert_eq!((there.delivered, there.foreign), (92, 8));
    }

    #[test]
    fn lost_frames_are_missed_and_those_behind_them_are_still_found() {
        let (_run, traffic) = start([frames(0, 120), None], |frame| frame.len() != 64);
        let [there, _] = finished(traffic);
        assert_eq!((there.offered, there.delivered, there.foreign), (120, 70, 0));
    }

    #[test]
    fn frames_that_no_ethernet_carries_are_counted_apart() {
        let sizes = [1, 13, 14, 60, 1514, 1515].map(|size| vec![0x55; size]);
        let (_run, traffic) = start([Some(Box::new(sizes.into_iter())), None], |frame| {
            (SHORTEST..=LONGEST).contains(&frame.len())
        });
        let [there, _] = finished(traffic);
        assert_eq!(there, Count { offered: 6, misfits: 3, delivered: 3, foreign: 0 });
    }
}
