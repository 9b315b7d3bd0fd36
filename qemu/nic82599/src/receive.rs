//! Receiving: the packet buffer, queues, descriptors (7.1).

use std::collections::VecDeque;

use super::bits;
use super::card::Card;
use super::enable::Enable;
use super::faults::Fault;
use super::filters::{GROUP, VLAN, tag};
use super::packet::word;
use super::registers::{self as regs, QUEUES};
use super::report::{Kind, Report, status};
use super::ring::{self, Ring};
use super::rss::{Hash, KEY};
use super::statistics::{count_for, size_class};
use super::violations::Rule;

/// Bytes of the check sequence, which the cable does not carry.
pub(crate) const CRC: usize = 4;

/// Bytes that a shorter frame was filled up to by whoever sent it, without CRC.
pub(crate) const SHORTEST: usize = 60;

/// What is waiting to be received.
#[derive(Debug)]
pub(crate) struct Receiver {
    /// The packet buffer.
    waiting: VecDeque<Vec<u8>>,
    /// Bytes in it.
    bytes: usize,
    /// ENABLE of all queues.
    pub(crate) enables: Vec<Enable>,
}

/// A frame on its way into descriptors.
pub(crate) struct Arrival {
    pub(crate) bytes: Vec<u8>,
    pub(crate) tag: Option<u16>,
    pub(crate) hash: Hash,
    queue: u32,
}

impl Receiver {
    /// Nothing waiting, all queues off.
    pub(crate) fn new() -> Self {
        let enables = vec![Enable::Off; QUEUES as usize];
        Self { waiting: VecDeque::new(), bytes: 0, enables }
    }

    fn pop(&mut self) {
        if let Some(frame) = self.waiting.pop_front() {
            self.bytes -= frame.len();
        }
    }
}

impl Card {
    /// A frame comes in by the cable.
    pub(crate) fn arrive(&mut self, frame: &[u8]) {
        if !self.is_link_up() || !self.is_receiving() {
            self.statistics.unheard += 1;
            return;
        }
        let mut frame = frame.to_vec();
        frame.resize(frame.len().max(SHORTEST), 0);
        if !self.is_sound(&frame) {
            self.statistics.damaged += 1;
        } else if !self.takes(&frame) {
            self.statistics.arrived += 1;
            self.statistics.filtered += 1;
        } else {
            self.statistics.arrived += 1;
            self.count_good(&frame);
            self.enter(frame);
        }
    }

    /// Whether the packet buffer has room for a longest frame.
    pub(crate) fn has_room(&self) -> bool {
        self.receiver.bytes + 16 * 1024 <= self.packet_buffer()
    }

    /// Whether RXEN is set.
    pub(super) fn is_receiving(&self) -> bool {
        self.has(regs::RXCTRL, bits::RXCTRL_RXEN)
    }

    pub(super) fn store_rxctrl(&mut self, value: u32) {
        self.set(regs::RXCTRL, value);
        self.is_mode_settled |= self.is_receiving();
        self.deliver();
    }

    /// Writing a tail hands descriptors over. One that is not in the ring is not taken.
    pub(super) fn store_rdt(&mut self, queue: u32, value: u32) {
        let slots = self.receive_ring(queue).map_or(1, |ring| ring.slots);
        if value < slots {
            self.set(regs::RDT.at(queue), value);
            self.deliver();
        }
    }

    pub(super) fn store_rxdctl(&mut self, queue: u32, value: u32) {
        let register = regs::RXDCTL.at(queue);
        self.set(register, value & !(bits::DCTL_ENABLE | bits::DCTL_SWFLSH));
        let never = self.faults.has(Fault::ReceiveEnableNeverSets);
        let is_set = value & bits::DCTL_ENABLE != 0 && !never;
        self.receiver.enables[queue as usize].write(is_set);
        self.deliver();
    }

    pub(super) fn load_rxdctl(&mut self, queue: u32) -> u32 {
        let shows = self.receiver.enables[queue as usize].read();
        self.value(regs::RXDCTL.at(queue)) | if shows { bits::DCTL_ENABLE } else { 0 }
    }

    /// Counts what came, and tells whether it has the right length and CRC.
    fn is_sound(&mut self, frame: &[u8]) -> bool {
        let length = frame.len() + CRC;
        self.count(regs::TPR, 1);
        self.count_bytes(regs::TORL, length);
        if self.faults.take_crc_error() {
            self.count(regs::CRCERRS, 1);
            return false;
        }
        let tag = if word(frame, 12) == Some(VLAN) { 4 } else { 0 };
        if length > self.longest_frame() + tag {
            self.count(regs::ROC, 1);
            return false;
        }
        true
    }

    fn count_good(&mut self, frame: &[u8]) {
        let length = frame.len() + CRC;
        self.count(regs::GPRC, 1);
        self.count_bytes(regs::GORCL, length);
        self.count(regs::PRC_SIZE.at(size_class(length)), 1);
        if frame[..6] == [0xFF; 6] {
            self.count(regs::BPRC, 1);
        } else if frame[0] & GROUP != 0 {
            self.count(regs::MPRC, 1);
        }
    }

    /// Bytes of packet buffer 0; the others are used only with several traffic classes.
    fn packet_buffer(&self) -> usize {
        (self.value(regs::RXPBSIZE.at(0)) >> 10 & 0x3FF) as usize * 1024
    }

    fn enter(&mut self, frame: Vec<u8>) {
        let is_full = self.receiver.bytes + frame.len() > self.packet_buffer();
        if is_full || self.faults.take_missed() {
            self.statistics.missed += 1;
            return self.count(regs::MPC.at(0), 1);
        }
        self.receiver.bytes += frame.len();
        self.receiver.waiting.push_back(frame);
        self.deliver();
    }

    /// Moves frames out of the packet buffer, in order. One whose queue has no descriptors holds
    /// up all others, unless that queue drops.
    pub(super) fn deliver(&mut self) {
        while let Some(frame) = self.receiver.waiting.front()
            && self.is_receiving()
        {
            let arrival = self.sorted(frame.clone());
            let queue = arrival.queue;
            let is_on = self.receiver.enables[queue as usize] != Enable::Off;
            if is_on && self.place(&arrival) {
                self.count_received(&arrival);
            } else if !is_on || self.has(regs::SRRCTL.at(queue), bits::SRRCTL_DROP_EN) {
                self.count_dropped(queue);
            } else {
                return;
            }
            self.receiver.pop();
        }
    }

    /// Finds out where `frame` goes, and takes off what the driver does not want (7.1.2).
    fn sorted(&self, mut frame: Vec<u8>) -> Arrival {
        let is_rss = self.value(regs::MRQC) & 0xF == 1;
        let hash = if is_rss { self.hash(&frame) } else { Hash::default() };
        let queue = if hash.kind == 0 { 0 } else { self.redirected(hash.value & 0x7F) };
        let is_stripped = self.has(regs::RXDCTL.at(queue), bits::RXDCTL_VME);
        let tag = tag(&frame).filter(|_| is_stripped);
        if tag.is_some() {
            frame.drain(12..16);
        }
        if !self.has(regs::HLREG0, bits::HLREG0_CRCSTRP) {
            frame.extend(crc32fast::hash(&frame).to_le_bytes());
        }
        Arrival { bytes: frame, tag, hash, queue }
    }

    fn hash(&self, frame: &[u8]) -> Hash {
        let mut key = [0; KEY];
        for (index, bytes) in key.chunks_exact_mut(4).enumerate() {
            bytes.copy_from_slice(&self.value(regs::RSSRK.at(index as u32)).to_le_bytes());
        }
        Hash::of(frame, self.value(regs::MRQC), &key)
    }

    /// The queue in entry `index` of the redirection table.
    fn redirected(&self, index: u32) -> u32 {
        self.value(regs::RETA.at(index / 4)) >> (8 * (index % 4)) & 0xF
    }

    /// Puts a frame into as many descriptors as it needs, if the card owns so many.
    fn place(&mut self, arrival: &Arrival) -> bool {
        let queue = arrival.queue;
        let (Some(ring), Some(kind)) = (self.receive_ring(queue), self.descriptor_kind(queue))
        else {
            return false;
        };
        let size = self.buffer_size(queue);
        let (head, tail) = (self.value(regs::RDH.at(queue)), self.value(regs::RDT.at(queue)));
        let pieces = arrival.bytes.len().div_ceil(size);
        if pieces > ring.owned(head, tail) as usize {
            return false;
        }
        let reports = self.reports(arrival, kind);
        for (index, piece) in arrival.bytes.chunks(size).enumerate() {
            let is_last = index + 1 == pieces;
            let report = Report { is_last, length: piece.len(), size, kind, words: reports };
            self.fill(queue, ring, piece, report);
        }
        true
    }

    fn descriptor_kind(&mut self, queue: u32) -> Option<Kind> {
        let register = regs::SRRCTL.at(queue);
        let value = self.value(register);
        match value >> 25 & 7 {
            0 => Some(Kind::Legacy),
            1 => Some(Kind::Advanced),
            _ => {
                self.violations.add(Rule::Modelled, register, value);
                None
            }
        }
    }

    /// Bytes of a queue's buffers. Zero is not allowed; hardware is said to take 1 KB.
    fn buffer_size(&mut self, queue: u32) -> usize {
        let register = regs::SRRCTL.at(queue);
        let value = self.value(register);
        let kilobytes = value & 0x1F;
        let is_right = (1..=16).contains(&kilobytes);
        self.violations.check(is_right, Rule::ReceiveBufferSize, register, value);
        kilobytes.clamp(1, 16) as usize * 1024
    }

    /// Fills the buffer of the descriptor at the head, and writes the descriptor back.
    fn fill(&mut self, queue: u32, ring: Ring, piece: &[u8], report: Report) {
        let (head, tail) = (regs::RDH.at(queue), regs::RDT.at(queue));
        let slot = self.value(head) % ring.slots;
        let address = ring.address(slot);
        self.set(head, ring.next(slot));
        let mut descriptor = [0; ring::DESCRIPTOR as usize];
        if !self.may_reach(tail) || self.memory.read(address, &mut descriptor).is_err() {
            return self.violations.add(Rule::InMemory, tail, address);
        }
        let [low, high, third, _] = ring::words(&descriptor);
        let is_fresh = third & status::DONE == 0;
        self.violations.check(is_fresh, Rule::FreshDescriptor, tail, third);
        let buffer = u64::from(high) << 32 | u64::from(low);
        if self.memory.write(buffer, piece).is_err() {
            self.violations.add(Rule::InMemory, tail, buffer);
        }
        let lie = self.faults.take_lie();
        let words = report.words(buffer, lie);
        if ring::write_back(&self.memory, address, ring::bytes(words)).is_err() {
            self.violations.add(Rule::InMemory, tail, address);
        }
    }

    /// Whether the card may be bus master; notes it if not.
    pub(super) fn may_reach(&mut self, register: regs::Register) -> bool {
        let may = self.config.is_bus_master();
        self.violations.check(may, Rule::BusMaster, register, 0);
        may
    }

    fn count_received(&mut self, arrival: &Arrival) {
        let queue = arrival.queue;
        self.statistics.received += 1;
        count_for(queue, &mut self.statistics.received_by_queue);
        let counter = self.counter_of(regs::RQSMR, queue);
        self.count(regs::QPRC.at(counter), 1);
        self.count_bytes(regs::QBRC_L.at(counter), arrival.bytes.len());
        self.interrupts.add_queue(self.vector(queue, 0));
    }

    fn count_dropped(&mut self, queue: u32) {
        self.statistics.no_descriptor += 1;
        count_for(queue, &mut self.statistics.no_descriptor_by_queue);
        let counter = self.counter_of(regs::RQSMR, queue);
        self.count(regs::QPRDC.at(counter), 1);
    }

    /// The counter that `map` has for `queue`.
    pub(super) fn counter_of(&self, map: regs::Bank, queue: u32) -> u32 {
        self.value(map.at(queue / 4)) >> (8 * (queue % 4)) & 0xF
    }

    /// The byte of IVAR for `queue`; `direction` is 0 for receive and 1 for transmit.
    pub(super) fn vector(&self, queue: u32, direction: u32) -> u8 {
        let shift = 8 * (2 * (queue % 2) + direction);
        (self.value(regs::IVAR.at(queue / 2)) >> shift) as u8
    }
}
