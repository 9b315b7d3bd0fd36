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
