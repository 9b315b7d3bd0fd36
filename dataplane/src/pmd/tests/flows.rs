//! What becomes of packets that rules, caches and flows decide about.

use etherparse::PacketBuilder;

use super::*;
use crate::field::Id;
use crate::network::Station;
use crate::{Note, extract, key::Key};

/// A datagram from one host of 10.0.0.0/24 to another, between these ports.
fn udp(from: u8, to: u8, ports: (u16, u16)) -> Vec<u8> {
    let mac = |host| [2, 0, 0, 0, 0, host];
    let built = PacketBuilder::ethernet2(mac(from), mac(to))
        .ipv4([10, 0, 0, from], [10, 0, 0, to], 64)
        .udp(ports.0, ports.1);
    let mut bytes = Vec::new();
    built.write(&mut bytes, b"hello").unwrap();
    bytes
}

fn field(frame: &[u8], id: Id) -> u128 {
    let mut key = Key::ZERO;
    extract(frame, 0, &mut key);
    id.get(&key)
}

fn counted(bench: &Bench, counters: &[Counter]) -> Vec<u64> {
    let mut counted = Box::new(Snapshot::ZERO);
    bench.metrics.copy_to(&mut counted, 0);
    counters.iter().map(|counter| counted.count(*counter)).collect()
}

/// Removes flows as the control core does: all of them.
fn forget(bench: &mut Bench) {
    for place in 0..bench.hold.flows.capacity() as u32 {
        if let Some(flow) = bench.hold.flows.read(place) {
            assert!(bench.orders.send(Order::Remove { place, name: flow.name }).is_ok());
        }
    }
    bench.run(HOUSEKEEPING);
}

const PASSES: [Counter; 6] = [
    Counter::SimpleHit,
    Counter::EmcHit,
    Counter::MegaflowHit,
    Counter::Miss,
    Counter::Lost,
    Counter::Lookups,
];

#[test]
fn the_first_packet_is_a_miss_and_later_ones_hit_what_it_made() {
    let mut bench = Bench::with(2, &["udp,in_port=0,tp_dst=53,actions=1"], 64);
    assert!(bench.orders.send(Order::EmcInsertInvProb(1)).is_ok());
    bench.run(HOUSEKEEPING);
    let send = |bench: &mut Bench, sources: core::ops::Range<u16>| {
        sources.for_each(|port| bench.send(0, udp(1, 2, (port, 53))));
        bench.run(1);
    };
    send(&mut bench, 0..8);
    assert_eq!(counted(&bench, &PASSES), [0, 0, 7, 1, 0, 7]);
    send(&mut bench, 4..12);
    assert_eq!(counted(&bench, &PASSES), [0, 4, 11, 1, 0, 11]);
    send(&mut bench, 4..12);
    assert_eq!(counted(&bench, &PASSES), [0, 12, 11, 1, 0, 11]);
    let flow = (0..64).find_map(|place| bench.hold.flows.read(place)).unwrap();
    let bytes: usize = (0..24).map(|_| udp(1, 2, (1, 53)).len()).sum();
    assert_eq!((flow.packets, flow.bytes), (24, bytes as u64));
    assert_eq!(bench.gone(1).len(), 24);
}

#[test]
fn simple_match_knows_packets_of_ports_whose_flows_look_no_further_than_types_and_tags() {
    let rules = ["priority=2,in_port=0,arp,actions=drop", "in_port=0,ip,actions=1"];
    let mut bench = Bench::with(2, &rules, 64);
    assert!(bench.orders.send(Order::EmcInsertInvProb(1)).is_ok());
    bench.run(HOUSEKEEPING);
    let send = |bench: &mut Bench, sources: core::ops::Range<u16>| {
        sources.for_each(|port| bench.send(0, udp(1, 2, (port, 53))));
        bench.run(1);
        counted(bench, &PASSES)
    };
    assert_eq!(send(&mut bench, 0..8), [0, 0, 7, 1, 0, 7]);
    assert_eq!(send(&mut bench, 8..16), [0, 0, 15, 1, 0, 15], "remembered from here on");
    assert_eq!(send(&mut bench, 16..24), [8, 0, 15, 1, 0, 15]);
    let mut odd = udp(1, 2, (3, 53));
    odd[14] = 0x44;
    bench.send(0, odd);
    bench.send(0, udp(1, 2, (3, 53)));
    bench.run(1);
    assert_eq!(counted(&bench, &PASSES), [9, 0, 15, 2, 0, 15], "what is no IPv4 is another flow's");
    assert_eq!(bench.account(0).dropped[Reason::BadIpv4 as usize], 1);
    assert_eq!(bench.gone(1).len(), 25);
}

#[test]
fn simple_match_is_not_asked_once_a_flow_of_the_port_looks_further() {
    let all = "in_port=0,ip,actions=mod_nw_ttl:7,1";
    let rules = ["priority=40000,in_port=0,tcp,tp_dst=80,actions=drop", all];
    let mut bench = Bench::with(2, &[all], 64);
    let send = |bench: &mut Bench| {
        (0..8).for_each(|port| bench.send(0, udp(1, 2, (port, 80))));
        bench.run(1);
        counted(bench, &PASSES)
    };
    assert_eq!(send(&mut bench), [0, 0, 7, 1, 0, 7]);
    assert_eq!(send(&mut bench), [0, 0, 15, 1, 0, 15]);
    assert_eq!(send(&mut bench), [8, 0, 15, 1, 0, 15], "a program runs on simple packets too");
    bench.hold.publish(&rules);
    forget(&mut bench);
    assert_eq!(send(&mut bench), [8, 0, 22, 2, 0, 22]);
    assert_eq!(send(&mut bench), [8, 0, 30, 2, 0, 30], "the flow looks at the protocol");
    assert!(bench.gone(1).iter().all(|frame| field(frame, Id::NwTtl) == 7));
}

#[test]
fn packets_are_changed_on_their_way_and_copies_are_not() {
    let rule =
        "udp,in_port=0,actions=1,mod_nw_src:10.9.9.9,dec_ttl,push_vlan:0x8100,2,pop_vlan,in_port";
    let mut bench = Bench::with(3, &[rule], 64);
    let sent = udp(1, 2, (7, 8));
    (0..3).for_each(|_| bench.send(0, sent.clone()));
    bench.run(1);
    assert_eq!(bench.gone(1), [sent.clone(), sent.clone(), sent.clone()]);
    let told = |port: usize, id: Id| field(&bench.gone(port)[2], id);
    assert_eq!(
        [Id::NwSrc, Id::NwTtl, Id::VlanTci].map(|id| told(2, id)),
        [0x0a09_0909, 63, 0x1000]
    );
    assert_eq!([Id::NwSrc, Id::NwTtl, Id::VlanTci].map(|id| told(0, id)), [0x0a09_0909, 63, 0]);
    let account = bench.account(0);
    assert_eq!((account.received, account.copied, account.forwarded), (3, 6, 9));
    assert_eq!((account.unaccounted(), bench.frames_at_home()), (0, FRAMES));
}

#[test]
fn a_copy_that_there_is_no_frame_for_is_accounted_for() {
    let mut bench = Bench::with(3, &["in_port=0,actions=1,2", "in_port=1,actions=0"], 64);
    bench.wires[1].0.borrow_mut().room = FRAMES;
    bench.wires[2].0.borrow_mut().room = FRAMES;
    // So that copies do not run out between two polls.
    (0..16).for_each(|_| bench.send(1, udp(1, 2, (3, 4))));
    (0..400).for_each(|_| bench.send(0, udp(1, 2, (3, 4))));
    bench.run(30);
    let account = bench.account(0);
    assert!(account.dropped[Reason::NoBuffer as usize] > 0);
    assert_eq!((account.received, account.copied), (400, 400));
    assert_eq!((account.unaccounted(), bench.frames_at_home()), (0, FRAMES));
}

#[test]
fn cached_flows_stay_until_they_are_removed_and_then_new_rules_hold() {
    let mut bench = Bench::with(3, &["in_port=0,actions=1"], 64);
    let send = |bench: &mut Bench| {
        bench.send(0, udp(1, 2, (3, 4)));
        bench.run(1);
        [bench.gone(1).len(), bench.gone(2).len()]
    };
    assert_eq!(send(&mut bench), [1, 0]);
    bench.hold.publish(&["in_port=0,actions=2"]);
    bench.run(HOUSEKEEPING);
    assert!(bench.hold.rules.is_settled());
    assert_eq!(send(&mut bench), [2, 0]);
    forget(&mut bench);
    assert_eq!(send(&mut bench), [2, 1]);
}

#[test]
fn flows_that_find_no_place_are_done_once_and_count_as_lost() {
    let rules = ["udp,tp_src=9,actions=drop", "priority=1,udp,actions=mod_nw_ttl:7,1"];
    let mut bench = Bench::with(2, &rules, 4);
    (0..20).for_each(|port| bench.send(0, udp(1, 2, (100 + port, 5))));
    bench.run(1);
    assert_eq!(counted(&bench, &PASSES), [0, 0, 0, 4, 16, 0]);
    assert!(bench.gone(1).iter().all(|frame| field(frame, Id::NwTtl) == 7));
    assert_eq!((bench.gone(1).len(), bench.account(0).unaccounted()), (20, 0));
    let row = bench.metrics.history().iteration(1).unwrap();
    assert_eq!((row.upcalls, row.lost), (20, 16));
    forget(&mut bench);
    bench.send(0, udp(1, 2, (200, 5)));
    bench.run(1);
    assert_eq!(counted(&bench, &PASSES)[3], 5, "places are free again");
}

#[test]
fn beyond_the_limit_of_upcalls_frames_are_dropped_until_another_second() {
    let mut bench = Bench::with(2, &["udp,tp_src=9,actions=drop", "priority=1,udp,actions=1"], 64);
    assert!(bench.orders.send(Order::UpcallLimit(3)).is_ok());
    bench.run(HOUSEKEEPING);
    (0..10).for_each(|port| bench.send(0, udp(1, 2, (100 + port, 5))));
    bench.run(1);
    let dropped = |bench: &Bench| bench.account(0).dropped[Reason::UpcallLimit as usize];
    assert_eq!((bench.gone(1).len(), dropped(&bench)), (3, 7));
    bench.clock.0.set(bench.clock.0.get() + 2_000_000);
    bench.run(HOUSEKEEPING);
    bench.send(0, udp(1, 2, (300, 5)));
    bench.run(1);
    assert_eq!((bench.gone(1).len(), dropped(&bench)), (4, 7));
}

#[test]
fn a_station_is_told_of_when_it_is_news() {
    let mut bench = Bench::with(3, &["actions=normal"], 64);
    bench.send(0, udp(1, 2, (3, 4)));
    bench.run(1);
    let station = Station { mac: 0x0200_0000_0001, vlan: 0, port: 0 };
    assert_eq!(
        (bench.hold.notes.take(), bench.hold.notes.take()),
        (Some(Note::Heard(station)), None)
    );
    assert_eq!([1, 2].map(|port| bench.gone(port).len()), [1, 1]);
    let (current, draft) = bench.hold.network.draft().unwrap();
    draft.copy_from(current);
    draft.addresses.learn(station);
    bench.hold.network.publish();
    forget(&mut bench);
    bench.send(0, udp(1, 2, (3, 4)));
    bench.send(1, udp(2, 1, (3, 4)));
    bench.run(1);
    assert_eq!(
        bench.hold.notes.take(),
        Some(Note::Heard(Station { mac: 0x0200_0000_0002, port: 1, ..station }))
    );
    assert_eq!([0, 1, 2].map(|port| bench.gone(port).len()), [1, 2, 2]);
}

#[test]
fn what_cannot_be_is_forwarded_unread_and_dropped_where_rules_read_it() {
    let mut odd = udp(1, 2, (3, 4));
    odd[14] = 0x44;
    let mut bench = Bench::with(2, &["in_port=0,actions=1", "in_port=1,ip,actions=0"], 64);
    for port in [0, 1] {
        (0..2).for_each(|_| bench.send(port, odd.clone()));
    }
    bench.run(2);
    assert_eq!((bench.gone(1), bench.gone(0)), (vec![odd.clone(), odd], vec![]));
    assert_eq!(bench.account(1).dropped[Reason::BadIpv4 as usize], 2);
}

#[test]
fn a_tunnel_takes_one_pass_in_and_two_passes_out() {
    use crate::network::Neighbor;
    use crate::tunnel::{Endpoint, Tunnel};
    let (own, other) = (0xffff_0a01_0001, 0xffff_0a01_0002);
    let end = |bench: &mut Bench, address, mac, (remote, remote_mac)| {
        let (current, draft) = bench.hold.network.draft().unwrap();
        draft.copy_from(current);
        let addresses = [Some((address, 120)), None];
        draft.endpoint = Some(Endpoint { port: 0, mac, addresses, gateways: [None; 2] });
        draft.tunnels[0] = Some(Tunnel { remote: Some(remote), key: Some(5), port: 4789 });
        draft.neighbors.push(Neighbor { address: remote, mac: remote_mac }).unwrap();
        bench.hold.network.publish();
        bench.run(HOUSEKEEPING);
    };
    let rules = ["in_port=1,actions=32", "in_port=32,actions=1"];
    let (mut here, mut there) = (Bench::with(2, &rules, 64), Bench::with(2, &rules, 64));
    end(&mut here, own, 0x0200_0000_00aa, (other, 0x0200_0000_00bb));
    end(&mut there, other, 0x0200_0000_00bb, (own, 0x0200_0000_00aa));
    let sent: Vec<_> = (0..20).map(|port| udp(1, 2, (port, 9))).collect();
    sent.iter().for_each(|frame| here.send(1, frame.clone()));
    here.run(1);
    let outer = here.gone(0);
    assert!(
        outer
            .iter()
            .all(|frame| field(frame, Id::TpDst) == 4789 && frame.len() == sent[0].len() + 50)
    );
    outer.into_iter().for_each(|frame| there.send(0, frame));
    there.run(1);
    assert_eq!(there.gone(1), sent);
    assert_eq!(counted(&here, &[Counter::Recv, Counter::Recirc]), [20, 0]);
    assert_eq!(counted(&there, &[Counter::Recv, Counter::Recirc]), [20, 20]);
    assert_eq!(counted(&there, &PASSES), [0, 0, 38, 2, 0, 38]);
    let row = there.metrics.history().iteration(HOUSEKEEPING + 1).unwrap();
    assert!(row.room(Room::Again) > 0 && row.upcalls == 2);
    for (bench, port) in [(&mut here, 1), (&mut there, 0)] {
        let account = bench.account(port);
        assert_eq!((account.forwarded, account.unaccounted()), (20, 0));
        assert_eq!(bench.frames_at_home(), FRAMES);
    }
    // What came out of the tunnel can be captured, as what came in by its port.
    let mut desk = captures::desk(&mut there);
    let (network, _) = there.hold.network.draft().unwrap();
    let like_what_came_out = captures::capture(32, "udp,tp_src=4", network, 1);
    assert!(desk.lent.send(like_what_came_out).is_ok());
    there.run(HOUSEKEEPING);
    here.gone(0).into_iter().for_each(|frame| there.send(0, frame));
    there.run(HOUSEKEEPING);
    let capture = desk.back.take().expect("it is full");
    assert_eq!(capture.frame(0).unwrap().bytes, &sent[4][..sent[4].len().min(64)]);
    // What is damaged on the way is dropped for that.
    let mut damaged = here.gone(0)[0].clone();
    damaged[42] ^= 1;
    there.send(0, damaged);
    there.run(1);
    assert_eq!(there.account(0).dropped[Reason::TunnelPop as usize], 1);
}

#[test]
fn packets_that_need_too_many_masks_push_some_out_and_make_the_iteration_suspicious() {
    // Each class of packets looks at one bit more than the one before.
    let mut rules: Vec<String> = (0..128)
        .map(|class| format!("udp6,tp_dst={class},ipv6_src=fd00::1/{},actions=1", class + 1))
        .collect();
    rules.push("udp6,tp_dst=128,ipv6_src=fd00::1,nw_ttl=64,actions=1".into());
    rules.push("udp6,tp_dst=129,ipv6_src=fd00::1,nw_ttl=64,ipv6_label=0,actions=1".into());
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let mut bench = Bench::with(2, &rules, 4096);
    bench.wires[1].0.borrow_mut().room = FRAMES;
    let packet = |class: u16| {
        let source = (0xfd00 << 112 | 1_u128).to_be_bytes();
        let built = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv6(source, [7; 16], 64);
        let mut bytes = Vec::new();
        built.udp(9, class).write(&mut bytes, b"").unwrap();
        bytes
    };
    (0..128).for_each(|class| bench.send(0, packet(class)));
    bench.run(4);
    let evicted = |bench: &Bench| bench.pmd.parts.switch.classifier.evicted();
    assert_eq!((evicted(&bench), bench.pmd.parts.switch.classifier.len()), (0, 128));
    let before = bench.metrics.marks.triggers();
    (128..130).for_each(|class| bench.send(0, packet(class)));
    bench.run(1);
    assert_eq!((evicted(&bench), bench.metrics.marks.triggers()), (2, before + 1));
    let row = bench.metrics.history().iteration(5).unwrap();
    assert!(row.flags.has(Flags::LOOKUP_BUDGET) && row.reasons.has(perf::Reasons::LOOKUP_BUDGET));
    bench.run(HOUSEKEEPING);
    assert_eq!(bench.pmd.parts.switch.classifier.len(), 128, "those of no use are swept");
    assert_eq!((bench.account(0).unaccounted(), bench.gone(1).len()), (0, 130));
}

#[test]
fn a_meter_drops_what_is_beyond_its_rate() {
    use crate::meter::{BANDS, Rate, Setting, Unit};
    let mut bench =
        Bench::with(2, &["in_port=0,actions=meter:3,1", "in_port=1,actions=meter:9,0"], 64);
    let mut bands = [Rate::default(); BANDS];
    bands[0] = Rate { rate: 1000, burst: 5 };
    bench.hold.meters[2].set(Some(&Setting { unit: Unit::Pktps, bands }), 1_000_000);
    for port in [0, 1] {
        (0..20).for_each(|_| bench.send(port, udp(1, 2, (3, 4))));
    }
    bench.run(1);
    let dropped = bench.account(0).dropped[Reason::Meter as usize];
    assert_eq!((bench.gone(1).len(), dropped), (5, 15));
    assert_eq!(bench.gone(0).len(), 20, "a meter that is not set lets all pass");
    assert_eq!(
        bench.hold.meters[2].get().map(|(_, passed, dropped)| (passed, dropped)),
        Some((5, 15))
    );
    assert_eq!((bench.account(0).unaccounted(), bench.frames_at_home()), (0, FRAMES));
}

#[test]
fn connections_to_a_bond_keep_their_member_and_move_only_where_it_fails() {
    use crate::bond::{Bond, Mode};
    let mut bench = Bench::with(3, &["in_port=0,actions=output:64"], 64);
    let links = |bench: &mut Bench, links| {
        let (current, draft) = bench.hold.network.draft().unwrap();
        draft.copy_from(current);
        draft.bonds[0].get_or_insert(Bond::new(Mode::BalanceTcp, 0b110)).update(links);
        bench.hold.network.publish();
        forget(bench);
    };
    let spread = |bench: &mut Bench| {
        for _ in 0..2 {
            (0..16).for_each(|source| bench.send(0, udp(1, 2, (source, 53))));
            bench.run(1);
        }
        let sources = |frames: Vec<Vec<u8>>| -> Vec<u128> {
            frames.iter().map(|frame| field(frame, Id::TpSrc)).collect()
        };
        [sources(bench.gone(1)), sources(bench.gone(2))]
    };
    links(&mut bench, 0b111);
    let both = spread(&mut bench);
    assert!(both.iter().all(|sources| sources.len() >= 6 && sources.len() % 2 == 0), "{both:?}");
    assert!(both[0].iter().all(|source| !both[1].contains(source)));
    links(&mut bench, 0b101);
    let later = spread(&mut bench);
    assert_eq!(later[0], both[0], "nothing leaves by a member that failed");
    assert_eq!(later[1].len(), both[1].len() + 32);
    links(&mut bench, 0);
    assert_eq!(spread(&mut bench), later);
    assert_eq!(bench.account(0).dropped[Reason::Bond as usize], 32);
    assert_eq!((bench.account(0).unaccounted(), bench.frames_at_home()), (0, FRAMES));
}

#[test]
fn signatures_find_the_flows_of_keys_that_the_exact_match_cache_does_not_hold() {
    let mut bench = Bench::with(2, &["udp,in_port=0,tp_dst=53,actions=1"], 64);
    let buckets = vec![crate::smc::Bucket::EMPTY; crate::smc::BUCKETS].leak();
    bench.pmd.parts.switch.smc = crate::smc::Smc::new(Some(buckets.try_into().unwrap()));
    for inverse in [0, 1] {
        assert!(bench.orders.send(Order::EmcInsertInvProb(inverse)).is_ok());
        bench.run(HOUSEKEEPING);
        for _ in 0..2 {
            (0..8).for_each(|port| bench.send(0, udp(1, 2, (port, 53))));
            bench.run(1);
        }
    }
    const SHOWN: [Counter; 4] =
        [Counter::EmcHit, Counter::SmcHit, Counter::MegaflowHit, Counter::Miss];
    assert_eq!(counted(&bench, &SHOWN), [8, 16, 7, 1]);
    forget(&mut bench);
    bench.send(0, udp(1, 2, (3, 53)));
    bench.run(1);
    assert_eq!(counted(&bench, &SHOWN), [8, 16, 7, 2], "a flow that is gone is not found");
    assert_eq!((bench.account(0).unaccounted(), bench.gone(1).len()), (0, 33));
}
