//! Words of the NVM (8.2.3.2.2).

use bus::{Clock, Limit, Mmio};

use super::registers::bits::{eec, eerd};
use super::registers::{EEC, EERD};
use crate::device::Device;

/// How long a word may take.
const WORD: Limit = Limit::milliseconds(10);
/// Addresses have 14 bits.
const ADDRESSES: u16 = 1 << 14;

/// The word at `address`; none if there is no NVM, or if it does not answer in time.
pub(crate) fn word<M: Mmio, C: Clock>(device: &Device<'_, M, C>, address: u16) -> Option<u16> {
    if address >= ADDRESSES || !device.has(EEC, eec::PRESENT) {
        return None;
    }
    device.write(EERD, u32::from(address) << 2 | eerd::START);
    let is_read = device.wait(WORD, || device.has(EERD, eerd::DONE));
    is_read.then(|| (device.read(EERD) >> 16) as u16)
}
