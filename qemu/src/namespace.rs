//! Two network namespaces of the Linux host, one at each network card of a machine.
//!
//! Each has one tap interface, its only one, with IPv6 switched off: all that crosses it is
//! what the two hosts say to each other, so its counters can be compared with the image's to
//! the frame. QEMU opens a tap in the namespace it runs in itself; a tap may be moved while it
//! is open, and [`Namespaces::plug_in`] does so once the image is up. A machine that boots by the network may have
//! both on the wire of its one card instead: [`Namespaces::plug_in_as_one_wire`].

use std::fs::OpenOptions;
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::find;
use crate::machine::Netdev;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Where both namespaces are on one wire: the bridge on side 0, and on both sides the end of the cable to side 1.
const WIRE: &str = "wire";
const FAR: &str = "far";

/// Two namespaces with a tap each. Removed when dropped.
#[derive(Debug)]
pub struct Namespaces {
    sides: [Side; 2],
    /// Pairs of queues of each tap.
    pairs: u8,
}

#[derive(Debug)]
struct Side {
    name: String,
    tap: String,
    address: &'static str,
}

/// A tap's counters, in frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Taken over by the machine.
    pub into_guest: u64,
    /// Given up by the host before the machine took them.
    pub refused: u64,
    /// Delivered by the machine.
    pub from_guest: u64,
}

/// Whether namespaces and taps can be made here.
///
/// # Errors
///
/// They cannot; the message says what is missing.
pub fn available() -> Result<()> {
    find::program("ip").context("the program ip is missing (package iproute2)")?;
    OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/net/tun")
        .context("/dev/net/tun cannot be opened, which takes root and the module tun")?;
    Namespaces::create().context("network namespaces may not be made here").map(drop)
}

impl Namespaces {
    /// Makes both namespaces, and both taps outside of them, for QEMU to open.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn create() -> Result<Self> {
        Self::with_pairs(1)
    }

    /// The same, with taps of so many pairs of queues.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn with_pairs(pairs: u8) -> Result<Self> {
        let mut both = Self::planned();
        both.pairs = pairs;
        both.sides.iter().try_for_each(|side| side.create(pairs > 1))?;
        Ok(both)
    }

    /// The same, with its names and without anything made: to show what would be run.
    #[must_use]
    pub fn planned() -> Self {
        let stem = format!("bc{}x{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let side = |letter: char, address| {
            let name = format!("{stem}{letter}");
            Side { tap: name.clone(), name, address }
        };
        Self { sides: [side('a', "198.18.0.1"), side('b', "198.18.0.2")], pairs: 1 }
    }

    /// What the network card on `side` (0 or 1) is plugged into.
    #[must_use]
    pub fn netdev(&self, side: usize) -> Netdev {
        Netdev::Tap { name: self.sides[side].tap.clone(), pairs: self.pairs }
    }

    /// Moves both taps into their namespaces, gives them addresses and raises them. QEMU must
    /// have opened them, and the image must be ready to receive: frames that are sent to
    /// a card without driver are gone.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn plug_in(&self) -> Result<()> {
        self.sides.iter().try_for_each(Side::plug_in)
    }

    /// As [`Self::plug_in`], but one wire for all: the machine's card on side 0, and both namespaces.
    ///
    /// # Errors
    ///
    /// The system refuses, or has no bridge.
    pub fn plug_in_as_one_wire(&self) -> Result<()> {
        let [near, far] = &self.sides;
        run(&["link", "set", &near.tap, "netns", &near.name])?;
        run(&["-n", &near.name, "link", "add", WIRE, "type", "bridge"])?;
        let ends = ["link", "add", FAR, "type", "veth", "peer", "name", FAR, "netns", &far.name];
        run(&[["-n", &near.name].as_slice(), &ends].concat())?;
        for port in [&*near.tap, FAR] {
            run(&["-n", &near.name, "link", "set", port, "master", WIRE, "up"])?;
        }
        near.raise(WIRE)?;
        far.raise(FAR)
    }

    /// The IPv4 address on `side`.
    #[must_use]
    pub fn address(&self, side: usize) -> &'static str {
        self.sides[side].address
    }

    /// The name of the namespace on `side`, for `ip netns exec`.
    #[must_use]
    pub fn name(&self, side: usize) -> &str {
        &self.sides[side].name
    }

    /// `program`, to be run inside the namespace on `side`.
    #[must_use]
    pub fn command(&self, side: usize, program: &str) -> Command {
        let mut command = ip();
        command.args(["netns", "exec", &self.sides[side].name, program]);
        command
    }

    /// The counters of the tap on `side`.
    ///
    /// # Errors
    ///
    /// The tap is not plugged in.
    pub fn counters(&self, side: usize) -> Result<Counters> {
        let Side { name, tap, .. } = &self.sides[side];
        let text = run(&["-n", name, "-s", "-j", "link", "show", "dev", tap])?;
        let links: Value = serde_json::from_str(&text).context("ip printed no JSON")?;
        parsed_counters(&links).with_context(|| format!("no counters in {text}"))
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for side in &self.sides {
            // A tap that was plugged in goes with its namespace, and then the second fails.
            let _ = run(&["netns", "del", &side.name]);
            let _ = run(&["link", "del", &side.tap]);
        }
    }
}

impl Side {
    fn create(&self, has_queues: bool) -> Result<()> {
        run(&["netns", "add", &self.name])?;
        for scope in ["all", "default"] {
            let setting = format!("net.ipv6.conf.{scope}.disable_ipv6=1");
            // A kernel without IPv6 has no such setting, and needs none.
            let _ = run(&["netns", "exec", &self.name, "sysctl", "-qw", &setting]);
        }
        let queues: &[&str] = if has_queues { &["multi_queue"] } else { &[] };
        let plain = ["tuntap", "add", "dev", &self.tap, "mode", "tap"];
        run(&[plain.as_slice(), queues].concat()).map(drop)
    }

    fn plug_in(&self) -> Result<()> {
        run(&["link", "set", &self.tap, "netns", &self.name])?;
        self.raise(&self.tap)
    }

    /// Gives the interface `device` of the namespace its address, and raises it.
    fn raise(&self, device: &str) -> Result<()> {
        let Self { name, address, .. } = self;
        run(&["-n", name, "address", "add", &format!("{address}/24"), "dev", device])?;
        run(&["-n", name, "link", "set", device, "up"]).map(drop)
    }
}

fn parsed_counters(links: &Value) -> Option<Counters> {
    let stats = links.get(0)?.get("stats64")?;
    let frames = |way: &str, what: &str| stats.get(way)?.get(what)?.as_u64();
    Some(Counters {
        into_guest: frames("tx", "packets")?,
        refused: frames("tx", "dropped")?,
        from_guest: frames("rx", "packets")?,
    })
}

fn ip() -> Command {
    Command::new(find::program("ip").unwrap_or_else(|| "ip".into()))
}

fn run(arguments: &[&str]) -> Result<String> {
    let line = format!("ip {}", arguments.join(" "));
    let output = ip().args(arguments).output().with_context(|| format!("cannot run {line}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{line} failed: {}", said.trim());
    match String::from_utf8(output.stdout) {
        Ok(text) => Ok(text),
        Err(_) => bail!("{line} printed no text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_from_what_ip_prints() {
        let text = r#"[{"ifname":"t","stats64":{"rx":{"packets":5,"dropped":0},
                       "tx":{"packets":7,"dropped":1}}}]"#;
        let counters = parsed_counters(&serde_json::from_str(text).unwrap());
        assert_eq!(counters, Some(Counters { into_guest: 7, refused: 1, from_guest: 5 }));
        assert_eq!(parsed_counters(&Value::Null), None);
    }

    #[test]
    fn a_refusal_of_the_system_is_quoted() {
        let error = run(&["netns", "add", "/"]).unwrap_err();
        assert!(error.to_string().starts_with("ip netns add /") || find::program("ip").is_none());
    }
}
