//! Debian's kernel with busybox, running one script.

use std::path::Path;

use anyhow::Result;

use super::initramfs::Initramfs;
use super::packages::{self, Kernel};
use crate::machine::Machine;

/// All programs in their places, and what the kernel shows.
const BEGIN: &str = "#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
";

const END: &str = "
echo script=done
poweroff -f
";

/// Has `machine` boot Debian's kernel with the files of `archive`, load `modules`, in this order, and then run
/// `script`. What the script prints as `key=value` can be waited for. The archive is written to `file`.
///
/// # Errors
///
/// Kernel or busybox cannot be had, or a file cannot be read or written.
pub fn boot(
    machine: &mut Machine,
    (archive, file): (Initramfs, &Path),
    modules: &[&str],
    script: &str,
) -> Result<()> {
    let kernel = Kernel::bring()?;
    let busybox = packages::bring("busybox-static", "bin/busybox")?;
    let mut begin = BEGIN.to_owned();
    let mut archive = archive.file("bin/busybox", &busybox)?;
    for module in modules {
        archive = archive.file(&format!("modules/{module}.ko"), &kernel.module(module)?)?;
        begin.push_str(&format!("insmod /modules/{module}.ko\n"));
    }
    let archive = ["proc", "sys", "dev", "tmp"].into_iter().fold(archive, Initramfs::folder);
    archive.text("init", &[&begin, script, END].concat()).write(file)?;
    machine.image = kernel.image;
    machine.module = Some(file.to_owned());
    // Where a busy host starves the emulator, a kernel that checks its timer panics, and one that
    // watches for lockups complains of a driver that only waits.
    let words = "console=ttyS0 loglevel=1 panic=-1 no_timer_check nosoftlockup";
    machine.append = words.split(' ').map(str::to_owned).collect();
    Ok(())
}
