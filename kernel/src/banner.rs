//! What a user reads first: a banner of at most five lines, and what is wrong.

use core::fmt::{self, Display, Formatter};

use dataplane::PORTS;
use defmt::Display2Format;
use kernel::config::Config;
use kernel::control::{Control, Orders};
use kernel::machine::Machine;
use kernel::options::{Options, Ports};
use kernel::port_name::Numbered;
use perf::Settings;
use perf::settings::Duration;

use crate::arch::{self, cores, memory, stolen, tsc};
use crate::board::Board;
use crate::log::vlog;
use crate::ports;
use crate::troubles::Trouble;

/// Prints the banner, then one line for each thing that is wrong.
pub(crate) fn tell<O: Orders>(
    control: &mut Control<'_, O>,
    board: &Board,
    config: &Config<'_>,
    troubles: &[Trouble],
) {
    let options = &config.options;
    let version = env!("CARGO_PKG_VERSION");
    let (pmds, hertz) = (board.pmds(), tsc::frequency());
    vlog!(Boot info "Barecore {=str}, {=usize} PMDs, TSC {=u64} Hz", version, pmds, hertz);
    vlog!(Boot info "slow registers: {}", Display2Format(&stolen::offered()));
    vlog!(Boot debug "command line: {=str}", arch::command_line());
    let (count, memory, free) = (cores::count(), memory::total() >> 20, memory::free() >> 20);
    control.notice(format_args!(
        "Barecore {version}: {count} cores up, {} with a PMD; {memory} MiB of memory, {free} free",
        board.pmds()
    ));
    control.notice(format_args!("{Time}"));
    control.notice(format_args!("{}", Perf(&options.perf.general)));
    control.notice(format_args!("ports: {}", Taken(board)));
    control.notice(format_args!("help lists the commands; start with pmd-perf-show"));
    tell_of_config(control, config);
    for trouble in troubles {
        control.notice(format_args!("{trouble}"));
    }
    if options.ports == Ports::None {
        list_cards(control);
    }
    if !troubles.iter().any(|trouble| matches!(trouble, Trouble::Renumbered(..))) {
        tell_of_rules(control, board, options);
    }
}

/// Says what of the command line and of the file does not hold.
fn tell_of_config<O: Orders>(control: &mut Control<'_, O>, config: &Config<'_>) {
    if config.faults.count() > 0 {
        control.notice(format_args!("{}", config.faults));
    }
    for fault in config.file_faults.iter() {
        control.notice(format_args!("error: configuration file: {fault}"));
    }
    let wrong = config.file_faults.count();
    if wrong > 0 {
        control.notice(format_args!(
            "error: configuration file: none of it holds, only the command line does (faults: {wrong})"
        ));
    }
    if config.is_overridden() {
        let keys = config.overridden();
        control.notice(format_args!("the command line wins over the configuration file: {keys}"));
    }
}

/// Says which ports have a rule and are not there. Without any port something else was wrong.
fn tell_of_rules<O: Orders>(control: &mut Control<'_, O>, board: &Board, options: &Options) {
    let is_missing = |port: &usize| board.port(*port).is_none();
    let has_rule = |port: &usize| options.forward.exit(*port as u16).is_some();
    for port in (0..PORTS).filter(is_missing).filter(has_rule).filter(|_| board.port(0).is_some()) {
        control.notice(format_args!(
            "error: forward: there is no port {port}; what is sent there is dropped"
        ));
    }
}

/// Lists the cards of a machine on which none was asked for.
fn list_cards<O: Orders>(control: &mut Control<'_, O>) {
    let mut count = 0;
    for card in ports::cards() {
        count += 1;
        let place = card.place;
        match (card.driver, card.mac) {
            (Some(driver), Some(mac)) => control.notice(format_args!(
                "NIC {place} {driver} {mac}: boot with ports={place} to take it"
            )),
            (Some(driver), None) => control
                .notice(format_args!("NIC {place} {driver}: boot with ports={place} to take it")),
            (None, _) => control.notice(format_args!("NIC {place}: there is no driver for it")),
        }
    }
    if count == 0 {
        control
            .notice(format_args!("error: no network card is there (QEMU: -device virtio-net-pci)"));
    } else {
        control.notice(format_args!("no NIC was touched; ports=all takes all that have a driver"));
    }
}

/// The time-stamp counter: how fast, how that is known, and whether it can be trusted.
struct Time;

impl Display for Time {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let megahertz = tsc::frequency() / 1_000_000;
        let not = if tsc::is_invariant() { "" } else { "not " };
        write!(out, "TSC {megahertz} MHz by {}, {not}invariant", tsc::source())?;
        match tsc::in_step_within() {
            _ if cores::count() == 1 => Ok(()),
            Some(cycles) => write!(out, ", cores in step within {cycles} cycles"),
            None => out.write_str(", not known to be in step"),
        }
    }
}

/// What is recorded, and what is suspicious.
struct Perf<'a>(&'a Settings);

impl Display for Perf<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Settings { metrics, log, duration, fill, before, after, .. } = self.0;
        let on = |is_on: &bool| if *is_on { "on" } else { "off" };
        write!(out, "pmd-perf-metrics {}, supervision {}: ", on(metrics), on(log))?;
        match duration {
            Duration::Micros(micros) => write!(out, "{micros} us, ")?,
            Duration::Auto => out.write_str("auto us, ")?,
        }
        write!(out, "queue {fill}, {before} before, {after} after")
    }
}

/// The ports that were taken.
struct Taken<'a>(&'a Board);

impl Display for Taken<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let ports = (0..).map_while(|number| self.0.port(number)).enumerate();
        for (number, port) in ports {
            let comma = if number > 0 { "; " } else { "" };
            write!(out, "{comma}{} = {} ", Numbered(number, port.name), port.place)?;
            if port.management.is_some() {
                out.write_str("for mgmt")?;
                continue;
            }
            write!(out, "on core {}, ", port.polled.core())?;
            let (receive, transmit) = port.rings;
            write!(out, "{} rxq, rings {receive}/{transmit}", port.queues.0)?;
        }
        if self.0.port(0).is_none() { out.write_str("none") } else { Ok(()) }
    }
}
