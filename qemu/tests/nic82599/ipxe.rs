//! iPXE's own driver, `intelx` of Debian's `ipxe.lkrn`, on the model.

use std::fs;

use anyhow::{Result, ensure};
use nic82599::Rule;
use qemu::debian::packages;

use crate::rig::{START_LIMIT, Setup, expect_violations};

crate::facts![it_gets_an_address_and_three_megabytes];

/// Bytes that are fetched.
const SIZE: usize = 3 << 20;

/// Rules that this driver breaks; hardware bears with it. It waits for no ENABLE, sets TE and clears
/// the reserved bit only then, leaves the security block alone, and has another bit of RDRXCTL
/// strip the CRC.
const KNOWN: &[Rule] = &[
    Rule::TailAfterEnable,
    Rule::TransmitDmaFirst,
    Rule::ReservedBits,
    Rule::SecurityBlock,
    Rule::CrcStripAgrees,
];

const SCRIPT: &str = "#!ipxe
ifstat
dhcp net0 && echo address=${net0/ip} || echo address=none
imgfetch --name noise tftp://10.0.2.2/noise && echo fetched=yes || echo fetched=no
imgstat
ifstat
echo script=done
shell
";

fn it_gets_an_address_and_three_megabytes() -> Result<()> {
    let image = packages::bring("ipxe", "boot/ipxe.lkrn")?;
    let mut setup = Setup::new(&image)?;
    let script = setup.run.file("start.ipxe");
    fs::write(&script, SCRIPT)?;
    setup.machine.module = Some(script);
    // The firmware's console, which iPXE writes to, is to be COM1.
    setup.machine.extra.extend(["-machine".to_owned(), "graphics=off".to_owned()]);
    let files = setup.run.path().to_owned();
    fs::write(setup.run.file("noise"), vec![0x5A; SIZE])?;
    setup.card_to_user_network(&files, |_| ())?;
    setup.start(|guest, devices| {
        guest.expect("script=done", START_LIMIT)?;
        let lines = guest.console().lines();
        let says = |text: &str| lines.iter().any(|line| line.contains(text));
        ensure!(says("address=10.0.2.15"), "no address: {lines:#?}");
        ensure!(says("fetched=yes"), "nothing fetched: {lines:#?}");
        ensure!(says(&format!("noise : {SIZE} bytes")), "another size: {lines:#?}");
        ensure!(says("using 82599-sfp"), "another driver: {lines:#?}");
        let statistics = devices[0].statistics();
        ensure!(statistics.received as usize > SIZE / 1500, "{statistics:?}");
        expect_violations(&devices[0], KNOWN, &[])
    })
}
