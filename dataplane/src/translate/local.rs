//! What is for this machine itself, and what goes into tunnels and comes out of them: decided before
//! rules are asked, or at their order.
//!
//! Frames that come in by the endpoint's port and are for its address on Ethernet are for the
//! machine, as they are on the local port of Open vSwitch's bridge with the tunnel's address.
//! Questions to all about addresses are for it too, and for whomever rules send them to.

use super::{Act, Id, LOCAL, Reason, Translator, is_multicast};
use crate::program::Headers;
use crate::tunnel::{self, Ends, Tunnel};
use crate::wire::{ethernet, ipv4, ipv6};

impl Translator<'_> {
    /// Decides what needs no rules, and says whether they are to be asked.
    pub(super) fn arrive(&mut self) -> bool {
        if self.port == tunnel::UNKNOWN {
            return self.leave_tunnel();
        }
        let Some(endpoint) = self.world.network.endpoint else { return true };
        if self.port == LOCAL {
            self.push(Act::Output(endpoint.port));
            return false;
        }
        if self.port != endpoint.port {
            return true;
        }
        self.look_at(Id::EthDst, u128::MAX);
        let destination = Id::EthDst.get(&self.key) as u64;
        if destination == endpoint.mac {
            self.local();
            return false;
        }
        if is_multicast(destination) && self.is_question() {
            self.push(Act::Output(LOCAL));
        }
        true
    }

    /// Whether it is about addresses: ARP, or ICMPv6.
    fn is_question(&mut self) -> bool {
        self.look_at(Id::EthType, u128::MAX);
        match self.key.kind() {
            ethernet::ARP => true,
            ethernet::IPV6 => {
                self.look_at(Id::NwProto, u128::MAX);
                Id::NwProto.get(&self.key) == u128::from(ipv6::ICMPV6)
            }
            _ => false,
        }
    }

    /// Finds the tunnel that the packet came out of, by what was in front of it.
    fn leave_tunnel(&mut self) -> bool {
        [Id::TunSrc, Id::TunId, Id::TunTpDst]
            .into_iter()
            .for_each(|id| self.look_at(id, u128::MAX));
        let mut tunnels = self.world.network.each_tunnel();
        let Some((port, _)) = tunnels.find(|(_, tunnel)| tunnel.fits(&self.key)) else {
            self.push(Act::Drop(Reason::InvalidTunnel));
            return false;
        };
        self.port = port;
        Id::InPort.set(&mut self.key, port.into(), u128::MAX);
        true
    }

    /// Sends it to the machine itself: out of its tunnel, or to the control core.
    pub(super) fn local(&mut self) {
        if self.is_from_tunnel() {
            self.push(Act::Decapsulate);
        } else if self.world.network.has(LOCAL) {
            self.push(Act::Output(LOCAL));
        } else {
            self.nothing = Reason::InvalidPort;
        }
    }

    /// Whether it is a datagram to the endpoint, at the port of a tunnel.
    fn is_from_tunnel(&mut self) -> bool {
        let network = self.world.network;
        let Some(endpoint) = network.endpoint else { return false };
        self.look_at(Id::EthType, u128::MAX);
        let address = match self.key.kind() {
            ethernet::IPV4 => {
                self.look_at(Id::NwDst, u128::MAX);
                0xffff << 32 | Id::NwDst.get(&self.key)
            }
            ethernet::IPV6 => {
                self.look_at(Id::Ipv6Dst, u128::MAX);
                Id::Ipv6Dst.get(&self.key)
            }
            _ => return false,
        };
        for id in [Id::NwProto, Id::NwFrag, Id::TpDst] {
            self.look_at(id, u128::MAX);
        }
        let get = |id: Id| id.get(&self.key);
        endpoint.is(address)
            && get(Id::NwProto) == u128::from(ipv4::UDP)
            && get(Id::NwFrag) == 0
            && network.each_tunnel().any(|(_, it)| u128::from(it.port) == get(Id::TpDst))
    }

    /// Sends it into `tunnel`.
    pub(super) fn encapsulate(&mut self, tunnel: &Tunnel) {
        match self.headers(tunnel) {
            Ok((headers, port)) => {
                let number = self.program.headers.len() as u8;
                self.overflow |= self.program.headers.push(headers).is_err();
                self.push(Act::Encapsulate { headers: number, port });
            }
            Err(reason) => self.push(Act::Drop(reason)),
        }
    }

    /// The headers of packets in `tunnel`, and the port that they leave by.
    fn headers(&mut self, tunnel: &Tunnel) -> Result<(Headers, u16), Reason> {
        let network = self.world.network;
        let endpoint = network.endpoint.ok_or(Reason::TunnelPush)?;
        let remote = tunnel.remote.unwrap_or_else(|| self.said(Id::TunDst));
        let vni = tunnel.key.unwrap_or_else(|| self.said(Id::TunId) as u32);
        let source = endpoint.source(remote).ok_or(Reason::NoRoute)?;
        let next = endpoint.next_hop(remote).ok_or(Reason::NoRoute)?;
        let Some(mac) = network.neighbor(next) else {
            self.wanted = Some(next);
            return Err(Reason::NoNeighbor);
        };
        let (macs, addresses) = ([endpoint.mac, mac], [source, remote]);
        Ok((Headers::new(&Ends { macs, addresses, vni, port: tunnel.port }), endpoint.port))
    }

    /// What rules, or the tunnel that it came out of, said of a field.
    fn said(&mut self, id: Id) -> u128 {
        self.look_at(id, u128::MAX);
        id.get(&self.key)
    }
}
