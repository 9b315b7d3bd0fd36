use super::*;
use crate::played;

/// What rules make of a packet with these fields.
fn said(rules: &[&str], packet: &[(Id, u128)]) -> Translation {
    let (rules, mut network) = (played::rules(rules), played::network(4));
    network.addresses.learn(Station { mac: 0xa, vlan: 0, port: 1 });
    let mut key = Key::ZERO;
    packet.iter().for_each(|(id, value)| id.set(&mut key, *value, u128::MAX));
    translate(World { rules: &rules, network: &network }, &key, &mut ())
}

/// What is done with it, as text.
fn done(rules: &[&str], packet: &[(Id, u128)]) -> String {
    let acts: std::vec::Vec<String> = said(rules, packet).program.acts.iter().map(told).collect();
    acts.join(" ")
}

fn told(act: &Act) -> String {
    match *act {
        Act::Output(port) => port.to_string(),
        Act::Drop(reason) => reason.name().into(),
        Act::PushVlan { kind, control } => format!("push({kind:x},{control})"),
        Act::PopVlan => "pop".into(),
        Act::Encapsulate { port, .. } => format!("tnl_push({port})"),
        Act::Decapsulate => "tnl_pop".into(),
        Act::Balance { members, enabled } => format!("balance({members:b},{enabled:b})"),
        Act::Meter(number) => format!("meter({number})"),
        Act::Set { field, value, .. } => {
            format!("{}={}", field.name(), u128::from_be_bytes(value))
        }
    }
}

const TCP: [(Id, u128); 4] =
    [(Id::EthType, 0x800), (Id::NwProto, 6), (Id::NwTtl, 9), (Id::TpDst, 80)];

fn tcp(rules: &[&str]) -> String {
    done(rules, &TCP)
}

#[test]
fn actions_are_done_in_order_and_what_nothing_ends_is_left_out() {
    assert_eq!(tcp(&["tcp,actions=1,mod_tp_dst:8,2,mod_nw_ttl:3"]), "1 tp_dst=8 2");
    assert_eq!(tcp(&["tcp,actions=dec_ttl,dec_ttl,1"]), "nw_ttl=8 nw_ttl=7 1");
    assert_eq!(tcp(&["actions=flood"]), "1 2 3");
    assert_eq!(tcp(&["actions=in_port"]), "0");
    assert_eq!(tcp(&["actions=1,meter:3,2,meter:4"]), "1 meter(3) 2");
}

#[test]
fn a_packet_that_nothing_is_done_with_is_dropped_for_its_reason() {
    assert_eq!(tcp(&["in_port=1,actions=2"]), "no_rule");
    assert_eq!(tcp(&["actions=drop"]), "drop_action_of_pipeline");
    assert_eq!(tcp(&["tcp,actions=mod_tp_dst:8"]), "drop_action_of_pipeline");
    assert_eq!(tcp(&["actions=0"]), "invalid_port");
    assert_eq!(tcp(&["actions=15"]), "invalid_port");
    assert_eq!(
        tcp(&["actions=resubmit(,1)", "table=1,actions=resubmit(,0)"]),
        "drop_action_too_many_resubmit"
    );
    assert_eq!(tcp(&["tcp,actions=mod_nw_ttl:1,1,dec_ttl,2"]), "nw_ttl=1 1 ttl_expired");
    let long = format!("tcp,actions={}", "mod_tp_dst:8,1,".repeat(14));
    assert_eq!(tcp(&[&long]), "upcall_error");
}

#[test]
fn tables_lead_to_tables_and_come_back_unless_they_go() {
    let tables = ["table=1,actions=2", "table=2,in_port=3,actions=1"];
    let with = |first: &str| tcp(&[first, tables[0], tables[1]]);
    assert_eq!(with("actions=resubmit(,1),3"), "2 3");
    assert_eq!(with("actions=1,goto_table:1"), "1 2");
    assert_eq!(with("actions=resubmit(3,2),resubmit(,2),3"), "1 3");
}

#[test]
fn only_what_was_looked_at_is_in_the_mask() {
    let seen = |rules: &[&str]| {
        let mask = said(rules, &TCP).mask;
        let seen = Id::all().filter(|id| id.seen(&mask) != 0).map(Id::name);
        seen.filter(|name| !["in_port", "recirc_id", "fault"].contains(name))
            .collect::<std::vec::Vec<_>>()
    };
    assert_eq!(seen(&["in_port=0,actions=1"]), [""; 0]);
    assert_eq!(seen(&["priority=9,in_port=0,actions=1", "priority=1,ip,actions=2"]), [""; 0]);
    assert_eq!(seen(&["priority=9,in_port=1,actions=1", "priority=1,ip,actions=2"]), ["dl_type"]);
    let rewritten = [
        "in_port=0,actions=mod_dl_dst:00:00:00:00:00:01,resubmit(,1)",
        "table=1,dl_dst=00:00:00:00:00:01,actions=1",
    ];
    assert_eq!(seen(&rewritten), [""; 0], "what was overwritten depends on nothing");
    assert_eq!(seen(&["ip,actions=dec_ttl,1"]), ["dl_type", "nw_ttl"]);
    assert_eq!(
        seen(&["actions=mod_vlan_vid:5,1"]),
        ["vlan_tci", "dl_vlan", "dl_vlan_pcp", "vlan_tci1", "vlan_tpid"]
    );
}

#[test]
fn packets_that_cannot_be_are_dropped_only_where_rules_look_into_them() {
    let mut key = Key::ZERO;
    Id::EthType.set(&mut key, 0x800, u128::MAX);
    key.spoil(Reason::BadIpv4);
    let network = played::network(4);
    let done = |rules: &[&str]| {
        let rules = played::rules(rules);
        let said = translate(World { rules: &rules, network: &network }, &key, &mut ());
        (told(&said.program.acts[0]), Id::Fault.seen(&said.mask) != 0)
    };
    assert_eq!(done(&["in_port=0,actions=1"]), ("1".into(), false));
    assert_eq!(done(&["dl_src=00:00:00:00:00:00,actions=1"]), ("1".into(), false));
    assert_eq!(done(&["in_port=1,ip,actions=1", "priority=1,actions=2"]), ("2".into(), false));
    assert_eq!(done(&["ip,actions=1"]), ("bad_ipv4".into(), true));
    assert_eq!(done(&["arp,actions=1", "priority=1,actions=2"]), ("bad_ipv4".into(), true));
}

#[test]
fn tags_move_as_they_are_pushed_and_popped() {
    let tagged = [(Id::VlanTci, 0x3005), (Id::InnerTci, 0x1006)];
    let done = |actions: &str| {
        let second = "table=1,dl_vlan=6,actions=1".to_owned();
        let third = "table=1,priority=1,actions=2".to_owned();
        done(&[actions, &second, &third], &tagged)
    };
    assert_eq!(done("actions=pop_vlan,goto_table:1"), "pop 1");
    assert_eq!(done("actions=goto_table:1"), "2");
    assert_eq!(done("actions=push_vlan:0x88a8,1"), "push(88a8,8197) 1");
    assert_eq!(done("actions=mod_vlan_vid:6,goto_table:1"), "vlan_tci=6 1");
    assert_eq!(
        done("actions=pop_vlan,pop_vlan,pop_vlan,mod_vlan_pcp:1,1"),
        "pop pop push(8100,8192) 1"
    );
}

#[test]
fn a_learning_switch_sends_where_it_heard_and_everywhere_else() {
    let normal = |source, destination, port| {
        let packet = [(Id::EthSrc, source), (Id::EthDst, destination), (Id::InPort, port)];
        (done(&["actions=normal"], &packet), said(&["actions=normal"], &packet).heard)
    };
    let heard = |mac, port| Some(Station { mac, vlan: 0, port });
    assert_eq!(normal(0xb, 0xa, 0), ("1".into(), heard(0xb, 0)));
    assert_eq!(normal(0xb, 0xa, 1), ("drop_action_of_pipeline".into(), heard(0xb, 1)));
    assert_eq!(normal(0xb, 0xc, 1), ("0 2 3".into(), heard(0xb, 1)));
    assert_eq!(normal(0xb, 0xffff_ffff_ffff, 1).0, "0 2 3");
    assert_eq!(normal(0x0100_0000_0000, 0xa, 0).1, None, "nobody is many");
}

#[test]
fn a_trace_tells_every_table_and_rule_that_was_met() {
    struct Tables(std::vec::Vec<(u8, Option<u64>)>);
    impl Trace for Tables {
        fn met(&mut self, table: u8, rule: Option<&View<'_>>) {
            self.0.push((table, rule.map(|rule| rule.cookie)));
        }
    }
    let rules = played::rules(&[
        "cookie=7,actions=resubmit(,1),goto_table:2",
        "table=2,cookie=8,actions=1",
    ]);
    let mut tables = Tables(std::vec::Vec::new());
    translate(World { rules: &rules, network: &played::network(2) }, &Key::ZERO, &mut tables);
    assert_eq!(tables.0, [(0, Some(7)), (1, None), (2, Some(8))]);
}

mod local {
    use super::*;
    use crate::network::{Neighbor, Network};
    use crate::tunnel::{Endpoint, FIRST, Tunnel, UNKNOWN};

    const OWN: u64 = 0x0200_0000_0001;
    const ADDRESS: u128 = 0xffff_0a00_0001;
    const REMOTE: u128 = 0xffff_0a00_0002;

    /// An endpoint at port 0 with two tunnels: one that is known, one that rules tell of.
    fn network() -> Network {
        let mut network = played::network(4);
        network.ports |= 1 << LOCAL;
        network.endpoint = Some(Endpoint {
            port: 0,
            mac: OWN,
            addresses: [Some((ADDRESS, 120)), None],
            gateways: [None; 2],
        });
        let tunnel = |remote, key| Some(Tunnel { remote, key, port: 4789 });
        network.tunnels[0] = tunnel(Some(REMOTE), Some(7));
        network.tunnels[1] = tunnel(None, None);
        let neighbor = Neighbor { address: REMOTE, mac: 0x0200_0000_0002 };
        network.neighbors.push(neighbor).unwrap();
        network
    }

    fn said(rules: &[&str], packet: &[(Id, u128)]) -> (String, Translation) {
        let (rules, network, mut key) = (played::rules(rules), network(), Key::ZERO);
        packet.iter().for_each(|(id, value)| id.set(&mut key, *value, u128::MAX));
        let said = translate(World { rules: &rules, network: &network }, &key, &mut ());
        (said.program.to_string(), said)
    }

    const DATAGRAM: [(Id, u128); 5] = [
        (Id::EthDst, OWN as u128),
        (Id::EthType, 0x800),
        (Id::NwProto, 17),
        (Id::NwDst, ADDRESS & 0xffff_ffff),
        (Id::TpDst, 4789),
    ];

    #[test]
    fn what_is_for_the_endpoint_goes_out_of_its_tunnel_or_to_the_machine() {
        let other = |id: Id, value| {
            let mut packet = DATAGRAM.to_vec();
            packet.retain(|(own, _)| *own != id);
            packet.push((id, value));
            said(&["actions=1"], &packet).0
        };
        assert_eq!(said(&["actions=1"], &DATAGRAM).0, "tnl_pop");
        assert_eq!(other(Id::TpDst, 4788), "LOCAL");
        assert_eq!(other(Id::NwDst, 0x0a00_0003), "LOCAL");
        assert_eq!(other(Id::NwFrag, 1), "LOCAL");
        assert_eq!(other(Id::EthDst, 9), "1");
        assert_eq!(other(Id::InPort, 2), "1");
        assert_eq!(other(Id::EthDst, 0xffff_ffff_ffff), "1");
    }

    #[test]
    fn questions_to_all_go_to_the_machine_too() {
        let asked =
            |kind| said(&["actions=1"], &[(Id::EthDst, 0xffff_ffff_ffff), (Id::EthType, kind)]).0;
        assert_eq!([asked(0x806), asked(0x800)], ["LOCAL,1", "1"]);
        assert_eq!(said(&[], &[(Id::InPort, LOCAL.into())]).0, "0");
    }

    #[test]
    fn packets_go_into_tunnels_whose_end_is_known() {
        let into = |rule: &str| said(&[rule], &[(Id::InPort, 1)]).0;
        assert_eq!(into("actions=32"), "tnl_push(0)");
        assert_eq!(into("actions=33"), "drop(drop_action_tunnel_routing_failed)");
        assert_eq!(into("actions=set_field:10.0.0.2->tun_dst,set_tunnel:9,33"), "tnl_push(0)");
        assert_eq!(into("actions=34"), "drop(invalid_port)");
        assert_eq!(into("actions=flood"), "2,3,tnl_push(0)");
        let (done, said) = said(&["actions=set_field:10.0.0.3->tun_dst,33"], &[(Id::InPort, 1)]);
        assert_eq!(done, "drop(drop_action_tunnel_neigh_cache_miss)");
        assert_eq!(said.wanted, Some(0xffff_0a00_0003));
    }

    #[test]
    fn what_comes_out_of_a_tunnel_comes_in_by_its_port() {
        let rules = ["in_port=32,actions=1", "in_port=33,actions=2", "priority=1,actions=3"];
        let out = |source: u128, vni, port| {
            said(
                &rules,
                &[
                    (Id::InPort, UNKNOWN.into()),
                    (Id::TunSrc, source),
                    (Id::TunId, vni),
                    (Id::TunTpDst, port),
                ],
            )
        };
        let (done, first) = out(REMOTE, 7, 4789);
        assert_eq!((done.as_str(), Id::TunId.seen(&first.mask)), ("1", Id::TunId.most()));
        assert_eq!(out(REMOTE, 8, 4789).0, "2");
        assert_eq!(out(REMOTE, 7, 4790).0, "drop(invalid_tnl_port)");
        assert!(usize::from(UNKNOWN) >= usize::from(FIRST) + crate::tunnel::TUNNELS);
    }
}
