//! Debian's kernel with busybox, running one script.

use anyhow::Result;

use crate::initramfs::Initramfs;
use crate::packages::{self, Kernel};
use crate::rig::Setup;

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

/// A machine with the files of `archive` that loads `modules`, in this order, and then runs
/// `script`. What the script prints as `key=value` can be waited for.
pub(crate) fn machine(archive: Initramfs, modules: &[&str], script: &str) -> Result<Setup> {
    let kernel = Kernel::bring()?;
    let busybox = packages::bring("busybox-static", "bin/busybox")?;
    let mut setup = Setup::new(&kernel.image)?;
    let mut begin = BEGIN.to_owned();
    let mut archive = archive.file("bin/busybox", &busybox)?;
    for module in modules {
        archive = archive.file(&format!("modules/{module}.ko"), &kernel.module(module)?)?;
        begin.push_str(&format!("insmod /modules/{module}.ko\n"));
    }
    let archive = ["proc", "sys", "dev", "tmp"].into_iter().fold(archive, Initramfs::folder);
    let file = setup.run.file("initramfs");
    archive.text("init", &[&begin, script, END].concat()).write(&file)?;
    setup.machine.module = Some(file);
    // Where a busy host starves the emulator, a kernel that checks its timer panics, and one that
    // watches for lockups complains of a driver that only waits.
    let words = "console=ttyS0 loglevel=1 panic=-1 no_timer_check nosoftlockup";
    setup.machine.append = words.split(' ').map(str::to_owned).collect();
    Ok(setup)
}
