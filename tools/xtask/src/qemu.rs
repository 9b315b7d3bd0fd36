//! `cargo xtask qemu`: boots the image between two wires, feeds them, has a PMD stall once and
//! shows what the image makes of it.

mod capture;
mod feed;
mod options;
mod recorded;
mod session;
mod verdict;

use std::path::{Path, PathBuf};

use ::qemu::command_line::quoted;
use ::qemu::find;
use ::qemu::guest::lead_into;
use ::qemu::machine::{Clock, Machine, Nic};
use ::qemu::run_directory::RunDirectory;
use ::qemu::seats::{Seats, check_emulator};
use anyhow::{Result, ensure};
use pmdstat::logs::ANYWHERE;

use self::capture::Capture;
use self::feed::Plugs;
pub(crate) use self::options::Options;
use self::options::TrafficKind;
pub(crate) use self::recorded::stream_path;
use self::session::Session;
use crate::image;
use crate::install::{self, NETWORK, Tool};
use crate::stop::Stop;
use crate::workspace::root;

/// What the image is told unless the user says otherwise. Under emulation the host steals
/// time from the guest, so the threshold lies above its noise and below the injected stall.
const APPEND: [&str; 4] = ["console=ttyS0", "ports=all", "forward=0:1", "pmd-perf-log-us=5000"];

/// Boots the image.
///
/// # Errors
///
/// It cannot be built or booted, or the verdict of an unattended run is bad.
pub(crate) fn run(options: Options) -> Result<()> {
    options.check()?;
    if options.is_dry_run() {
        return dry_run(&options);
    }
    let capture = match options.traffic() {
        TrafficKind::Capture(file) => Some(Capture::check(file)?),
        _ => None,
    };
    let program = install::qemu(options.consent(), tools(&options))?;
    let image = image::build()?;
    let run = RunDirectory::new()?;
    let plugs = Plugs::new(&run, options.traffic())?;
    let mut machine = machine(&options, &image, &plugs, &run);
    let mut seats = options.is_82599().then(|| seat(&program, &mut machine)).transpose()?;
    announce(&options, &machine, &program);
    let session = Session::start(options, &program, machine, run)?;
    seats.iter_mut().for_each(Seats::close);
    let outcome = session.run(plugs, capture.as_ref());
    let complaints = seats.map(|seats| seats.complaints()).unwrap_or_default();
    eprint!("{complaints}");
    eprintln!("recorded in {}; next: cargo xtask report", stream_path().display());
    outcome?;
    ensure!(complaints.is_empty(), "the cards saw what their datasheet forbids");
    Ok(())
}

/// Puts cards of the model of the 82599 into the machine.
fn seat(program: &Path, machine: &mut Machine) -> Result<Seats> {
    check_emulator(program).map_err(|reason| Stop::usage(format!("{reason:#}")))?;
    // What finds no room in the card waits on the cable, as with QEMU's own cards.
    Seats::take(&mut machine.nics, |_, card| card.is_lossless = true)
}

fn tools(options: &Options) -> &'static [Tool] {
    if *options.traffic() == TrafficKind::Tap { &NETWORK[..2] } else { &[] }
}

fn dry_run(options: &Options) -> Result<()> {
    let run = RunDirectory::new()?;
    let plugs = Plugs::planned(&run, options.traffic())?;
    let mut machine = machine(options, &image::path(), &plugs, &run);
    let program = find::program(find::QEMU).unwrap_or_else(|| PathBuf::from(find::QEMU));
    let _seats = options.is_82599().then(|| seat(&program, &mut machine)).transpose()?;
    println!("{}", machine.command_line(&program));
    Ok(())
}

fn machine(options: &Options, image: &Path, plugs: &Plugs, run: &RunDirectory) -> Machine {
    let mut machine = Machine::new(image);
    machine.accelerator = options.accelerator();
    machine.cores = 1 + options.pmd_cores();
    machine.append = options.command_line(&APPEND);
    machine.module.clone_from(&options.config);
    if options.counts_instructions() {
        machine.clock = Clock::Instructions;
    }
    let nic = |side| Nic {
        model: options.model(),
        capture: options.capture(side),
        ..Nic::new(plugs.netdev(side))
    };
    machine.nics = vec![nic(0), nic(1)];
    machine.debugger = options.waits_for_debugger().then(|| run.file("gdb"));
    machine.extra = options.extra().to_vec();
    lead_into(&mut machine, run);
    machine
}

fn announce(options: &Options, machine: &Machine, program: &Path) {
    eprintln!("{}", machine.command_line(program));
    if let (Some(first), Some(second)) = (options.capture(0), options.capture(1)) {
        eprintln!("recording port 0 in {}, port 1 in {}", first.display(), second.display());
    }
    if let Some(socket) = &machine.debugger {
        let image = quoted(&machine.image.to_string_lossy());
        let target = quoted(&format!("target remote {}", socket.display()));
        let sources = quoted(&format!("set substitute-path {ANYWHERE} {}", root().display()));
        eprintln!("the machine waits for a debugger:\n  gdb {image} -ex {sources} -ex {target}");
    }
}
