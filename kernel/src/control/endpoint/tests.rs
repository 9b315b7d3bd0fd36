use dataplane::tunnel;
use frame::Buffer;
use handover::{Mailbox, PoolStore};

use super::*;

const OWN: u64 = 0x0200_0000_00aa;
const V4: u128 = 0xffff_0a00_0001;
const V6: u128 = 0xfd00 << 112 | 1;

/// An endpoint, and the PMD's ends of its wire.
struct Bench {
    endpoint: Endpoint,
    neighbors: Neighbors,
    to_endpoint: Sender<Frame>,
    from_endpoint: Inbox<Frame>,
    pool: &'static mut LocalPool,
}

fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

impl Bench {
    fn new() -> Self {
        let slots: std::vec::Vec<Option<Frame>> = (0..8).map(|_| None).collect();
        let buffers: std::vec::Vec<Buffer> = (0..8).map(|_| Buffer::new()).collect();
        let store = leak(PoolStore::new(slots.leak(), buffers.leak()));
        let pool = leak(LocalPool::new(store));
        let (to_endpoint, inbox) = leak(Mailbox::<Frame, 8>::new()).open();
        let (to, from_endpoint) = leak(Mailbox::<Frame, 8>::new()).open();
        let mut from = Vec::new();
        assert!(from.push(inbox).is_ok());
        let own = tunnel::Endpoint {
            port: 0,
            mac: OWN,
            addresses: [Some((V4, 120)), Some((V6, 64))],
            gateways: [None; 2],
        };
        let endpoint = Endpoint::new(own, Wire { pool: leak(LocalPool::new(store)), from, to });
        Self { endpoint, neighbors: Neighbors::new(1000), to_endpoint, from_endpoint, pool }
    }

    /// What the endpoint says to `frame`.
    fn says(&mut self, frame: Option<&[u8]>, now: u64) -> std::vec::Vec<std::vec::Vec<u8>> {
        if let Some(bytes) = frame {
            let mut frame = self.pool.take().unwrap();
            assert!(frame.copy_from(bytes));
            assert!(self.to_endpoint.send(frame).is_ok());
        }
        self.endpoint.tick(&mut self.neighbors, now * 1000, now);
        let mut said = std::vec::Vec::new();
        while let Some(frame) = self.from_endpoint.take() {
            said.push(frame.bytes().to_vec());
            self.pool.put(frame);
        }
        said
    }
}

fn field(frame: &[u8], id: Id) -> u128 {
    let mut key = Key::ZERO;
    dataplane::extract(frame, 0, &mut key);
    id.get(&key)
}

/// A question of ARP, or an answer, of 10.0.0.2 about `target`.
fn arp_frame(operation: u8, target: u8) -> [u8; 42] {
    let mut frame = [0; 42];
    frame[..6].fill(0xff);
    frame[6..12].copy_from_slice(&[2, 0, 0, 0, 0, 2]);
    frame[12..22].copy_from_slice(&[8, 6, 0, 1, 8, 0, 6, 4, 0, operation]);
    frame[22..32].copy_from_slice(&[2, 0, 0, 0, 0, 2, 10, 0, 0, 2]);
    frame[38..].copy_from_slice(&[10, 0, 0, target]);
    frame
}

#[test]
fn who_asks_for_its_address_is_answered() {
    let mut bench = Bench::new();
    let said = bench.says(Some(&arp_frame(1, 1)), 1);
    assert_eq!(said.len(), 1);
    let get = |id: Id| field(&said[0], id);
    assert_eq!([Id::ArpOp, Id::ArpSpa, Id::ArpSha].map(get), [2, V4 & 0xffff_ffff, OWN.into()]);
    assert_eq!(get(Id::EthDst), 0x0200_0000_0002);
    assert!(bench.says(Some(&arp_frame(1, 9)), 2).is_empty(), "for another address");
}

#[test]
fn who_is_wanted_is_asked_for_and_heard() {
    let mut bench = Bench::new();
    let address = 0xffff_0a00_0002;
    bench.neighbors.want(address, 0);
    let said = bench.says(None, 1);
    let get = |id: Id| field(&said[0], id);
    assert_eq!([Id::ArpOp, Id::ArpTpa, Id::EthDst].map(get), [1, 0x0a00_0002, 0xffff_ffff_ffff]);
    assert!(bench.says(Some(&arp_frame(2, 1)), 2).is_empty());
    let known: std::vec::Vec<_> = bench.neighbors.known().collect();
    assert_eq!(known.iter().map(|it| it.mac).collect::<std::vec::Vec<_>>(), [0x0200_0000_0002]);
}

#[test]
fn a_neighbor_of_ipv6_is_solicited_with_a_right_checksum() {
    let mut bench = Bench::new();
    bench.neighbors.want(V6 + 1, 0);
    let said = bench.says(None, 1);
    let get = |id: Id| field(&said[0], id);
    assert_eq!([Id::IcmpType, Id::NdTarget, Id::NdSll].map(get), [135, V6 + 1, OWN.into()]);
    assert_eq!(get(Id::EthDst), 0x3333_ff00_0002);
    let packet = Ipv6Packet::new_checked(&said[0][14..]).unwrap();
    let icmp = Icmpv6Packet::new_checked(packet.payload()).unwrap();
    assert!(icmp.verify_checksum(&packet.src_addr(), &packet.dst_addr()));
}

#[test]
fn without_empty_frames_nothing_is_said_and_nothing_lost() {
    let mut bench = Bench::new();
    let held: std::vec::Vec<Frame> = core::iter::from_fn(|| bench.pool.take()).collect();
    bench.neighbors.want(V6 + 1, 0);
    assert!(bench.says(None, 1).is_empty());
    held.into_iter().for_each(|frame| bench.pool.put(frame));
    assert_eq!(frame::leaked(), 0);
}
