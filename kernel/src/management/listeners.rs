//! Who listens to the stream by TCP: whoever connects hears it, from a greeting on.
//!
//! All hear the same frames. One is made when there is room for it with everybody, so that nobody misses
//! any; but one who takes nothing for a while is not waited for, and misses what is said until half of
//! what waits there is gone. Where nobody has room none is made, as on any line that is stuck.
//! What listeners say is forgotten.

use heapless::Vec;
use perf::stream::LINE;
use smoltcp::iface::{SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::tcp::{Socket, SocketBuffer};
use smoltcp::time::{Duration, Instant};

/// The TCP port that the stream is at.
pub const PORT: u16 = 7878;
/// Listeners at a time. One more is refused.
pub const LISTENERS: usize = 2;
/// Bytes that can wait for each listener.
pub const WAITING: usize = 32 * 1024;
/// Bytes of what each listener says that are taken at a time.
pub const HEARD: usize = 256;

/// Frames that are said in one tick at most.
const FRAMES: usize = 16;
/// How long all wait for one who takes nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// A listener who says nothing is asked so often whether it is still there, and is not any more once it
/// was silent for so long: longer than smoltcp waits to ask one without room again, which is a minute.
const ASKED: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(90);

/// Memory of all listeners. Without any there are none.
#[derive(Default)]
pub struct Memory {
    /// One for each of [`LISTENERS`].
    pub sockets: &'static mut [SocketStorage<'static>],
    /// For each of them [`WAITING`] bytes.
    pub waiting: &'static mut [u8],
    /// And [`HEARD`].
    pub heard: &'static mut [u8],
}

/// Who says the stream.
pub trait Speaker {
    /// Begins with a greeting as soon as it can: there is somebody who has not heard one.
    fn greet(&mut self);

    /// Writes the next frame to the front of `line`, and returns its length; none if there is nothing to say.
    fn next(&mut self, line: &mut [u8; LINE]) -> Option<usize>;
}

/// Whether a listener keeps up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    Absent,
    Good,
    /// It has had no room since then.
    Full(Instant),
    /// It is not waited for.
    Behind,
}

struct Listener {
    socket: SocketHandle,
    pace: Pace,
}

/// All listeners.
pub(super) struct Listeners {
    each: Vec<Listener, LISTENERS>,
    /// Frames that were made and that some listener missed, one for each such listener.
    pub(super) missed: u64,
}

impl Listeners {
    /// Nobody yet, and the sockets that they will have.
    pub(super) fn new(memory: Memory) -> (Self, SocketSet<'static>) {
        let Memory { sockets, waiting, heard } = memory;
        let mut sockets = SocketSet::new(sockets);
        let buffers = waiting.chunks_exact_mut(WAITING).zip(heard.chunks_exact_mut(HEARD));
        let each = buffers.take(LISTENERS).map(|(waiting, heard)| {
            let mut socket = Socket::new(SocketBuffer::new(heard), SocketBuffer::new(waiting));
            socket.set_keep_alive(Some(ASKED));
            socket.set_timeout(Some(SILENCE));
            Listener { socket: sockets.add(socket), pace: Pace::Absent }
        });
        let mut listeners = Self { each: each.collect(), missed: 0 };
        listeners.open(&mut sockets);
        (listeners, sockets)
    }

    /// Lets one come where one has gone. Done for each frame that came: the next may be of whoever comes.
    pub(super) fn open(&mut self, sockets: &mut SocketSet<'static>) {
        for listener in &mut self.each {
            let socket: &mut Socket<'_> = sockets.get_mut(listener.socket);
            if !socket.is_open() {
                let _closed_sockets_can = socket.listen(PORT);
                listener.pace = Pace::Absent;
            }
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.each.iter().filter(|listener| listener.pace != Pace::Absent).count()
    }

    /// Greets who came, and says to those who are there what `speaker` has to say.
    pub(super) fn serve(
        &mut self,
        time: Instant,
        sockets: &mut SocketSet<'static>,
        speaker: &mut impl Speaker,
    ) {
        self.open(sockets);
        for listener in &mut self.each {
            if listener.tend(sockets.get_mut(listener.socket)) {
                speaker.greet();
            }
        }
        let mut line = [0; LINE];
        for _ in 0..FRAMES {
            if !self.are_ready(time, sockets) {
                break;
            }
            let Some(len) = speaker.next(&mut line) else { break };
            self.say(&line[..len], sockets);
        }
    }

    /// Whether somebody has room for a frame, and nobody is waited for.
    fn are_ready(&mut self, time: Instant, sockets: &mut SocketSet<'static>) -> bool {
        for listener in &mut self.each {
            listener.update(time, sockets.get(listener.socket));
        }
        let is = |pace: fn(&Pace) -> bool| self.each.iter().any(|listener| pace(&listener.pace));
        is(|pace| *pace == Pace::Good) && !is(|pace| matches!(pace, Pace::Full(_)))
    }

    fn say(&mut self, frame: &[u8], sockets: &mut SocketSet<'static>) {
        for listener in &self.each {
            match listener.pace {
                Pace::Good => {
                    let socket: &mut Socket<'_> = sockets.get_mut(listener.socket);
                    let _there_is_room = socket.send_slice(frame);
                }
                Pace::Full(_) | Pace::Behind => self.missed += 1,
                Pace::Absent => {}
            }
        }
    }
}

impl Listener {
    /// Forgets what it says. Whether it has just come. One who will say no more may go on to listen.
    fn tend(&mut self, socket: &mut Socket<'_>) -> bool {
        let _if_anything_was_said = socket.recv(|bytes| (bytes.len(), ()));
        match (self.pace, socket.may_send()) {
            (Pace::Absent, true) => self.pace = Pace::Good,
            (Pace::Absent, false) => return false,
            (_, false) => self.pace = Pace::Absent,
            (_, true) => return false,
        }
        self.pace == Pace::Good
    }

    /// Finds out whether it keeps up.
    fn update(&mut self, time: Instant, socket: &Socket<'_>) {
        let has_room = socket.send_capacity() - socket.send_queue() >= LINE;
        let is_half_empty = socket.send_queue() <= socket.send_capacity() / 2;
        self.pace = match self.pace {
            Pace::Absent => Pace::Absent,
            Pace::Good | Pace::Full(_) if has_room => Pace::Good,
            Pace::Good => Pace::Full(time),
            Pace::Full(since) if time < since + PATIENCE => Pace::Full(since),
            Pace::Behind if is_half_empty => Pace::Good,
            Pace::Full(_) | Pace::Behind => Pace::Behind,
        };
    }
}
