//! Resets: what sets them off, how they show, and what they leave (4.2, 8.2.3.1.1).

use std::time::{Duration, Instant};

use super::bits;
use super::cage::Analog;
use super::card::Card;
use super::faults::Fault;
use super::receive::Receiver;
use super::registers::{self as regs, QUEUES, Register};
use super::transmit::Transmitter;

/// How long after a reset nothing may be touched that has not been seen to be over (8.2.3.1.1).
const TIME: Duration = Duration::from_millis(1);

/// Registers with a value other than zero after a reset, and that value.
const DEFAULTS: &[(Register, u32)] = &[
    (regs::AUTOC, bits::AUTOC_10G_SERIAL), // from the NVM
    (regs::HLREG0, 0x0801_0403),           // CRC inserted and stripped, short frames filled up
    (regs::MAXFRS, 1518 << 16),
    (regs::DTXMXSZRQ, 0x10),
    (regs::DMATXCTL, 0x8100 << 16), // the Ethernet type of VLAN tags
    (regs::SECRXCTRL, 1),           // IPsec is off
    (regs::SECTXCTRL, 1),
    (regs::RXPBSIZE.at(0), 512 << 10),
    (regs::TXPBSIZE.at(0), 160 << 10),
];

/// After a reset; bit 12 is to be cleared (8.2.3.11).
const DCA_RXCTRL_DEFAULT: u32 = 0xB200;

impl Card {
    /// The machine was reset.
    pub(crate) fn power_on(&mut self) {
        self.config.write(0x04, 0, 2);
        self.analog = Analog::FITTING;
        self.set_defaults();
        self.reset = None;
    }

    /// Whether a reset is under way, as far as the driver can know.
    pub(super) fn is_resetting(&self) -> bool {
        self.reset.is_some_and(|since| since.elapsed() < TIME)
    }

    /// The reset bit shows once after a reset, and then no more.
    pub(super) fn load_ctrl(&mut self) -> u32 {
        let is_resetting = self.reset.take().is_some();
        let shows = is_resetting || self.faults.has(Fault::ResetNeverEnds);
        self.value(regs::CTRL) | if shows { bits::CTRL_RST } else { 0 }
    }

    pub(super) fn store_ctrl(&mut self, value: u32) {
        if value & (bits::CTRL_RST | bits::CTRL_LRST) != 0 {
            return self.begin_reset();
        }
        self.set(regs::CTRL, value);
    }

    pub(super) fn begin_reset(&mut self) {
        self.statistics.resets += 1;
        self.set_defaults();
        self.reset = Some(Instant::now());
    }

    /// Puts all registers but semaphores to what they are after a reset, and empties all queues.
    pub(super) fn set_defaults(&mut self) {
        let kept = [regs::SWSM, regs::SW_FW_SYNC].map(|it| (it, self.value(it)));
        self.values.fill(0);
        for (register, value) in kept.into_iter().chain(DEFAULTS.iter().copied()) {
            self.set(register, value);
        }
        (0..QUEUES).for_each(|queue| self.set(regs::DCA_RXCTRL.at(queue), DCA_RXCTRL_DEFAULT));
        self.set(regs::MSRWD, 0xFFFF << 16);
        self.load_address();
        self.interrupts.reset();
        self.receiver = Receiver::new();
        self.transmitter = Transmitter::new();
        (self.is_blocked, self.is_mode_settled) = (false, false);
        self.look_at_link();
    }

    /// Loads the first own address from the NVM.
    fn load_address(&mut self) {
        let [a, b, c, d, e, f] = self.nvm.mac();
        self.set(regs::RAL.at(0), u32::from_le_bytes([a, b, c, d]));
        self.set(regs::RAH.at(0), u32::from_le_bytes([e, f, 0, 0]) | bits::RAH_AV);
    }
}
