//! The captures that tcpdump is tested with, through the parser: whole, cut at every byte, and
//! compared with what etherparse and smoltcp find in them.
//!
//! They are part of Debian's source package tcpdump, which is fetched with apt-get into a folder of
//! its own. Where that cannot be done the test is skipped and says so.

use std::fmt::{self, Display, Formatter};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, ensure};
use dataplane::field::Id;
use dataplane::key::Key;
use dataplane::{Reason, extract};
use etherparse::{NetSlice, SlicedPacket, TransportSlice, VlanSlice};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use pcap_file::DataLink;
use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::{Block, PcapNgReader};
use smoltcp::wire::{EthernetAddress, EthernetFrame, EthernetProtocol, Ipv4Packet, Ipv6Packet};

/// The line of a list of sources.
const SOURCE: &str = "deb-src http://deb.debian.org/debian bookworm main\n";
/// Files that there are at least, and packets in them.
const FILES: usize = 600;
const PACKETS: usize = 8_000;
/// Bytes up to which packets are cut everywhere.
const CUTS: usize = 128;

fn main() -> ExitCode {
    let name = "captures_of_tcpdump_are_parsed_as_etherparse_and_smoltcp_do";
    let trial = Trial::ignorable_test(name, || match fetch() {
        Ok(files) => check(&files).map_err(|error| Failed::from(format!("{error:#}"))),
        Err(error) => {
            let reason = format!("SKIPPED: no source package tcpdump: {error:#}");
            eprintln!("\n{reason}");
            Ok(Completion::ignored_with(reason))
        }
    });
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

/// The captures, fetched once.
fn fetch() -> Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tcpdump");
    let done = folder.join("done");
    if !done.exists() {
        fs::create_dir_all(folder.join("lists/partial"))?;
        fs::create_dir_all(folder.join("cache/archives/partial"))?;
        fs::write(folder.join("sources.list"), SOURCE)?;
        apt(&folder, &["update"])?;
        apt(&folder, &["source", "--download-only", "tcpdump"])?;
        let archive = newest(&folder, ".orig.tar.gz")?;
        run(Command::new("tar").arg("xzf").arg(archive).current_dir(&folder))?;
        fs::write(&done, "")?;
    }
    let tree = newest(&folder, "").context("nothing was unpacked")?;
    let mut files: Vec<PathBuf> =
        fs::read_dir(tree.join("tests"))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| {
        let name = file.extension().and_then(|it| it.to_str()).unwrap_or_default();
        name.starts_with("pcap") || name == "cap"
    });
    files.sort();
    Ok(files)
}

fn apt(folder: &Path, words: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    let option = |key: &str, value: &str| format!("{key}={}", folder.join(value).display());
    command.args(["-q", "-o", &option("Dir::Etc::sourcelist", "sources.list")]);
    command.args(["-o", "Dir::Etc::sourceparts=-", "-o", &option("Dir::State::lists", "lists")]);
    command.args(["-o", &option("Dir::Cache", "cache")]).args(words).current_dir(folder);
    run(&mut command)
}

fn run(command: &mut Command) -> Result<()> {
    let done = command.stdin(Stdio::null()).output().context("cannot be run")?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{command:?}: {said}");
    Ok(())
}

/// What in `folder` is of tcpdump and ends so; a folder, if it ends with nothing.
fn newest(folder: &Path, end: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path());
    let found = entries.filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_kind = if end.is_empty() { path.is_dir() } else { name.ends_with(end) };
        name.starts_with("tcpdump") && is_kind
    });
    found.max().with_context(|| format!("no tcpdump*{end}"))
}

/// Packets of a capture, and whether they are of Ethernet.
fn packets(file: &Path) -> Vec<(bool, Vec<u8>)> {
    let mut found = Vec::new();
    if let Ok(mut reader) =
        File::open(file).map_err(drop).and_then(|it| PcapReader::new(it).map_err(drop))
    {
        let is_ethernet = reader.header().datalink == DataLink::ETHERNET;
        // A capture that is damaged on purpose ends where it is.
        while let Some(Ok(packet)) = reader.next_packet() {
            found.push((is_ethernet, packet.data.into_owned()));
        }
    } else if let Ok(mut reader) =
        File::open(file).map_err(drop).and_then(|it| PcapNgReader::new(it).map_err(drop))
    {
        while let Some(Ok(block)) = reader.next_block() {
            if let Block::EnhancedPacket(packet) = block {
                found.push((true, packet.data.into_owned()));
            }
        }
    }
    found
}

fn check(files: &[PathBuf]) -> Result<Completion> {
    ensure!(files.len() >= FILES, "only {} files", files.len());
    let (mut count, mut compared, mut explained) = (0, 0, [0; EXPLAINED.len()]);
    let mut differences = Vec::new();
    for file in files {
        for (number, (is_ethernet, bytes)) in packets(file).into_iter().enumerate() {
            count += 1;
            for len in 0..=bytes.len().min(CUTS) {
                parsed(&bytes[..len]);
            }
            if !is_ethernet {
                parsed(&bytes);
                continue;
            }
            compared += 1;
            if let Some((id, ours, theirs)) = unlike_smoltcp(&bytes) {
                let name = file.file_name().unwrap_or_default().display();
                let what = format!("{name}: {} is {ours}, smoltcp says {theirs}", id.name());
                differences.push(what);
            }
            if let Some(what) = difference(&bytes) {
                match EXPLAINED.iter().position(|(_, explains)| explains(&what)) {
                    Some(reason) => explained[reason] += 1,
                    None => differences.push(format!(
                        "{} packet {}: {what}",
                        file.file_name().unwrap_or_default().display(),
                        number + 1
                    )),
                }
            }
        }
    }
    eprintln!("\n{} files, {count} packets, {compared} of Ethernet compared", files.len());
    for ((why, _), count) in EXPLAINED.iter().zip(explained) {
        eprintln!("{count:6} explained: {why}");
    }
    ensure!(count >= PACKETS, "only {count} packets");
    let shown = differences.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    ensure!(differences.is_empty(), "{} unexplained:\n{shown}", differences.len());
    Ok(Completion::Completed)
}

fn parsed(bytes: &[u8]) -> Key {
    let mut key = Key::ZERO;
    extract(bytes, 0, &mut key);
    key
}

/// How two parsers differ about a packet.
enum Difference {
    /// We refuse it, and etherparse does not.
    Refused(Reason),
    /// Etherparse refuses it, and we do not: in these words.
    Accepted(String),
    /// They find something else in this field: ours, theirs.
    Field(Id, u128, u128),
}

impl Display for Difference {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(reason) => write!(out, "only we refuse it: {}", reason.name()),
            Self::Accepted(said) => write!(out, "only etherparse refuses it: {said}"),
            Self::Field(id, ours, theirs) => {
                write!(out, "{} is {ours}, etherparse says {theirs}", id.name())
            }
        }
    }
}

/// Whether something explains a difference.
type Explains = fn(&Difference) -> bool;

/// Differences that are meant to be, with the reason.
const EXPLAINED: [(&str, Explains); 3] = [
    (
        "ARP between other addresses than those of Ethernet and IPv4 has no fields here",
        |it| matches!(it, Difference::Accepted(said) if said.starts_with("Address Resolution")),
    ),
    (
        "nobody here looks at how long a datagram of UDP says it is",
        |it| matches!(it, Difference::Accepted(said) if said.starts_with("UDP Payload Error")),
    ),
    ("what MACsec protects is not looked into", |it| {
        matches!(it, Difference::Field(Id::EthType, MACSEC, _))
    }),
];
/// The type of MACsec (IEEE 802.1AE, 9.3).
const MACSEC: u128 = 0x88e5;

fn difference(bytes: &[u8]) -> Option<Difference> {
    let key = parsed(bytes);
    let theirs = match (SlicedPacket::from_ethernet(bytes), key.fault()) {
        (Err(_), Some(_)) => return None,
        (Err(error), None) => return Some(Difference::Accepted(format!("{error}"))),
        (Ok(_), Some(reason)) => return Some(Difference::Refused(reason)),
        (Ok(packet), None) => packet,
    };
    let facts = facts(&theirs);
    let differ = |&(id, value): &(Id, u128)| id.get(&key) != value;
    let (id, value) = facts.into_iter().find(differ)?;
    Some(Difference::Field(id, id.get(&key), value))
}

/// What etherparse found, as fields.
fn facts(packet: &SlicedPacket<'_>) -> Vec<(Id, u128)> {
    let mut facts = Vec::new();
    if let Some(vlan) = packet.vlan() {
        let id = match vlan {
            VlanSlice::SingleVlan(one) => one.vlan_identifier().value(),
            VlanSlice::DoubleVlan(two) => two.outer.vlan_identifier().value(),
        };
        facts.push((Id::VlanVid, u128::from(id)));
    }
    match &packet.net {
        Some(NetSlice::Ipv4(ip)) => {
            let header = ip.header();
            facts.extend([
                (Id::EthType, 0x800),
                (Id::NwSrc, u32::from_be_bytes(header.source()).into()),
                (Id::NwDst, u32::from_be_bytes(header.destination()).into()),
                (Id::NwTtl, header.ttl().into()),
                (Id::NwProto, header.protocol().0.into()),
                (
                    Id::NwFrag,
                    fragment(header.is_fragmenting_payload(), header.fragments_offset().value()),
                ),
            ]);
        }
        Some(NetSlice::Ipv6(ip)) => {
            let header = ip.header();
            facts.extend([
                (Id::EthType, 0x86dd),
                (Id::Ipv6Src, u128::from_be_bytes(header.source())),
                (Id::Ipv6Dst, u128::from_be_bytes(header.destination())),
                (Id::NwTtl, header.hop_limit().into()),
                (Id::Ipv6Label, u128::from(header.flow_label().value())),
                (Id::NwTos, header.traffic_class().into()),
                (Id::NwProto, ip.payload().ip_number.0.into()),
            ]);
        }
        _ => {}
    }
    match &packet.transport {
        Some(TransportSlice::Udp(udp)) => {
            facts.push((Id::TpSrc, udp.source_port().into()));
            facts.push((Id::TpDst, udp.destination_port().into()));
        }
        Some(TransportSlice::Tcp(tcp)) => {
            facts.push((Id::TpSrc, tcp.source_port().into()));
            facts.push((Id::TpDst, tcp.destination_port().into()));
        }
        Some(TransportSlice::Icmpv4(icmp)) => {
            facts.push((Id::IcmpType, icmp.type_u8().into()));
            facts.push((Id::IcmpCode, icmp.code_u8().into()));
        }
        Some(TransportSlice::Icmpv6(icmp)) => {
            facts.push((Id::IcmpType, icmp.type_u8().into()));
            facts.push((Id::IcmpCode, icmp.code_u8().into()));
        }
        _ => {}
    }
    facts
}

/// The two bits of a key about fragments.
fn fragment(is_one: bool, offset: u16) -> u128 {
    match (is_one, offset) {
        (false, _) => 0,
        (true, 0) => 1,
        (true, _) => 3,
    }
}

/// The first field of a good packet that smoltcp finds something else in: ours, theirs.
fn unlike_smoltcp(bytes: &[u8]) -> Option<(Id, u128, u128)> {
    let key = parsed(bytes);
    if key.fault().is_some() {
        return None;
    }
    let frame = EthernetFrame::new_checked(bytes).ok()?;
    let mac = |it: EthernetAddress| it.0.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte));
    let mut facts = vec![(Id::EthDst, mac(frame.dst_addr())), (Id::EthSrc, mac(frame.src_addr()))];
    if frame.ethertype() == EthernetProtocol::Ipv4
        && let Ok(packet) = Ipv4Packet::new_checked(frame.payload())
    {
        facts.extend([
            (Id::NwSrc, packet.src_addr().to_bits().into()),
            (Id::NwDst, packet.dst_addr().to_bits().into()),
            (Id::NwTtl, packet.hop_limit().into()),
            (Id::NwProto, u8::from(packet.next_header()).into()),
            (Id::NwDscp, packet.dscp().into()),
            (Id::NwEcn, packet.ecn().into()),
        ]);
    }
    if frame.ethertype() == EthernetProtocol::Ipv6
        && let Ok(packet) = Ipv6Packet::new_checked(frame.payload())
    {
        facts.extend([
            (Id::Ipv6Src, packet.src_addr().to_bits()),
            (Id::Ipv6Dst, packet.dst_addr().to_bits()),
            (Id::NwTtl, packet.hop_limit().into()),
            (Id::Ipv6Label, packet.flow_label().into()),
        ]);
    }
    let differ = |(id, value): &(Id, u128)| id.get(&key) != *value;
    facts.into_iter().find(differ).map(|(id, value)| (id, id.get(&key), value))
}
