//! Which frames are taken: by length, by address, by VLAN tag (7.1.1).

use super::bits;
use super::card::Card;
use super::packet::word;
use super::registers as regs;

/// The Ethernet type of a VLAN tag.
pub(crate) const VLAN: u16 = 0x8100;

/// Set in the first byte of the addresses of groups.
pub(crate) const GROUP: u8 = 1;

impl Card {
    /// Bytes with CRC that a frame may have, without VLAN tag.
    pub(super) fn longest_frame(&self) -> usize {
        let jumbo = self.has(regs::HLREG0, bits::HLREG0_JUMBO);
        if jumbo { (self.value(regs::MAXFRS) >> 16) as usize } else { 1518 }
    }

    /// The filters by address and VLAN tag (7.1.1).
    pub(super) fn takes(&self, frame: &[u8]) -> bool {
        self.takes_address(frame) && self.takes_tag(frame)
    }

    fn takes_address(&self, frame: &[u8]) -> bool {
        let address = &frame[..6];
        if address == [0xFF; 6] {
            return self.has(regs::FCTRL, bits::FCTRL_BAM);
        }
        if address[0] & GROUP != 0 {
            return self.has(regs::FCTRL, bits::FCTRL_MPE)
                || self.is_own(address)
                || self.is_in_multicast_table(address);
        }
        self.has(regs::FCTRL, bits::FCTRL_UPE) || self.is_own(address)
    }

    pub(super) fn is_own(&self, address: &[u8]) -> bool {
        (0..128).any(|index| {
            let [a, b, c, d] = self.value(regs::RAL.at(index)).to_le_bytes();
            let high = self.value(regs::RAH.at(index));
            let [e, f, ..] = high.to_le_bytes();
            high & bits::RAH_AV != 0 && address == [a, b, c, d, e, f]
        })
    }

    /// Twelve bits of the address, from where MCSTCTRL says, name a bit of MTA (7.1.1).
    fn is_in_multicast_table(&self, address: &[u8]) -> bool {
        let control = self.value(regs::MCSTCTRL);
        let last = u32::from(address[5]) << 8 | u32::from(address[4]);
        let hash = last >> (4 - (control & 3)) & 0xFFF;
        let word = self.value(regs::MTA.at(hash >> 5));
        control & bits::MCSTCTRL_MFE != 0 && word >> (hash & 31) & 1 != 0
    }

    fn takes_tag(&self, frame: &[u8]) -> bool {
        let Some(tag) = tag(frame).filter(|_| self.has(regs::VLNCTRL, bits::VLNCTRL_VFE)) else {
            return true;
        };
        let id = u32::from(tag & 0xFFF);
        self.value(regs::VFTA.at(id >> 5)) >> (id & 31) & 1 != 0
    }
}

/// The VLAN tag of `frame`, if it has one.
pub(crate) fn tag(frame: &[u8]) -> Option<u16> {
    word(frame, 14).filter(|_| word(frame, 12) == Some(VLAN))
}
