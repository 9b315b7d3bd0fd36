//! What the image sends has right checksums, as Wireshark's analyser judges what arrives at both ends
//! of a tunnel.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use qemu::namespace::Namespaces;
use qemu::run_directory::RunDirectory;
use rustix::process::{Pid, Signal, kill_process};

use crate::rig::{self, Rig};
use crate::vxlan::{self, INNER, INNER6, Outer, V4, V6};

crate::facts![
    no_checksum_is_bad_at_either_end_of_a_tunnel_over_ipv4,
    no_checksum_is_bad_at_either_end_of_a_tunnel_over_ipv6,
];

/// Programs that are needed, and the Debian package of each.
const PROGRAMS: [(&str, &str); 2] = [("tshark", "tshark"), ("tcpdump", "tcpdump")];
/// Protocols with a checksum, as display filters call them.
const PROTOCOLS: [&str; 5] = ["ip", "tcp", "udp", "icmp", "icmpv6"];
/// Packets with right checksums that each end has got at least.
const LEAST: usize = 100;

fn no_checksum_is_bad_at_either_end_of_a_tunnel_over_ipv4(rig: &Rig) -> Result<()> {
    are_right_at_both_ends(rig, &V4)
}

fn no_checksum_is_bad_at_either_end_of_a_tunnel_over_ipv6(rig: &Rig) -> Result<()> {
    are_right_at_both_ends(rig, &V6)
}

fn are_right_at_both_ends(rig: &Rig, outer: &Outer) -> Result<()> {
    rig::need(&PROGRAMS)?;
    vxlan::through_a_tunnel(rig, outer, |_, hosts| {
        let folder = RunDirectory::new()?;
        let arriving = [Capture::start(hosts, 0, &folder)?, Capture::start(hosts, 1, &folder)?];
        traffic(hosts)?;
        for capture in arriving {
            is_right(&capture.end()?)?;
        }
        Ok(())
    })
}

/// Packets of every protocol that has a checksum, in both directions.
fn traffic(hosts: &Namespaces) -> Result<()> {
    for address in [INNER[1], INNER6[1]] {
        vxlan::ping(hosts, &["-c", "5", "-i", "0.2"], address)?;
        vxlan::ping(hosts, &["-c", "5", "-i", "0.2", "-s", "4000"], address)?;
    }
    // What is analysed later should not be too much.
    vxlan::iperf(hosts, &["--bidir", "--bitrate", "8M"], "sum_received")?;
    vxlan::iperf(hosts, &["--udp", "--bitrate", "5M", "--length", "1400"], "sum")
}

/// Frames that arrive at a host, on their way into a file.
struct Capture {
    tcpdump: Child,
    file: PathBuf,
}

impl Capture {
    /// Begins: what arrives after this is in the file.
    fn start(hosts: &Namespaces, side: usize, folder: &RunDirectory) -> Result<Self> {
        let file = folder.file(&format!("arrived{side}.pcap"));
        let mut command = hosts.command(side, "tcpdump");
        command.args(["-i", hosts.name(side), "-Q", "in", "-U", "-Z", "root", "-w"]).arg(&file);
        let mut tcpdump = command.stderr(Stdio::piped()).spawn().context("cannot run tcpdump")?;
        let said = tcpdump.stderr.take().context("tcpdump has no standard error")?;
        let mut lines = BufReader::new(said).lines().map_while(Result::ok);
        let listens = lines.any(|line| line.contains("listening on"));
        ensure!(listens, "tcpdump does not listen at host {side}");
        Ok(Self { tcpdump, file })
    }

    /// Ends, and returns the file.
    fn end(mut self) -> Result<PathBuf> {
        let pid = Pid::from_child(&self.tcpdump);
        kill_process(pid, Signal::TERM).context("cannot stop tcpdump")?;
        self.tcpdump.wait().context("cannot wait for tcpdump")?;
        Ok(self.file.clone())
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        // It is over, or a check has failed.
        let _ = self.tcpdump.kill();
        let _ = self.tcpdump.wait();
    }
}

/// Whether `file` has packets with right checksums, and none with a wrong one. Linux writes 0xffff for
/// a TCP checksum of 0, the same number to a receiver (RFC 1624, section 3), which the analyser is
/// not content with.
fn is_right(file: &Path) -> Result<()> {
    let bad = PROTOCOLS.map(|protocol| {
        format!("({protocol}.checksum.status == 0 && {protocol}.checksum != 0xffff)")
    });
    let bad = packets(file, &bad.join(" || "))?;
    ensure!(bad.is_empty(), "bad checksums in {}: {bad:#?}", file.display());
    let right = PROTOCOLS.map(|protocol| format!("{protocol}.checksum.status == 1"));
    let right = packets(file, &right.join(" || "))?;
    ensure!(right.len() >= LEAST, "{} packets only in {}", right.len(), file.display());
    Ok(())
}

/// Lines about the packets of `file` that `filter` lets through, with all checksums checked.
fn packets(file: &Path, filter: &str) -> Result<Vec<String>> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-n").arg("-r").arg(file).args(["-Y", filter]);
    for protocol in ["ip", "tcp", "udp"] {
        tshark.args(["-o", &format!("{protocol}.check_checksum:TRUE")]);
    }
    let done = tshark.output().context("cannot run tshark")?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "tshark failed: {said}");
    Ok(String::from_utf8_lossy(&done.stdout).lines().map(str::to_owned).collect())
}
