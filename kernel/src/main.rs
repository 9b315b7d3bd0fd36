//! Barecore: a packet dataplane that boots on bare cores and can say why it hiccuped.
//!
//! This is how it starts, from the machine to the loop of the control core. Everything that is
//! x86 lives in `arch`; everything that can be decided without a machine lives in the library.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

mod arch;
mod banner;
mod board;
mod crash_report;
mod house;
mod log;
mod pmds;
mod ports;
mod setup;
mod switches;
mod wall_clock;

use arch::{cores, crash, memory, tsc};
use board::Board;
use dataplane::{Order, PORTS};
use handover::Sender;
use heapless::Vec;
use kernel::control::{Control, Endpoint, Pmd, Policy};
use kernel::options::Options;
use kernel::shell::Screen;
use perf::Timebase;
use serial::{Com, Port};
use setup::Troubles;
use switches::World;

/// What core 0 does once the machine is set up.
fn main() -> ! {
    let boot = tsc::now();
    let (options, faults) = Options::parse(arch::command_line().as_bytes());
    crash::report_to(options.console.com);
    cores::start(pmds::run);
    let mut troubles = Troubles::new();
    let cores = setup::pmd_cores(&options, &mut troubles);
    let (ports, queues) = match cores.is_empty() {
        true => (Vec::new(), Vec::new()),
        false => setup::take_ports(&options, &mut troubles),
    };
    let base = Timebase::new(tsc::frequency(), boot);
    let polling: Vec<_, { cores::MAX }> =
        cores.iter().take(ports.len()).map(|&core| (core, setup::limits(&options, core))).collect();
    let endpoint = setup::endpoint(&options, &ports, &mut troubles);
    let world = World::new(&options, polling.len(), ports.len(), endpoint, arch::module());
    let started =
        world.and_then(|mut world| Ok((pmds::start(queues, &mut world, &polling, base)?, world)));
    let Ok(((handles, wire), world)) = started else {
        panic!("{} MiB of memory are too little for these ports", memory::total() >> 20);
    };
    if let Some(fault) = world.fault {
        setup::note(&mut troubles, setup::Trouble::BadFile(fault));
    }
    crash_report::set_up(handles.iter().map(|pmd| (pmd.core, pmd.metrics)).collect());
    let board = Board::new(ports, handles.iter().map(|pmd| (pmd.core, pmd.ledger)).collect());
    let started = tsc::now();
    let pmds = handles.into_iter().map(|handle| {
        let settings = options.perf.of(handle.core);
        setup::pmd_memory().map(|memory| Pmd::new(handle, started, settings, memory))
    });
    let pmds: Option<Vec<Pmd<Sender<Order>>, PORTS>> = pmds.collect();
    let policy =
        Policy { settings: options.perf.general, watchdog: options.watchdog, flows: options.flows };
    let screen = Screen::default();
    let memory = setup::control_memory(&screen, options.event_store);
    let (Some(mut pmds), Some(memory)) = (pmds, memory) else {
        panic!("{} MiB of memory are too little for the console", memory::total() >> 20);
    };
    let Ok(mut control) = Control::new(memory, &mut pmds, world.tables, (base, policy)) else {
        panic!("the console was given too little memory");
    };
    if let (Some(own), Some(wire)) = (endpoint, wire) {
        control.set_endpoint(Endpoint::new(own, wire));
    }
    let wall = wall_clock::WallClock::start();
    if let Some(utc) = wall.utc() {
        control.set_utc(utc);
    }
    banner::tell(&mut control, &board, &options, (&faults, &troubles));
    let console = Port::open(options.console.com, options.console.baud);
    let console = console.unwrap_or_else(|_| Port::seize(options.console.com));
    let stream = log::Line::find(match options.console.com {
        Com::One => Com::Two,
        Com::Two => Com::One,
    });
    house::keep(control, board, (console, stream), wall)
}
