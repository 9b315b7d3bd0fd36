//! Traffic that nothing may be lost of: so few frames are under way that every ring holds them,
//! however long a busy host stops the emulator or this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use qemu::frames::Frames;
use qemu::traffic::{Count, Pace, Source, Traffic};

use crate::rig::{LIMIT, Session};

/// Frames under way in one direction: fewer than a ring of 256 holds, and more than three batches.
const UNDER_WAY: u64 = 100;

/// How often it is looked whether a frame may follow.
const LOOK_AGAIN: Duration = Duration::from_micros(100);

/// How many frames of one direction may have been sent by now.
#[derive(Debug, Default)]
struct Leave {
    frames: AtomicU64,
    is_over: AtomicBool,
}

/// Frames of `source` that each wait until they may be sent. They end where none may follow for
/// too long, which the counts then show.
fn paced(mut source: Source, leave: Arc<Leave>) -> Source {
    let mut sent = 0;
    Box::new(std::iter::from_fn(move || {
        let deadline = Instant::now() + LIMIT;
        while sent >= leave.frames.load(Relaxed) {
            if leave.is_over.load(Relaxed) || Instant::now() >= deadline {
                return None;
            }
            thread::sleep(LOOK_AGAIN);
        }
        sent += 1;
        source.next()
    }))
}

/// Carries frames of `sources` through ports 0 and 1, one each in `every` at most, while
/// `meanwhile` is done; has each come out unchanged and in order, and has the image agree.
pub(crate) fn carry(
    session: &mut Session,
    sources: [Option<Source>; 2],
    every: Duration,
    meanwhile: impl FnOnce(&mut Session, &Traffic) -> Result<()>,
) -> Result<[Count; 2]> {
    let leaves: [Arc<Leave>; 2] = Default::default();
    let [first, second] = sources;
    let sources = [
        first.map(|source| paced(source, Arc::clone(&leaves[0]))),
        second.map(|source| paced(source, Arc::clone(&leaves[1]))),
    ];
    let pace = Pace { burst: 1, every };
    let mut traffic = Traffic::start(session.take_wires()?, sources, pace);
    let is_done = AtomicBool::new(false);
    let result = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Relaxed) {
                for (leave, count) in leaves.iter().zip(traffic.counts()) {
                    leave.frames.store(count.delivered + UNDER_WAY, Relaxed);
                }
                thread::sleep(LOOK_AGAIN);
            }
        });
        let result = meanwhile(session, &traffic);
        is_done.store(true, Relaxed);
        result
    });
    leaves.iter().for_each(|leave| leave.is_over.store(true, Relaxed));
    result?;
    traffic.halt()?;
    traffic.drain(LIMIT);
    let counts = traffic.finish()?;
    let ledger = session.expect_ledger(counts)?;
    let is_whole = counts.iter().all(|it| it.delivered == it.offered);
    ensure!(is_whole, "frames were lost: {counts:?}\n{ledger}{:#?}", ledger.drops);
    Ok(counts)
}

/// Carries all frames of `sources`, and asks for the ledger meanwhile.
pub(crate) fn carry_all(session: &mut Session, sources: [Option<Source>; 2]) -> Result<()> {
    let counts = carry(session, sources, Duration::ZERO, |session, traffic| {
        while !traffic.has_sent_all() {
            session.exact_ledger()?;
        }
        Ok(())
    });
    counts.map(drop)
}

/// Carries so many frames into each port at once, all unchanged and in order.
pub(crate) fn carry_both_ways(session: &mut Session, frames: usize) -> Result<()> {
    let source = |side| Some(Box::new(Frames::mixed(side).take(frames)) as _);
    carry_all(session, [source(0), source(1)])
}
