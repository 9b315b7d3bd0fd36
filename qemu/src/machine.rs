//! A machine, described in types, and the exact QEMU command line that builds it.
//!
//! Nothing is left to QEMU's defaults (`-nodefaults`): the machine has what its description
//! says, at fixed PCI addresses and with fixed MAC addresses, so that transcripts agree from
//! run to run. Option names are those of QEMU 7.2's manual page.

use std::fmt;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::path::{Path, PathBuf};

use crate::accel::Accelerator;
use crate::command_line::CommandLine;

/// The I/O port of QEMU's debug exit device. A byte written there ends QEMU.
pub const DEBUG_EXIT_PORT: u16 = 0xf4;

/// The first PCI slot on bus 0 that network cards are put into, in order.
pub const FIRST_NIC_SLOT: u8 = 2;

/// A machine and the image that it boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The ELF image, booted by its PVH note.
    pub image: PathBuf,
    /// The image's command line: `key=value` words.
    pub append: Vec<String>,
    /// A file that the loader is to bring along: rules.
    pub module: Option<PathBuf>,
    /// A CD that is booted in place of [`Machine::image`], if wanted. What is on it knows the
    /// image's command line.
    pub cd: Option<PathBuf>,
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
}

/// What kind of network card it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Model {
    /// virtio-net over modern PCI.
    #[default]
    Virtio,
    /// Intel's 82574.
    E1000e,
    /// Intel's 82576, which QEMU has from version 8 on. Such cards are two slots apart: the virtual
    /// functions of one may lie between.
    Igb,
    /// A card outside QEMU, as [`crate::nic82599`] is. It holds the end of its cable that is
    /// QEMU's with other cards, and has the address that it says itself.
    Proxy {
        /// The socket that leads to it: a descriptor that QEMU inherits.
        socket: RawFd,
    },
}

/// A network card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nic {
    /// Its kind.
    pub model: Model,
    /// Further properties of the device, as QEMU's option `-device` has them.
    pub properties: Vec<String>,
    /// What its cable is plugged into.
    pub netdev: Netdev,
    /// A pcap file that every frame of the cable is written to, if wanted.
    pub capture: Option<PathBuf>,
}

/// What a network card's cable is plugged into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Netdev {
    /// A pair of unix datagram sockets, one frame a datagram.
    Dgram {
        /// QEMU's socket.
        qemu: PathBuf,
        /// The other side's socket.
        host: PathBuf,
    },
    /// A tap interface of the host that already exists.
    Tap {
        /// Its name.
        name: String,
        /// Pairs of queues; the interface was made with `multi_queue` if there are several.
        pairs: u8,
    },
    /// A hub inside QEMU, by number: what one plug sends, all others get.
    Hub(u32),
}

/// A datagram wire that is plugged into a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubWire {
    /// The hub's number.
    pub hub: u32,
    /// QEMU's socket.
    pub qemu: PathBuf,
    /// The other side's socket.
    pub host: PathBuf,
}

/// An Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// The address of the machine's network card number `index`.
    #[must_use]
    pub fn of_nic(index: u8) -> Self {
        Self([0x52, 0x54, 0x00, 0xba, 0x5e, index])
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl Nic {
    /// A card on `netdev`, its frames not captured.
    #[must_use]
    pub fn new(netdev: Netdev) -> Self {
        Self { model: Model::default(), properties: Vec::new(), netdev, capture: None }
    }

    /// A card outside QEMU, at the end of the cable `netdev`. QEMU inherits `socket`, which has to
    /// be open until QEMU runs.
    #[must_use]
    pub fn proxy(socket: &OwnedFd, netdev: Netdev) -> Self {
        Self { model: Model::Proxy { socket: socket.as_raw_fd() }, ..Self::new(netdev) }
    }
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
            cd: None,
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
        let mut line = Words(Vec::new());
        self.add_board(&mut line);
        self.add_image(&mut line);
        for (index, nic) in self.nics.iter().enumerate() {
            nic.add(&mut line, index);
        }
        for (index, wire) in self.hub_wires.iter().enumerate() {
            wire.add(&mut line, index);
        }
        self.com1.add(&mut line, "com1");
        self.com2.add(&mut line, "com2");
        self.add_control(&mut line);
        line.0.extend(self.extra.iter().cloned());
        line.0
    }

    fn add_board(&self, line: &mut Words) {
        line.flag("-nodefaults");
        line.flag("-no-user-config");
        line.option("-machine", if self.has_proxy() { "q35,memory-backend=ram" } else { "q35" });
        line.option("-accel", self.accelerator());
        line.option("-cpu", self.cpu.model());
        line.option("-smp", self.cores.to_string());
        line.option("-m", self.memory.to_string());
        if self.has_proxy() {
            // A card outside QEMU reaches into memory that it has been handed the file of.
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

    fn has_proxy(&self) -> bool {
        self.nics.iter().any(|nic| matches!(nic.model, Model::Proxy { .. }))
    }

    fn add_image(&self, line: &mut Words) {
        if let Some(cd) = &self.cd {
            return line.option("-drive", format!("media=cdrom,format=raw,file={}", escaped(cd)));
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

impl Cpu {
    fn model(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Qemu64 => "qemu64",
            Self::Haswell => "Haswell",
        }
    }
}

impl Model {
    /// Slots from one card of this kind to the next.
    fn slots(self) -> usize {
        if self == Self::Igb { 2 } else { 1 }
    }
}

impl Nic {
    fn add(&self, line: &mut Words, index: usize) {
        let slot = usize::from(FIRST_NIC_SLOT) + index * self.model.slots();
        let device = match self.model {
            Model::Virtio => "virtio-net-pci,disable-legacy=on",
            Model::E1000e => "e1000e",
            Model::Igb => "igb",
            Model::Proxy { socket } => {
                let device = format!("x-pci-proxy-dev,id=nic{index},addr={slot:#x},fd={socket}");
                return line.option("-device", device);
            }
        };
        line.option("-netdev", self.netdev.option(&format!("net{index}")));
        let mac = Mac::of_nic(u8::try_from(index).unwrap_or(u8::MAX));
        let queues = self.netdev.queues();
        let mut device = format!(
            "{device}{queues},id=nic{index},netdev=net{index},mac={mac},addr={slot:#x},romfile="
        );
        self.properties.iter().for_each(|property| device.extend([",", property]));
        line.option("-device", device);
        if let Some(file) = &self.capture {
            let file = escaped(file);
            line.option(
                "-object",
                format!("filter-dump,id=dump{index},netdev=net{index},file={file}"),
            );
        }
    }
}

impl Netdev {
    /// What a virtio card needs to be told to have as many queues.
    fn queues(&self) -> &'static str {
        if matches!(self, Self::Tap { pairs: 2.., .. }) { ",mq=on" } else { "" }
    }

    fn option(&self, id: &str) -> String {
        match self {
            Self::Dgram { qemu, host } => dgram(id, qemu, host),
            Self::Tap { name, pairs } => {
                let queues = if *pairs > 1 { format!(",queues={pairs}") } else { String::new() };
                format!("tap,id={id},ifname={name},script=no,downscript=no{queues}")
            }
            Self::Hub(hub) => format!("hubport,id={id},hubid={hub}"),
        }
    }
}

impl HubWire {
    /// The id of hub wire number `index`'s plug, for `netdev_del`.
    #[must_use]
    pub fn plug_id(index: usize) -> String {
        format!("plug{index}")
    }

    fn add(&self, line: &mut Words, index: usize) {
        let wire = format!("wire{index}");
        line.option("-netdev", dgram(&wire, &self.qemu, &self.host));
        let plug = Self::plug_id(index);
        line.option("-netdev", format!("hubport,id={plug},hubid={},netdev={wire}", self.hub));
    }
}

fn dgram(id: &str, qemu: &Path, host: &Path) -> String {
    format!(
        "dgram,id={id},local.type=unix,local.path={},remote.type=unix,remote.path={}",
        escaped(qemu),
        escaped(host)
    )
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
        };
        line.option("-chardev", backend);
        line.option("-serial", format!("chardev:{id}"));
    }
}

/// A path inside a QEMU option: commas, which end a value, are doubled.
fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}

struct Words(Vec<String>);

impl Words {
    fn flag(&mut self, name: &str) {
        self.0.push(name.to_owned());
    }

    fn option(&mut self, name: &str, value: impl Into<String>) {
        self.flag(name);
        self.0.push(value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(machine: &Machine) -> String {
        machine.command_line(Path::new("qemu-system-x86_64")).to_string()
    }

    #[test]
    fn the_smallest_machine_is_this_line() {
        assert_eq!(
            line(&Machine::new(Path::new("/img"))),
            "qemu-system-x86_64 -nodefaults -no-user-config -machine q35 -accel tcg -cpu max \
             -smp 2 -m 512 -display none -monitor none -no-reboot \
             -device isa-debug-exit,iobase=0xf4,iosize=4 -kernel /img \
             -chardev null,id=com1 -serial chardev:com1 -chardev null,id=com2 -serial chardev:com2"
        );
    }

    #[test]
    fn cards_stand_in_fixed_slots_with_fixed_addresses() {
        let mut machine = Machine::new(Path::new("/img"));
        let dgram = Netdev::Dgram { qemu: "/r/a".into(), host: "/r/b".into() };
        machine.nics =
            vec![Nic::new(dgram), Nic { capture: Some("/c,d".into()), ..Nic::new(Netdev::Hub(3)) }];
        let line = line(&machine);
        assert!(line.contains(
            "-netdev dgram,id=net0,local.type=unix,local.path=/r/a,remote.type=unix,remote.path=/r/b \
             -device virtio-net-pci,disable-legacy=on,id=nic0,netdev=net0,mac=52:54:00:ba:5e:00,addr=0x2,\
             romfile= -netdev hubport,id=net1,hubid=3 -device virtio-net-pci,disable-legacy=on,\
             id=nic1,netdev=net1,mac=52:54:00:ba:5e:01,addr=0x3,romfile= \
             -object filter-dump,id=dump1,netdev=net1,file=/c,,d"
        ), "{line}");
    }

    #[test]
    fn a_card_outside_has_a_socket_and_reaches_into_shared_memory() {
        let mut machine = Machine::new(Path::new("/img"));
        machine.nics = vec![Nic { model: Model::Proxy { socket: 7 }, ..Nic::new(Netdev::Hub(0)) }];
        let line = line(&machine);
        assert!(line.contains("-machine q35,memory-backend=ram "), "{line}");
        let backend = "-m 512 -object memory-backend-memfd,id=ram,size=512M,share=on ";
        assert!(line.contains(backend), "{line}");
        assert!(line.contains("-device x-pci-proxy-dev,id=nic0,addr=0x2,fd=7 "), "{line}");
        assert!(!line.contains("-netdev"), "{line}");
    }

    #[test]
    fn a_debugger_stops_the_machine_before_its_first_instruction() {
        let mut machine = Machine::new(Path::new("/img"));
        machine.debugger = Some("/r/gdb".into());
        machine.extra = vec!["-d".into(), "int".into()];
        assert!(line(&machine).ends_with("-gdb unix:/r/gdb,server=on,wait=off -S -d int"));
    }

    #[test]
    fn counting_instructions_and_the_command_line_of_the_image_are_options() {
        let mut machine = Machine::new(Path::new("/img"));
        machine.clock = Clock::Instructions;
        machine.append = vec!["ports=all".into(), "forward=0:1".into()];
        machine.hub_wires = vec![HubWire { hub: 0, qemu: "/r/a".into(), host: "/r/b".into() }];
        let line = line(&machine);
        assert!(line.contains("-icount shift=0,sleep=off"), "{line}");
        assert!(line.contains("-append 'ports=all forward=0:1'"), "{line}");
        assert!(line.contains("-netdev hubport,id=plug0,hubid=0,netdev=wire0"), "{line}");
    }
}
