//! What the control core does for good: listens, supervises, prints, and sleeps between ticks.

use core::mem::replace;

use defmt::Display2Format;
use kernel::control::{Control, Orders};
use kernel::machine::{Link, Machine as _, Mended};
use kernel::show::Told;
use perf::Settings;
use serial::Port;

use crate::arch::power;
use crate::board::Board;
use crate::hw_watchdog;
use crate::log::{Line, vlog};
use crate::mgmt::Managed;
use crate::wall_clock::WallClock;

/// Bytes that are taken from the console at a time.
const HEARD: usize = 64;
/// Microseconds between two looks at cards and their links. A look takes five reads of registers for each port
/// as a rule, some microseconds that nobody misses ten times a second, and more only while a link or a module
/// changes; a bond goes on by its backup soon enough. A card that is to be reset is not kept waiting.
const LINKS: u64 = 100_000;
/// Microseconds between two looks at the number of events, and between two meals of the platform's watchdog.
const EVENTS: u64 = 1_000_000;

/// Keeps house for good.
pub(crate) fn keep<O: Orders>(
    control: &mut Control<'_, O>,
    mut board: Board,
    (mut console, mut stream, mut managed): (Port, Option<Line>, Option<Managed>),
    mut wall: WallClock,
) -> ! {
    let (mut links_due, mut events_due, mut marked) = (0, 0, 0);
    let (mut was_moving, mut listeners) = (false, 0);
    loop {
        // Not by the timer's ticks, which only come while this core sleeps: it may be long without.
        let micros = control.micros(board.now());
        if micros >= links_due || board.is_urgent() {
            links_due = micros + LINKS;
            control.watch_cards(&mut board, log_card);
            control.watch_links(&board, log_link);
        }
        if let Some(utc) = wall.watch() {
            vlog!(Clock debug "it is {=u64} ns since 1970, within {=u64} ns", utc.nanos, utc.error);
            control.set_utc(utc);
        }
        let mut heard = [0; HEARD];
        let bytes = heard.iter_mut().zip(core::iter::from_fn(|| console.read()));
        let count = bytes.map(|(place, byte)| *place = byte).count();
        control.tick(&mut board, &heard[..count]);
        let sent = console.write(control.unsent());
        control.sent(sent);
        if let Some(Managed { number, management }) = &mut managed {
            management.tick(micros, &mut control.speaker(&board));
            let tally = management.tally();
            board.set_managed(*number, tally);
            if replace(&mut listeners, tally.listeners) != tally.listeners {
                vlog!(Stream info "{=u32} listen by TCP", tally.listeners);
            }
        }
        if let Some(line) = &mut stream {
            line.drain(control);
        }
        if micros >= events_due {
            events_due = micros + EVENTS;
            log_events(&mut marked, control);
            control.watch_settings(log_settings);
            hw_watchdog::feed();
        }
        if replace(&mut was_moving, control.is_moving()) != control.is_moving() {
            let state = if was_moving { "under way" } else { "where they are to be" };
            vlog!(Rxqs debug "receive queues are {=str}", state);
        }
        // A queue that is on its way is polled by nobody.
        if count == 0 && sent == 0 && !control.is_moving() {
            power::idle();
        }
    }
}

/// Logs what was done with the card of `port`.
fn log_card(port: usize, mended: &Mended) {
    match mended {
        Mended::Reset(reason) => {
            vlog!(Cards warn "card of port {=usize} is reset: {=str}", port, reason);
        }
        Mended::Works => vlog!(Cards info "card of port {=usize} works again", port),
        Mended::Quarantined(reason) => {
            vlog!(Cards error "card of port {=usize} is quarantined: {=str}", port, reason);
        }
    }
}

/// Logs that the link of `port` is another than before.
fn log_link(port: usize, link: Link) {
    let state = if link.is_up { "up" } else { "down" };
    vlog!(Links info "link of port {=usize} is {=str}, {=u32} Mb/s", port, state, link.speed);
}

/// Logs that a PMD's settings are others than before, whoever changed them.
fn log_settings(core: usize, settings: &Settings) {
    vlog!(Settings debug "settings of the PMD on core {=usize}: {}", core, Display2Format(&Told(settings)));
}

/// Logs how many suspicious iterations there were, if there were more.
fn log_events<O: Orders>(marked: &mut u64, control: &Control<'_, O>) {
    let accounts = control.accounts();
    if replace(marked, accounts.triggers) != accounts.triggers {
        let (triggers, suppressed) = (accounts.triggers, accounts.suppressed_in_all());
        vlog!(Events info "{=u64} suspicious iterations, {=u64} of them suppressed", triggers, suppressed);
    }
}
