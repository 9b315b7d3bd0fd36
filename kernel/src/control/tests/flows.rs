//! Rules and megaflows.

use dataplane::flow::{Flow, SharedMask};

use super::*;

/// Rules as `dump-flows` lists them, none of which was met.
fn rules(desk: &mut Desk, filter: &str) -> Vec<String> {
    let lines = desk.answers(&format!("dump-flows {filter}"));
    let rule = |line: String| line.strip_prefix("n_packets=0,n_bytes=0,").unwrap().to_owned();
    lines.into_iter().map(rule).collect()
}

#[test]
fn no_rule_sends_packets_to_the_port_of_the_control_core() {
    let mut desk = Desk::new();
    desk.control.tables.set_managed(Some(2));
    let refused = ["error: port 2 is mgmt's, and no rule sends packets there"];
    for rule in ["in_port=0,actions=output:2", "in_port=0,actions=1,2; in_port=1,actions=0"] {
        assert_eq!(desk.answers(&format!("add-flow {rule}")), refused);
    }
    assert_eq!(desk.answers("add-flow in_port=2,actions=output:1"), [""; 0]);
}

#[test]
fn rules_come_and_go_at_the_console() {
    let mut desk = Desk::new();
    let nothing: [&str; 0] = [];
    let own = ["table=0,in_port=0 actions=output:1", "table=0,in_port=1 actions=output:0"];
    assert_eq!(rules(&mut desk, ""), own);
    assert_eq!(desk.answers("add-flow priority=9,tcp,tp_dst=80,actions=2"), nothing);
    desk.acknowledge();
    assert_eq!(rules(&mut desk, "tcp"), ["table=0,priority=9,tcp,tp_dst=80 actions=output:2"]);
    assert_eq!(desk.answers("add-flow in_port=0,actions=drop; in_port=2,actions=flood"), nothing);
    desk.acknowledge();
    let first = "table=0,in_port=0 actions=drop";
    assert_eq!(rules(&mut desk, "in_port=0"), [first]);
    assert_eq!(desk.answers("del-flows in_port=0"), nothing);
    desk.acknowledge();
    assert_eq!(rules(&mut desk, "").len(), 3);
    assert_eq!(desk.answers("replace-flows actions=normal"), nothing);
    desk.acknowledge();
    assert_eq!(rules(&mut desk, ""), ["table=0 actions=normal"]);
    assert_eq!(desk.answers("del-flows"), nothing);
    desk.acknowledge();
    assert_eq!(rules(&mut desk, ""), nothing);
}

#[test]
fn what_is_wrong_with_a_rule_is_told_and_nothing_is_changed() {
    let mut desk = Desk::new();
    for (command, fault) in [
        (
            "add-flow in_port=0,actions=1;tpdst=1",
            "column 21: expected the name of a field, or actions=",
        ),
        ("replace-flows in_port=0", "column 10: expected actions="),
        ("del-flows in_port=x", "column 9: expected the number of a port, or LOCAL"),
        ("dump-flows actions=1", "column 1: expected the name of a field, or actions="),
        ("ofproto/trace tcp,tp_dst=x", "column 12: expected a number from 0 to 65535"),
    ] {
        assert_eq!(desk.answers(command), [format!("error: {fault}")], "{command}");
    }
    assert_eq!(rules(&mut desk, "").len(), 2);
}

#[test]
fn rules_that_do_not_fit_are_refused_together() {
    let mut desk = Desk::new();
    let many = |from: u16| {
        let each: Vec<String> =
            (from..from + 8).map(|n| format!("in_port={n},actions=1")).collect();
        format!("add-flow {}", each.join(";"))
    };
    assert_eq!(desk.answers(&many(2)), [""; 0]);
    desk.acknowledge();
    assert_eq!(desk.answers(&many(10)), ["error: there is no room for more rules"]);
    assert_eq!(rules(&mut desk, "").len(), 10);
}

#[test]
fn a_change_waits_for_pmds_that_do_not_know_of_the_last_one_and_is_given_up() {
    let mut desk = Desk::new();
    desk.answers("del-flows");
    assert_eq!(desk.says("add-flow actions=1\r"), "add-flow actions=1\r\n");
    desk.acknowledge();
    assert_eq!(desk.says(""), "barecore> ");
    desk.says("del-flows\r");
    desk.machine.now += 2 * HERTZ;
    let fault = "error: a PMD did not take the last change over; nothing is changed\r\nbarecore> ";
    assert_eq!(desk.says(""), fault);
    desk.acknowledge();
    assert_eq!(rules(&mut desk, ""), ["table=0 actions=output:1"]);
}

#[test]
fn a_trace_tells_tables_flow_and_actions() {
    let mut desk = Desk::new();
    desk.answers(
        "replace-flows in_port=2,tcp,actions=mod_tp_dst:8,resubmit(,1),0;table=1,actions=normal",
    );
    desk.acknowledge();
    assert_eq!(
        desk.answers("ofproto/trace in_port=2,tcp,dl_src=00:00:00:00:00:09,tp_dst=80"),
        [
            "Flow: tcp,in_port=2,dl_src=00:00:00:00:00:09,tp_dst=80",
            " 0. table=0,tcp,in_port=2 actions=set_field:8->tp_dst,resubmit(,1),output:0",
            " 1. table=1 actions=normal",
            "Learns: port 2 vlan 0",
            "Megaflow: tcp,in_port=2,dl_dst=00:00:00:00:00:00,vlan_tci=0x0000/0x1fff,dl_src=00:00:00:00:00:09",
            "Datapath actions: set_field:8->tp_dst,0,1,0",
        ]
    );
    assert_eq!(
        desk.answers("ofproto/trace in_port=1"),
        [
            "Flow: in_port=1",
            " 0. no rule fits",
            "Megaflow: in_port=1",
            "Datapath actions: drop(no_rule)",
        ]
    );
}

/// Megaflows of port 0 and port 1, at a desk whose first PMD has them.
fn with_flows() -> (Desk, Flows) {
    let desk = Desk::new();
    let slots: Vec<Flow> = (0..4).map(|_| Flow::default()).collect();
    let flows = Flows::new(slots.leak(), vec![SharedMask::default()].leak());
    desk.control.pmds[0].handle.flows = flows;
    (desk, flows)
}

#[test]
fn sleeps_are_shown_as_open_vswitch_shows_them() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.answers("pmd-sleep-show")[..3],
        ["Default max sleep:    0 us", "pmd thread numa_id 0 core_id 1:", "  max sleep:    0 us",]
    );
}

#[test]
fn without_flows_nothing_is_listed_and_nothing_removed() {
    let (mut desk, flows) = with_flows();
    desk.machine.now += 100 * HERTZ;
    assert_eq!(desk.answers("dpctl/dump-flows"), [""; 0]);
    assert_eq!(
        desk.answers("dpctl/dump-flows -pmd 9"),
        ["error: no PMD on core 9 (there is one on each of: 1 2)",]
    );
    assert!(desk.obey().is_empty() && flows.read(0).is_none());
}

#[test]
fn meters_come_and_go_at_the_console() {
    let mut desk = Desk::new();
    let nothing: [&str; 0] = [];
    assert_eq!(desk.answers("dump-meters"), nothing);
    let one = "meter=1,pktps,band=type=drop,rate=100,burst_size=10";
    assert_eq!(desk.answers(&format!("add-meter {one}")), nothing);
    assert_eq!(desk.answers("add-meter meter=256 kbps bands=type=drop rate=8"), nothing);
    let all = [
        "meter=1 pktps burst bands=type=drop rate=100 burst_size=10 passed=0 dropped=0",
        "meter=256 kbps burst bands=type=drop rate=8 burst_size=0 passed=0 dropped=0",
    ];
    assert_eq!(desk.answers("dump-meters"), all);
    assert_eq!(desk.answers("dump-meters meter=256"), all[1..]);
    assert_eq!(desk.answers("dump-meters meter=2"), nothing);
    for command in ["add-meter meter=1,band=type=mark", "del-meters 1", "dump-meters meter=300"] {
        assert!(desk.answers(command)[0].starts_with("error: column "), "{command}");
    }
    assert_eq!(desk.answers("dump-meters"), all, "what is wrong changes nothing");
    assert_eq!(desk.answers("del-meters meter=1"), nothing);
    assert_eq!(desk.answers("dump-meters"), all[1..]);
    assert_eq!(desk.answers("del-meters"), nothing);
    assert_eq!(desk.answers("dump-meters"), nothing);
}

#[test]
fn a_bond_follows_the_links_of_its_members() {
    let mut desk = Desk::new();
    desk.control.tables.set_down(!0b11111);
    desk.acknowledge();
    let shown = [
        "---- bond port 64 ----",
        "bond_mode: active-backup",
        "lacp_status: off",
        "active member: port 3",
        "",
        "member port 3: enabled",
        "  active member",
        "",
        "member port 4: enabled",
    ];
    assert_eq!(desk.answers("bond/show"), shown);
    let packet = "ofproto/trace in_port=0";
    desk.answers("add-flow in_port=0,actions=output:64");
    desk.acknowledge();
    let ends = |desk: &mut Desk, by: &str| desk.answers(packet).last().unwrap().ends_with(by);
    assert!(ends(&mut desk, ": 3"), "{:?}", desk.answers(packet));
    desk.control.tables.set_down(!0b10001);
    assert!(ends(&mut desk, ": 4"), "{:?}", desk.answers(packet));
    desk.control.tables.set_down(!0b00001);
    assert!(ends(&mut desk, ": 4"), "nothing changes while a PMD does not know of the last change");
    desk.acknowledge();
    desk.control.tables.set_down(!0b00001);
    desk.acknowledge();
    assert_eq!(
        desk.answers("bond-show")[3..6],
        ["active member: none", "", "member port 3: disabled"]
    );
    assert!(ends(&mut desk, "drop(bond)"), "{:?}", desk.answers(packet));
}
