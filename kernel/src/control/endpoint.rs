//! This machine's own address on a wire: answers ARP, neighbor discovery and ping (smoltcp), and
//! finds the neighbors that tunnels need.
//!
//! Frames come and go by the port LOCAL, which PMDs know as a port like any other.

use core::net::{Ipv4Addr, Ipv6Addr};

use dataplane::field::Id;
use dataplane::key::Key;
use dataplane::tunnel::is_ipv4;
use dataplane::wire::ethernet::{ARP, IPV6};
use dataplane::wire::icmpv6::{ADVERTISEMENT, SOLICITATION};
use frame::{BUFFER, Frame, LocalPool};
use handover::{Inbox, READERS, Sender};
use heapless::Vec;
use smoltcp::iface::{Interface, SocketSet};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::time::Instant;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol,
    EthernetRepr, Icmpv6Packet, Icmpv6Repr, IpProtocol, Ipv6Packet, Ipv6Repr, NdiscRepr,
    RawHardwareAddress,
};

use super::neighbors::Neighbors;
use crate::ether::{self, Adapter, Ether};

/// Frames that are answered in one tick at most.
const FRAMES: usize = 64;

/// How frames reach PMDs and come from them.
pub struct Wire {
    /// Empty frames.
    pub pool: &'static mut LocalPool,
    /// From each PMD.
    pub from: Vec<Inbox<Frame>, READERS>,
    /// To the one PMD that polls LOCAL.
    pub to: Sender<Frame>,
}

/// The endpoint of tunnels, as the control core plays it.
pub struct Endpoint {
    own: dataplane::tunnel::Endpoint,
    interface: Interface,
    sockets: SocketSet<'static>,
    adapter: Adapter<Wire>,
}

impl Endpoint {
    /// The endpoint `own`, behind `wire`.
    pub fn new(own: dataplane::tunnel::Endpoint, wire: Wire) -> Self {
        let mut adapter = Adapter::new(wire);
        let interface = ether::interface(&mut adapter, own.mac, &own.addresses, 0);
        Self { own, interface, sockets: SocketSet::new(&mut [][..]), adapter }
    }

    /// Answers what came, and asks for those of `neighbors` who are due, at a time in microseconds
    /// since boot and as a count of the clock.
    pub(super) fn tick(&mut self, neighbors: &mut Neighbors, micros: u64, now: u64) {
        let time = Instant::from_micros(micros as i64);
        for _ in 0..FRAMES {
            if !self.adapter.take() {
                break;
            }
            if let Some((address, mac)) = told(self.adapter.received(), &self.own) {
                neighbors.hear(address, mac, now);
            }
            self.interface.poll(time, &mut self.adapter, &mut self.sockets);
        }
        if let Some(address) = neighbors.due(now) {
            self.ask(address);
        }
    }

    /// Asks the wire who has `address`.
    fn ask(&mut self, address: u128) {
        let Some(source) = self.own.source(address) else { return };
        let mac = ether::address(self.own.mac);
        if is_ipv4(address) {
            let [source, target] = [source, address].map(|it| Ipv4Addr::from_bits(it as u32));
            self.adapter.send(42, |bytes| arp(bytes, (mac, source), target));
        } else {
            let [source, target] = [source, address].map(Ipv6Addr::from_bits);
            self.adapter.send(86, |bytes| solicitation(bytes, (mac, source), target));
        }
    }
}

/// Writes a question of ARP (RFC 826).
fn arp(bytes: &mut [u8], (mac, source): (EthernetAddress, Ipv4Addr), target: Ipv4Addr) {
    let mut frame = EthernetFrame::new_unchecked(bytes);
    header(&mut frame, mac, EthernetAddress::BROADCAST, EthernetProtocol::Arp);
    let question = ArpRepr::EthernetIpv4 {
        operation: ArpOperation::Request,
        source_hardware_addr: mac,
        source_protocol_addr: source,
        target_hardware_addr: EthernetAddress([0; 6]),
        target_protocol_addr: target,
    };
    question.emit(&mut ArpPacket::new_unchecked(frame.payload_mut()));
}

/// Writes a neighbor solicitation (RFC 4861, 4.3), to the solicited-node address of `target`.
fn solicitation(bytes: &mut [u8], (mac, source): (EthernetAddress, Ipv6Addr), target: Ipv6Addr) {
    let [.., a, b, c] = target.octets();
    let group =
        Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from_be_bytes([b, c]));
    let to = EthernetAddress([0x33, 0x33, 0xff, a, b, c]);
    let lladdr = Some(RawHardwareAddress::from(mac));
    let message = Icmpv6Repr::Ndisc(NdiscRepr::NeighborSolicit { target_addr: target, lladdr });
    let packet = Ipv6Repr {
        src_addr: source,
        dst_addr: group,
        next_header: IpProtocol::Icmpv6,
        payload_len: message.buffer_len(),
        hop_limit: 255,
    };
    let mut frame = EthernetFrame::new_unchecked(bytes);
    header(&mut frame, mac, to, EthernetProtocol::Ipv6);
    let mut ip = Ipv6Packet::new_unchecked(frame.payload_mut());
    packet.emit(&mut ip);
    let mut icmp = Icmpv6Packet::new_unchecked(ip.payload_mut());
    message.emit(&source, &group, &mut icmp, &ChecksumCapabilities::default());
}

fn header(
    frame: &mut EthernetFrame<&mut [u8]>,
    from: EthernetAddress,
    to: EthernetAddress,
    ethertype: EthernetProtocol,
) {
    EthernetRepr { src_addr: from, dst_addr: to, ethertype }.emit(frame);
}

/// The neighbor that `frame` tells of, if it is meant for the endpoint `own`: its address and where
/// it is.
fn told(frame: &[u8], own: &dataplane::tunnel::Endpoint) -> Option<(u128, u64)> {
    let mut key = Key::ZERO;
    dataplane::extract(frame, 0, &mut key);
    let get = |id: Id| id.get(&key);
    let (address, mac) = match key.kind() {
        ARP if own.is(0xffff << 32 | get(Id::ArpTpa)) => {
            (0xffff << 32 | get(Id::ArpSpa), get(Id::ArpSha))
        }
        IPV6 => match get(Id::IcmpType) as u8 {
            ADVERTISEMENT => (get(Id::NdTarget), get(Id::NdTll)),
            SOLICITATION if own.is(get(Id::NdTarget)) => (get(Id::Ipv6Src), get(Id::NdSll)),
            _ => return None,
        },
        _ => return None,
    };
    (mac != 0).then_some((address, mac as u64))
}

impl Ether for Wire {
    fn take(&mut self, bytes: &mut [u8; BUFFER]) -> Option<usize> {
        let frame = self.from.iter_mut().find_map(Inbox::take)?;
        let len = frame.len().min(BUFFER);
        bytes[..len].copy_from_slice(&frame.bytes()[..len]);
        self.pool.put(frame);
        Some(len)
    }

    /// Where there is no empty frame it is lost: what it answers is asked again.
    fn send(&mut self, bytes: &[u8]) {
        let Some(mut frame) = self.pool.take() else { return };
        frame.copy_from(bytes);
        if let Err(frame) = self.to.send(frame) {
            self.pool.put(frame);
        }
    }

    fn has_room(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
