//! One boot: from power-on to the first frame, a short run whose sums are exact, and off.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use ::qemu::asking::LIMIT;
use ::qemu::frames::Frames;
use ::qemu::guest::{Exit, Guest};
use ::qemu::loaders::{BOTH_WAYS, Load, NOTHING};
use ::qemu::machine::Mac;
use ::qemu::pxe::directory::{self, Content};
use ::qemu::pxe::hosts::Host;
use ::qemu::pxe::served::{self, Way};
use ::qemu::pxe::server::{Addresses, RANGE, Server};
use ::qemu::traffic::{Pace, Source, Traffic};
use ::qemu::wire::{self, Wire};
use anyhow::{Context as _, Result, ensure};

use super::bench::{BOOT_LIMIT, Bench, Setup, keep};
use super::boots::Path;

/// How long a machine may take to end.
const EXIT_LIMIT: Duration = Duration::from_secs(20);

/// How often it is looked whether all frames are sent.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Frames into each port behind the first: fewer than a ring holds, so that none may be lost.
const FRAMES: usize = 100;

/// A directory that machines boot from by the network.
pub(super) struct Lab {
    folder: PathBuf,
    hosts: [Host; 1],
}

impl Lab {
    /// Writes it.
    pub(super) fn write(bench: &Bench) -> Result<Self> {
        let (folder, hosts) = (bench.files.file("pxe"), [host()]);
        let elf = fs::read(&bench.elf).context("cannot read the image")?;
        let content = Content { elf: &elf, hosts: &hosts, words: "", network: RANGE };
        // What is missing is told where it is needed.
        directory::write(&folder, &content)?;
        Ok(Self { folder, hosts })
    }

    /// Has the machine boot from it; by dnsmasq, or where that may not run here, by QEMU's own server.
    fn serves(&self, setup: &mut Setup, way: Way) -> Result<Option<Server>> {
        way.need()?;
        let server = Server::prepare(Addresses::Ours).ok();
        let netdev = way.netdev(&self.folder, &self.hosts, server.as_ref());
        served::boot_by(&mut setup.machine, way, netdev, &self.hosts, &setup.run)?;
        Ok(server)
    }
}

/// A machine whose configuration takes all cards, but for the one that booted.
fn host() -> Host {
    let configuration = format!("ports=all\nforward=0:1\n{}\n", NOTHING.replace(' ', "\n"));
    Host { mac: Mac([2, 0, 0, 0, 0, 1]), name: "soak".into(), configuration: configuration.into() }
}

/// Boots by `path`, and returns the time from power-on to the first frame that is forwarded. A boot that
/// fails leaves its console under `name`.
pub(super) fn boot(bench: &Bench, lab: &Lab, path: Path, name: &str) -> Result<Duration> {
    let mut setup = bench.machine()?;
    let server = match path {
        Path::Loader(loader) => {
            let words = format!("ports=all {NOTHING}");
            let load = Load { elf: &bench.elf, words: &words, file: BOTH_WAYS };
            loader.boots(&mut setup.machine, &load, &setup.run)?;
            None
        }
        Path::Network(way) => lab.serves(&mut setup, way)?.map(|server| (server, way)),
    };
    let Setup { machine, wires, run } = setup;
    let line = machine.command_line(&bench.program).to_string();
    let begin = Instant::now();
    let mut guest = Guest::start(&bench.program, machine, run, None)?;
    let result = serve(lab, server, &guest).and_then(|_server| watch(&mut guest, wires, begin));
    result.or_else(|error| keep(name, &line, &mut guest, error))
}

/// Returns the server, which serves as long as it is there.
fn serve(lab: &Lab, server: Option<(Server, Way)>, guest: &Guest) -> Result<Option<Server>> {
    let Some((mut server, way)) = server else { return Ok(None) };
    server.serve(&lab.folder, way, guest)?;
    Ok(Some(server))
}

/// Follows a boot to its end. The first frame is offered when there is a prompt, since firmware may take
/// those that come before; so the time is none too short.
fn watch(guest: &mut Guest, wires: [Wire; 2], begin: Instant) -> Result<Duration> {
    guest.expect("Barecore ", BOOT_LIMIT)?;
    guest.boot(BOOT_LIMIT)?;
    wires.iter().try_for_each(Wire::forget)?;
    let first = Frames::sized(0, 64).next().context("no frame")?;
    wire::pass([&wires[0], &wires[1]], &first, LIMIT)?;
    let took = begin.elapsed();
    sums(guest, wires)?;
    guest.console().send(b"exit\r")?;
    let exit = guest.wait_exit(EXIT_LIMIT)?;
    ensure!(exit == Exit::Passed, "exit led to {exit:?}");
    Ok(took)
}

/// Has frames go both ways, none be lost, and the image count as many as the host.
fn sums(guest: &mut Guest, wires: [Wire; 2]) -> Result<()> {
    let source = |side| Some(Box::new(Frames::mixed(side).take(FRAMES)) as Source);
    let pace = Pace { burst: 1, every: Duration::ZERO };
    let traffic = Traffic::start(wires, [source(0), source(1)], pace);
    while !traffic.has_sent_all() {
        thread::sleep(LOOK_AGAIN);
    }
    traffic.drain(LIMIT);
    let mut counts = traffic.finish()?;
    ensure!(counts.iter().all(|it| it.delivered == FRAMES as u64), "frames were lost: {counts:?}");
    // The first one.
    counts[0].offered += 1;
    counts[0].delivered += 1;
    guest.expect_ledger(counts).map(drop)
}
