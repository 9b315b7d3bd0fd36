//! Nobody reads what the machine says, while it has more to say than ever: what is lost is told afterwards,
//! and frames go on meanwhile.

use std::io::Read as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use qemu::frames::Frames;
use qemu::machine::Serial;
use qemu::reading::number;
use qemu::sockets;
use qemu::traffic::Source;

use crate::carry::carry;
use crate::rig::{LIMIT, LOOK_AGAIN, Rig, Session, starting};
use crate::stream::Heard;

/// Frames that must have gone through each port while nobody reads.
const FRAMES: u64 = 1000;
/// From one frame to the next. The console is what is to be busy.
const EVERY: Duration = Duration::from_millis(2);
/// How long nobody reads, at least.
const STUCK: Duration = Duration::from_secs(30);
/// Every iteration is suspicious; none is.
const FLOOD: &[u8] = b"pmd-perf-log-set -us 0\r";
const CALM: &str = "pmd-perf-log-set -us 4294967295";

crate::facts![what_lines_that_are_stuck_lose_is_announced_and_no_frame_is_lost];

/// Somebody who reads the stream, and may stop for a while.
#[derive(Clone, Default)]
struct Listener {
    heard: Arc<Mutex<Vec<u8>>>,
    is_held: Arc<AtomicBool>,
}

impl Listener {
    /// Listens at the socket `path`, once it is there.
    fn listen(&self, path: PathBuf) {
        let listener = self.clone();
        thread::spawn(move || {
            if let Ok(line) = sockets::connect(&path, LIMIT, || false) {
                listener.read(line);
            }
        });
    }

    fn read(&self, mut line: UnixStream) {
        let mut buffer = [0; 4096];
        loop {
            while self.is_held.load(Relaxed) {
                thread::sleep(LOOK_AGAIN);
            }
            let Ok(count @ 1..) = line.read(&mut buffer) else { return };
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.extend(&buffer[..count]);
        }
    }

    fn heard(&self) -> Heard {
        Heard::of(&self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn what_lines_that_are_stuck_lose_is_announced_and_no_frame_is_lost(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1");
    let path = setup.run.file("com2-socket");
    let listener = Listener::default();
    listener.listen(path.clone());
    let setup = setup.with(|machine| machine.com2 = Serial::Socket(path));
    setup.boot(|session| {
        let endless = |side| -> Option<Source> { Some(Box::new(Frames::mixed(side))) };
        carry(session, [endless(0), endless(1)], EVERY, |session, traffic| {
            hold(session, &listener, true);
            session.console().send(FLOOD)?;
            let (begin, before) = (Instant::now(), traffic.counts());
            let has_moved = || {
                let mut both = traffic.counts().into_iter().zip(before);
                both.all(|(now, then)| now.delivered >= then.delivered + FRAMES)
            };
            while begin.elapsed() < STUCK || !has_moved() {
                ensure!(begin.elapsed() < STUCK + LIMIT, "no frames: {:?}", traffic.counts());
                thread::sleep(LOOK_AGAIN);
            }
            hold(session, &listener, false);
            session.command(CALM).map(drop)
        })?;
        all_is_told(session, &listener)?;
        session.exit()
    })
}

fn hold(session: &mut Session, listener: &Listener, is_held: bool) {
    listener.is_held.store(is_held, Relaxed);
    session.console().hold(is_held);
}

/// Each event was heard whole or was announced as not sent, and no frame of the stream is missing.
fn all_is_told(session: &mut Session, listener: &Listener) -> Result<()> {
    let events = session.ask_until("show events", |lines| {
        let sums = starting(lines, "triggers=").pop()?;
        (number(sums, "pending").ok()? == 0).then(|| lines.to_vec())
    })?;
    let sums = starting(&events, "triggers=").concat();
    let kept = starting(&events, "kept=").concat();
    let (dumped, suppressed) = (number(&sums, "dumped")?, number(&sums, "suppressed")?);
    ensure!(number(&sums, "triggers")? == dumped + suppressed && suppressed > 0, "{sums}");
    let all = number(&kept, "kept")? + number(&kept, "forgotten")?;
    let end = Instant::now() + 3 * LIMIT;
    loop {
        let heard = listener.heard();
        ensure!((heard.gaps, heard.damages) == (0, 0), "{heard:?}");
        let told = heard.wholes.len() as u64 + heard.notes + heard.unsent;
        if told == all && heard.unsent > 0 && heard.greetings > 0 {
            return Ok(());
        }
        let counts = (heard.wholes.len(), heard.unsent);
        ensure!(told <= all && Instant::now() < end, "{counts:?} of {all} events: {kept}");
        thread::sleep(LOOK_AGAIN);
    }
}
