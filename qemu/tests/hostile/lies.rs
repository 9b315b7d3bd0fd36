//! What the card says that is not true.

use super::{Card, HEADER};

/// A kind of lie. Those of sending need a frame that was sent and not given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// A buffer of a number that the queue does not have.
    IdOutOfRange,
    /// The same buffer twice, at once.
    RepeatedId,
    /// More bytes than the buffer has.
    TooLong,
    /// No bytes at all.
    Empty,
    /// Less than the header.
    TooShort,
    /// An index that is more than the ring further.
    IndexJumps,
    /// An index that goes back.
    IndexGoesBack,
    /// An index that goes on, though nothing was written.
    StaleEntry,
    /// A header full of offloads and counts that nobody agreed on, and doorbell flags that there are not.
    WrongHeader,
    /// A frame that is written again when it is not the card's any more, and a descriptor that is a
    /// chain without an end.
    Rewritten,
    /// A sent buffer of a number that the queue does not have.
    SentIdOutOfRange,
    /// A buffer that was not sent.
    SentIdNotGiven,
    /// Nothing, of a frame that was sent: it is given back with all others, late.
    SentLate,
}

impl Lie {
    /// Whether it is about frames that the driver sends.
    pub(crate) fn is_of_sending(self) -> bool {
        matches!(self, Self::SentIdOutOfRange | Self::SentIdNotGiven | Self::SentLate)
    }
}

/// Bytes that a frame may have had.
const LEN: u32 = 72;

impl Card {
    /// Tells `lie` for the time `number`. False if the driver has given nothing to tell it of.
    pub(crate) fn tell(&mut self, lie: Lie, number: u32) -> bool {
        match lie {
            Lie::IndexJumps | Lie::IndexGoesBack | Lie::StaleEntry => self.move_index(lie, number),
            Lie::WrongHeader => self.deliver_strangely(number),
            Lie::Rewritten => self.deliver_and_rewrite(number),
            Lie::RepeatedId => self.repeat(),
            Lie::SentLate => true,
            _ => self.lie_about_one(lie, number).is_some(),
        }
    }

    /// Says something else of one buffer than what happened to it.
    fn lie_about_one(&mut self, lie: Lie, number: u32) -> Option<()> {
        let (rx, tx) = (self.rx(), self.tx());
        let size = u32::from(self.rings[rx].size);
        // Ids of packed rings have 16 bits.
        let high = if self.rings[rx].is_packed { 0 } else { number << 16 };
        let none = (size + 97 * number) | high;
        let (queue, used) = match lie {
            Lie::IdOutOfRange => (rx, self.keep(rx).map(|_| (none, LEN))?),
            Lie::SentIdOutOfRange => (tx, self.keep(tx).map(|_| (none, 0))?),
            // A driver has few frames under way, and begins at the other end.
            Lie::SentIdNotGiven => (tx, self.keep(tx).map(|_| (size - 1 - number % 50, 0))?),
            _ => {
                let offer = self.take(rx)?;
                (rx, (offer.id.into(), wrong_length(lie, number, offer.len)))
            }
        };
        self.put(queue, &[used]);
        Some(())
    }

    fn move_index(&mut self, lie: Lie, number: u32) -> bool {
        let rx = self.rx();
        self.collect(rx);
        let Self { memory: Some(memory), rings, held, .. } = self else { return false };
        let (size, number) = (rings[rx].size, number as u16);
        let distance = match lie {
            Lie::IndexJumps => size + 1 + number,
            Lie::IndexGoesBack => (1 + number).wrapping_neg(),
            _ => {
                // What it names is the driver's from now on.
                let id = rings[rx].stale_id(memory);
                held[rx].retain(|offer| u32::from(offer.id) != id);
                1
            }
        };
        rings[rx].jump(memory, distance);
        true
    }

    fn repeat(&mut self) -> bool {
        if self.buffers() < 2 {
            return false;
        }
        let (Some(offer), Some(_)) = (self.take(self.rx()), self.keep(self.rx())) else {
            return false;
        };
        let len = self.fill(&offer, [0; HEADER], &frame(0));
        self.put(self.rx(), &[(offer.id.into(), len); 2]);
        true
    }

    fn deliver_strangely(&mut self, number: u32) -> bool {
        let byte = |at: usize| (number as usize * 89 + at * 37 + 1) as u8;
        // Flags, kind of segments, their size, where a checksum is, and how many buffers.
        let header: [u8; HEADER] = core::array::from_fn(byte);
        if let Some(memory) = &self.memory {
            self.rings[self.rx()].put_flags(memory, 0xfffc);
        }
        self.deliver_with(header, &frame(number))
    }

    fn deliver_and_rewrite(&mut self, number: u32) -> bool {
        let rx = self.rx();
        let Some(offer) = self.take(rx) else { return false };
        let len = self.fill(&offer, [0; HEADER], &frame(number));
        self.put(rx, &[(offer.id.into(), len)]);
        if let Some(memory) = &mut self.memory {
            // Another one follows, which is itself.
            self.rings[rx].scribble(memory, offer.id, 0b11 | u32::from(offer.id) << 16);
            memory.write(offer.address, &vec![number as u8; len as usize]);
        }
        true
    }
}

/// A length that a buffer of `len` bytes cannot have been filled with.
fn wrong_length(lie: Lie, number: u32, len: u32) -> u32 {
    match lie {
        Lie::Empty => 0,
        Lie::TooShort => 1 + number % (HEADER as u32 - 1),
        _ => [len + 1 + number, 9012 + number, 1 << 16, u32::MAX - number][number as usize % 4],
    }
}

/// A frame that is nothing but its number.
pub(crate) fn frame(number: u32) -> Vec<u8> {
    let header = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5];
    header.into_iter().chain(number.to_be_bytes().into_iter().cycle().take(46)).collect()
}
