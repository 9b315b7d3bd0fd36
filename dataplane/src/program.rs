//! What is done with the packets of a flow, in order; and one PMD's store of such programs.
//!
//! Flows that do the same share a program. A program is decided once, by an upcall, and then only
//! carried out.

use core::hash::{Hash, Hasher as _};

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;
use heapless::Vec;

use crate::field::Id;
use crate::ledger::Reason;

/// Acts of a program at most.
pub const ACTS: usize = 24;
/// Headers of tunnels that a program puts in front of packets at most.
pub const ENCAPSULATIONS: usize = 8;
/// Bytes of the longest of them: Ethernet, IPv6, UDP and VXLAN.
pub const HEADERS: usize = 70;
/// Places that a program can have in the store.
const CHOICES: usize = 16;

/// One thing that is done with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// It leaves by this port; a copy of it, if anything that ends it follows.
    Output(u16),
    /// It leaves by one of `members`, the same for all packets of a connection; by one of those
    /// `enabled`. Bit p stands for port p.
    Balance {
        /// All members of the bond.
        members: u16,
        /// Those whose link is up.
        enabled: u16,
    },
    /// It leaves by the port, with headers in front.
    Encapsulate {
        /// Which of [`Program::headers`].
        headers: u8,
        /// The port.
        port: u16,
    },
    /// The headers of a tunnel are taken off, and it comes again.
    Decapsulate,
    /// A field changes where `mask` has ones.
    Set {
        /// Which.
        field: Id,
        /// Its new value, as a number of 128 bits.
        value: [u8; 16],
        /// Where it changes.
        mask: [u8; 16],
    },
    /// It gets a VLAN tag.
    PushVlan {
        /// Type of the tag.
        kind: u16,
        /// The tag.
        control: u16,
    },
    /// Its outer VLAN tag is taken off.
    PopVlan,
    /// It ends here unless this meter lets it pass.
    Meter(u32),
    /// It, or a copy, is dropped.
    Drop(Reason),
}

impl Act {
    /// Whether a packet, or a copy, ends with it.
    pub const fn ends(&self) -> bool {
        match self {
            Self::Output(_)
            | Self::Balance { .. }
            | Self::Encapsulate { .. }
            | Self::Decapsulate
            | Self::Drop(_) => true,
            Self::Set { .. } | Self::PushVlan { .. } | Self::PopVlan | Self::Meter(_) => false,
        }
    }
}

/// Headers that are put in front of packets, but for what differs from one to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Headers {
    /// The headers.
    pub bytes: [u8; HEADERS],
    /// How many bytes of them.
    pub len: u8,
    /// The checksum of the header of IPv4, of length 0, if there is one.
    pub checksum: u16,
}

/// What is done with the packets of a flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Program {
    /// In order.
    pub acts: Vec<Act, ACTS>,
    /// What [`Act::Encapsulate`] means.
    pub headers: Vec<Headers, ENCAPSULATIONS>,
}

/// Programs are told apart by it, on one core and from another. It is no secret.
static SEED: SharedSeed = SharedSeed::from_u64(0x6261_7265_636f_7265);

impl Program {
    /// A program of nothing.
    pub const fn new() -> Self {
        Self { acts: Vec::new(), headers: Vec::new() }
    }

    /// A number by which equal programs are known.
    pub fn fingerprint(&self) -> u64 {
        // Not 0: what is hashed first is a length of 1, as a rule, and 1 times anything is that.
        let mut hasher = FoldHasher::with_seed(0x9e37_79b9_7f4a_7c15, &SEED);
        self.hash(&mut hasher);
        hasher.finish()
    }
}

/// A place in the store.
#[derive(Clone, Debug, Default)]
pub struct Place {
    program: Program,
    fingerprint: u64,
    /// Flows that use it.
    users: u32,
}

/// One PMD's programs.
pub struct Programs(&'static mut [Place]);

impl Programs {
    /// A store in this memory.
    pub const fn new(places: &'static mut [Place]) -> Self {
        Self(places)
    }

    /// The program of this number.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&Program> {
        self.0.get(number as usize).map(|place| &place.program)
    }

    /// Has one more flow use `program`, and returns its number; none if there is no place for it.
    pub(crate) fn hold(&mut self, program: &Program) -> Option<u32> {
        let fingerprint = program.fingerprint();
        let count = self.0.len();
        let choice = |offset: usize| (fingerprint as usize).wrapping_add(offset).checked_rem(count);
        let mut choices = (0..CHOICES.min(count)).filter_map(choice);
        let is_it = |place: &Place| {
            place.users > 0 && place.fingerprint == fingerprint && place.program == *program
        };
        let known = choices.clone().find(|number| is_it(&self.0[*number]));
        let number = known.or_else(|| choices.find(|number| self.0[*number].users == 0))?;
        let place = &mut self.0[number];
        if place.users == 0 {
            place.program.clone_from(program);
            place.fingerprint = fingerprint;
        }
        place.users += 1;
        Some(number as u32)
    }

    /// Has one flow less use the program of this number.
    pub(crate) fn release(&mut self, number: u32) {
        if let Some(place) = self.0.get_mut(number as usize) {
            place.users = place.users.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(port: u16) -> Program {
        let mut program = Program::new();
        assert!(program.acts.push(Act::Output(port)).is_ok());
        program
    }

    fn store(places: usize) -> Programs {
        Programs::new(vec![Place::default(); places].leak())
    }

    #[test]
    fn equal_programs_share_a_place_until_nobody_uses_it() {
        let mut programs = store(4);
        let first = programs.hold(&program(1)).unwrap();
        assert_eq!(programs.hold(&program(1)), Some(first));
        let second = programs.hold(&program(2)).unwrap();
        assert_ne!(first, second);
        assert_eq!(programs.get(first), Some(&program(1)));
        programs.release(first);
        programs.release(first);
        let others: std::vec::Vec<_> = (3..6).filter_map(|n| programs.hold(&program(n))).collect();
        assert_eq!(others.len(), 3);
        assert!(others.contains(&first));
        assert_eq!(programs.hold(&program(9)), None);
    }

    #[test]
    fn programs_that_differ_have_other_fingerprints() {
        let one = |act: Act| {
            let mut program = Program::new();
            assert!(program.acts.push(act).is_ok());
            program.fingerprint()
        };
        let drops = crate::Reason::ALL.map(|reason| one(Act::Drop(reason)));
        let outputs = (0..80).map(|port| one(Act::Output(port)));
        let all: std::vec::Vec<u64> = drops.into_iter().chain(outputs).collect();
        let different: std::collections::BTreeSet<u64> = all.iter().copied().collect();
        assert_eq!(different.len(), all.len());
    }
}
