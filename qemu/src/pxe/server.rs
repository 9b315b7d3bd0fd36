//! dnsmasq on the wire of a machine that boots by the network.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result};

use super::dnsmasq::Network;
use super::served::Way;
use crate::find;
use crate::guest::Guest;
use crate::machine::Netdev;
use crate::namespace::{self, Namespaces};
use crate::run_directory::RunDirectory;

/// The range of addresses on that wire.
pub const RANGE: Network =
    Network { first: Ipv4Addr::new(198, 18, 0, 100), last: Ipv4Addr::new(198, 18, 0, 199) };

/// Who gives machines their addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// Who also tells what to boot: dnsmasq with the directory's `dnsmasq.conf`.
    Ours,
    /// A server that knows nothing of booting, on the same wire: dnsmasq with `dnsmasq-proxy.conf` tells that.
    Anothers,
}

/// dnsmasq with the configuration of a directory, in a network namespace that a machine's first card leads to.
/// Ended when dropped.
#[derive(Debug)]
pub struct Server {
    addresses: Addresses,
    namespaces: Namespaces,
    children: Vec<Child>,
}

impl Server {
    /// Makes the namespace; nobody is served yet.
    ///
    /// # Errors
    ///
    /// dnsmasq is not installed, or namespaces may not be made here.
    pub fn prepare(addresses: Addresses) -> Result<Self> {
        find::program("dnsmasq")
            .context("dnsmasq is missing; on Debian: apt-get install dnsmasq-base")?;
        namespace::available()?;
        Ok(Self { addresses, namespaces: Namespaces::create()?, children: Vec::new() })
    }

    /// What the card's cable leads to.
    #[must_use]
    pub fn netdev(&self) -> Netdev {
        self.namespaces.netdev(0)
    }

    /// Serves `folder` to `guest`, which boots by `way`.
    ///
    /// # Errors
    ///
    /// QEMU does not answer, the system refuses, or dnsmasq cannot be run.
    pub fn serve(&mut self, folder: &Path, way: Way, guest: &Guest) -> Result<()> {
        // QEMU opens cards' cables before it answers there; in a namespace it would not find them.
        guest.qmp()?;
        let file = match self.addresses {
            Addresses::Ours => {
                self.namespaces.plug_in()?;
                "dnsmasq.conf"
            }
            Addresses::Anothers => {
                self.namespaces.plug_in_as_one_wire()?;
                self.run_another(guest.run())?;
                "dnsmasq-proxy.conf"
            }
        };
        let text = fs::read_to_string(folder.join(file))?;
        // The ROM is iPXE in any case; here it is taken for what it replaced.
        let is_kept = |line: &&str| way != Way::Pxelinux || !line.ends_with("set:ipxe,175");
        let text: Vec<_> = text.lines().filter(is_kept).collect();
        self.run((0, file), &text.join("\n"), guest.run())
    }

    /// Has addresses given on the other side, and nothing else.
    fn run_another(&mut self, run: &RunDirectory) -> Result<()> {
        let Network { first, last } = RANGE;
        let text = format!("port=0\nlog-dhcp\ndhcp-range={first},{last},1h\n");
        self.run((1, "another.conf"), &text, run)
    }

    /// Runs dnsmasq on a side with the configuration `text`, which with all that it writes lies in `run`, in files
    /// whose names begin with `name`.
    fn run(&mut self, (side, name): (usize, &str), text: &str, run: &RunDirectory) -> Result<()> {
        let path = |ending| run.file(&format!("{name}{ending}")).display().to_string();
        fs::write(run.file(name), text).context("cannot write into the run directory")?;
        let mut command = self.namespaces.command(side, "dnsmasq");
        command
            .args(["--keep-in-foreground", "--user=root", "--pid-file="])
            // Nobody else is on that wire whose address it might be: it would wait 3 s for an answer.
            .arg("--no-ping")
            .arg(format!("--conf-file={}", path("")))
            .arg(format!("--dhcp-leasefile={}", path(".leases")))
            .arg(format!("--log-facility={}", path(".log")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.children.push(command.spawn().context("cannot run dnsmasq")?);
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for child in &mut self.children {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
