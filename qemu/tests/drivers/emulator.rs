//! A QEMU whose devices are driven from this process, by its qtest socket.
//!
//! No guest runs: its processor halts at the first instruction. Debian's QEMU has no accelerator for
//! this, but the socket works beside any. Registers and ports go over it, a line each way; memory is
//! a file that both have mapped, so that rings and frames are as on a machine.

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{self, Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bus::pci::PciAddress;
use qemu::machine::{FIRST_NIC_SLOT, Mac, Netdev};
use qemu::qmp::Qmp;
use qemu::run_directory::RunDirectory;

use crate::bus::Bus;

/// How long QEMU may take to start, or to answer: no more than what a busy machine does to it.
const LIMIT: Duration = Duration::from_secs(60);
/// How often a QEMU that starts is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// Bytes of the firmware, and where in it the processor begins: 16 bytes before its end.
const FIRMWARE: usize = 1 << 16;
/// `cli`, `hlt`, and back again should it wake up.
const HALT: [u8; 4] = [0xfa, 0xf4, 0xeb, 0xfc];
/// Where the memory of devices is put from. There is nothing else up to 0xFEC0_0000.
const DEVICES: u32 = 0xE000_0000;
/// Ports of the configuration space (PCI 3.0, 3.2.2.3.2).
const ADDRESS: u16 = 0xCF8;
const DATA: u16 = 0xCFC;

/// A running QEMU, until it is ended. What a driver has of its bus may outlive that.
pub(crate) struct Emulator {
    child: RefCell<Child>,
    socket: RefCell<BufReader<UnixStream>>,
    /// Where the next device's memory goes.
    next: Cell<u32>,
    run: RunDirectory,
}

impl Emulator {
    /// Starts `program` with network cards of this kind, plugged into `cables`, in slots two
    /// apart: those of a card's virtual functions may lie between. It has the memory that `memory` holds.
    pub(crate) fn start(
        program: &Path,
        device: &str,
        cables: &[Netdev],
        run: RunDirectory,
        memory: &File,
    ) -> Result<Self> {
        let listener = UnixListener::bind(run.file("qtest"))?;
        listener.set_nonblocking(true)?;
        fs::write(run.file("firmware"), firmware())?;
        let mut command = Command::new(program);
        command.args(board(&run, memory)?);
        for (index, cable) in cables.iter().enumerate() {
            command.args(card(device, index, cable)?);
        }
        let complaints = File::create(run.file("complaints"))?;
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(complaints).spawn()?;
        let stream = match accept(&listener, &mut child) {
            Ok(stream) => stream,
            Err(error) => {
                end(&mut child);
                let said = fs::read_to_string(run.file("complaints")).unwrap_or_default();
                return Err(error.context(format!("{command:?}\n{said}")));
            }
        };
        let socket = RefCell::new(BufReader::new(stream));
        let emulator = Self { child: RefCell::new(child), socket, next: Cell::new(DEVICES), run };
        (0..cables.len()).for_each(|index| emulator.place_memory(place(index)));
        Ok(emulator)
    }

    /// Ends QEMU.
    pub(crate) fn end(&self) {
        end(&mut self.child.borrow_mut());
    }

    /// A session with QEMU itself.
    pub(crate) fn qmp(&self) -> Result<Qmp> {
        Qmp::connect(&self.run.file("qmp"))
    }

    /// Gives all memory of the function at `address` a place, as firmware does.
    fn place_memory(&self, address: PciAddress) {
        let mut offsets = (0x10..0x28).step_by(4);
        while let Some(offset) = offsets.next() {
            let kind = self.read_config(address, offset);
            self.write_config(address, offset, u32::MAX);
            let mask = self.read_config(address, offset) & !0xf;
            self.write_config(address, offset, 0);
            if kind & 1 != 0 || mask == 0 {
                continue;
            }
            let len = mask.wrapping_neg();
            let place = self.next.get().next_multiple_of(len);
            self.next.set(place + len);
            self.write_config(address, offset, place);
            if kind & 0b110 == 0b100 {
                offsets.next();
                self.write_config(address, offset + 4, 0);
            }
        }
    }

    /// Says `line`, and what QEMU answers.
    fn ask(&self, line: &str) -> Result<String> {
        let mut socket = self.socket.borrow_mut();
        writeln!(socket.get_mut(), "{line}")?;
        let mut answer = String::new();
        socket.read_line(&mut answer).with_context(|| format!("no answer to {line}"))?;
        let value = answer.strip_prefix("OK").with_context(|| format!("{line}: {answer}"))?;
        Ok(value.trim().to_owned())
    }

    fn read(&self, line: &str) -> u32 {
        let read = || {
            let answer = self.ask(line)?;
            let digits = answer.trim_start_matches("0x");
            u64::from_str_radix(digits, 16).with_context(|| format!("{line}: {answer}"))
        };
        read().expect("QEMU answers") as u32
    }

    fn write(&self, line: &str) {
        self.ask(line).expect("QEMU answers");
    }

    fn select(&self, address: PciAddress, offset: u16) {
        let function = u32::from(address.device()) << 11 | u32::from(address.function()) << 8;
        let place = 1 << 31 | u32::from(address.bus()) << 16 | function | u32::from(offset);
        self.write(&format!("outl {ADDRESS:#x} {place:#x}"));
    }
}

impl Bus for Emulator {
    fn read(&self, address: u64, bytes: usize) -> u32 {
        self.read(&format!("read{} {address:#x}", suffix(bytes)))
    }

    fn write(&self, address: u64, bytes: usize, value: u32) {
        self.write(&format!("write{} {address:#x} {value:#x}", suffix(bytes)));
    }

    fn read_config(&self, address: PciAddress, offset: u16) -> u32 {
        self.select(address, offset);
        self.read(&format!("inl {DATA:#x}"))
    }

    fn write_config(&self, address: PciAddress, offset: u16, value: u32) {
        self.select(address, offset);
        self.write(&format!("outl {DATA:#x} {value:#x}"));
    }
}

/// Where card number `index` is.
pub(crate) fn place(index: usize) -> PciAddress {
    PciAddress::new(0, 0, slot(index), 0)
}

fn slot(index: usize) -> u8 {
    FIRST_NIC_SLOT + 2 * index as u8
}

fn suffix(bytes: usize) -> char {
    match bytes {
        1 => 'b',
        2 => 'w',
        _ => 'l',
    }
}

fn firmware() -> Vec<u8> {
    let mut bytes = vec![0; FIRMWARE];
    let start = FIRMWARE - 16;
    bytes[start..start + HALT.len()].copy_from_slice(&HALT);
    bytes
}

fn board(run: &RunDirectory, memory: &File) -> Result<Vec<String>> {
    let len = memory.metadata()?.len();
    // A descriptor of this process, which has no name.
    let file = format!("/proc/{}/fd/{}", process::id(), memory.as_raw_fd());
    let words = [
        "-nodefaults -no-user-config -display none -machine q35,memory-backend=ram -accel tcg"
            .into(),
        format!(
            "-m {} -object memory-backend-file,id=ram,size={len},mem-path={file},share=on",
            len >> 20
        ),
        format!("-bios {}", run.file("firmware").display()),
        format!("-qtest unix:{} -qtest-log none", run.file("qtest").display()),
        format!("-qmp unix:{},server=on,wait=off", run.file("qmp").display()),
    ];
    Ok(words.iter().flat_map(|line| line.split(' ').map(str::to_owned)).collect())
}

fn card(device: &str, index: usize, cable: &Netdev) -> Result<Vec<String>> {
    let (mac, slot) = (Mac::of_nic(index as u8), slot(index));
    let device = format!("{device},netdev=net{index},mac={mac},addr={slot:#x},romfile=");
    let words = match cable {
        Netdev::Dgram { qemu, host } => {
            let (qemu, host) = (qemu.display(), host.display());
            let ends = format!("local.path={qemu},remote.type=unix,remote.path={host}");
            format!("-netdev dgram,id=net{index},local.type=unix,{ends}")
        }
        Netdev::VhostUser { socket, pairs } => format!(
            "-chardev socket,id=peer{index},path={} \
             -netdev vhost-user,id=net{index},chardev=peer{index},queues={pairs}",
            socket.display()
        ),
        _ => bail!("a cable of another kind"),
    };
    let words = words.split(' ').chain(["-device", &device]);
    Ok(words.map(str::to_owned).collect())
}

fn accept(listener: &UnixListener, child: &mut Child) -> Result<UnixStream> {
    let start = Instant::now();
    loop {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false)?;
            stream.set_read_timeout(Some(LIMIT))?;
            return Ok(stream);
        }
        if let Some(status) = child.try_wait()? {
            bail!("QEMU ended at once ({status})");
        }
        ensure!(start.elapsed() < LIMIT, "QEMU does not open its socket");
        thread::sleep(LOOK_AGAIN);
    }
}

fn end(child: &mut Child) {
    // One that has ended by itself cannot be ended.
    let _ = child.kill();
    let _ = child.wait();
}
