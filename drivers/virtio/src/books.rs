//! What a device was given, and what it said of that.
//!
//! The device cannot write these: they decide whether an id may come back.

use handover::Holder;

use crate::queue::{N, slot};

/// Something that a device said and that cannot be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// It used a descriptor that the queue does not have.
    IdOutOfRange,
    /// It used a descriptor that it was not given, or has given back already.
    IdNotGiven,
    /// It wrote less than the header that comes in front of every frame.
    TooShort,
    /// It wrote more than the buffer holds.
    TooLong,
    /// It used more descriptors than it had.
    IndexJump,
}

impl Lie {
    const ALL: [Self; 5] =
        [Self::IdOutOfRange, Self::IdNotGiven, Self::TooShort, Self::TooLong, Self::IndexJump];

    /// The lie with this number, counted from 1.
    pub(crate) fn of_code(code: u16) -> Option<Self> {
        Self::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }

    /// Its number, counted from 1.
    pub(crate) fn code(self) -> u16 {
        self as u16 + 1
    }

    /// It in some words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::IdOutOfRange => "id out of range",
            Self::IdNotGiven => "id not given",
            Self::TooShort => "length too short",
            Self::TooLong => "length too long",
            Self::IndexJump => "index jump",
        }
    }
}

/// How often a device lied, by [`Lie`]. Counts since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lies {
    /// [`Lie::IdOutOfRange`].
    pub id_out_of_range: u64,
    /// [`Lie::IdNotGiven`].
    pub id_not_given: u64,
    /// [`Lie::TooShort`].
    pub too_short: u64,
    /// [`Lie::TooLong`].
    pub too_long: u64,
    /// [`Lie::IndexJump`]. The queue was stopped by each.
    pub index_jump: u64,
}

impl Lies {
    /// Lies of all kinds.
    pub fn total(&self) -> u64 {
        self.id_out_of_range + self.id_not_given + self.too_short + self.too_long + self.index_jump
    }

    fn of(&self, lie: Lie) -> u64 {
        match lie {
            Lie::IdOutOfRange => self.id_out_of_range,
            Lie::IdNotGiven => self.id_not_given,
            Lie::TooShort => self.too_short,
            Lie::TooLong => self.too_long,
            Lie::IndexJump => self.index_jump,
        }
    }
}

/// What the device was given, by id, and what it said of that.
pub(crate) struct Books<T> {
    given: [Option<T>; N],
    size: u16,
    is_stopped: bool,
    lies: Lies,
    /// Those of them that were told before the device was reset last.
    forgiven: Lies,
    /// Lies that [`news`](Self::news) did not tell of yet.
    untold: u32,
}

impl<T> Books<T> {
    pub(crate) fn new(size: u16) -> Self {
        let given = [const { None }; N];
        let (lies, forgiven) = Default::default();
        Self { given, size, is_stopped: false, lies, forgiven, untold: 0 }
    }

    /// Descriptors of the queue, a power of two.
    pub(crate) fn size(&self) -> u16 {
        self.size
    }

    pub(crate) fn lies(&self) -> Lies {
        self.lies
    }

    /// Whether there were lies since [`news`](Self::news) was last asked.
    #[inline]
    pub(crate) fn has_news(&self) -> bool {
        self.untold > 0
    }

    /// Lies since this was last asked.
    pub(crate) fn news(&mut self) -> u32 {
        core::mem::take(&mut self.untold)
    }

    /// Whether nothing more is taken from the device or given to it.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Asks `holder` of the queue for a reset of its device if that lied too often, and believes it no
    /// more. Not asked where lies are counted, which frames have to pass by.
    pub(crate) fn judge(&mut self, holder: &mut Holder) {
        let told = |lie: &Lie| self.lies.of(*lie) - self.forgiven.of(*lie);
        let is_too_much = self.lies.total() - self.forgiven.total() >= most_lies(self.size);
        let worst = Lie::ALL.into_iter().max_by_key(told).unwrap_or(Lie::IndexJump);
        let has_jumped = told(&Lie::IndexJump) > 0;
        if is_too_much || has_jumped {
            self.is_stopped = true;
            holder.ask(if has_jumped { Lie::IndexJump } else { worst }.code());
        }
    }

    #[inline]
    pub(crate) fn note(&mut self, id: u16, item: T) -> &T {
        let place = &mut self.given[slot(id)];
        debug_assert!(place.is_none(), "an id is given only while the device does not have it");
        // Saves asking whether there is a frame to drop, once for each that moves.
        core::mem::forget(place.take());
        place.insert(item)
    }

    /// What the device was given as `id`, if it has that.
    #[inline]
    pub(crate) fn take_back(&mut self, id: u32) -> Option<T> {
        let item = self.given.get_mut(id as usize).and_then(Option::take);
        if item.is_none() {
            self.count_bad_id(id);
        }
        item
    }

    #[cold]
    fn count_bad_id(&mut self, id: u32) {
        if id < u32::from(self.size) {
            self.lies.id_not_given += 1;
        } else {
            self.lies.id_out_of_range += 1;
        }
        self.untold += 1;
    }

    /// Counts a number of bytes that the device cannot have written.
    #[cold]
    pub(crate) fn count_bad_len(&mut self, is_too_short: bool) {
        if is_too_short {
            self.lies.too_short += 1;
        } else {
            self.lies.too_long += 1;
        }
        self.untold += 1;
    }

    /// Counts a lie after which nothing that the device says means anything.
    #[cold]
    pub(crate) fn stop(&mut self) -> u16 {
        self.is_stopped = true;
        self.lies.index_jump += 1;
        self.untold += 1;
        0
    }

    /// Gives all that the device still has to `home`. It was reset, and is neither believed nor given
    /// anything before it has [begun](Self::begin) again.
    pub(crate) fn let_go(&mut self, home: impl FnMut(T)) {
        self.given.iter_mut().filter_map(Option::take).for_each(home);
        (self.is_stopped, self.forgiven) = (true, self.lies);
    }

    /// Begins again, with a device that has nothing. Counts go on.
    pub(crate) fn begin(&mut self) {
        self.is_stopped = false;
    }

    /// All that the device still has.
    #[cfg(test)]
    pub(crate) fn into_given(self) -> impl Iterator<Item = T> {
        self.given.into_iter().flatten()
    }
}

/// Lies that are too many for a queue of so many descriptors: a lie about an id costs it one for good,
/// and it is to have most of them still.
fn most_lies(size: u16) -> u64 {
    u64::from(size / 4).max(1)
}
