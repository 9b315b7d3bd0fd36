//! The stacks of one core, each with an unmapped page below it.
//!
//! The layout, upwards: guard, main stack, then guard and stack for each class of vectors. A
//! vector always starts at the top of its class's stack (IST, Intel SDM volume 3, 6.14.5), so
//! that no interrupted code's red zone is written, and a full stack can still be reported.

/// Bytes of an unmapped guard page.
pub(super) const GUARD_LEN: usize = 4096;

/// Which stack a vector runs on; the value is the IST index less one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Faults, traps and whatever else was not expected.
    Fault = 0,
    DoubleFault = 1,
    Nmi = 2,
    MachineCheck = 3,
    /// The timer and spurious interrupts.
    Interrupt = 4,
}

/// All classes, in the order of their values.
pub(super) const CLASSES: [Class; 5] =
    [Class::Fault, Class::DoubleFault, Class::Nmi, Class::MachineCheck, Class::Interrupt];

/// The place of one core's stacks: addresses only, nothing is ever read through it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stacks {
    base: u64,
}

impl Stacks {
    /// Bytes of the stack that a core's own code runs on.
    const MAIN_LEN: usize = 256 * 1024;
    /// Bytes of each stack for vectors; a crash report runs on one.
    const CLASS_LEN: usize = 32 * 1024;
    /// Offset of the main stack's upper end.
    pub(super) const MAIN_TOP: usize = GUARD_LEN + Self::MAIN_LEN;
    /// Bytes of all stacks and guards of a core.
    pub(super) const LEN: usize = Self::MAIN_TOP + CLASSES.len() * (GUARD_LEN + Self::CLASS_LEN);

    /// The stacks that lie in `LEN` bytes from `base`.
    pub(super) const fn at(base: u64) -> Self {
        Self { base }
    }

    /// The upper end of the main stack.
    pub(super) const fn main_top(self) -> u64 {
        self.base + Self::MAIN_TOP as u64
    }

    /// The upper end of the stack for `class`.
    pub(super) const fn top(self, class: Class) -> u64 {
        self.main_top() + (class as u64 + 1) * (GUARD_LEN + Self::CLASS_LEN) as u64
    }

    /// The addresses of all guard pages.
    pub(super) fn guards(self) -> impl Iterator<Item = u64> {
        let below = move |class| self.top(class) - (GUARD_LEN + Self::CLASS_LEN) as u64;
        core::iter::once(self.base).chain(CLASSES.into_iter().map(below))
    }

    /// Whether `address` lies in a guard page.
    pub(super) fn is_guard(self, address: u64) -> bool {
        self.guards().any(|guard| (guard..guard + GUARD_LEN as u64).contains(&address))
    }
}
