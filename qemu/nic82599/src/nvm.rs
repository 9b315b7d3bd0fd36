//! The card's NVM: its content, and reading it bit by bit as an SPI memory.
//!
//! Sections 6 (map) and 8.2.3.2 (EEC) of the 82599 datasheet. The memory has 16,384 words of
//! 16 bits; what is not listed in [`Nvm::new`] reads all ones, as an empty cell does.

/// Words.
const WORDS: usize = 1 << 14;

/// What words 0 to 3F must add up to, together with the sections that are counted (6).
const SUM: u16 = 0xBABA;

/// The words that lead to those sections: to their length, which is not counted, and their words.
const COUNTED: std::ops::Range<usize> = 0x03..FIRMWARE;

/// The word that makes the sum right.
const CHECKSUM: usize = 0x3F;

const PCIE_ANALOG: usize = 0x03;
const MAC_OF_PORT_0: usize = 0x0B;
const FIRMWARE: usize = 0x0F;
const BOARD: usize = 0x15;
const MODULES: usize = 0x2B;
const CAPABILITIES: usize = 0x2C;
const VERSION: usize = 0x2D;
const ADDRESS: usize = 0x50;

/// Numbers of modules that have settings for the analog core, copper and optics of both ports, where those
/// are, and what they are.
const SETTINGS: [(u16, u16, &[u16]); 4] =
    [(3, 0x0620, &COPPER), (4, 0x0620, &COPPER), (5, 0x0600, &OPTICS), (6, 0x0600, &OPTICS)];
const COPPER: [u16; 4] = [0x0150, 0x0261, 0x0372, 0x0483];
const OPTICS: [u16; 3] = [0x0120, 0x0231, 0x0342];

/// The settings of modules with this number.
pub(super) fn settings(number: u16) -> &'static [u16] {
    SETTINGS.iter().find(|(it, ..)| *it == number).map_or(&[], |(.., settings)| settings)
}

mod pins {
    pub(super) const CLOCK: u32 = 1 << 0;
    /// Low while the memory is selected.
    pub(super) const CHIP_SELECT: u32 = 1 << 1;
    pub(super) const INTO: u32 = 1 << 2;
    pub(super) const OUT_OF: u32 = 1 << 3;
    pub(super) const REQUEST: u32 = 1 << 6;
    pub(super) const GRANT: u32 = 1 << 7;
    pub(super) const PRESENT: u32 = 1 << 8;
    pub(super) const AUTO_READ_DONE: u32 = 1 << 9;
    pub(super) const SIXTEEN_BIT_ADDRESS: u32 = 1 << 10;
    /// Size in EEC: the power of two of 64 words.
    pub(super) const SIZE: u32 = 8 << 11;
    pub(super) const DRIVEN: u32 = CLOCK | CHIP_SELECT | INTO | REQUEST;
}

const READ_STATUS: u8 = 0x05;
const READ_DATA: u8 = 0x03;

/// The memory and the state of its pins.
#[derive(Debug)]
pub(crate) struct Nvm {
    words: Vec<u16>,
    driven: u32,
    shift: Shift,
}

/// What the SPI memory has been told since it was selected.
#[derive(Debug, Default)]
struct Shift {
    /// Bits in.
    count: u32,
    /// The first 24 bits: command and address.
    command: u32,
    /// The bit that is put out.
    out: bool,
}

impl Nvm {
    /// The memory of a card with one SFP+ port and this address.
    pub(crate) fn new(mac: [u8; 6]) -> Self {
        let mut nvm = Self { words: vec![0xFFFF; WORDS], driven: 0, shift: Shift::default() };
        nvm.put(0, &[0; 3]);
        nvm.put_section(PCIE_ANALOG, 0x0440, &[0x1111, 0x2222, 0x8000]);
        nvm.put_section(MAC_OF_PORT_0, 0x0450, &[0x0001, 0x9999]);
        nvm.put(FIRMWARE, &[0x0400]);
        // Of the firmware's block, word 4 leads to another one; its word 7 is the version.
        nvm.put(0x0404, &[0x0420]);
        nvm.put(0x0427, &[0x0006]);
        nvm.put(BOARD, &[0xE66A, 0x0000]);
        nvm.put(MODULES, &[0x0500]);
        nvm.put(CAPABILITIES, &[0x0000]);
        nvm.put(VERSION, &[0x0001, 0x8000]);
        let [a, b, c, d, e, f] = mac;
        nvm.put(
            ADDRESS,
            &[u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]), u16::from_le_bytes([e, f])],
        );
        nvm.put_modules();
        nvm.put_checksum();
        nvm
    }

    /// The word at `address`.
    pub(crate) fn word(&self, address: usize) -> u16 {
        self.words.get(address).copied().unwrap_or(0xFFFF)
    }

    /// The address that the card loads at reset.
    pub(crate) fn mac(&self) -> [u8; 6] {
        let [a, b] = self.word(ADDRESS).to_le_bytes();
        let [c, d] = self.word(ADDRESS + 1).to_le_bytes();
        let [e, f] = self.word(ADDRESS + 2).to_le_bytes();
        [a, b, c, d, e, f]
    }

    /// Damages the checksum, or where `is_section` is set a word of a section that it is over.
    pub(crate) fn spoil(&mut self, is_section: bool) {
        let place = if is_section { self.word(MAC_OF_PORT_0).into() } else { CHECKSUM - 1 };
        self.words[place + 1] ^= 1;
    }

    /// Answers EERD: `value` names the word in bits 15:2; done is bit 1.
    pub(crate) fn read_by_word(&self, value: u32) -> u32 {
        let address = (value >> 2 & 0x3FFF) as usize;
        u32::from(self.word(address)) << 16 | value & 0xFFFC | 2
    }

    /// What EEC reads; the automatic read is over if `is_loaded`.
    pub(crate) fn pins(&self, is_loaded: bool) -> u32 {
        let grant = if self.driven & pins::REQUEST != 0 { pins::GRANT } else { 0 };
        let out = if self.shift.out { pins::OUT_OF } else { 0 };
        let loaded = if is_loaded { pins::AUTO_READ_DONE } else { 0 };
        pins::PRESENT | pins::SIXTEEN_BIT_ADDRESS | pins::SIZE | self.driven | grant | out | loaded
    }

    /// Drives the pins as EEC says. The memory looks at its input when the clock rises and
    /// changes its output when the clock falls.
    pub(crate) fn drive(&mut self, value: u32) {
        let before = std::mem::replace(&mut self.driven, value & pins::DRIVEN);
        if self.driven & pins::CHIP_SELECT != 0 {
            self.shift = Shift::default();
            return;
        }
        let was_high = before & pins::CLOCK != 0;
        match (was_high, self.driven & pins::CLOCK != 0) {
            (false, true) => self.shift.take(self.driven & pins::INTO != 0),
            (true, false) => self.shift.out = self.next_bit(),
            _ => {}
        }
    }

    fn next_bit(&self) -> bool {
        let Shift { count, command, .. } = self.shift;
        // All else reads zero; as a status, that is: not busy.
        if count < 24 || (command >> 16) as u8 != READ_DATA {
            return false;
        }
        let position = count - 24;
        let byte = (command & 0xFFFF) as usize + (position / 8) as usize;
        let word = self.word(byte / 2).to_le_bytes()[byte % 2];
        word >> (7 - position % 8) & 1 != 0
    }

    fn put(&mut self, at: usize, words: &[u16]) {
        self.words[at..at + words.len()].copy_from_slice(words);
    }

    /// The list of modules, and the blocks that they lead to.
    fn put_modules(&mut self) {
        self.put(0x0500, &[0]);
        for (index, (number, at, settings)) in SETTINGS.into_iter().enumerate() {
            self.put(0x0501 + 2 * index, &[number, at]);
            self.put(at.into(), &[settings.len() as u16]);
            self.put(usize::from(at) + 1, settings);
        }
    }

    /// A section that the word at `pointer` leads to.
    fn put_section(&mut self, pointer: usize, at: u16, words: &[u16]) {
        self.put(pointer, &[at]);
        self.put(at.into(), &[words.len() as u16]);
        self.put(usize::from(at) + 1, words);
    }

    fn put_checksum(&mut self) {
        self.words[CHECKSUM] = 0;
        self.words[CHECKSUM] = SUM.wrapping_sub(self.sum());
    }

    /// What the words that the checksum is over add up to, itself included.
    fn sum(&self) -> u16 {
        let sections = COUNTED.map(|pointer| usize::from(self.word(pointer)));
        let sections = sections.filter(|section| *section < WORDS).flat_map(|section| {
            let length = usize::from(self.word(section));
            &self.words[section + 1..=section + length]
        });
        let counted = self.words[..=CHECKSUM].iter().chain(sections);
        counted.fold(0, |sum, word| sum.wrapping_add(*word))
    }
}

impl Shift {
    fn take(&mut self, bit: bool) {
        if self.count < 24 {
            self.command = self.command << 1 | u32::from(bit);
            // A command of one byte, the status, stands where the command of a read stands.
            if self.count == 7 && self.command as u8 == READ_STATUS {
                self.command <<= 16;
                self.count = 23;
            }
        }
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends the low `bits` of `value`, the highest first.
    fn send(nvm: &mut Nvm, value: u32, bits: u32) {
        for bit in (0..bits).rev() {
            let data = if value >> bit & 1 != 0 { pins::INTO } else { 0 };
            nvm.drive(pins::REQUEST | data);
            nvm.drive(pins::REQUEST | data | pins::CLOCK);
            nvm.drive(pins::REQUEST | data);
        }
    }

    fn receive(nvm: &mut Nvm, bits: u32) -> u32 {
        (0..bits).fold(0, |value, _| {
            let bit = u32::from(nvm.pins(true) & pins::OUT_OF != 0);
            nvm.drive(pins::REQUEST | pins::CLOCK);
            nvm.drive(pins::REQUEST);
            value << 1 | bit
        })
    }

    fn nvm() -> Nvm {
        Nvm::new([2, 3, 4, 5, 6, 7])
    }

    #[test]
    fn the_words_that_count_add_up_to_baba() {
        assert_eq!(nvm().sum(), 0xBABA);
        let first = nvm().words[..=0x3F].iter().fold(0_u16, |a, b| a.wrapping_add(*b));
        let sections = [0x1111, 0x2222, 0x8000, 0x0001, 0x9999].iter().sum::<u32>();
        assert_eq!(first.wrapping_add(sections as u16), 0xBABA);
        for is_section in [false, true] {
            let mut nvm = nvm();
            nvm.spoil(is_section);
            assert_ne!(nvm.sum(), 0xBABA);
        }
    }

    #[test]
    fn a_word_is_read_by_its_address() {
        let nvm = nvm();
        assert_eq!(nvm.mac(), [2, 3, 4, 5, 6, 7]);
        assert_eq!(nvm.read_by_word(0x50 << 2 | 1), 0x0302_0142);
    }

    #[test]
    fn a_word_is_read_bit_by_bit_low_byte_first() {
        let mut nvm = nvm();
        assert_eq!(nvm.pins(true) & pins::GRANT, 0);
        nvm.drive(pins::REQUEST | pins::CHIP_SELECT);
        assert_ne!(nvm.pins(true) & pins::GRANT, 0);
        nvm.drive(pins::REQUEST);
        send(&mut nvm, u32::from(READ_STATUS), 8);
        assert_eq!(receive(&mut nvm, 8), 0);
        nvm.drive(pins::REQUEST | pins::CHIP_SELECT);
        nvm.drive(pins::REQUEST);
        send(&mut nvm, u32::from(READ_DATA), 8);
        send(&mut nvm, 0x50 * 2, 16);
        assert_eq!(receive(&mut nvm, 16), 0x0203);
        assert_eq!(receive(&mut nvm, 16), 0x0405);
    }
}
