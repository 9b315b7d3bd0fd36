//! The card, driven by hand.

mod receive;
mod strictness;
mod transmit;
mod waits;

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::bits;
use super::cable::Cable;
use super::card::Card;
use super::config::Config;
use super::faults::{Fault, Lie};
use super::memory::{Memory, tests::played};
use super::registers::{self as regs, Register};
use super::violations::Rule;
use qemu::frames::Frames;
use qemu::run_directory::RunDirectory;

const RX_RING: u32 = 0x1000;
const TX_RING: u32 = 0x2000;
const BUFFERS: u32 = 0x1_0000;
const BUFFER: u32 = 0x1000;
const SLOTS: u32 = 8;
const ADVANCED: u32 = 1 << 25;

/// Command bits of an advanced data descriptor: type, DEXT, IFCS, EOP.
const WHOLE: u32 = 3 << 20 | 1 << 29 | 1 << 25 | 1 << 24;
const RS: u32 = 1 << 27;

/// A card, and the other end of its cable.
struct Bench {
    card: Card,
    peer: UnixDatagram,
    _run: RunDirectory,
}

impl Bench {
    /// A card that is bus master and has nothing set up.
    fn new() -> Self {
        let run = RunDirectory::new().unwrap();
        let peer = UnixDatagram::bind(run.file("peer")).unwrap();
        peer.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let cable = Cable::open(&run.file("own"), &run.file("peer")).unwrap();
        let config = Config::new(true);
        let mut card = Card::new([2, 0, 0, 0, 0, 1], config, Some(cable), 0);
        card.set_memory(vec![played(0, 1 << 20)]);
        card.write_config(4, 6, 2);
        Self { card, peer, _run: run }
    }

    /// The same with both directions of queue 0 running, by the book.
    fn ready() -> Self {
        let mut bench = Self::new();
        bench.set_up_receive(0, ADVANCED | 1);
        bench.set_up_transmit(0);
        bench.start_receive();
        bench.write(regs::RDT.at(0), SLOTS - 1);
        bench
    }

    fn write(&mut self, register: Register, value: u32) {
        self.card.write(register.0.into(), value.into(), 4);
    }

    fn read(&mut self, register: Register) -> u32 {
        self.card.read(register.0.into(), 4) as u32
    }

    fn set_up_receive(&mut self, queue: u32, srrctl: u32) {
        let ring = RX_RING + queue * 0x100;
        for slot in 0..SLOTS {
            self.post(queue, slot);
        }
        self.write(regs::RDBAL.at(queue), ring);
        self.write(regs::RDLEN.at(queue), SLOTS * 16);
        self.write(regs::SRRCTL.at(queue), srrctl);
        self.write(regs::DCA_RXCTRL.at(queue), 0);
        self.write(regs::RXDCTL.at(queue), bits::DCTL_ENABLE);
        self.read(regs::RXDCTL.at(queue));
        assert_ne!(self.read(regs::RXDCTL.at(queue)) & bits::DCTL_ENABLE, 0);
    }

    fn post(&mut self, queue: u32, slot: u32) {
        let buffer = BUFFERS + (queue * SLOTS + slot) * BUFFER;
        self.put(RX_RING + queue * 0x100 + slot * 16, [buffer, 0, 0, 0]);
    }

    fn start_receive(&mut self) {
        self.write(regs::FCTRL, bits::FCTRL_UPE | bits::FCTRL_BAM);
        self.write(regs::RDRXCTL, bits::RDRXCTL_CRCSTRIP);
        self.write(regs::SECRXCTRL, bits::SECRXCTRL_DIS);
        assert_eq!(self.read(regs::SECRXSTAT), bits::SECRXSTAT_RDY);
        self.write(regs::RXCTRL, bits::RXCTRL_RXEN);
        self.write(regs::SECRXCTRL, 0);
    }

    fn set_up_transmit(&mut self, queue: u32) {
        self.write(regs::DMATXCTL, 0x8100 << 16 | bits::DMATXCTL_TE);
        self.write(regs::TDBAL.at(queue), TX_RING);
        self.write(regs::TDLEN.at(queue), SLOTS * 16);
        self.write(regs::TXDCTL.at(queue), bits::DCTL_ENABLE);
        self.read(regs::TXDCTL.at(queue));
        assert_ne!(self.read(regs::TXDCTL.at(queue)) & bits::DCTL_ENABLE, 0);
    }

    fn put(&self, address: u32, words: [u32; 4]) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.memory().write(address.into(), &bytes).unwrap();
    }

    fn words(&self, address: u32) -> [u32; 4] {
        let bytes = self.bytes(address, 16);
        std::array::from_fn(|i| u32::from_le_bytes(bytes[4 * i..4 * i + 4].try_into().unwrap()))
    }

    fn bytes(&self, address: u32, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.memory().read(address.into(), &mut bytes).unwrap();
        bytes
    }

    fn memory(&self) -> &Memory {
        &self.card.memory
    }

    /// Puts a frame into transmit descriptor `slot`.
    fn hand_over(&self, slot: u32, frame: &[u8], command: u32) {
        let buffer = BUFFERS + 0x8_0000 + slot * BUFFER;
        self.memory().write(buffer.into(), frame).unwrap();
        let length = frame.len() as u32;
        self.put(TX_RING + slot * 16, [buffer, 0, length | command, length << 14]);
    }

    fn is_sent(&self, slot: u32) -> bool {
        self.words(TX_RING + slot * 16)[3] & 1 != 0
    }

    fn frame_at_peer(&self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 1 << 16];
        let length = self.peer.recv(&mut buffer).ok()?;
        buffer.truncate(length);
        Some(buffer)
    }

    fn rules(&self) -> Vec<Rule> {
        self.card.violations.first().iter().map(|it| it.rule).collect()
    }
}

fn frame(size: usize) -> Vec<u8> {
    Frames::sized(0, size).next().unwrap()
}
