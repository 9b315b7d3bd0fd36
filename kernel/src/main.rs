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
mod facts;
mod house;
mod hw_watchdog;
mod hwlat;
mod log;
mod mgmt;
mod nictest;
mod outgoing;
mod pmds;
mod ports;
mod queues;
mod setup;
mod switches;
mod troubles;
mod wall_clock;

use arch::uart::Uart;
use arch::{cores, crash, memory, performance, sections, tsc};
use board::Board;
use heapless::Vec;
use kernel::config::Config;
use kernel::control::Endpoint;
use kernel::options::Stream;
use kernel::stream::Way;
use perf::Timebase;
use switches::{Rules, Wiring, World};
use troubles::{Trouble, Troubles};

/// What core 0 does once the machine is set up.
fn main() -> ! {
    let boot = tsc::now();
    let Ok(mut rules) = Rules::new() else { out_of_memory("rules") };
    let line = arch::command_line().as_bytes();
    let mut config = Config::read(line, arch::module(), &mut rules.set);
    let options = &mut config.options;
    let (place, baud) = options.console.settled(arch::acpi::platform().console);
    let uart = Uart::at(place).unwrap_or(Uart::COM1);
    let console = crash::report_to(uart, baud);
    crash::restart_after(options.panic);
    crash_report::set_up();
    log::LEVELS.choose(&options.log);
    performance::prefer(options.prefers_performance);
    performance::set_up_this_core();
    cores::start(pmds::run);
    let base = Timebase::new(tsc::frequency(), boot);
    if let Some(wish) = options.hwlat {
        let (micros, count) = (wish.micros / 1_000_000, cores::count() - 1);
        crash::say(format_args!("hwlat: {count} cores look for gaps for {micros} s"));
        hwlat::at_boot(wish, base);
    }
    let mut troubles = Troubles::new();
    let cores = setup::pmd_cores(options, &mut troubles);
    let (mut ports, mut queues, is_as_asked) = match cores.is_empty() {
        true => (Vec::new(), Vec::new(), true),
        false => setup::take_ports(options, &mut troubles),
    };
    let managed = mgmt::open(options, &ports, &mut queues, &mut troubles);
    let Ok(managed) = managed else { out_of_memory("the port of mgmt=") };
    let options = &config.options;
    let cores = setup::with_pmds(options, &cores, &queues, &mut troubles);
    let polling: Vec<_, { cores::MAX }> =
        cores.iter().map(|&core| setup::polling(options, core)).collect();
    setup::miss_members(options, &ports, &mut troubles);
    let endpoint = setup::endpoint(options, &ports, &mut troubles).filter(|_| is_as_asked);
    let own = managed.as_ref().map(|managed| managed.number as u16);
    let wiring = Wiring { ports: ports.len(), is_as_asked, managed: own, endpoint };
    let world = World::new(&config, rules, polling.len(), wiring);
    let before = |store, queues: &mut [_]| {
        if let Some(frames) = options.nictest {
            nictest::run(&mut ports, queues, store, frames);
        }
    };
    let started = world.and_then(|mut world| {
        Ok((pmds::start(queues, &mut world, (&polling, base), before)?, world))
    });
    let Ok(((handles, queues, wire), world)) = started else { out_of_memory("these ports") };
    setup::miss_nodes(options, &queues, &mut troubles);
    if let Some(fault) = world.fault {
        troubles::note(&mut troubles, Trouble::BadRules(fault));
    }
    crash_report::show(handles.iter().map(|pmd| (pmd.core, pmd.metrics)).collect());
    let ledgers = handles.iter().map(|pmd| (pmd.core, pmd.ledger)).collect();
    let mut board = Board::new(ports, ledgers, queues.clone());
    if let Some(managed) = &managed {
        board.set_managed(managed.number, managed.management.tally());
    }
    let Some(pmds) = setup::watched(handles, options) else { out_of_memory("PMDs") };
    let Some(control) = setup::control(&config, pmds, world.tables, base) else {
        out_of_memory("the console")
    };
    control.set_queues(queues, tsc::now());
    if let (Some(own), Some(wire)) = (endpoint, wire) {
        control.set_endpoint(Endpoint::new(own, wire));
    }
    let wall = wall_clock::WallClock::start();
    if let Some(utc) = wall.utc() {
        control.set_utc(utc);
    }
    banner::tell(control, &board, &config, &troubles);
    if let Some(wish) = options.hw_watchdog {
        let state = hw_watchdog::start(wish);
        control.notice(format_args!("{state}"));
    }
    if options.nictest.is_some() {
        control.test_cards(&board);
    }
    if options.hwlat.is_some() {
        control.tell_isolation();
    }
    facts::tell(control, &board, options);
    let stream = log::Line::find(options, place);
    let way = log::Line::way(stream.as_ref(), managed.is_some(), options);
    match options.stream {
        Stream::None => {}
        Stream::Net if way == Way::Nowhere => control.notice(format_args!(
            "error: stream=net: there is no port of mgmt=, so nobody hears the stream"
        )),
        _ if way == Way::Nowhere => control
            .notice(format_args!("error: stream: that line is not there, or is the console's")),
        _ => {}
    }
    log::tell_way(way);
    control.set_stream(way, sections::build_id());
    house::keep(control, board, (console, stream, managed), wall)
}

fn out_of_memory(what: &str) -> ! {
    panic!("{} MiB of memory are too little for {what}", memory::total() >> 20);
}
