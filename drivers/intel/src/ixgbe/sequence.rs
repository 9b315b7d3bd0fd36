//! What the NVM has for a module: a sequence of values for the analogue part of the card (6.3.2.2.1).

use bit_field::BitField;
use bus::{Clock, Mmio};

use super::NVM;
use super::registers::bits::status;
use super::registers::{CORECTL, STATUS};
use super::sfp::Module;
use crate::device::Device;
use crate::nvm::{ADDRESSES, NOTHING, Reader};

/// The word of the NVM that leads to the list of modules.
const MODULES: u16 = 0x2b;
/// What ends a list, or a sequence.
const END: u16 = 0xffff;
/// Words of one at most, so that one of any words ends.
const LONGEST: u16 = 256;

/// Why a sequence was not played, or not to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unplayed {
    /// There is none for this module.
    Absent,
    /// The NVM does not answer, or not in time.
    Unread,
}

/// Writes the sequence of `module` to the analogue part. The NVM may take so many ms for it, and the
/// semaphore has to be the driver's.
pub(super) fn play<M: Mmio, C: Clock>(
    device: &Device<'_, M, C>,
    module: Module,
    milliseconds: u64,
) -> Result<(), Unplayed> {
    let words = NVM.reader(device, milliseconds);
    let port = device.read(STATUS).get_bits(status::LAN_ID) & 1;
    let sequence = find(&words, module.number(port as u16))?;
    for place in places(sequence, 1) {
        let word = read(&words, place)?;
        if word == END {
            break;
        }
        device.write(CORECTL, word.into());
    }
    Ok(())
}

/// Where the sequence with this number is: the list has numbers and places, each after one word of
/// another use, as sequences begin with.
fn find<M: Mmio, C: Clock>(words: &Reader<'_, '_, M, C>, number: u16) -> Result<u16, Unplayed> {
    for place in places(pointer(words, MODULES)?, 2) {
        match read(words, place)? {
            END => break,
            found if found == number => return pointer(words, place + 1),
            _ => {}
        }
    }
    Err(Unplayed::Absent)
}

/// Every so many-th word behind `start`.
fn places(start: u16, step: usize) -> impl Iterator<Item = u16> {
    (1..LONGEST).step_by(step).map_while(move |i| start.checked_add(i))
}

/// What the word at `place` leads to.
fn pointer<M: Mmio, C: Clock>(words: &Reader<'_, '_, M, C>, place: u16) -> Result<u16, Unplayed> {
    let word = read(words, place)?;
    let leads_nowhere = NOTHING.contains(&word) || word >= ADDRESSES;
    if leads_nowhere { Err(Unplayed::Absent) } else { Ok(word) }
}

fn read<M: Mmio, C: Clock>(words: &Reader<'_, '_, M, C>, place: u16) -> Result<u16, Unplayed> {
    words.word(place).ok_or(Unplayed::Unread)
}
