//! Linux' own driver, `ixgbe` of Debian's kernel, on the model.
//!
//! Without KVM nobody hears the card's interrupts. The kernel is booted with `irqpoll` and
//! without the local timer, so that it asks all its drivers at every tick.

use std::time::Duration;

use anyhow::{Result, ensure};
use qemu::guest::Guest;
use qemu::nic82599::{Device, Rule};

use crate::initramfs::Initramfs;
use crate::packages::{self, Kernel};
use crate::responder::Responder;
use crate::rig::{START_LIMIT, Setup, expect_violations, told};

crate::facts![it_pings_in_all_sizes];

/// In the order in which they need each other.
const MODULES: [&str; 6] = ["dca", "xfrm_algo", "libphy", "mdio", "mdio_devres", "ixgbe"];

/// What a line of the script may take.
const STEP_LIMIT: Duration = Duration::from_secs(120);

/// Rules that this driver breaks; hardware bears with it.
const KNOWN: &[Rule] = &[Rule::FreshDescriptor];

/// The script's beginning: all programs in their places, and the driver loaded.
const BEGIN: &str = "#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
for module in dca xfrm_algo libphy mdio mdio_devres ixgbe; do insmod /modules/$module.ko; done
";

/// The script's end.
const END: &str = "
dmesg | grep ixgbe
echo script=done
poweroff -f
";

/// A machine that runs `script` once the driver is loaded.
fn setup(script: &str) -> Result<Setup> {
    let kernel = Kernel::bring()?;
    let busybox = packages::bring("busybox-static", "bin/busybox")?;
    let mut setup = Setup::new(&kernel.image)?;
    let mut files = ["bin", "proc", "sys", "dev", "tmp", "modules"]
        .into_iter()
        .fold(Initramfs::new(), Initramfs::folder)
        .file("bin/busybox", &busybox)?
        .text("init", &[BEGIN, script, END].concat());
    for module in MODULES {
        files = files.file(&format!("modules/{module}.ko"), &kernel.module(module)?)?;
    }
    let archive = setup.run.file("initramfs");
    files.write(&archive)?;
    setup.machine.module = Some(archive);
    let words = "console=ttyS0 loglevel=1 irqpoll nolapic_timer panic=-1";
    setup.machine.append = words.split(' ').map(str::to_owned).collect();
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

/// Looks at what the kernel said, and at what the card saw.
fn judge(guest: &mut Guest, device: &Device) -> Result<()> {
    let lines = guest.console().lines();
    for line in lines.iter().filter(|line| line.contains("ixgbe")) {
        eprintln!("{line}");
    }
    eprintln!("{} accesses; {:?}", device.access_count(), device.statistics());
    expect_violations(device, KNOWN)
}
