//! A machine, described in types, and the exact QEMU command line that builds it.
//!
//! Nothing is left to QEMU's defaults (`-nodefaults`): the machine has what its description
//! says, at fixed PCI addresses and with fixed MAC addresses, so that transcripts agree from
//! run to run. Option names are those of QEMU 7.2's manual page.

mod cable;
mod nic;
#[cfg(test)]
mod tests;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use words::{Words, escaped};

use crate::accel::Accelerator;
use crate::command_line::CommandLine;
use crate::find;
use crate::run_directory::RunDirectory;

pub use cable::{HubWire, Netdev};
pub use nic::{FIRST_NIC_SLOT, Mac, Model, Nic};

/// The I/O port of QEMU's debug exit device. A byte written there ends QEMU.
pub const DEBUG_EXIT_PORT: u16 = 0xf4;

/// A machine and the image that it boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The image: the ELF file, booted by its PVH note, or `barecore.img`, booted as Linux is.
    pub image: PathBuf,
    /// The image's command line: `key=value` words.
    pub append: Vec<String>,
    /// A file that the loader is to bring along: rules.
    pub module: Option<PathBuf>,
    /// Where the image comes from.
    pub boots: Boots,
    /// What runs before the image.
    pub firmware: Firmware,
    /// What runs the guest's instructions.
    pub accelerator: Accelerator,
    /// What the guest's clocks follow.
    pub clock: Clock,
    /// The processor model.
    pub cpu: Cpu,
    /// Processors. The first is the control core, every other one a PMD core.
    pub cores: u32,
    /// Memory in MiB.
    pub memory: u32,
    /// Network cards, from PCI slot [`FIRST_NIC_SLOT`] upwards.
    pub nics: Vec<Nic>,
    /// Wires into a hub, beside the cards that are plugged into it.
    pub hub_wires: Vec<HubWire>,
    /// Where the console, COM1, leads to.
    pub com1: Serial,
    /// Where the log stream, COM2, leads to.
    pub com2: Serial,
    /// Socket of QEMU's own control protocol, if wanted.
    pub qmp: Option<PathBuf>,
    /// Socket that a debugger is waited for at, before the first instruction, if wanted.
    pub debugger: Option<PathBuf>,
    /// Whether the machine waits for `cont` over [`Machine::qmp`] before its first instruction.
    pub paused: bool,
    /// Further words for QEMU, last.
    pub extra: Vec<String>,
}

/// Where the image comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Boots {
    /// From [`Machine::image`], handed over by QEMU.
    Image,
    /// From this CD. What is on it knows the image's command line.
    Cd(PathBuf),
    /// From the network, by the first card.
    Network,
}

/// What runs before the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// SeaBIOS, QEMU's own.
    Bios,
    /// UEFI firmware: OVMF.
    Uefi {
        /// Its code.
        code: PathBuf,
        /// Its variables, which it writes to.
        variables: PathBuf,
    },
}

/// What the guest's clocks follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The host's time.
    Host,
    /// Instructions executed, one tick of the time-stamp counter each: runs are repeatable.
    /// Needs [`Accelerator::Tcg`].
    Instructions,
}

/// The processor model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cpu {
    /// All that the accelerator can do: the host's processor, or all that TCG emulates.
    Max,
    /// A plain 64-bit processor with SSE2 and nothing newer.
    Qemu64,
    /// As much as an Intel server of 2013 had: AVX2, no AVX-512.
    Haswell,
}

/// Where a serial port leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Serial {
    /// A unix stream socket. QEMU listens, and starts nothing before somebody has connected,
    /// so that no byte is lost.
    Socket(PathBuf),
    /// A file that is written.
    File(PathBuf),
    /// QEMU's own standard input and output.
    Stdio,
    /// The port exists and leads nowhere.
    Nowhere,
    /// There is no such port.
    Absent,
}

impl Machine {
    /// A q35 with two cores, 512 MiB and no network card that boots `image` under TCG and
    /// whose serial ports lead nowhere.
    #[must_use]
    pub fn new(image: &Path) -> Self {
        Self {
            image: image.to_owned(),
            append: Vec::new(),
            module: None,
            boots: Boots::Image,
            firmware: Firmware::Bios,
            accelerator: Accelerator::Tcg,
            clock: Clock::Host,
            cpu: Cpu::Max,
            cores: 2,
            memory: 512,
            nics: Vec::new(),
            hub_wires: Vec::new(),
            com1: Serial::Nowhere,
            com2: Serial::Nowhere,
            qmp: None,
            debugger: None,
            paused: false,
            extra: Vec::new(),
        }
    }

    /// The line that starts this machine with the QEMU at `program`.
    #[must_use]
    pub fn command_line(&self, program: &Path) -> CommandLine {
        CommandLine::new(program, self.arguments())
    }

    fn arguments(&self) -> Vec<String> {
        let mut line = Words::default();
        self.add_board(&mut line);
        self.firmware.add(&mut line);
        self.add_image(&mut line);
        for (index, nic) in self.nics.iter().enumerate() {
            nic.add(&mut line, index, self.boots == Boots::Network && index == 0);
        }
        for (index, wire) in self.hub_wires.iter().enumerate() {
            wire.add(&mut line, index);
        }
        self.com1.add(&mut line, "com1");
        self.com2.add(&mut line, "com2");
        self.add_control(&mut line);
        line.extend(&self.extra);
        line.into_vec()
    }

    fn add_board(&self, line: &mut Words) {
        line.flag("-nodefaults");
        line.flag("-no-user-config");
        line.option(
            "-machine",
            if self.shares_memory() { "q35,memory-backend=ram" } else { "q35" },
        );
        line.option("-accel", self.accelerator());
        line.option("-cpu", self.cpu.model());
        line.option("-smp", self.cores.to_string());
        line.option("-m", self.memory.to_string());
        if self.shares_memory() {
            // What is outside QEMU reaches into memory that it has been handed the file of.
            let size = self.memory;
            let backend = format!("memory-backend-memfd,id=ram,size={size}M,share=on");
            line.option("-object", backend);
        }
        if self.clock == Clock::Instructions {
            line.option("-icount", "shift=0,sleep=off");
        }
        line.option("-display", "none");
        line.option("-monitor", "none");
        line.flag("-no-reboot");
        line.option("-device", format!("isa-debug-exit,iobase={DEBUG_EXIT_PORT:#x},iosize=4"));
    }

    /// What runs the guest. All its processors take turns where a card is outside QEMU: an access to such
    /// a card is lost if one of another processor is under way, as QEMU 7.2 takes that for an access
    /// from within (its guard against re-entrant DMA, of 7.2.3).
    fn accelerator(&self) -> String {
        let turns = if self.has_proxy() && self.cores > 1 { ",thread=single" } else { "" };
        format!("{}{turns}", self.accelerator)
    }

    fn shares_memory(&self) -> bool {
        let has_queues_outside = |nic: &Nic| matches!(nic.netdev, Netdev::VhostUser { .. });
        self.has_proxy() || self.nics.iter().any(has_queues_outside)
    }

    fn has_proxy(&self) -> bool {
        self.nics.iter().any(|nic| matches!(nic.model, Model::Proxy { .. }))
    }

    fn add_image(&self, line: &mut Words) {
        match &self.boots {
            Boots::Image => {}
            Boots::Network => return,
            Boots::Cd(cd) => {
                let drive = format!("media=cdrom,format=raw,file={}", escaped(cd));
                return line.option("-drive", drive);
            }
        }
        line.option("-kernel", self.image.to_string_lossy());
        if !self.append.is_empty() {
            line.option("-append", self.append.join(" "));
        }
        if let Some(module) = &self.module {
            line.option("-initrd", module.to_string_lossy());
        }
    }

    fn add_control(&self, line: &mut Words) {
        if let Some(socket) = &self.qmp {
            line.option("-qmp", format!("unix:{},server=on,wait=off", escaped(socket)));
        }
        if let Some(socket) = &self.debugger {
            line.option("-gdb", format!("unix:{},server=on,wait=off", escaped(socket)));
        }
        if self.paused || self.debugger.is_some() {
            line.flag("-S");
        }
    }
}

impl Firmware {
    /// UEFI firmware whose variables are in a fresh copy in `run`.
    ///
    /// # Errors
    ///
    /// It is not installed, or cannot be copied.
    pub fn uefi(run: &RunDirectory) -> Result<Self> {
        let [code, variables] = find::OVMF;
        let own = run.file("variables.fd");
        fs::copy(variables, &own).with_context(|| format!("cannot copy {variables}"))?;
        Ok(Self::Uefi { code: code.into(), variables: own })
    }

    fn add(&self, line: &mut Words) {
        let Self::Uefi { code, variables } = self else { return };
        let flash = |unit, file| format!("if=pflash,format=raw,unit={unit},file={}", escaped(file));
        line.option("-drive", flash(0, code) + ",readonly=on");
        line.option("-drive", flash(1, variables));
    }
}

impl Cpu {
    fn model(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Qemu64 => "qemu64",
            Self::Haswell => "Haswell",
        }
    }
}

impl Serial {
    fn add(&self, line: &mut Words, id: &str) {
        let backend = match self {
            Self::Socket(path) => {
                format!("socket,id={id},path={},server=on,wait=on", escaped(path))
            }
            Self::File(path) => format!("file,id={id},path={}", escaped(path)),
            Self::Stdio => format!("stdio,id={id},signal=off"),
            Self::Nowhere => format!("null,id={id}"),
            Self::Absent => return,
        };
        line.option("-chardev", backend);
        line.option("-serial", format!("chardev:{id}"));
    }
}
