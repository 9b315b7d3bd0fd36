//! A line while it is open.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{ControlModes, OptionalActions, tcgetattr, tcsetattr};

/// How long a host may take to answer.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a line may take none of what is typed before it counts as broken.
const STUCK: Duration = Duration::from_secs(10);

/// Both directions of a line.
pub(crate) struct Line {
    pub(super) reader: Box<dyn Read + Send>,
    pub(super) writer: Box<dyn Write + Send>,
    /// The command that has it, if one does.
    pub(super) owner: Option<Owner>,
}

/// A command that ends with its line.
pub(super) struct Owner(Child);

impl Drop for Owner {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Line {
    pub(super) fn socket(path: &Path) -> Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_write_timeout(Some(STUCK))?;
        Self::both(stream.try_clone()?, stream)
    }

    pub(super) fn tcp(address: &str) -> Result<Self> {
        let resolved = address.to_socket_addrs()?.next().context("it has no address")?;
        let stream = TcpStream::connect_timeout(&resolved, CONNECT)?;
        stream.set_write_timeout(Some(STUCK))?;
        stream.set_nodelay(true)?;
        Self::both(stream.try_clone()?, stream)
    }

    pub(super) fn device(path: &Path, baud: u32) -> Result<Self> {
        // Without CLOCAL a device waits for its modem at opening; so it is set before.
        let flags = (OFlags::NOCTTY | OFlags::NONBLOCK).bits().cast_signed();
        let probe = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
        make_raw(&probe, Some(baud))?;
        let flags = OFlags::NOCTTY.bits().cast_signed();
        let device = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
        Self::both(device.try_clone()?, device)
    }

    /// What the shell makes of `command`, at a terminal of its own: tools for SOL want one.
    pub(super) fn command(command: &str) -> Result<Self> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let name = ptsname(&ours, Vec::new())?;
        let path = Path::new(OsStr::from_bytes(name.as_bytes()));
        let flags = OFlags::NOCTTY.bits().cast_signed();
        let theirs = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
        make_raw(&theirs, None)?;
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("exec {command}"));
        shell.stdin(theirs.try_clone()?).stdout(theirs.try_clone()?).stderr(theirs);
        let owner = Some(Owner(shell.spawn()?));
        let ours = File::from(ours);
        Ok(Self { owner, ..Self::both(ours.try_clone()?, ours)? })
    }

    fn both(
        reader: impl Read + Send + 'static,
        writer: impl Write + Send + 'static,
    ) -> Result<Self> {
        Ok(Self { reader: Box::new(reader), writer: Box::new(writer), owner: None })
    }
}

/// Has a terminal pass all bytes as they are, at `baud` symbols per second if that matters.
fn make_raw(terminal: &impl AsFd, baud: Option<u32>) -> io::Result<()> {
    let mut modes = tcgetattr(terminal)?;
    modes.make_raw();
    modes.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
    if let Some(baud) = baud {
        modes.set_speed(baud)?;
    }
    Ok(tcsetattr(terminal, OptionalActions::Now, &modes)?)
}
