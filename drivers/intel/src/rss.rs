//! How frames are spread over queues: by a hash over addresses and ports, and a table of queues.
//!
//! Registers lie at the same places in the 82576 and in the 82599 (datasheet of the 82599, 7.1.2.8).

use bus::{Clock, Mmio};

use crate::device::Device;

const MRQC: usize = 0x5818; // 8.2.3.7.12
const RETA: usize = 0x5c00; // 8.2.3.7.13
const RSSRK: usize = 0x5c80; // 8.2.3.7.14

/// Words of the key, and of the table of 128 entries.
const KEY_WORDS: usize = 10;
const TABLE_WORDS: usize = 32;

/// The key: bytes 6D, 5A, again and again. Both directions of a flow have the same hash by that,
/// since it repeats every 16 bits, and addresses and ports are whole multiples of that.
const KEY: u32 = 0x5a6d_5a6d;

/// What is hashed: addresses, with ports where there are such (TCP and UDP, IPv4 and IPv6).
const FIELDS: u32 = 1 << 16 | 1 << 17 | 1 << 20 | 1 << 21 | 1 << 22 | 1 << 23;

/// Spreads frames over queues 0 to `queues` - 1. `mode` is how the family calls that in MRQC.
pub(crate) fn set_up<M: Mmio, C: Clock>(device: &Device<'_, M, C>, queues: usize, mode: u32) {
    (0..KEY_WORDS).for_each(|word| device.write(RSSRK + 4 * word, KEY));
    (0..TABLE_WORDS).for_each(|word| device.write(RETA + 4 * word, table_word(word, queues)));
    device.write(MRQC, mode | FIELDS);
}

/// Word `word` of a table that gives every queue as many entries as the others, or one more.
pub(crate) fn table_word(word: usize, queues: usize) -> u32 {
    let entry = |i: usize| ((4 * word + i) % queues) as u8;
    u32::from_le_bytes([entry(0), entry(1), entry(2), entry(3)])
}
