//! Bonds: ports that a learning switch takes for one. Modes are Open vSwitch's; there is no LACP, so
//! the other end has to be set up alike.

use crate::ledger::PORTS;

/// Bonds that there are at most.
pub const BONDS: usize = 8;
/// Number of the first bond's port; the others follow.
pub const FIRST: u16 = 64;

/// Which member of a bond packets leave by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The active one.
    ActiveBackup,
    /// One for each pair of source address on Ethernet and VLAN.
    BalanceSlb,
    /// One for each connection.
    BalanceTcp,
}

/// Ports that are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bond {
    /// Which member packets leave by.
    pub mode: Mode,
    /// Bit p says that port p is a member.
    pub members: u16,
    /// Those of them whose link is up.
    pub enabled: u16,
    /// The member by which all leave that only one may.
    pub active: Option<u16>,
}

const _: () = assert!(PORTS <= u16::BITS as usize);

impl Mode {
    /// All of them, in the order of [`Self::NAMES`].
    pub const ALL: [Self; 3] = [Self::ActiveBackup, Self::BalanceSlb, Self::BalanceTcp];
    /// Their names.
    pub const NAMES: [&'static str; 3] = ["active-backup", "balance-slb", "balance-tcp"];

    /// Its name.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

impl Bond {
    /// A bond of these members, none of whose links is known to be up.
    pub const fn new(mode: Mode, members: u16) -> Self {
        Self { mode, members, enabled: 0, active: None }
    }

    /// Whether `port` is a member.
    pub fn has(&self, port: u16) -> bool {
        usize::from(port) < PORTS && self.members >> port & 1 == 1
    }

    /// Takes over which links are up; bit p says so of port p. Another member becomes the active
    /// one only where the one before is down.
    pub fn update(&mut self, links: u16) {
        self.enabled = self.members & links;
        let first = (self.enabled != 0).then(|| self.enabled.trailing_zeros() as u16);
        self.active = self.active.filter(|port| self.enabled >> port & 1 == 1).or(first);
    }
}

/// The member that packets of `hash` leave by: one of all, and of those `enabled` where that one is
/// not, so that the others keep what they have when one fails. None if none is enabled.
pub(crate) fn choose(members: u16, enabled: u16, hash: u32) -> Option<u16> {
    let first = nth(members, hash)?;
    if enabled >> first & 1 == 1 { Some(first) } else { nth(enabled, hash.rotate_left(16)) }
}

/// One of the ports in `set`, the same for the same `hash`; none if it is empty.
fn nth(set: u16, hash: u32) -> Option<u16> {
    let count = u64::from(set.count_ones());
    let place = (u64::from(hash) * count) >> 32;
    let rest = (0..place).fold(set, |rest, _| rest & rest.wrapping_sub(1));
    (rest != 0).then(|| rest.trailing_zeros() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of 10,000 hashes each port gets.
    fn shares(members: u16, enabled: u16) -> [u32; 16] {
        let mut shares = [0; 16];
        let hashes = (0..10_000_u32).map(|number| number.wrapping_mul(0x9e37_79b1));
        for port in hashes.filter_map(|hash| choose(members, enabled, hash)) {
            shares[usize::from(port)] += 1;
        }
        shares
    }

    #[test]
    fn members_get_equal_shares_and_nobody_else_any() {
        let shares = shares(0b1000_0000_0010_0110, !0);
        assert!([1, 2, 5, 15].iter().all(|port| (2450..=2550).contains(&shares[*port])));
        assert_eq!(shares.iter().sum::<u32>(), 10_000);
    }

    #[test]
    fn where_one_fails_the_others_keep_what_they_have_and_share_the_rest() {
        for number in 0..10_000_u32 {
            let hash = number.wrapping_mul(0x9e37_79b1);
            let [before, after] = [0b111, 0b101].map(|enabled| choose(0b111, enabled, hash));
            assert!(before == after || before == Some(1) && after != Some(1));
        }
        let shares = shares(0b111, 0b101);
        assert!(shares[0].abs_diff(shares[2]) < 300 && shares[1] == 0, "{shares:?}");
    }

    #[test]
    fn nothing_is_chosen_where_no_link_is_up() {
        assert_eq!(choose(0b11, 0, 7), None);
        assert_eq!(choose(0, 0, 7), None);
    }

    #[test]
    fn the_active_member_stays_so_until_its_link_fails() {
        let mut bond = Bond::new(Mode::ActiveBackup, 0b0110);
        bond.update(0b0101);
        assert_eq!((bond.enabled, bond.active), (0b0100, Some(2)));
        bond.update(0b0110);
        assert_eq!(bond.active, Some(2));
        bond.update(0b0011);
        assert_eq!(bond.active, Some(1));
        bond.update(0b1001);
        assert_eq!((bond.enabled, bond.active), (0, None));
    }
}
