//! The serial port that carries the stream: written by the control core, and by a crash in its place.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kernel::control::{Control, Orders};
use kernel::stream::Outgoing;
use serial::{Insist, Port};
use spin::mutex::MutexGuard;
use spin::{Mutex, Once};

use crate::arch::uart::Uart;
use crate::arch::{crash, tsc};

/// How long a crash waits for a core that writes, in microseconds: as long as for a line that stands still.
/// A hypervisor may have stopped that core; otherwise it has long ended.
const PATIENCE_US: u64 = 1_000_000;

/// The serial port that the stream goes to; nothing if it goes to none.
static SERIAL: Once<Uart> = Once::new();
static OUTGOING: Mutex<Outgoing> = Mutex::new(Outgoing::new());
/// The line did not take what a crash gave it, and is given nothing more.
static IS_STUCK: AtomicBool = AtomicBool::new(false);

/// The stream goes to `uart` from now on.
pub(crate) fn goes_to(uart: Uart) {
    SERIAL.call_once(|| uart);
}

/// Gives `port` as much of what waits in `control` as it takes without waiting, to the end of a frame.
pub(crate) fn drain<O: Orders>(port: &mut Port, control: &mut Control<'_, O>) {
    crash::undisturbed(|| {
        let mut outgoing = OUTGOING.lock();
        // What waits goes round in its memory, so that a frame may lie there in two parts.
        for _ in 0..2 {
            let taken = outgoing.take(control.stream_unsent());
            control.stream_sent(taken);
        }
        let taken = port.write(outgoing.unsent());
        outgoing.sent(taken);
    });
}

/// Ends the frame that the line has a part of and sends `piece` of a crash report behind it.
pub(crate) fn report(piece: &str) {
    let uart = SERIAL.get().filter(|_| !IS_STUCK.load(Relaxed));
    let Some(uart) = uart else { return };
    let is_sent = wait_for_writer().is_some_and(|mut outgoing| {
        let mut port = uart.seize();
        let mut out = port.insist();
        let is_ended = send(&mut outgoing, &mut out);
        outgoing.report(piece);
        is_ended && send(&mut outgoing, &mut out) && out.finish().is_ok()
    });
    IS_STUCK.store(!is_sent, Relaxed);
}

fn wait_for_writer() -> Option<MutexGuard<'static, Outgoing>> {
    tsc::wait_until(PATIENCE_US, || !OUTGOING.is_locked());
    OUTGOING.try_lock()
}

/// Sends all of the frame. False if the line is stuck.
fn send(outgoing: &mut Outgoing, out: &mut Insist<'_>) -> bool {
    let is_sent = out.bytes(outgoing.unsent()).is_ok();
    outgoing.sent(outgoing.unsent().len());
    is_sent
}
