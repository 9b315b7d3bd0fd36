//! The transceiver of 1G cards, whose registers are reached by MDIC (datasheet of the 82576, 8.2.4; of
//! the 82574, 10.2.2.7). They are those of IEEE 802.3, 22.2.4.

use bus::{Clock, Limit, Mmio};

use crate::device::Device;
use crate::e1000::{MDIC, mdic};
use crate::report::Cause;

/// Its registers: control, status, and what is known of the other end.
pub(crate) const CONTROL: u32 = 0;
const STATUS: u32 = 1;
const EXPANSION: u32 = 6;

/// Values of the first: it sends back at 1 Gb/s with full duplex; it negotiates, and anew.
const LOOPBACK: u32 = 1 << 14 | 1 << 6 | 1 << 8;
pub(crate) const NEGOTIATE: u32 = 1 << 12 | 1 << 9;
/// Bits of them: autonegotiation is complete; the other end can do it, and so is heard.
const IS_NEGOTIATED: u32 = 1 << 5;
const PARTNER_NEGOTIATES: u32 = 1 << 0;

/// How long a register may take (64 µs).
const ACCESS: Limit = Limit::milliseconds(2);

/// A transceiver at this address of a card's.
pub(crate) struct Phy<'p, 'd, M, C> {
    pub(crate) device: &'p Device<'d, M, C>,
    pub(crate) address: u32,
}

impl<M: Mmio, C: Clock> Phy<'_, '_, M, C> {
    /// What `register` holds; none if the transceiver does not answer.
    pub(crate) fn read(&self, register: u32) -> Option<u32> {
        self.access(register, mdic::READ)
    }

    /// Writes `value` to `register`; none if the transceiver does not answer.
    pub(crate) fn write(&self, register: u32, value: u32) -> Option<()> {
        self.access(register, mdic::WRITE | value & 0xffff).map(drop)
    }

    /// Sends back what it is sent, at 1 Gb/s, or negotiates anew (IEEE 802.3, 22.2.4.1).
    pub(crate) fn set_loopback(&self, is_on: bool) -> Option<()> {
        self.write(CONTROL, if is_on { LOOPBACK } else { NEGOTIATE })
    }

    /// Why there is no link, as far as it knows.
    pub(crate) fn cause(&self) -> Cause {
        let has = |register, bit| self.read(register).is_some_and(|value| value & bit != 0);
        if has(EXPANSION, PARTNER_NEGOTIATES) && !has(STATUS, IS_NEGOTIATED) {
            Cause::Negotiating
        } else {
            Cause::NoCarrier
        }
    }

    fn access(&self, register: u32, command: u32) -> Option<u32> {
        let place = self.address << mdic::ADDRESS.start | register << mdic::REGISTER;
        self.device.write(MDIC, place | command);
        let is_done = self.device.wait(ACCESS, || self.device.has(MDIC, mdic::READY));
        let answer = self.device.read(MDIC);
        (is_done && answer & mdic::ERROR == 0).then_some(answer & 0xffff)
    }
}
