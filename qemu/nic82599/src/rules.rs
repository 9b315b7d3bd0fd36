//! What a write to a register has to keep to.

use super::bits;
use super::card::Card;
use super::enable::Enable;
use super::registers::{self as regs, Register};
use super::ring::{DESCRIPTOR, Ring};
use super::violations::Rule;

/// Bits that have a meaning, of registers where the others have to stay clear.
const MEANINGS: &[(Register, u32)] = &[
    (regs::RXCTRL, bits::RXCTRL_RXEN),
    (regs::MRQC, 0xFFFF_000F),
    (regs::RXCSUM, 0x3000),
    (regs::DTXMXSZRQ, 0xFFF),
    (regs::MTQC, 0xF),
];

/// Bits 19:10 of RXPBSIZE: KB.
const MOST_KILOBYTES: u32 = 512;

/// Bit 12 of DCA_RXCTRL is to be cleared before the queue receives (8.2.3.11).
const DCA_RXCTRL_ZERO: u32 = 1 << 12;

const RSS: u32 = 1;

/// The registers of one direction of a queue.
struct Queue {
    ring: Option<Ring>,
    tail: Register,
    enable: Enable,
}

impl Card {
    /// Notes every rule that writing `value` to `register` breaks.
    pub(super) fn check_write(&mut self, register: Register, value: u32) {
        self.check_meanings(register, value);
        match register {
            regs::STATUS | regs::LINKS | regs::FWSM | regs::SECRXSTAT | regs::SECTXSTAT => {
                self.violations.add(Rule::ReadOnly, register, value);
            }
            regs::RXCTRL if value & bits::RXCTRL_RXEN != 0 && !self.is_receiving() => {
                self.check_receive_start(value);
            }
            regs::MRQC => self.check_mrqc(value),
            regs::RDRXCTL => self.check_still(Rule::ModeWhileReceiving, register, value),
            regs::FCTRL => self.check_still(Rule::FilterWhileReceiving, register, value),
            regs::MTQC => {
                let may = self.has(regs::RTTDCS, bits::RTTDCS_ARBDIS);
                let changes = value != self.value(register);
                self.violations.check(may || !changes, Rule::ArbiterOff, register, value);
                self.violations.check(value == 0, Rule::Modelled, register, value);
            }
            regs::CORECTL => {
                let holds = self.has(regs::SW_FW_SYNC, bits::SW_FW_SYNC_MAC);
                self.violations.check(holds, Rule::Semaphore, register, value);
            }
            regs::FDIRCTRL => self.violations.check(value == 0, Rule::Modelled, register, value),
            _ => self.check_queue(register, value),
        }
    }

    fn check_meanings(&mut self, register: Register, value: u32) {
        let meaning = MEANINGS.iter().find(|(it, _)| *it == register);
        let wrong = meaning.is_some_and(|(_, mask)| value & !mask != 0);
        self.violations.check(!wrong, Rule::ReservedBits, register, value);
    }

    fn check_still(&mut self, rule: Rule, register: Register, value: u32) {
        let changes = value != self.value(register) && self.is_receiving();
        self.violations.check(!changes, rule, register, value);
    }

    /// RXEN is about to be set (4.6.7).
    fn check_receive_start(&mut self, value: u32) {
        let register = regs::RXCTRL;
        let is_blocked = self.is_blocked;
        self.violations.check(is_blocked, Rule::SecurityBlock, register, value);
        let by_mac = self.has(regs::HLREG0, bits::HLREG0_CRCSTRP);
        let by_dma = self.has(regs::RDRXCTL, bits::RDRXCTL_CRCSTRIP);
        self.violations.check(by_mac == by_dma, Rule::CrcStripAgrees, register, value);
        let sizes = (0..8).map(|buffer| self.value(regs::RXPBSIZE.at(buffer)) >> 10 & 0x3FF);
        let fits = sizes.sum::<u32>() <= MOST_KILOBYTES;
        self.violations.check(fits, Rule::PacketBufferSize, register, value);
    }

    fn check_mrqc(&mut self, value: u32) {
        let register = regs::MRQC;
        self.check_still(Rule::ModeWhileReceiving, register, value);
        let (old, new) = (self.value(register) & 0xF, value & 0xF);
        self.violations.check(new <= RSS, Rule::Modelled, register, value);
        let settled = self.is_mode_settled && old != new;
        self.violations.check(!settled, Rule::RssAfterReset, register, value);
        self.is_mode_settled |= new != 0;
    }

    fn check_queue(&mut self, register: Register, value: u32) {
        let banks = [
            (regs::RDBAL, regs::TDBAL, Self::check_base as fn(&mut Self, Register, u32, &Queue)),
            (regs::RDBAH, regs::TDBAH, Self::check_place),
            (regs::RDLEN, regs::TDLEN, Self::check_length),
            (regs::RDH, regs::TDH, Self::check_place),
            (regs::RDT, regs::TDT, Self::check_tail),
            (regs::RXDCTL, regs::TXDCTL, Self::check_enable),
        ];
        for (receive, transmit, check) in banks {
            if let Some(queue) = receive.index(register) {
                check(self, register, value, &self.receive_queue(queue));
            } else if let Some(queue) = transmit.index(register) {
                check(self, register, value, &self.transmit_queue(queue));
            }
        }
        self.check_features(register, value);
    }

    fn receive_queue(&self, queue: u32) -> Queue {
        let ring = self.receive_ring(queue);
        Queue { ring, tail: regs::RDT.at(queue), enable: self.receiver.enables[queue as usize] }
    }

    fn transmit_queue(&self, queue: u32) -> Queue {
        let ring = self.transmit_ring(queue);
        let enable = self.transmitter.queues[queue as usize].enable;
        Queue { ring, tail: regs::TDT.at(queue), enable }
    }

    fn check_base(&mut self, register: Register, value: u32, queue: &Queue) {
        self.violations.check(value.is_multiple_of(128), Rule::RingBase, register, value);
        self.check_place(register, value, queue);
    }

    fn check_length(&mut self, register: Register, value: u32, queue: &Queue) {
        let is_right = value.is_multiple_of(128) && value < 1 << 20;
        self.violations.check(is_right, Rule::RingLength, register, value);
        self.check_place(register, value, queue);
    }

    fn check_place(&mut self, register: Register, value: u32, queue: &Queue) {
        let changes = queue.enable != Enable::Off && value != self.value(register);
        self.violations.check(!changes, Rule::RingStill, register, value);
    }

    /// A tail of zero in front of the enabling is the reset value written once more.
    fn check_tail(&mut self, register: Register, value: u32, queue: &Queue) {
        let is_first = queue.enable == Enable::Off && value == 0;
        let may = queue.enable == Enable::Seen || is_first;
        self.violations.check(may, Rule::TailAfterEnable, register, value);
        let slots = queue.ring.map_or(1, |ring| ring.slots);
        self.violations.check(value < slots, Rule::TailInRing, register, value);
    }

    fn check_enable(&mut self, register: Register, value: u32, queue: &Queue) {
        if queue.enable != Enable::Off || value & bits::DCTL_ENABLE == 0 {
            return;
        }
        let Some(ring) = queue.ring else {
            return self.violations.add(Rule::RingLength, register, value);
        };
        if !self.memory.contains(ring.base, (ring.slots * DESCRIPTOR).into()) {
            self.violations.add(Rule::InMemory, queue.tail, ring.base);
        }
        if let Some(queue) = regs::RXDCTL.index(register) {
            let dca = regs::DCA_RXCTRL.at(queue);
            let (is_clear, control) = (!self.has(dca, DCA_RXCTRL_ZERO), self.value(dca));
            self.violations.check(is_clear, Rule::ReservedBits, dca, control);
        } else {
            let is_on = self.has(regs::DMATXCTL, bits::DMATXCTL_TE);
            self.violations.check(is_on, Rule::TransmitDmaFirst, register, value);
        }
    }

    /// Coalescing and head write-back are not modelled, nor are queues from 64 on.
    fn check_features(&mut self, register: Register, value: u32) {
        let bit = if regs::RXDCTL_HIGH.index(register).is_some() {
            bits::DCTL_ENABLE
        } else if [regs::RSCCTL, regs::TDWBAL].iter().any(|it| it.index(register).is_some()) {
            1
        } else {
            0
        };
        let wants = value & bit != 0;
        self.violations.check(!wants, Rule::Modelled, register, value);
    }
}
