//! From the transmit queues to the cable: counting, and waiting for room (7.2).

use super::bits;
use super::cable::Sent;
use super::card::Card;
use super::filters::GROUP;
use super::receive::{CRC, SHORTEST};
use super::registers as regs;
use super::statistics::{count_for, size_class};

impl Card {
    /// Counts a frame and puts it where the cable takes it from.
    pub(super) fn emit(&mut self, queue: u32, mut frame: Vec<u8>) {
        if self.has(regs::HLREG0, bits::HLREG0_TXPAD) {
            frame.resize(frame.len().max(SHORTEST), 0);
        }
        let length = frame.len() + CRC;
        self.statistics.sent += 1;
        count_for(queue, &mut self.statistics.sent_by_queue);
        let counter = self.counter_of(regs::TQSM, queue);
        self.count(regs::QPTC.at(counter), 1);
        self.count_bytes(regs::QBTC_L.at(counter), frame.len());
        self.count(regs::GPTC, 1);
        self.count(regs::TPT, 1);
        self.count_bytes(regs::GOTCL, length);
        self.count(regs::PTC_SIZE.at(size_class(length)), 1);
        self.count_group(&frame);
        self.transmitter.outgoing.push_back(frame);
    }

    fn count_group(&mut self, frame: &[u8]) {
        if frame.starts_with(&[0xFF; 6]) {
            self.count(regs::BPTC, 1);
        } else if frame.first().is_some_and(|byte| byte & GROUP != 0) {
            self.count(regs::MPTC, 1);
        }
    }

    /// Gives the cable what it takes; tells whether nothing is left. A link that is down keeps
    /// what there is.
    pub(super) fn send_outgoing(&mut self) -> bool {
        let loops = self.has(regs::HLREG0, bits::HLREG0_LOOPBACK);
        while let Some(frame) = self.transmitter.outgoing.pop_front() {
            if loops {
                self.arrive(&frame);
                continue;
            }
            let sent = if self.is_link_up() { self.send(&frame) } else { Sent::Full };
            if sent == Sent::Full {
                self.transmitter.outgoing.push_front(frame);
                return false;
            }
        }
        true
    }

    fn send(&self, frame: &[u8]) -> Sent {
        match &self.patch {
            Some(patch) => patch.send(frame),
            None => self.cable.as_ref().map_or(Sent::Gone, |cable| cable.send(frame)),
        }
    }
}
