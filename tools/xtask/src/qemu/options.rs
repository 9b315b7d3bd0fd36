//! The options of `cargo xtask qemu`.

use std::path::PathBuf;
use std::str::FromStr;
use std::thread;

use ::qemu::accel::Accelerator;
use ::qemu::machine::Model;
use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::install::Consent;
use crate::stop::Stop;

/// What to boot and how to feed it.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Runs unattended for this many seconds, then checks the ledger; the status is the verdict.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: Option<u64>,
    /// What runs over the ports: gen, none, pcap:FILE or tap (two network namespaces; root).
    #[arg(long, default_value = "gen")]
    traffic: TrafficKind,
    /// Frames a second into each port.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: u32,
    /// PMD cores, beside the control core. Default: 2, or 1 on a host with fewer than 4.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=63))]
    cores: Option<u32>,
    /// The kind of both network cards.
    #[arg(long, default_value = "virtio")]
    nic: ModelName,
    /// What executes the guest. Default: kvm where it really works, else tcg.
    #[arg(long)]
    accel: Option<AcceleratorName>,
    /// Lets the guest's clocks count instructions, so that runs are repeatable (tcg only).
    #[arg(long)]
    icount: bool,
    /// Further words for the image's command line, such as "pmd-perf-log-us=250".
    #[arg(long, value_name = "KEY=VALUE ...")]
    append: Option<String>,
    /// A configuration file, which the loader brings along.
    #[arg(long, value_name = "FILE", alias = "rules")]
    pub(super) config: Option<PathBuf>,
    /// Records both wires: FILE.pcap becomes FILE.0.pcap and FILE.1.pcap.
    #[arg(long, value_name = "FILE.pcap")]
    capture: Option<PathBuf>,
    /// Waits for a debugger before the first instruction.
    #[arg(long)]
    gdb: bool,
    /// Prints the exact QEMU line and does nothing else.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    consent: Consent,
    /// Further words for QEMU.
    #[arg(last = true, value_name = "QEMU ARGUMENTS")]
    extra: Vec<String>,
}

/// What runs over the ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TrafficKind {
    /// Our own frames, into both ports.
    Generated,
    /// Nothing.
    None,
    /// A capture file, into port 0.
    Capture(PathBuf),
    /// The host's network stack, from two namespaces.
    Tap,
}

impl FromStr for TrafficKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "gen" => Ok(Self::Generated),
            "none" => Ok(Self::None),
            "tap" => Ok(Self::Tap),
            _ => match text.strip_prefix("pcap:") {
                Some(file) if !file.is_empty() => Ok(Self::Capture(file.into())),
                _ => Err("expected gen, none, pcap:FILE or tap".to_owned()),
            },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ModelName {
    Virtio,
    /// Intel's 82574.
    E1000e,
    /// Intel's 82599, a model of our own that runs beside QEMU.
    Ixgbe,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AcceleratorName {
    Kvm,
    Tcg,
}

impl Options {
    /// Refuses options that contradict each other.
    ///
    /// # Errors
    ///
    /// They do.
    pub(super) fn check(&self) -> Result<()> {
        if self.icount && self.accelerator() == Accelerator::Kvm {
            return Err(
                Stop::usage("--icount needs --accel tcg: KVM counts no instructions").into()
            );
        }
        if self.gdb && self.seconds.is_some() {
            return Err(Stop::usage("--gdb has no time limit: leave out --seconds").into());
        }
        let needs_netdev = *self.traffic() == TrafficKind::Tap || self.capture.is_some();
        if self.is_82599() && needs_netdev {
            return Err(Stop::usage(
                "--nic ixgbe is no card of QEMU's: --traffic tap and --capture need another",
            )
            .into());
        }
        Ok(())
    }

    /// The kind of both network cards, as far as it is one of QEMU's.
    pub(super) fn model(&self) -> Model {
        match self.nic {
            ModelName::Virtio | ModelName::Ixgbe => Model::Virtio,
            ModelName::E1000e => Model::E1000e,
        }
    }

    /// Whether both network cards are of the model of the 82599, outside QEMU.
    pub(super) fn is_82599(&self) -> bool {
        self.nic == ModelName::Ixgbe
    }

    /// How long to run unattended, in seconds, if so.
    pub(super) fn seconds(&self) -> Option<u64> {
        self.seconds
    }

    /// What runs over the ports.
    pub(super) fn traffic(&self) -> &TrafficKind {
        &self.traffic
    }

    /// Frames a second into each port.
    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// PMD cores: as asked for, or as this host can carry beside the control core.
    pub(super) fn pmd_cores(&self) -> u32 {
        self.cores.unwrap_or_else(|| {
            let host = thread::available_parallelism().map_or(1, usize::from);
            if host < 4 { 1 } else { 2 }
        })
    }

    /// What executes the guest.
    pub(super) fn accelerator(&self) -> Accelerator {
        match self.accel {
            Some(AcceleratorName::Kvm) => Accelerator::Kvm,
            Some(AcceleratorName::Tcg) => Accelerator::Tcg,
            None if self.icount => Accelerator::Tcg,
            None => Accelerator::of_this_host(),
        }
    }

    /// Whether clocks count instructions.
    pub(super) fn counts_instructions(&self) -> bool {
        self.icount
    }

    /// The image's command line: `defaults`, except for keys that the user gives himself.
    pub(super) fn command_line(&self, defaults: &[&str]) -> Vec<String> {
        let own: Vec<_> = self.append.iter().flat_map(|text| text.split_whitespace()).collect();
        let is_open = |word: &&&str| !own.iter().any(|mine| key(mine) == key(word));
        defaults.iter().filter(is_open).chain(&own).map(|word| (*word).to_owned()).collect()
    }

    /// The file that the wire on `side` is recorded in, if wanted.
    pub(super) fn capture(&self, side: usize) -> Option<PathBuf> {
        let file = self.capture.as_ref()?;
        let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        Some(file.with_extension(format!("{side}.pcap")))
    }

    /// Whether a debugger is waited for.
    pub(super) fn waits_for_debugger(&self) -> bool {
        self.gdb
    }

    /// Whether the QEMU line is all that is wanted.
    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Whether QEMU may be installed.
    pub(super) fn consent(&self) -> Consent {
        self.consent
    }

    /// Further words for QEMU.
    pub(crate) fn extra(&self) -> &[String] {
        &self.extra
    }
}

fn key(word: &str) -> &str {
    word.split_once('=').map_or(word, |(key, _)| key)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn parsed(words: &[&str]) -> Options {
        Line::parse_from([&["qemu"], words].concat()).options
    }

    #[test]
    fn traffic_is_one_of_four_kinds() {
        assert_eq!("pcap:a b".parse(), Ok(TrafficKind::Capture("a b".into())));
        assert!("pcap:".parse::<TrafficKind>().is_err());
        assert!("generated".parse::<TrafficKind>().is_err());
    }

    #[test]
    fn what_the_user_gives_replaces_the_default_of_the_same_key() {
        let options = parsed(&["--append", "forward=1:0 x=1"]);
        assert_eq!(
            options.command_line(&["ports=all", "forward=0:1"]),
            ["ports=all", "forward=1:0", "x=1"]
        );
    }

    #[test]
    fn each_wire_is_recorded_in_a_file_of_its_own() {
        let options = parsed(&["--capture", "/a/b.pcap"]);
        assert_eq!(options.capture(1), Some("/a/b.1.pcap".into()));
    }

    #[test]
    fn a_card_outside_qemu_has_no_cable_that_qemu_could_record_or_plug_into_a_tap() {
        assert!(parsed(&["--nic", "ixgbe"]).check().is_ok());
        assert!(parsed(&["--nic", "ixgbe", "--traffic", "tap"]).check().is_err());
        assert!(parsed(&["--nic", "ixgbe", "--capture", "a.pcap"]).check().is_err());
    }

    #[test]
    fn counting_instructions_excludes_kvm() {
        assert!(parsed(&["--icount", "--accel", "kvm"]).check().is_err());
        assert_eq!(parsed(&["--icount"]).accelerator(), Accelerator::Tcg);
    }
}
