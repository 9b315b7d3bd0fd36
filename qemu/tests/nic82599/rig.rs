//! What every one of these tests begins with: cards, their cables, and a machine.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use nic82599::{Device, Options, Rule, Violation};
use qemu::accel::Accelerator;
use qemu::debian::initramfs::Initramfs;
use qemu::debian::userland;
use qemu::find;
use qemu::guest::Guest;
use qemu::machine::{HubWire, Mac, Machine, Netdev, Nic};
use qemu::run_directory::RunDirectory;
use qemu::seats::check_emulator;
use qemu::wire::Wire;

use crate::skip;

/// The longest that a driver of others may take to start. Linux' makes tens of thousands of register
/// accesses, each of which waits for this process, and a busy host lets it wait long.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(400);

/// How often the console is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The emulator, if it is the right one.
pub(crate) fn emulator() -> Result<PathBuf> {
    let Some(program) = find::program(find::QEMU) else {
        return skip(format!(
            "{} is missing; on Debian: apt-get install qemu-system-x86",
            find::QEMU
        ));
    };
    match check_emulator(&program) {
        Ok(()) => Ok(program),
        Err(reason) => skip(format!("{reason:#}")),
    }
}

/// A machine with cards of the model, not running yet.
pub(crate) struct Setup {
    program: PathBuf,
    pub(crate) run: RunDirectory,
    pub(crate) machine: Machine,
    pub(crate) devices: Vec<Device>,
    sockets: Vec<OwnedFd>,
}

impl Setup {
    /// A machine with one core that boots `image`, emulated.
    pub(crate) fn new(image: &Path) -> Result<Self> {
        let program = emulator()?;
        let mut machine = Machine::new(image);
        machine.accelerator = Accelerator::Tcg;
        machine.cores = 1;
        let (devices, sockets) = (Vec::new(), Vec::new());
        Ok(Self { program, run: RunDirectory::new()?, machine, devices, sockets })
    }

    /// A machine that boots Debian's kernel with the files of `archive` and runs `script`.
    pub(crate) fn of_linux(archive: Initramfs, modules: &[&str], script: &str) -> Result<Self> {
        let mut setup = Self::new(Path::new(""))?;
        let file = setup.run.file("initramfs");
        userland::boot(&mut setup.machine, (archive, &file), modules, script)?;
        Ok(setup)
    }

    /// Adds a card, as `adapt` makes it, and returns the other end of its cable.
    pub(crate) fn card(&mut self, adapt: impl FnOnce(&mut Options)) -> Result<Wire> {
        let wire = Wire::open(&self.run, &format!("card{}", self.devices.len()))?;
        self.add(wire.netdev(), adapt)?;
        Ok(wire)
    }

    /// Adds a card whose cable leads to a host that QEMU plays at 10.0.2.2, with DHCP, and with
    /// TFTP for the files in `files`.
    pub(crate) fn card_to_user_network(
        &mut self,
        files: &Path,
        adapt: impl FnOnce(&mut Options),
    ) -> Result<()> {
        let (own, hub) = (self.run.file("card.own"), self.run.file("card.hub"));
        self.add(Netdev::Dgram { qemu: own.clone(), host: hub.clone() }, adapt)?;
        // Seen from QEMU's hub, the card is the host.
        self.machine.hub_wires.push(HubWire { hub: 0, qemu: hub, host: own });
        let files = files.display();
        let words = [
            "-netdev".to_owned(),
            format!("user,id=user,tftp={files},bootfile=start.ipxe"),
            "-netdev".to_owned(),
            "hubport,id=userport,hubid=0,netdev=user".to_owned(),
        ];
        self.machine.extra.extend(words);
        Ok(())
    }

    fn add(&mut self, netdev: Netdev, adapt: impl FnOnce(&mut Options)) -> Result<()> {
        let mac = Mac::of_nic(u8::try_from(self.devices.len())?);
        let mut options = Options { cable: netdev.ends(), ..Options::new(mac.0) };
        adapt(&mut options);
        let (device, socket) = Device::start(options)?;
        self.machine.nics.push(Nic::proxy(&socket, netdev));
        self.devices.push(device);
        self.sockets.push(socket);
        Ok(())
    }

    /// Starts the machine and has `check` look at it. An error shows the console.
    pub(crate) fn start(
        self,
        check: impl FnOnce(&mut Guest, &[Device]) -> Result<()>,
    ) -> Result<()> {
        let Self { program, run, machine, devices, sockets } = self;
        let line = machine.command_line(&program).to_string();
        let mut guest = Guest::start(&program, machine, run, None)?;
        drop(sockets);
        check(&mut guest, &devices).map_err(|error| {
            let tail = guest.console().tail();
            let seen = devices.iter().map(|device| {
                format!("{} accesses, {:?}", device.access_count(), device.violations())
            });
            let seen = seen.collect::<Vec<_>>().join("\n");
            error.context(format!("{line}{}\n{tail}\n{seen}", guest.remarks()))
        })
    }
}

/// Fails if `device` did not see exactly the `known` rules broken; it may have seen the `possible`
/// ones.
pub(crate) fn expect_violations(device: &Device, known: &[Rule], possible: &[Rule]) -> Result<()> {
    let violations = device.violations();
    let is_new = |it: &&Violation| !known.contains(&it.rule) && !possible.contains(&it.rule);
    let new: Vec<_> = violations.iter().filter(is_new).collect();
    ensure!(new.is_empty(), "rules were broken: {new:#?}");
    for rule in known {
        let seen = violations.iter().any(|it| it.rule == *rule);
        ensure!(seen, "{rule:?} is no longer broken; take it off the list");
    }
    Ok(())
}

/// Waits until the guest tells `key`, by a line `key=value`.
pub(crate) fn told(guest: &mut Guest, key: &str, limit: Duration) -> Result<String> {
    let start = format!("{key}=");
    let deadline = Instant::now() + limit;
    loop {
        let mut lines = guest.console().lines();
        // The last line is not finished.
        lines.pop();
        if let Some(value) = lines.iter().find_map(|line| line.trim().strip_prefix(&start)) {
            return Ok(value.to_owned());
        }
        let exit = guest.exited()?;
        ensure!(exit.is_none(), "QEMU ended ({exit:?}) before the guest told {key}");
        ensure!(Instant::now() < deadline, "the guest told no {key} within {limit:?}");
        thread::sleep(LOOK_AGAIN);
    }
}
