use super::*;
use crate::field::Id;

fn told(text: &str) -> String {
    parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}")).view().to_string()
}

#[test]
fn rules_are_read_and_written_alike() {
    for text in [
        "table=0 actions=drop",
        "table=3,cookie=0x17,priority=7,in_port=2 actions=output:1",
        "table=0,arp,arp_op=1,arp_tpa=10.0.0.1 actions=normal",
        "table=0,tcp,in_port=LOCAL,tp_dst=80,nw_src=10.0.0.0/8 actions=flood",
        "table=0,udp6,tp_src=53,ipv6_dst=2001:db8::/32 actions=in_port",
        "table=0,icmp,icmp_type=8,icmp_code=0 actions=dec_ttl,output:3",
        "table=0,in_port=1 actions=meter:7,output:3",
        "table=0,dl_vlan=5,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=pop_vlan,output:1",
        "table=0,dl_vlan=0xffff actions=push_vlan:0x88a8,mod_vlan_vid:9,mod_vlan_pcp:3,output:1",
        "table=0,ip,nw_frag=first actions=resubmit(,4),resubmit(2,),goto_table:9",
        "table=0,tcp,tcp_flags=0x2/0x12 actions=set_field:10.0.0.9->nw_dst,set_field:99->tp_dst,1",
        "table=0,tun_id=0x7,tun_src=172.16.0.1 actions=set_field:0x8->tun_id,output:1",
        "table=0,icmp6,icmp_type=135,icmp_code=0,nd_target=fe80::1 actions=drop",
        "table=0,ip,nw_tos=32,nw_ttl=64 actions=set_field:0x4/0xfc->nw_tos,output:0",
    ] {
        let once = told(text);
        assert_eq!(told(&once), once, "{text}");
    }
    let text = "priority=5, ip,nw_dst=10.1.2.3/255.255.0.0 , actions= mod_nw_src:1.2.3.4 , 7";
    let expected =
        "table=0,priority=5,ip,nw_dst=10.1.0.0/16 actions=set_field:1.2.3.4->nw_src,output:7";
    assert_eq!(told(text), expected);
    assert_eq!(
        told("tcp_flags=+syn-ack,tcp,actions=drop".trim_start_matches("tcp_flags=+syn-ack,")),
        "table=0,tcp actions=drop"
    );
    assert_eq!(
        told("tcp,tcp_flags=+syn-ack,actions=drop"),
        "table=0,tcp,tcp_flags=0x2/0x12 actions=drop"
    );
}

#[test]
fn what_is_wrong_is_told_with_its_column() {
    for (text, fault) in [
        ("in_port=1", "column 10: expected actions="),
        ("in_port=x,actions=drop", "column 9: expected the number of a port, or LOCAL"),
        ("inport=1,actions=drop", "column 1: expected the name of a field, or actions="),
        ("in_port,actions=drop", "column 8: expected = and a value"),
        ("tp_dst=80,actions=drop", "column 1: expected tcp, udp or sctp before tp_dst"),
        ("tcp,tp_dst=65536,actions=drop", "column 12: expected a number from 0 to 65535"),
        ("ip,nw_src=10.0.0,actions=drop", "column 11: expected an IPv4 address"),
        ("ip,nw_src=10.0.0.0/33,actions=drop", "column 20: expected an IPv4 address"),
        (
            "dl_src=00:11:22:33:44,actions=drop",
            "column 8: expected an address such as 00:11:22:33:44:55",
        ),
        ("table=255,actions=drop", "column 7: expected a number from 0 to 254"),
        ("actions=", "column 9: expected an action, such as output:1, drop or normal"),
        ("actions=outptu:1", "column 9: expected an action, such as output:1, drop or normal"),
        ("actions=drop,1", "column 14: expected nothing after drop"),
        ("actions=1,drop", "column 11: expected drop to be the only action"),
        ("actions=mod_nw_src:1.2.3.4,1", "column 9: expected ip before nw_src"),
        ("actions=set_field:1->ip_src", "column 22: expected ip before nw_src"),
        (
            "actions=set_field:1->in_port",
            "column 22: expected the name of a field that can be changed",
        ),
        ("actions=set_field:1", "column 19: expected VALUE->FIELD"),
        ("actions=meter:257,1", "column 15: expected a number from 0 to 256"),
        ("actions=push_vlan:0x9100", "column 19: expected 0x8100 or 0x88a8"),
        ("actions=resubmit(,1", "column 20: expected )"),
        ("ip,nw_frag=maybe,actions=drop", "column 12: expected no, yes, first, later or not_later"),
    ] {
        assert_eq!(parse(text).map_err(|fault| fault.to_string()), Err(fault.into()), "{text}");
    }
    let many = "1,".repeat(33);
    let fault = parse(&format!("actions={many}")).unwrap_err();
    assert_eq!(fault.column, 9 + 64);
}

#[test]
fn many_rules_are_read_and_the_first_fault_is_told_with_its_line() {
    let read = |text: &str| {
        let mut rules = std::vec::Vec::new();
        parse_all(text, |rule| {
            rules.push(rule.view().to_string());
            Ok::<(), (usize, Fault)>(())
        })
        .map(|()| rules)
    };
    let text = "# all\nin_port=1,actions=2;in_port=2,actions=1 # both\n\n  actions=drop\r\n";
    let rules = [
        "table=0,in_port=1 actions=output:2",
        "table=0,in_port=2 actions=output:1",
        "table=0 actions=drop",
    ];
    assert_eq!(read(text).unwrap(), rules);
    let (line, fault) = read("actions=1\nactions=1;tpdst=1,actions=1").unwrap_err();
    assert_eq!((line, fault.column), (2, 11));
    assert_eq!(read("").unwrap(), [""; 0]);
}

#[test]
fn a_filter_admits_rules_that_say_at_least_as_much() {
    let rule = parse("table=2,cookie=7,tcp,tp_dst=80,actions=drop").unwrap();
    for (filter, admits) in [
        ("", true),
        ("tcp", true),
        ("table=2", true),
        ("table=1", false),
        ("cookie=7,ip", true),
        ("cookie=8", false),
        ("udp", false),
        ("tcp,tp_dst=80,in_port=1", false),
    ] {
        assert_eq!(parse_filter(filter).unwrap().admits(&rule.view()), admits, "{filter}");
    }
    assert_eq!(parse_filter("tcp,actions=drop").unwrap_err().column, 5);
}

#[test]
fn actions_know_what_tags_others_made() {
    let rule = parse("actions=push_vlan:0x8100,set_field:5->vlan_vid,1").unwrap();
    assert!(matches!(rule.actions[1], crate::rules::Action::Set { field: Id::VlanVid, .. }));
    assert_eq!(
        parse("actions=set_field:5->vlan_vid,1").unwrap_err().to_string(),
        "column 22: expected a VLAN tag (dl_vlan) before dl_vlan"
    );
}

proptest::proptest! {
    #[test]
    fn no_text_does_any_harm(text in "[ -~]{0,60}") {
        let _read = parse(&text);
        let _read = parse_filter(&text);
    }

    #[test]
    fn no_row_of_proper_words_does_any_harm(words in proptest::collection::vec(0_usize..24, 0..9)) {
        const WORDS: [&str; 24] = [
            "ip", ",", "=", "actions=", "tcp", "tp_dst=", "80", "/", "nw_src=", "10.0.0.1", "drop",
            "set_field:", "->", "nw_dst", "resubmit(", ")", "output:", "dl_vlan=", "-", "+syn",
            "tcp_flags=", "0x", "table=", " ",
        ];
        let text: String = words.into_iter().map(|word| WORDS[word]).collect();
        if let Ok(rule) = parse(&text) {
            let once = rule.view().to_string();
            proptest::prop_assert_eq!(parse(&once).unwrap().view().to_string(), once);
        }
    }
}

#[test]
fn what_a_list_tells_of_rules_may_be_read_again() {
    let rule = parse("n_packets=12,n_bytes=720,table=1,in_port=3 actions=drop").unwrap();
    assert_eq!(rule.view().to_string(), "table=1,in_port=3 actions=drop");
}
