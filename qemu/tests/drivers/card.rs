//! The model of the 82599 with a host around it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use bus::pci::PciAddress;
use intel::Error;
use nic82599::{Fault, Local, Options};
use qemu::run_directory::RunDirectory;
use qemu::wire::Wire;

use crate::bus::Bus;
use crate::host::{Host, Time};
use crate::memory::Memory;
use crate::port::Port;

/// Where firmware put the registers.
const BAR: u32 = 0xFE00_0000;
/// Where devices see memory: above 4 GB, so that the upper half of no address is lost.
const MEMORY: u64 = 0x12_4000_0000;
/// Frames of a host, of which sixteen rings hold 8192.
const FRAMES: usize = 10_000;
/// Bytes of memory: frames, rings, and what alignment takes.
const BYTES: usize = FRAMES * 2048 + (1 << 20);
/// How long a frame may take through a socket; no more than what a busy machine does to a process.
const LIMIT: Duration = Duration::from_secs(60);

/// The address of the card.
pub(crate) const MAC: [u8; 6] = [0x02, 0x11, 0x22, 0x33, 0x44, 0x55];

/// The one place on the bus that has a card.
fn place() -> PciAddress {
    PciAddress::new(0, 0, 1, 0)
}

/// A bus with the model at [`place`], as a card with some device number.
struct Slot {
    card: Rc<Local>,
    device: Cell<Option<u16>>,
}

impl Bus for Slot {
    fn read(&self, address: u64, bytes: usize) -> u32 {
        assert_eq!(bytes, 4, "registers have 32 bits");
        self.card.read(offset(address))
    }

    fn write(&self, address: u64, bytes: usize, value: u32) {
        assert_eq!(bytes, 4, "registers have 32 bits");
        self.card.write(offset(address), value);
    }

    fn read_config(&self, address: PciAddress, offset: u16) -> u32 {
        match (address == place(), offset, self.device.get()) {
            (false, ..) => u32::MAX,
            (true, 0, Some(device)) => u32::from(device) << 16 | 0x8086,
            _ => self.card.read_config(offset.into()),
        }
    }

    fn write_config(&self, address: PciAddress, offset: u16, value: u32) {
        if address == place() {
            self.card.write_config(offset.into(), value);
        }
    }
}

fn offset(address: u64) -> u32 {
    u32::try_from(address - u64::from(BAR)).expect("the registers are there")
}

/// A card, its cable, and its host.
pub(crate) struct Bench {
    pub(crate) card: Rc<Local>,
    pub(crate) host: Host,
    pub(crate) wire: Wire,
    slot: Rc<Slot>,
    _run: RunDirectory,
}

impl Bench {
    /// A card in order.
    pub(crate) fn new() -> Result<Self> {
        Self::with(&[])
    }

    /// A card with these faults.
    pub(crate) fn with(faults: &[Fault]) -> Result<Self> {
        let run = RunDirectory::new()?;
        let wire = Wire::open(&run, "wire")?;
        let cable = wire.netdev().ends();
        let options = Options { cable, faults: faults.to_vec(), ..Options::new(MAC) };
        let memory = Memory::new(BYTES, MEMORY, 0)?;
        let card = Rc::new(Local::new(&options, memory.file()?, MEMORY)?);
        card.write_config(0x10, BAR);
        let slot = Rc::new(Slot { card: Rc::clone(&card), device: Cell::new(None) });
        let bus: Rc<dyn Bus> = Rc::clone(&slot) as _;
        let host = Host::new(memory, bus, FRAMES, Time::Steps(Cell::new(0)));
        Ok(Self { card, host, wire, slot, _run: run })
    }

    /// Has the card be one with this device number.
    pub(crate) fn call_it(&self, device: u16) {
        self.slot.device.set(Some(device));
    }

    /// Opens the card with so many pairs of queues, which receive.
    pub(crate) fn start(&mut self, pairs: usize) -> Result<Port> {
        self.host.start(place(), pairs).map_err(|error| anyhow!("it cannot be opened: {error:?}"))
    }

    /// Opens the card with one pair of queues, which has no frames yet.
    pub(crate) fn open(&mut self) -> Result<Port, Error> {
        self.host.open(place(), 1)
    }

    /// Has these frames come in, and returns what queue 0 gives, one by one.
    pub(crate) fn pass(&mut self, port: &mut Port, frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut received = Vec::new();
        for frame in frames {
            self.card.arrive(frame);
            received.extend(port.receive(0, self.host.pool).frames);
        }
        received
    }

    /// The next `count` frames on the wire.
    pub(crate) fn sent(&self, count: usize) -> Result<Vec<Vec<u8>>> {
        let mut buffer = vec![0; 1 << 16];
        let next = |_| {
            self.card.tick();
            let length = self.wire.receive(&mut buffer, LIMIT)?;
            ensure!(length.is_some(), "a frame is missing on the wire");
            Ok(buffer[..length.unwrap_or(0)].to_vec())
        };
        (0..count).map(next).collect()
    }

    /// Closes the card, and finds every frame, and nothing that it complains of.
    pub(crate) fn end(mut self, port: Port) -> Result<()> {
        self.host.close(port).map_err(|error| anyhow!("it does not close: {error:?}"))?;
        self.check()
    }

    /// Finds every frame, and nothing that the card complains of.
    pub(crate) fn check(&self) -> Result<()> {
        self.host.census();
        let violations = self.card.violations();
        ensure!(violations.is_empty(), "{violations:#?}");
        Ok(())
    }
}
