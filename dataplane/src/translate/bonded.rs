//! Bonds: by which member packets leave, and which of them may take one.

use super::{Act, Id, Reason, Translator, is_multicast};
use crate::bond::{self, Bond, Mode};
use crate::network::Station;
use crate::wire::{arp, ethernet, vlan};

impl Translator<'_> {
    /// Has it leave by a member of `bond`.
    pub(super) fn leave_by(&mut self, bond: &Bond) {
        let Bond { members, enabled, .. } = *bond;
        if bond.has(self.port) {
            self.nothing = Reason::InvalidPort;
            return;
        }
        let chosen = match bond.mode {
            Mode::BalanceTcp if enabled.count_ones() > 1 => {
                return self.push(Act::Balance { members, enabled });
            }
            Mode::ActiveBackup | Mode::BalanceTcp => bond.active,
            Mode::BalanceSlb => bond::choose(members, enabled, self.source_hash()),
        };
        self.push(chosen.map_or(Act::Drop(Reason::Bond), Act::Output));
    }

    /// A hash of the source address on Ethernet and the VLAN.
    fn source_hash(&mut self) -> u32 {
        self.look_at(Id::EthSrc, u128::MAX);
        self.look_at(Id::VlanTci, (vlan::ID | vlan::PRESENT).into());
        let (source, vlan) = (Id::EthSrc.get(&self.key), Id::VlanVid.get(&self.key));
        // Fibonacci hashing (Knuth, 6.4).
        let number = (source as u64 | (vlan as u64) << 48).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (number >> 32) as u32
    }

    /// Whether a switch may take a packet from `source` to this `destination` by the port that it
    /// came in by: not where it would take one twice, or one that it sent itself.
    pub(super) fn admits(&mut self, source: Station, destination: u64) -> bool {
        let Some(bond) = self.world.network.bond(source.port) else { return true };
        let is_active = bond.active == Some(self.port);
        match bond.mode {
            Mode::ActiveBackup => is_active,
            Mode::BalanceSlb if is_multicast(destination) && !is_active => false,
            Mode::BalanceSlb => !self.is_echo(source),
            Mode::BalanceTcp => true,
        }
    }

    /// Whether `source` is known to be behind another port, and does not say that it moved.
    fn is_echo(&mut self, source: Station) -> bool {
        let known = self.world.network.addresses.find(source.mac, source.vlan);
        known.is_some_and(|port| port != source.port) && !self.is_announcement()
    }

    /// Whether it says where its sender is, unasked (gratuitous ARP: RFC 5227, 3).
    fn is_announcement(&mut self) -> bool {
        self.look_at(Id::EthType, u128::MAX);
        let is_for_all = is_multicast(Id::EthDst.get(&self.key) as u64);
        if self.key.kind() != ethernet::ARP || !is_for_all {
            return false;
        }
        for id in [Id::ArpOp, Id::ArpSpa, Id::ArpTpa] {
            self.look_at(id, u128::MAX);
        }
        let is_reply = Id::ArpOp.get(&self.key) == u128::from(arp::REPLY);
        is_reply || Id::ArpSpa.get(&self.key) == Id::ArpTpa.get(&self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;
    use crate::network::Network;
    use crate::played;
    use crate::translate::{World, translate};

    const BOND: u16 = bond::FIRST;
    const ALL: u128 = 0xffff_ffff_ffff;

    /// Ports 0 to 3, of which 1 and 2 are members of a bond whose links are up, and who was heard.
    fn network(mode: Mode) -> Network {
        let mut network = played::network(4);
        let mut bond = Bond::new(mode, 0b0110);
        bond.update(0b1111);
        network.bonds[0] = Some(bond);
        for (mac, port) in [(0xa, 0), (0xb, BOND)] {
            network.addresses.learn(Station { mac, vlan: 0, port });
        }
        network
    }

    /// What a learning switch does with a packet from port, source and destination.
    fn switched(network: &Network, port: u16, macs: (u128, u128), more: &[(Id, u128)]) -> Vec<Act> {
        let rules = played::rules(&["actions=normal"]);
        let mut key = Key::ZERO;
        let fields = [(Id::InPort, port.into()), (Id::EthSrc, macs.0), (Id::EthDst, macs.1)];
        let fields = fields.iter().chain(more);
        fields.for_each(|(id, value)| id.set(&mut key, *value, u128::MAX));
        let said = translate(World { rules: &rules, network }, &key, &mut ());
        said.program.acts.iter().copied().collect()
    }

    const REFUSED: [Act; 1] = [Act::Drop(Reason::Bond)];

    #[test]
    fn a_bond_is_one_port_of_a_switch() {
        let network = network(Mode::ActiveBackup);
        let flood = |port| switched(&network, port, (0xc, ALL), &[]);
        assert_eq!(flood(0), [Act::Output(3), Act::Output(1)], "by one member only");
        assert_eq!(flood(1), [Act::Output(0), Act::Output(3)], "not back by the other");
        assert_eq!(switched(&network, 1, (0xc, 0xb), &[]), [Act::Drop(Reason::RuleDrop)]);
        let rules = played::rules(&["actions=normal"]);
        let mut key = Key::ZERO;
        Id::InPort.set(&mut key, 1, u128::MAX);
        Id::EthSrc.set(&mut key, 0xc, u128::MAX);
        let said = translate(World { rules: &rules, network: &network }, &key, &mut ());
        assert_eq!(said.heard, Some(Station { mac: 0xc, vlan: 0, port: BOND }));
    }

    #[test]
    fn an_active_member_gives_way_to_its_backup() {
        let mut network = network(Mode::ActiveBackup);
        let to_bond = |network: &Network| switched(network, 0, (0xa, 0xb), &[]);
        let from = |network: &Network, port| switched(network, port, (0xb, 0xa), &[]);
        assert_eq!(to_bond(&network), [Act::Output(1)]);
        assert_eq!((from(&network, 1), from(&network, 2)), (vec![Act::Output(0)], REFUSED.into()));
        network.bonds[0].as_mut().unwrap().update(0b1101);
        assert_eq!(to_bond(&network), [Act::Output(2)]);
        assert_eq!((from(&network, 1), from(&network, 2)), (REFUSED.into(), vec![Act::Output(0)]));
        network.bonds[0].as_mut().unwrap().update(0);
        assert_eq!(to_bond(&network), REFUSED);
    }

    #[test]
    fn sources_are_spread_and_each_keeps_its_member() {
        let network = network(Mode::BalanceSlb);
        let by = |source| switched(&network, 0, (source, 0xb), &[]);
        let chosen: Vec<_> = (0x100..0x200).map(by).collect();
        let first = chosen.iter().filter(|acts| **acts == [Act::Output(1)]).count();
        assert!((96..=160).contains(&first), "{first}");
        assert!(chosen.iter().all(|acts| matches!(acts[..], [Act::Output(1 | 2)])));
        assert_eq!(by(0x123), by(0x123));
    }

    #[test]
    fn what_a_switch_sent_itself_or_gets_twice_is_not_taken() {
        let network = network(Mode::BalanceSlb);
        let from = |port, macs, more: &[_]| switched(&network, port, macs, more);
        assert_eq!(from(2, (0xc, ALL), &[]), REFUSED, "once is enough");
        assert_eq!(from(1, (0xc, ALL), &[]), [Act::Output(0), Act::Output(3)]);
        assert_eq!(from(2, (0xc, 0xa), &[]), [Act::Output(0)]);
        assert_eq!(from(1, (0xa, 0xb), &[]), REFUSED, "that was heard behind another port");
        let moved = [(Id::EthType, 0x806), (Id::ArpOp, 1), (Id::ArpSpa, 7), (Id::ArpTpa, 7)];
        assert_eq!(from(1, (0xa, ALL), &moved), [Act::Output(0), Act::Output(3)]);
        let asks = [(Id::EthType, 0x806), (Id::ArpOp, 1), (Id::ArpSpa, 7), (Id::ArpTpa, 8)];
        assert_eq!(from(1, (0xa, ALL), &asks), REFUSED);
    }

    #[test]
    fn connections_are_spread_by_the_datapath() {
        let mut network = network(Mode::BalanceTcp);
        let by = |network: &Network| switched(network, 0, (0xc, 0xb), &[]);
        assert_eq!(by(&network), [Act::Balance { members: 0b0110, enabled: 0b0110 }]);
        network.bonds[0].as_mut().unwrap().update(0b0100);
        assert_eq!(by(&network), [Act::Output(2)], "there is no choice");
        assert_eq!(switched(&network, 1, (0xc, 0xa), &[]), [Act::Output(0)]);
    }

    #[test]
    fn rules_may_send_to_a_bond_but_not_back() {
        let network = network(Mode::ActiveBackup);
        let rules = played::rules(&["actions=output:64"]);
        let from = |port: u16| {
            let mut key = Key::ZERO;
            Id::InPort.set(&mut key, port.into(), u128::MAX);
            let said = translate(World { rules: &rules, network: &network }, &key, &mut ());
            said.program.acts[0]
        };
        assert_eq!([from(0), from(2)], [Act::Output(1), Act::Drop(Reason::InvalidPort)]);
    }
}
