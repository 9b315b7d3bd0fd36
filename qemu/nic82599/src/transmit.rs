//! Sending: descriptors, frames, reports (7.2).

use std::collections::VecDeque;

use super::bits;
use super::card::Card;
use super::enable::Enable;
use super::faults::Fault;
use super::offload::{Context, put};
use super::packet::{folded, sum};
use super::registers::{self as regs, QUEUES, Register};
use super::ring::{self, Ring};
use super::violations::Rule;

/// Bytes that a frame has at least when it is handed over (7.2.3.2.4).
const LEAST: usize = 17;

/// Descriptors that one frame may take.
const MOST_PIECES: usize = 40;

/// Bytes that PAYLEN can tell of; what is beyond is not taken.
const MOST_BYTES: usize = 1 << 18;

/// What is waiting to be sent.
#[derive(Debug)]
pub(crate) struct Transmitter {
    /// All queues.
    pub(crate) queues: Vec<Queue>,
    /// Frames that the cable has not taken yet.
    pub(crate) outgoing: VecDeque<Vec<u8>>,
}

/// A transmit queue.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// Its ENABLE.
    pub(crate) enable: Enable,
    contexts: [Option<Context>; 2],
    open: Open,
    /// Descriptors that are done and wait for WTHRESH.
    unreported: Vec<u32>,
}

/// A frame whose last descriptor has not come yet.
#[derive(Debug, Default)]
struct Open {
    bytes: Vec<u8>,
    first: Option<Piece>,
    /// Descriptors, and whether they are to be reported.
    slots: Vec<(u32, bool)>,
}

/// Command bits of descriptors, in their third word (7.2.3.2).
mod command {
    pub(super) const END: u32 = 1 << 24;
    pub(super) const CRC: u32 = 1 << 25;
    /// Of legacy descriptors.
    pub(super) const CHECKSUM: u32 = 1 << 26;
    pub(super) const REPORT: u32 = 1 << 27;
    pub(super) const ADVANCED: u32 = 1 << 29;
    pub(super) const TAG: u32 = 1 << 30;
    pub(super) const SEGMENTS: u32 = 1 << 31;
}

/// Option bits of data descriptors, in their fourth word.
mod options {
    pub(super) const IP_CHECKSUM: u32 = 1 << 8;
    pub(super) const L4_CHECKSUM: u32 = 1 << 9;
}

const CONTEXT: u32 = 2;
const DATA: u32 = 3;
const DONE: u8 = 1;
const DONE_AT: usize = 12;

/// The words behind the address of a data descriptor, legacy or advanced.
#[derive(Clone, Copy, Debug)]
struct Piece {
    command: u32,
    options: u32,
}

impl Piece {
    fn has(self, bits: u32) -> bool {
        self.command & bits != 0
    }

    fn is_advanced(self) -> bool {
        self.has(command::ADVANCED)
    }

    /// Whether it needs a context.
    fn needs_context(self) -> bool {
        let wants = options::IP_CHECKSUM | options::L4_CHECKSUM;
        let asks = self.has(command::SEGMENTS | command::TAG) || self.options & wants != 0;
        self.is_advanced() && asks
    }
}

impl Transmitter {
    /// Nothing waiting, all queues off.
    pub(crate) fn new() -> Self {
        let queues = (0..QUEUES).map(|_| Queue::default()).collect();
        Self { queues, outgoing: VecDeque::new() }
    }

    /// Whether the cable has left something behind.
    pub(crate) fn is_blocked(&self) -> bool {
        !self.outgoing.is_empty()
    }
}

impl Card {
    /// Writing a tail hands descriptors over. One that is not in the ring is not taken.
    pub(super) fn store_tdt(&mut self, queue: u32, value: u32) {
        let slots = self.transmit_ring(queue).map_or(1, |ring| ring.slots);
        if value < slots {
            self.set(regs::TDT.at(queue), value);
            self.transmit(queue);
        }
    }

    pub(super) fn store_txdctl(&mut self, queue: u32, value: u32) {
        let register = regs::TXDCTL.at(queue);
        self.set(register, value & !(bits::DCTL_ENABLE | bits::DCTL_SWFLSH));
        if value & bits::DCTL_SWFLSH != 0 {
            self.report(queue, 1);
        }
        let never = self.faults.has(Fault::TransmitEnableNeverSets);
        let is_set = value & bits::DCTL_ENABLE != 0 && !never;
        self.queue(queue).enable.write(is_set);
        self.transmit(queue);
    }

    pub(super) fn load_txdctl(&mut self, queue: u32) -> u32 {
        let shows = self.queue(queue).enable.read();
        self.value(regs::TXDCTL.at(queue)) | if shows { bits::DCTL_ENABLE } else { 0 }
    }

    /// Sends what all queues hold.
    pub(super) fn transmit_all(&mut self) {
        (0..QUEUES).for_each(|queue| self.transmit(queue));
    }

    /// Reports all descriptors that wait for company, as the timer of the queue does (7.2.3.5).
    pub(super) fn report_all(&mut self) {
        (0..QUEUES).for_each(|queue| self.report(queue, 1));
    }

    fn queue(&mut self, queue: u32) -> &mut Queue {
        &mut self.transmitter.queues[queue as usize]
    }

    /// Takes descriptors of `queue` while there are some and the cable takes frames.
    fn transmit(&mut self, queue: u32) {
        let (head, tail) = (regs::TDH.at(queue), regs::TDT.at(queue));
        while self.may_transmit(queue) {
            let Some(ring) = self.transmit_ring(queue) else { return };
            if ring.owned(self.value(head), self.value(tail)) == 0 {
                return;
            }
            let slot = self.value(head) % ring.slots;
            if !self.may_reach(tail) {
                return;
            }
            self.set(head, ring.next(slot));
            self.take(queue, ring, slot);
        }
    }

    fn may_transmit(&mut self, queue: u32) -> bool {
        let is_on = self.queue(queue).enable != Enable::Off;
        is_on
            && self.has(regs::DMATXCTL, bits::DMATXCTL_TE)
            && !self.faults.has(Fault::TransmitStalls)
            && self.send_outgoing()
    }

    /// Takes the descriptor in `slot`.
    fn take(&mut self, queue: u32, ring: Ring, slot: u32) {
        let tail = regs::TDT.at(queue);
        let address = ring.address(slot);
        let mut descriptor = [0; ring::DESCRIPTOR as usize];
        if self.memory.read(address, &mut descriptor).is_err() {
            return self.violations.add(Rule::InMemory, tail, address);
        }
        let words = ring::words(&descriptor);
        let piece = Piece { command: words[2], options: words[3] };
        let kind = piece.command >> 20 & 0xF;
        match (piece.is_advanced(), kind) {
            (true, CONTEXT) => self.take_context(queue, slot, words),
            (true, DATA) | (false, _) => self.take_data(queue, slot, words, piece),
            _ => self.violations.add(Rule::Modelled, tail, piece.command),
        }
    }

    fn take_context(&mut self, queue: u32, slot: u32, words: [u32; 4]) {
        let index = context_number(words[3]);
        let state = self.queue(queue);
        state.contexts[index] = Some(Context::of(words));
        state.open.slots.push((slot, words[2] & command::REPORT != 0));
        // A context in front of a frame is done with it, one for itself at once.
        if state.open.first.is_none() {
            self.finish_slots(queue);
        }
    }

    fn take_data(&mut self, queue: u32, slot: u32, words: [u32; 4], piece: Piece) {
        let tail = regs::TDT.at(queue);
        let address = u64::from(words[1]) << 32 | u64::from(words[0]);
        let mut bytes = vec![0; (piece.command & 0xFFFF) as usize];
        if self.memory.read(address, &mut bytes).is_err() {
            self.violations.add(Rule::InMemory, tail, address);
        }
        let (is_end, reports) = (piece.has(command::END), piece.has(command::REPORT));
        self.violations.check(is_end || !reports, Rule::ReportAtEnd, tail, piece.command);
        let open = &mut self.queue(queue).open;
        if open.bytes.len() + bytes.len() <= MOST_BYTES {
            open.bytes.extend(bytes);
        }
        open.first.get_or_insert(piece);
        open.slots.push((slot, reports));
        if is_end {
            self.violations.check(piece.has(command::CRC), Rule::CrcInserted, tail, piece.command);
            self.finish(queue);
        }
    }

    /// Sends the frame that is whole now.
    fn finish(&mut self, queue: u32) {
        let open = &mut self.queue(queue).open;
        let bytes = std::mem::take(&mut open.bytes);
        let pieces = open.slots.len();
        if let Some(first) = open.first.take() {
            let frames = self.frames(queue, bytes, first, pieces);
            frames.into_iter().for_each(|frame| self.emit(queue, frame));
        }
        self.finish_slots(queue);
        self.send_outgoing();
    }

    /// The frames that leave for a frame that was handed over.
    fn frames(
        &mut self,
        queue: u32,
        mut bytes: Vec<u8>,
        first: Piece,
        pieces: usize,
    ) -> Vec<Vec<u8>> {
        self.check_frame(queue, &bytes, first, pieces);
        if !first.is_advanced() {
            self.finish_legacy(&mut bytes, first);
            return vec![bytes];
        }
        if !first.needs_context() {
            return vec![bytes];
        }
        let index = context_number(first.options);
        let Some(context) = self.queue(queue).contexts[index] else {
            self.violations.add(Rule::ContextGiven, regs::TDT.at(queue), first.options);
            return vec![bytes];
        };
        let mut frames = if first.has(command::SEGMENTS) {
            self.statistics.cut += 1;
            let tail = regs::TDT.at(queue);
            self.violations.check(context.can_cut(), Rule::ContextGiven, tail, first.options);
            context.segments(&bytes)
        } else {
            self.insert_checksums(&context, &mut bytes, first);
            vec![bytes]
        };
        if first.has(command::TAG) {
            frames.iter_mut().for_each(|frame| self.insert_tag(frame, context.tag));
        }
        frames
    }

    /// Checks the sizes of a frame that is whole (7.2.3.2.4, 7.2.4).
    fn check_frame(&mut self, queue: u32, bytes: &[u8], first: Piece, pieces: usize) {
        let tail = regs::TDT.at(queue);
        let length = bytes.len();
        let is_cut = first.has(command::SEGMENTS) && first.is_advanced();
        let longest = if is_cut { usize::MAX } else { self.longest_frame() };
        let fits = (LEAST..=longest).contains(&length) && pieces <= MOST_PIECES;
        self.violations.check(fits, Rule::FrameSize, tail, length as u32);
        if !first.is_advanced() {
            return;
        }
        let index = context_number(first.options);
        let context = self.queue(queue).contexts[index];
        let headers = context.filter(|_| is_cut).map_or(0, |it| it.headers());
        let is_told = (first.options >> 14) as usize + headers == length;
        self.violations.check(is_told, Rule::PayloadLength, tail, first.options);
    }

    fn insert_checksums(&mut self, context: &Context, bytes: &mut [u8], first: Piece) {
        if first.options & options::IP_CHECKSUM != 0 {
            context.insert_ip_checksum(bytes);
        }
        if first.options & options::L4_CHECKSUM != 0 {
            self.statistics.checksummed += 1;
            context.insert_l4_checksum(bytes);
        }
    }

    /// A legacy descriptor's own checksum and tag (7.2.3.2.1).
    fn finish_legacy(&self, bytes: &mut Vec<u8>, first: Piece) {
        let at = (first.command >> 16 & 0xFF) as usize;
        let from = (first.options >> 8 & 0xFF) as usize;
        if first.has(command::CHECKSUM) && from < bytes.len() {
            let checksum = !folded(sum(&bytes[from..]));
            put(bytes, at, checksum);
        }
        if first.has(command::TAG) {
            self.insert_tag(bytes, (first.options >> 16) as u16);
        }
    }

    /// Inserts a VLAN tag of the Ethernet type that DMATXCTL names.
    fn insert_tag(&self, frame: &mut Vec<u8>, tag: u16) {
        if frame.len() >= 12 {
            let kind = (self.value(regs::DMATXCTL) >> 16) as u16;
            let bytes = [kind.to_be_bytes(), tag.to_be_bytes()].concat();
            frame.splice(12..12, bytes);
        }
    }

    /// The descriptors of a frame are done: those with RS are reported at once if WTHRESH is
    /// zero; else all are, as soon as there are so many (7.2.3.5).
    fn finish_slots(&mut self, queue: u32) {
        let threshold = self.value(regs::TXDCTL.at(queue)) >> 16 & 0x7F;
        let state = self.queue(queue);
        let slots = std::mem::take(&mut state.open.slots);
        let wanted = slots.into_iter().filter(|(_, reports)| *reports || threshold > 0);
        state.unreported.extend(wanted.map(|(slot, _)| slot));
        self.report(queue, threshold.max(1) as usize);
    }

    /// Writes back the descriptors that wait, if there are `enough`.
    fn report(&mut self, queue: u32, enough: usize) {
        let state = self.queue(queue);
        if state.unreported.len() < enough {
            return;
        }
        let slots = std::mem::take(&mut state.unreported);
        let Some(ring) = self.transmit_ring(queue) else { return };
        slots.into_iter().for_each(|slot| self.write_done(regs::TDT.at(queue), ring.address(slot)));
        self.interrupts.add_queue(self.vector(queue, 1));
    }

    /// Sets DD. Nothing else is left of an advanced descriptor; a legacy one keeps the rest.
    fn write_done(&mut self, tail: Register, address: u64) {
        let mut descriptor = [0; ring::DESCRIPTOR as usize];
        let read = self.memory.read(address, &mut descriptor);
        if ring::words(&descriptor)[2] & command::ADVANCED != 0 {
            descriptor = [0; ring::DESCRIPTOR as usize];
        }
        descriptor[DONE_AT] |= DONE;
        let written = ring::write_back(&self.memory, address, descriptor);
        if read.and(written).is_err() {
            self.violations.add(Rule::InMemory, tail, address);
        }
    }
}

/// Which of a queue's two contexts is meant by the fourth word of a descriptor.
fn context_number(word: u32) -> usize {
    (word >> 4 & 1) as usize
}
