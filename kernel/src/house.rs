//! What the control core does for good: listens, supervises, prints, and sleeps between ticks.

use dataplane::PORTS;
use defmt::info;
use heapless::Vec;
use kernel::control::{Control, Orders};
use serial::Port;

use crate::arch::{self, power};
use crate::board::Board;
use crate::log::Line;
use crate::wall_clock::WallClock;

/// Bytes that are taken from the console at a time.
const HEARD: usize = 64;
/// Ticks of 1 ms between two looks at the links, and between two at the number of events.
const LINKS: u64 = 100;
const EVENTS: u64 = 1000;

/// Keeps house for good.
pub(crate) fn keep<O: Orders>(
    control: &mut Control<'_, O>,
    mut board: Board,
    (mut console, mut stream): (Port, Option<Line>),
    mut wall: WallClock,
) -> ! {
    // A link is expected to be up, so that one that is not is told of at once.
    let mut links: Vec<bool, PORTS> = board.links().iter().map(|_| true).collect();
    let (mut links_due, mut events_due, mut marked) = (0, EVENTS, 0);
    loop {
        if arch::ticks() >= links_due {
            links_due = arch::ticks() + LINKS;
            tell_changes(&mut links, &board, control);
            control.set_links(bits(&links));
        }
        if let Some(utc) = wall.watch() {
            control.set_utc(utc);
        }
        let mut heard = [0; HEARD];
        let bytes = heard.iter_mut().zip(core::iter::from_fn(|| console.read()));
        let count = bytes.map(|(place, byte)| *place = byte).count();
        control.tick(&mut board, &heard[..count]);
        let sent = console.write(control.unsent());
        control.sent(sent);
        if let Some(line) = &mut stream {
            line.drain();
        }
        if arch::ticks() >= events_due {
            events_due = arch::ticks() + EVENTS;
            log_events(&mut marked, control);
        }
        // A queue that is on its way is polled by nobody.
        if count == 0 && sent == 0 && !control.is_moving() {
            power::idle();
        }
    }
}

/// Bit p says that `links[p]` is up.
fn bits(links: &[bool]) -> u16 {
    links.iter().rev().fold(0, |bits, is_up| bits << 1 | u16::from(*is_up))
}

/// Says which links went up or down.
fn tell_changes<O: Orders>(links: &mut [bool], board: &Board, control: &mut Control<'_, O>) {
    for (number, (was_up, is_up)) in links.iter_mut().zip(board.links()).enumerate() {
        if core::mem::replace(was_up, is_up) != is_up {
            let state = if is_up { "up" } else { "down" };
            info!("link of port {=usize} is {=str}", number, state);
            control.notice(format_args!("port {number}: link {state}"));
        }
    }
}

/// Logs how many suspicious iterations there were, if there were more.
fn log_events<O: Orders>(marked: &mut u64, control: &Control<'_, O>) {
    let accounts = control.accounts();
    if core::mem::replace(marked, accounts.triggers) != accounts.triggers {
        let (triggers, suppressed) = (accounts.triggers, accounts.suppressed_in_all());
        info!("{=u64} suspicious iterations, {=u64} of them suppressed", triggers, suppressed);
    }
}
