//! What the control core does for good: listens, supervises, prints, and sleeps between ticks.

use defmt::info;
use kernel::control::{Control, Orders};
use serial::Port;

use crate::arch::{self, power};
use crate::board::Board;
use crate::log::Line;

/// Bytes that are taken from the console at a time.
const HEARD: usize = 64;
/// Ticks of 1 ms between two looks at what changes slowly.
const SLOW: u64 = 1000;

/// Keeps house for good.
pub(crate) fn keep<O: Orders>(
    mut control: Control<'_, O>,
    mut board: Board,
    mut console: Port,
    mut stream: Option<Line>,
) -> ! {
    let mut links = board.links();
    let mut looked = 0;
    let mut marked = 0;
    loop {
        let mut heard = [0; HEARD];
        let bytes = heard.iter_mut().zip(core::iter::from_fn(|| console.read()));
        let count = bytes.map(|(place, byte)| *place = byte).count();
        control.tick(&mut board, &heard[..count]);
        let sent = console.write(control.unsent());
        control.sent(sent);
        if let Some(line) = &mut stream {
            line.drain();
        }
        if arch::ticks() >= looked + SLOW {
            looked = arch::ticks();
            tell_changes(&mut links, &board, &mut control);
            log_events(&mut marked, &control);
        }
        if count == 0 && sent == 0 {
            power::idle();
        }
    }
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
        let (triggers, suppressed) = (accounts.triggers, accounts.suppressed);
        info!("{=u64} suspicious iterations, {=u64} of them suppressed", triggers, suppressed);
    }
}
