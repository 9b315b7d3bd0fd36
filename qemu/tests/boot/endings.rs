//! The ways to leave on purpose.

use anyhow::{Result, ensure};
use qemu::guest::Exit;

use crate::rig::{LIMIT, Rig};

crate::facts![exit_ends_the_emulator_with_the_status_of_success, reboot_resets_the_machine];

fn exit_ends_the_emulator_with_the_status_of_success(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| session.exit())
}

fn reboot_resets_the_machine(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        session.console().send(b"reboot\r")?;
        // QEMU is told to end where the machine would start again.
        let exit = session.wait_exit(LIMIT)?;
        ensure!(exit == Exit::PoweredOff, "reboot led to {exit:?}");
        Ok(())
    })
}
