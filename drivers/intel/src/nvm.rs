//! Words of the NVM, which all families read in the same way (82599 datasheet, 8.2.3.2.2; 82574, 3.3.9).

use bus::{Clock, Limit, Mmio};

use crate::device::Device;

/// The bit of the control register that says that there is an NVM (EE_PRES).
const PRESENT: u32 = 1 << 8;
/// Bits of the register that reads a word.
const START: u32 = 1 << 0;
const DONE: u32 = 1 << 1;

/// How long a word may take.
const WORD: Limit = Limit::milliseconds(10);
/// Addresses have 14 bits.
const ADDRESSES: u16 = 1 << 14;
/// What stands where there is nothing.
const NOTHING: [u16; 2] = [0, 0xffff];

/// Where a family has it: its control register, the register that reads a word, and words that say
/// which version of it is installed, low and high.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nvm {
    pub(crate) control: usize,
    pub(crate) read: usize,
    pub(crate) version: (u16, Option<u16>),
}

impl Nvm {
    /// The word at `address`; none if there is no NVM, or if it does not answer in time.
    pub(crate) fn word<M: Mmio, C: Clock>(
        self,
        device: &Device<'_, M, C>,
        address: u16,
    ) -> Option<u16> {
        if address >= ADDRESSES || !device.has(self.control, PRESENT) {
            return None;
        }
        device.write(self.read, u32::from(address) << 2 | START);
        let is_read = device.wait(WORD, || device.has(self.read, DONE));
        is_read.then(|| (device.read(self.read) >> 16) as u16)
    }

    /// What version of it is installed, if that is stored.
    pub(crate) fn version<M: Mmio, C: Clock>(self, device: &Device<'_, M, C>) -> Option<u32> {
        let known = |address| self.word(device, address).filter(|word| !NOTHING.contains(word));
        let (low, high) = self.version;
        match high {
            None => known(low).map(u32::from),
            Some(high) => {
                let high = self.word(device, high)?;
                Some(u32::from(known(low)?) | u32::from(high) << 16)
            }
        }
    }
}
