//! `cargo xtask pxe`: writes a directory that machines boot from by PXE, and tries it.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ::qemu::guest::{Exit, Guest};
use ::qemu::machine::{Machine, Serial};
use ::qemu::pxe::directory::{self, Content};
use ::qemu::pxe::dnsmasq::Network;
use ::qemu::pxe::hosts::{self, Host};
use ::qemu::pxe::served::{self, Way};
use ::qemu::pxe::server::{Addresses, RANGE, Server};
use ::qemu::run_directory::RunDirectory;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use kernel::config;

use crate::image;
use crate::install::{self, Consent, LOADERS};
use crate::stop::Stop;
use crate::workspace::target;

/// How long a machine may take to its first prompt. An emulator on a busy host is slow.
const BOOT_LIMIT: Duration = Duration::from_secs(120);

/// How long it may take to end.
const EXIT_LIMIT: Duration = Duration::from_secs(20);

/// What to write, and where to.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The machines: a line each, MAC NAME FILE; FILE is its configuration.
    #[arg(long, value_name = "FILE")]
    hosts: Option<PathBuf>,
    /// The directory; target/barecore/pxe if there is none.
    #[arg(long, value_name = "DIRECTORY")]
    output: Option<PathBuf>,
    /// Words for the command line of all machines, as console=ttyS1.
    #[arg(long, value_name = "WORDS", default_value = "")]
    append: String,
    /// The addresses that dnsmasq gives to machines.
    #[arg(long, value_name = "FIRST,LAST", default_value = "192.168.77.100,192.168.77.199")]
    #[arg(value_parser = range)]
    range: Network,
    /// Boots a machine of QEMU from it, the first of the list: bios, uefi, ipxe or pxelinux.
    #[arg(long, value_name = "WAY", value_parser = way)]
    r#try: Option<Way>,
    /// With --try: another server gives the addresses, and dnsmasq-proxy.conf tells what to boot.
    #[arg(long, requires = "try")]
    proxy: bool,
    #[command(flatten)]
    consent: Consent,
}

impl Options {
    fn addresses(&self) -> Addresses {
        if self.proxy { Addresses::Anothers } else { Addresses::Ours }
    }
}

/// Writes the directory, and boots from it if that was asked for.
///
/// # Errors
///
/// A configuration is wrong, a file cannot be read or written, or the machine does not boot.
pub(crate) fn run(options: &Options) -> Result<()> {
    let program = options.r#try.map(|_| install::qemu(options.consent, &LOADERS)).transpose()?;
    let hosts = options.hosts.as_deref().map_or(Ok(Vec::new()), hosts::read)?;
    check("--append", options.append.as_bytes())?;
    hosts.iter().try_for_each(|host| {
        let what = format!("the configuration of {}, with --append behind it", host.name);
        check(&what, &directory::embedded(&host.configuration, &options.append))
    })?;
    let elf = fs::read(image::build()?).context("cannot read the image")?;
    let folder = options.output.clone().unwrap_or_else(|| target().join("barecore").join("pxe"));
    let network = if options.r#try.is_some() { RANGE } else { options.range };
    let words = &options.append;
    let missing = directory::write(&folder, &Content { elf: &elf, hosts: &hosts, words, network })?;
    for file in missing {
        eprintln!("{file} is missing; BIOSes without iPXE need a copy of it in the directory");
    }
    println!("{}", folder.display());
    match (options.r#try, program) {
        (Some(way), Some(program)) => boot(&program, &folder, (way, options.addresses()), &hosts),
        _ => Ok(()),
    }
}

/// Refuses a configuration that is wrong: its machine would boot without.
fn check(what: &str, configuration: &[u8]) -> Result<()> {
    let faults = config::check(configuration);
    if faults.count() == 0 {
        return Ok(());
    }
    Err(Stop::usage(format!("{what}:\n{faults}")).into())
}

/// Boots the first of `hosts` by `way`, and shows what its console says.
fn boot(
    program: &Path,
    folder: &Path,
    (way, addresses): (Way, Addresses),
    hosts: &[Host],
) -> Result<()> {
    let run = RunDirectory::new()?;
    let mut server = match Server::prepare(addresses) {
        Err(error) if addresses == Addresses::Ours => {
            eprintln!("QEMU serves the files, dnsmasq does not: {error:#}");
            None
        }
        server => Some(server?),
    };
    let netdev = way.netdev(folder, hosts, server.as_ref());
    let mut machine = Machine::new(Path::new(""));
    // Firmware writes there, too: a line that nobody reads would be stuck when the image opens it.
    machine.com2 = Serial::File(run.file("com2"));
    served::boot_by(&mut machine, way, netdev, hosts, &run)?;
    eprintln!("{}", machine.command_line(program));
    let begin = Instant::now();
    let mut guest = Guest::start(program, machine, run, None)?;
    if let Some(server) = &mut server {
        server.serve(folder, way, &guest)?;
    }
    guest.boot(BOOT_LIMIT)?;
    let took = begin.elapsed().as_secs_f64();
    guest.console().lines().iter().for_each(|line| println!("{line}"));
    println!("booted after {took:.1} s");
    guest.console().send(b"exit\r")?;
    let exit = guest.wait_exit(EXIT_LIMIT)?;
    ensure!(exit == Exit::Passed, "exit led to {exit:?}");
    Ok(())
}

fn way(text: &str) -> Result<Way, String> {
    let way = Way::ALL.into_iter().find(|(name, _)| *name == text).map(|(_, way)| way);
    way.ok_or_else(|| "expected bios, uefi, ipxe or pxelinux".to_owned())
}

fn range(text: &str) -> Result<Network, String> {
    let address = |text: &str| text.parse::<Ipv4Addr>().ok();
    let range =
        text.split_once(',').and_then(|(first, last)| Some((address(first)?, address(last)?)));
    let (first, last) = range.ok_or("expected two IPv4 addresses with a comma between")?;
    if first > last {
        return Err("expected the lower address first".to_owned());
    }
    Ok(Network { first, last })
}
