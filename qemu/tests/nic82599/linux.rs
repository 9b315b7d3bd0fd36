//! Linux' own driver, `ixgbe` of Debian's kernel, on the model.

use std::io::{self, Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nic82599::{Device, Rule};
use qemu::debian::initramfs::Initramfs;
use qemu::guest::Guest;

use crate::responder::Responder;
use crate::rig::{START_LIMIT, Setup, expect_violations, told};

crate::facts![it_pings_in_all_sizes, it_carries_three_megabytes_both_ways];

/// In the order in which they need each other.
const MODULES: [&str; 6] = ["dca", "xfrm_algo", "libphy", "mdio", "mdio_devres", "ixgbe"];

/// What a line of the script may take.
const STEP_LIMIT: Duration = Duration::from_secs(120);

/// Bytes that are carried, and back.
const SIZE: usize = 3 << 20;

/// Rules that this driver breaks; hardware bears with it. It waits for a length and not for DD, and
/// leaves DD as it is in descriptors that it hands over.
const KNOWN: &[Rule] = &[Rule::FreshDescriptor];

/// Rules that a kernel which polls may break: it asks the driver in the middle of a reset, as any
/// other card on a shared interrupt might have it do.
const POSSIBLE: &[Rule] = &[Rule::ResetAwaited];

/// What the driver says when all is well, given that QEMU's proxy has no MSI.
const HARMLESS: [&str; 13] = [
    "10 Gigabit PCI Express Network Driver",
    "Copyright (c)",
    "Failed to allocate MSI-X interrupts. Err: -34",
    "Disabling SR-IOV support",
    "Disabling RSS support",
    "Failed to allocate MSI interrupt, falling back to legacy. Error: -22",
    "Multiqueue Disabled: Rx Queue count = 1, Tx Queue count = 1",
    "MAC: 2, PHY: 20, SFP+: 5, PBA No: E66A00-000",
    "52:54:00:ba:5e:00",
    "Intel(R) 10 Gigabit Network Connection",
    "registered PHC device",
    "detected SFP+: 5",
    "NIC Link is Up 10 Gbps, Flow Control: RX/TX",
];

/// A machine that runs `script` once the driver is loaded, and then shows what the driver said.
pub(crate) fn setup(script: &str) -> Result<Setup> {
    let script = [script, "dmesg | grep ixgbe\n"].concat();
    let mut setup = Setup::of_linux(Initramfs::new(), &MODULES, &script)?;
    // Without KVM nobody hears the card's interrupts. So that the kernel asks all its drivers at
    // every tick, it is to poll, and to have no other source of ticks than the old one.
    setup.machine.append.extend(["irqpoll", "nolapic_timer"].map(str::to_owned));
    Ok(setup)
}

fn it_pings_in_all_sizes() -> Result<()> {
    let mut setup = setup(
        "
ip address add 198.18.0.1/24 dev eth0
ip link set eth0 up
for i in 1 2 3 4 5 6 7 8 9 10; do
  [ \"$(cat /sys/class/net/eth0/carrier)\" = 1 ] && break
  sleep 1
done
echo carrier=$(cat /sys/class/net/eth0/carrier)
echo speed=$(cat /sys/class/net/eth0/speed)
echo few=$(ping -c 5 198.18.0.2 | grep transmitted)
echo many=$(ping -c 600 -i 0.01 -s 1400 198.18.0.2 | grep transmitted)
ip link set eth0 mtu 9000
sleep 3
echo long=$(ping -c 20 -i 0.1 -s 8000 198.18.0.2 | grep transmitted)
",
    )?;
    let wire = setup.card(|_| ())?;
    let responder = Responder::start(wire);
    setup.start(|guest, devices| {
        ensure!(told(guest, "carrier", START_LIMIT)? == "1", "no link");
        ensure!(told(guest, "speed", STEP_LIMIT)? == "10000", "another speed");
        for (key, count) in [("few", 5), ("many", 600), ("long", 20)] {
            let line = told(guest, key, STEP_LIMIT)?;
            let wanted = format!("{count} packets transmitted, {count} packets received");
            ensure!(line.starts_with(&wanted), "{key}: {line}");
        }
        told(guest, "script", STEP_LIMIT)?;
        ensure!(responder.answered() >= 625, "{} answers", responder.answered());
        judge(guest, &devices[0])
    })
}

fn it_carries_three_megabytes_both_ways() -> Result<()> {
    let sent = noise(SIZE);
    let down = TcpListener::bind("127.0.0.1:0")?;
    let up = TcpListener::bind("127.0.0.1:0")?;
    let mut setup = setup(&format!(
        "
ip address add 10.0.2.15/24 dev eth0
ip link set eth0 up
sleep 3
nc 10.0.2.2 {} > /tmp/noise < /dev/null
echo down=$(wc -c < /tmp/noise)
nc 10.0.2.2 {} < /tmp/noise
echo up=$?
",
        down.local_addr()?.port(),
        up.local_addr()?.port()
    ))?;
    let files = setup.run.path().to_owned();
    setup.card_to_user_network(&files, |_| ())?;
    let content = sent.clone();
    let sender = thread::spawn(move || -> io::Result<()> { down.accept()?.0.write_all(&content) });
    let receiver = thread::spawn(move || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        up.accept()?.0.read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    setup.start(|guest, devices| {
        let length = told(guest, "down", START_LIMIT)?;
        ensure!(length.trim() == SIZE.to_string(), "{length} bytes came down");
        ensure!(told(guest, "up", STEP_LIMIT)? == "0", "nc failed");
        told(guest, "script", STEP_LIMIT)?;
        sender.join().ok().context("the sender panicked")??;
        let received = receiver.join().ok().context("the receiver panicked")??;
        ensure!(received == sent, "other bytes came back");
        let statistics = devices[0].statistics();
        ensure!(statistics.cut > 0 && statistics.checksummed > 0, "{statistics:?}");
        judge(guest, &devices[0])
    })
}

/// Bytes that no compression and no accident makes.
fn noise(length: usize) -> Vec<u8> {
    let next = |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    std::iter::successors(Some(1), next)
        .map(|state: u64| (state >> 56) as u8)
        .take(length)
        .collect()
}

/// Looks at what the kernel said, and at what the card saw.
fn judge(guest: &mut Guest, device: &Device) -> Result<()> {
    let lines = guest.console().lines();
    let said = lines.iter().filter(|line| line.contains("ixgbe"));
    let strange: Vec<_> =
        said.filter(|it| !HARMLESS.iter().any(|part| it.contains(part))).collect();
    ensure!(strange.is_empty(), "the kernel complains: {strange:#?}");
    let statistics = device.statistics();
    ensure!(
        statistics.missed + statistics.no_descriptor + statistics.damaged == 0,
        "{statistics:?}"
    );
    expect_violations(device, KNOWN, POSSIBLE)
}
