//! Cards that go wrong, and whether Linux' driver notices: a fault that nobody notices may be none.

use std::time::Duration;

use anyhow::{Result, ensure};
use nic82599::{Fault, Options};
use qemu::guest::Guest;

use crate::linux;
use crate::responder::Responder;
use crate::rig::{START_LIMIT, told};

crate::facts![
    linux_names_what_is_wrong_with_three_cards,
    linux_notices_a_cable_that_is_pulled_and_a_sender_that_hangs,
];

/// What a line of the script may take; a sender counts as hung after some ten seconds.
const STEP_LIMIT: Duration = Duration::from_secs(120);

fn linux_names_what_is_wrong_with_three_cards() -> Result<()> {
    let mut setup = linux::setup("ip link set eth0 up\nsleep 2\n")?;
    let faults = [
        (Fault::NvmChecksumWrong, "0000:00:02.0: The EEPROM Checksum Is Not Valid"),
        (Fault::ResetNeverEnds, "0000:00:03.0: HW Init failed"),
        (
            Fault::ReceiveEnableNeverSets,
            "0000:00:04.0 eth0: RXDCTL.ENABLE on Rx queue 0 not set within the polling period",
        ),
    ];
    let with = |fault| move |options: &mut Options| options.faults = vec![fault];
    let wires: Result<Vec<_>> =
        faults.map(|(fault, _)| setup.card(with(fault))).into_iter().collect();
    let _wires = wires?;
    setup.start(|guest, _| {
        told(guest, "script", START_LIMIT)?;
        faults.iter().try_for_each(|(_, text)| says(guest, text))
    })
}

fn linux_notices_a_cable_that_is_pulled_and_a_sender_that_hangs() -> Result<()> {
    let mut setup = linux::setup(
        "
carrier() {
  for i in 1 2 3 4 5 6 7 8 9 10; do
    [ \"$(cat /sys/class/net/eth0/carrier)\" = $1 ] && break
    sleep 1
  done
  cat /sys/class/net/eth0/carrier
}
ip address add 198.18.0.1/24 dev eth0
ip link set eth0 up
echo first=$(carrier 1)
echo second=$(carrier 0)
echo third=$(carrier 1)
echo before=$(ping -c 2 198.18.0.2 | grep transmitted)
read go
ping 198.18.0.2 > /dev/null &
until dmesg | grep -q \"Tx Unit Hang\"; do sleep 1; done
echo hung=yes
read go
until ping -c 1 -W 2 198.18.0.2 > /dev/null; do sleep 1; done
echo after=$(ping -c 2 198.18.0.2 | grep transmitted)
",
    )?;
    let wire = setup.card(|_| ())?;
    let _responder = Responder::start(wire);
    setup.start(|guest, devices| {
        ensure!(told(guest, "first", START_LIMIT)? == "1", "no link");
        devices[0].set_link(false);
        ensure!(told(guest, "second", STEP_LIMIT)? == "0", "the link is still up");
        devices[0].set_link(true);
        ensure!(told(guest, "third", STEP_LIMIT)? == "1", "the link is still down");
        ensure!(told(guest, "before", STEP_LIMIT)?.contains("2 packets received"), "no pings");
        devices[0].inject(Fault::TransmitStalls);
        guest.console().send(b"\r")?;
        told(guest, "hung", STEP_LIMIT)?;
        devices[0].heal();
        guest.console().send(b"\r")?;
        ensure!(told(guest, "after", STEP_LIMIT)?.contains("2 packets received"), "no pings after");
        told(guest, "script", STEP_LIMIT)?;
        says(guest, "NIC Link is Down")
    })
}

/// Fails if no line on the console holds `text`.
fn says(guest: &mut Guest, text: &str) -> Result<()> {
    let lines = guest.console().lines();
    ensure!(lines.iter().any(|line| line.contains(text)), "Linux does not say: {text}");
    Ok(())
}
