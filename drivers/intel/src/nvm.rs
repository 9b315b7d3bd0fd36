//! Words of the NVM, which all families read in the same way (82599 datasheet, 8.2.3.2.2; 82574, 3.3.9).

use bus::{Clock, Limit, Mmio};

use crate::device::Device;

/// The bit of the control register that says that there is an NVM (EE_PRES).
const PRESENT: u32 = 1 << 8;
/// Bits of the register that reads a word.
const START: u32 = 1 << 0;
const DONE: u32 = 1 << 1;

/// How long a word may take.
const WORD_MICROSECONDS: u32 = 10_000;
const WORD: Limit = Limit::microseconds(WORD_MICROSECONDS);
/// Addresses have 14 bits.
pub(crate) const ADDRESSES: u16 = 1 << 14;
/// What stands where there is nothing.
pub(crate) const NOTHING: [u16; 2] = [0, 0xffff];

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
        self.word_within(device, address, WORD)
    }

    fn word_within<M: Mmio, C: Clock>(
        self,
        device: &Device<'_, M, C>,
        address: u16,
        limit: Limit,
    ) -> Option<u16> {
        if address >= ADDRESSES || !device.has(self.control, PRESENT) {
            return None;
        }
        device.write(self.read, u32::from(address) << 2 | START);
        let is_read = device.wait(limit, || device.has(self.read, DONE));
        is_read.then(|| (device.read(self.read) >> 16) as u16)
    }

    /// Its words, for so many ms from now on.
    pub(crate) fn reader<'r, 'd, M: Mmio, C: Clock>(
        self,
        device: &'r Device<'d, M, C>,
        milliseconds: u64,
    ) -> Reader<'r, 'd, M, C> {
        let until = device.clock.now().saturating_add(milliseconds * 1_000_000);
        Reader { nvm: self, device, until }
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

/// Words of an NVM until some moment, so that many of them hold nothing up, however slow each is.
pub(crate) struct Reader<'r, 'd, M, C> {
    nvm: Nvm,
    device: &'r Device<'d, M, C>,
    until: u64,
}

impl<M: Mmio, C: Clock> Reader<'_, '_, M, C> {
    /// The word at `address`; none if there is none, or once the time is up.
    pub(crate) fn word(&self, address: u16) -> Option<u16> {
        let left = self.until.saturating_sub(self.device.clock.now()) / 1000;
        let limit = Limit::microseconds(left.min(WORD_MICROSECONDS.into()) as u32);
        (left > 0).then(|| self.nvm.word_within(self.device, address, limit)).flatten()
    }
}
