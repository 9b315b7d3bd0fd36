//! What tells the descriptors of one family from those of another.
//!
//! A descriptor is two words of 64 bits. Those of all families here are alike but for some bits of
//! the second: extended descriptors of the 82574 (datasheet 3.0, 7.1.5.2 and 7.2.11), advanced ones of
//! the 82576 and its kind (datasheet 2.9, 7.1.5 and 7.2.2) and of the 82599 (datasheet 3.4, 7.1.6 and
//! 7.2.3).
//!
//! ```text
//! receive, as the driver writes it     address 64 | 0
//! receive, as the device writes it     hash and kind 64 | status and errors 32, length 16, VLAN 16
//! transmit, as the driver writes it    address 64 | length 16, 4, type 4, command 8, status 4, 14, payload 18
//! transmit, as the device writes it    as it was, with the status bit DD
//! ```

/// Bits of the status of a received frame: the descriptor is done, and ends its frame.
pub(crate) const DONE: u64 = 1;
pub(crate) const END: u64 = 1 << 1;
/// The bit of a transmit descriptor that the device is done with.
pub(crate) const SENT: u64 = 1 << 32;
/// Bits of a transmit command: the descriptor ends its frame, the device puts the frame's checksum
/// behind it, it reports when it is done, and the descriptor is none of the oldest kind.
const EOP: u64 = 1 << 24;
const IFCS: u64 = 1 << 25;
pub(crate) const REPORT: u64 = 1 << 27;
const DEXT: u64 = 1 << 29;
/// What every frame is sent with.
const COMMAND: u64 = EOP | IFCS | DEXT;

/// One family's descriptors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flavour {
    /// The second word of a transmit descriptor of no bytes.
    pub(crate) command: u64,
    /// What each byte of a frame adds to that.
    pub(crate) byte: u64,
    /// Bits of the status of a received frame that say that it was damaged on the wire.
    pub(crate) errors: u64,
}

/// Errors of 1G cards: CRC, symbol, sequence, carrier extension, and any other.
const ERRORS: u64 = 0x9700_0000;

/// The 82574.
pub(crate) static EXTENDED: Flavour =
    Flavour { command: COMMAND | 1 << 20, byte: 1, errors: ERRORS };

/// The 82576 and its kind: of type 3, with the length of the payload at bit 46.
pub(crate) static ADVANCED_1G: Flavour =
    Flavour { command: COMMAND | 3 << 20, byte: 1 | 1 << 46, errors: ERRORS };

/// The 82599 and its kind. Errors of the MAC are one bit, RXE (7.1.6.2).
pub(crate) static ADVANCED_10G: Flavour =
    Flavour { command: COMMAND | 3 << 20, byte: 1 | 1 << 46, errors: 1 << 29 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_sixty_bytes_is_sent_as_the_datasheet_of_the_82574_says() {
        // Length 60, type 1 (data), command DEXT, IFCS and EOP, no status, no options.
        assert_eq!(EXTENDED.command + 60 * EXTENDED.byte, 0x2310_003c);
    }

    #[test]
    fn a_frame_of_sixty_bytes_is_sent_as_the_datasheets_of_the_82576_and_82599_say() {
        // The same of type 3, and the payload is as long as the frame.
        for flavour in [&ADVANCED_1G, &ADVANCED_10G] {
            assert_eq!(flavour.command + 60 * flavour.byte, 60 << 46 | 0x2330_003c);
            let longest = flavour.command + 0xffff * flavour.byte;
            assert_eq!(longest >> 46, 0xffff, "the lengths do not run into their neighbours");
            assert_eq!(longest >> 16 & 0x3fff_ffff, 0x2330);
        }
    }
}
