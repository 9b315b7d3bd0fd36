//! DPDK's own driver, in Debian's `dpdk-testpmd`, on the model: several queues, RSS, polling.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use etherparse::PacketBuilder;
use nic82599::{Device, Rule};
use qemu::debian::initramfs::Initramfs;
use qemu::find;
use qemu::machine::Mac;
use qemu::wire::Wire;

use crate::rig::{START_LIMIT, Setup, expect_violations, told};
use crate::skip;

crate::facts![it_spreads_over_four_queues_and_loses_nothing];

/// Connections that frames belong to, and frames of each.
const FLOWS: u16 = 64;
const ROUNDS: u16 = 300;

const QUEUES: usize = 4;

/// How long the wire may be full, and how long a frame may take to come back.
const LIMIT: Duration = Duration::from_secs(20);

/// Rules that this driver breaks; hardware bears with it. It leaves bit 12 of DCA_RXCTRL as it
/// finds it, and becomes promiscuous while it receives.
const KNOWN: &[Rule] = &[Rule::ReservedBits, Rule::FilterWhileReceiving];

/// In the order in which they need each other.
const MODULES: [&str; 2] = ["uio", "uio_pci_generic"];

const SCRIPT: &str = "
chmod 755 /
echo 128 > /proc/sys/vm/nr_hugepages
mkdir -p /dev/hugepages /var/run
mount -t hugetlbfs none /dev/hugepages
echo 8086 10fb > /sys/bus/pci/drivers/uio_pci_generic/new_id
dpdk-testpmd -l 0,1 -n 1 -d $(find / -name librte_mempool_ring.so.23) -a 0000:00:02.0 -- --rxq=4 --txq=4 --nb-cores=1 --auto-start \\
  --forward-mode=macswap --port-topology=loop --rss-udp --total-num-mbufs=4096
echo status=$?
";

fn it_spreads_over_four_queues_and_loses_nothing() -> Result<()> {
    let mut setup = Setup::of_linux(archive()?, &MODULES, SCRIPT)?;
    setup.machine.cores = 2;
    setup.machine.memory = 1024;
    let wire = setup.card(|options| options.is_lossless = true)?;
    setup.start(|guest, devices| {
        guest.expect("Press enter to exit", START_LIMIT)?;
        let all = u64::from(FLOWS * ROUNDS);
        ensure!(exchange(&wire)? == all, "frames were lost: {:?}", devices[0].statistics());
        guest.console().send(b"\r")?;
        ensure!(told(guest, "status", LIMIT)? == "0", "testpmd failed");
        let lines = guest.console().lines();
        let counted = lines.iter().any(|it| it.contains(&format!("RX-packets: {all} ")));
        ensure!(counted, "testpmd counted something else: {lines:#?}");
        judge(&devices[0], all)
    })
}

/// Every queue has its share, and the books agree.
fn judge(device: &Device, all: u64) -> Result<()> {
    let statistics = device.statistics();
    let used = &statistics.received_by_queue;
    ensure!(used.len() == QUEUES && used.iter().sum::<u64>() == all, "{statistics:?}");
    ensure!(used.iter().all(|count| *count > all / 10), "one queue has little: {used:?}");
    ensure!(statistics.sent == all && statistics.sent_by_queue == *used, "{statistics:?}");
    expect_violations(device, KNOWN, &[])
}

/// Sends a frame of every flow and waits until they are back, round by round: what does not fit into
/// a transmit ring is dropped by testpmd. Returns how many came back with their addresses swapped.
fn exchange(wire: &Wire) -> Result<u64> {
    let mut returned = 0;
    for round in 0..ROUNDS {
        for flow in 0..FLOWS {
            wire.send(&frame(flow, round)?, LIMIT).context("the card takes no more frames")?;
        }
        returned += count_returned(wire, round)?;
    }
    Ok(returned)
}

/// Waits for the frames of `round`, one of each flow, and counts them.
fn count_returned(wire: &Wire, round: u16) -> Result<u64> {
    let mut seen = HashSet::new();
    let mut buffer = [0; 2048];
    while seen.len() < usize::from(FLOWS) {
        let Some(length) = wire.receive(&mut buffer, LIMIT)? else { break };
        let is_swapped = buffer[6..12] == Mac::of_nic(0).0;
        if length > 46 && is_swapped && buffer[42..44] == round.to_be_bytes() {
            seen.insert(buffer[34..36].to_vec());
        }
    }
    Ok(seen.len() as u64)
}

fn frame(flow: u16, round: u16) -> Result<Vec<u8>> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2([2, 0xBA, 0x5E, 0, 0, 9], Mac::of_nic(0).0)
        .ipv4([198, 18, 0, 1], [198, 18, 0, 2], 64)
        .udp(1000 + flow, 80)
        .write(&mut frame, &[round.to_be_bytes().as_slice(), &[0; 60]].concat())?;
    Ok(frame)
}

/// testpmd and all that it loads.
fn archive() -> Result<Initramfs> {
    let Some(program) = find::program("dpdk-testpmd") else {
        return skip("dpdk-testpmd is missing; on Debian: apt-get install dpdk-dev".to_owned());
    };
    let mut files = libraries(&program)?;
    // What is not linked with, but loaded by name, and what it lies beside.
    for (loaded, neighbor) in
        [("librte_mempool_ring.so.23", "librte_net_ixgbe.so.23"), ("libgcc_s.so.1", "libc.so.6")]
    {
        let Some(neighbor) = files.iter().find(|file| file.ends_with(neighbor)) else {
            return skip(format!("testpmd needs no {neighbor}: this is not DPDK 22.11"));
        };
        files.push(neighbor.with_file_name(loaded));
    }
    let mut archive = Initramfs::new().file("bin/dpdk-testpmd", &program)?;
    for file in files {
        archive = archive.file(file.to_string_lossy().trim_start_matches('/'), &file)?;
    }
    Ok(archive)
}

/// The libraries that `program` is linked with, and the loader.
fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let output = Command::new("ldd").arg(program).output().context("no ldd")?;
    let text = String::from_utf8(output.stdout)?;
    let words = text.split_whitespace().filter(|word| word.starts_with('/'));
    Ok(words.map(PathBuf::from).collect())
}
