//! What the console answers.

use dataplane::{Account, Reason};

use super::*;
use crate::management::Tally;

fn dropped(reasons: &[(Reason, u64)]) -> [u64; Reason::COUNT] {
    let mut dropped = [0; Reason::COUNT];
    reasons.iter().for_each(|(reason, frames)| dropped[*reason as usize] = *frames);
    dropped
}

#[test]
fn ports_are_shown_with_what_went_through_them() {
    let mut desk = Desk::new();
    let account = Account {
        received: 10,
        received_bytes: 600,
        copied: 0,
        forwarded: 6,
        dropped: dropped(&[(Reason::DeviceLie, 1), (Reason::NoRule, 2)]),
        sent: 5,
        sent_bytes: 320,
    };
    desk.pmds[0].ledger.post(&mut [account], 1, true);
    let sent = Account { sent: 6, sent_bytes: 360, ..Account::default() };
    desk.pmds[1].ledger.post(&mut [Account::default(), sent], 0, true);
    assert_eq!(
        desk.answers("show ports"),
        [
            "port 0: 00:02.0 virtio-net 52:54:00:12:34:56 link up, core 1",
            "  rx frames=10 bytes=600 lies=1 missed=n/a  tx frames=5 bytes=320 ring-pending=7",
            "port 1: 00:03.0 virtio-net 52:54:00:12:34:57 link down, core 2",
            "  rx frames=0 bytes=0 lies=0 missed=4  tx frames=6 bytes=360 ring-pending=7",
        ]
    );
    assert_eq!(
        desk.answers("show ledger"),
        [
            "ledger port=0 received=10 copied=0 forwarded=6 dropped=3 in-flight=1",
            "ledger port=1 received=0 copied=0 forwarded=0 dropped=0 in-flight=0",
            "ledger total received=10 copied=0 forwarded=6 dropped=3 in-flight=1 exact=yes",
        ]
    );
    assert_eq!(
        desk.answers("show drops"),
        [
            "port  stage  reason  frames",
            "0     rx     device_lie  1",
            "0     upcall  no_rule  2",
            "total 3",
        ]
    );
}

#[test]
fn a_frame_that_ends_twice_makes_the_ledger_inexact() {
    let mut desk = Desk::new();
    let account = Account { received: 1, forwarded: 2, ..Account::default() };
    desk.pmds[0].ledger.post(&mut [account], 0, true);
    let total = desk.answers("show ledger").pop().unwrap();
    assert_eq!(
        total,
        "ledger total received=1 copied=0 forwarded=2 dropped=0 in-flight=-1 exact=no"
    );
}

#[test]
fn a_frame_that_is_nowhere_makes_the_ledger_inexact() {
    let mut desk = Desk::new();
    let account = Account { received: 2, forwarded: 1, ..Account::default() };
    desk.pmds[0].ledger.post(&mut [account], 0, true);
    let total = desk.answers("show ledger").pop().unwrap();
    assert_eq!(
        total,
        "ledger total received=2 copied=0 forwarded=1 dropped=0 in-flight=1 exact=no"
    );
}

#[test]
fn pmds_that_poll_no_queue_are_shown_only_if_they_are_asked_for() {
    let mut desk = Desk::new();
    let shown = |desk: &mut Desk, command: &str| {
        let lines = desk.answers(command);
        lines.into_iter().filter(|line| line.starts_with("pmd thread")).collect::<Vec<_>>()
    };
    let [one, two] = [1, 2].map(|core| format!("pmd thread numa_id 0 core_id {core}:"));
    desk.pmds[0].recorder.park(true);
    assert_eq!(shown(&mut desk, "pmd-perf-show"), [two]);
    assert_eq!(shown(&mut desk, "pmd-perf-show -pmd 1"), [one]);
    assert!(desk.answers("pmd-perf-show -pmd 1").contains(&"  (it polls no queue: parked)".into()));
    desk.pmds[1].recorder.park(true);
    let told = desk.answers("pmd-perf-show");
    assert_eq!(told[0], "no PMD polls a queue (see them with -pmd CORE)");
}

#[test]
fn figures_are_shown_as_open_vswitch_shows_them() {
    let mut desk = Desk::new();
    let pmd = &mut desk.pmds[1];
    pmd.idle(3);
    pmd.recorder.burst(0, 32, 0);
    pmd.recorder.current.sent = 32;
    pmd.recorder.counters().add(perf::Counter::SimpleHit, 32);
    pmd.recorder.counters().add(perf::Counter::SentBatches, 1);
    pmd.run(70);
    desk.machine.now = 200;
    let lines = desk.answers("pmd-perf-show -pmd 2 -it 2");
    let expected = "
Time: +0.000 s since boot
Measurement duration: 0.000 s

pmd thread numa_id 0 core_id 2:

  Iterations:                    4  (25.00 us/it)
  - Used TSC cycles:           100  ( 50.0 % of total cycles)
  - idle iterations:             3  ( 30.0 % of used cycles)
  - busy iterations:             1  ( 70.0 % of used cycles)
  - sleep iterations:            0  (  0.0 % of iterations)
  Sleep time (us):               0  (  0 us/iteration avg.)
  Rx packets:                   32  (160 Kpps, 2 cycles/pkt)
  Datapath passes:              32  (1.00 passes/pkt)
  - PHWOL hits:                  0  (  0.0 %)
  - Simple Match hits:          32  (100.0 %)
  - EMC hits:                    0  (  0.0 %)
  - SMC hits:                    0  (  0.0 %)
  - Megaflow hits:               0  (  0.0 %, 0.00 subtbl lookups/hit)
  - Upcalls:                     0  (  0.0 %, 0.0 us/upcall)
  - Lost upcalls:                0  (  0.0 %)
  Tx packets:                   32  (160 Kpps)
  Tx batches:                    1  (32.00 pkts/batch)

Histograms";
    assert_eq!(lines[..25], expected.split('\n').collect::<Vec<_>>());
    let rows = [
        "",
        "   iter                cycles       packets      cycles/pkt   pkts/batch   vhost qlen   \
         upcalls      cycles/upcall",
        "   4                   70           32           2            32           32           \
         0            0",
        "   3                   10           0            0            0            0            \
         0            0",
    ];
    assert_eq!(lines[lines.len() - 4..], rows);
    assert_eq!(lines.len(), 24 + 38 + 10 + 3 + 3);
}

#[test]
fn every_pmd_is_shown_and_parts_can_be_left_out() {
    let mut desk = Desk::new();
    desk.pmds.iter_mut().for_each(|pmd| pmd.idle(3));
    desk.machine.now = 100;
    let lines = desk.answers("pmd-perf-show -nh");
    let threads: Vec<&String> = lines.iter().filter(|line| line.contains("core_id")).collect();
    assert_eq!(threads, ["pmd thread numa_id 0 core_id 1:", "pmd thread numa_id 0 core_id 2:"]);
    assert!(
        !lines.iter().any(|line| line.contains("Histograms") || line.contains("cycles/upcall"))
    );
    assert_eq!(
        desk.answers("pmd-perf-show -pmd 9"),
        ["error: no PMD on core 9 (there is one on each of: 1 2)"]
    );
}

#[test]
fn without_metrics_there_are_neither_histograms_nor_rows() {
    let mut desk = Desk::with(Settings { metrics: false, ..Settings::DEFAULT });
    desk.pmds[0].idle(10);
    desk.machine.now = 1000;
    let lines = desk.answers("pmd-perf-show -pmd 1 -it 5");
    assert_eq!(lines.last().unwrap(), "  Tx packets:                    0");
}

#[test]
fn a_clear_starts_figures_and_rows_afresh() {
    let mut desk = Desk::new();
    desk.pmds.iter_mut().for_each(|pmd| pmd.idle(100));
    desk.machine.now = 1000;
    assert!(desk.answers("pmd-stats-clear -pmd 1").is_empty());
    desk.pmds.iter_mut().for_each(|pmd| pmd.idle(2));
    desk.machine.now = 1020;
    let first = |lines: &[String]| {
        lines.iter().find(|line| line.contains("Iterations")).map(|line| line[22..34].to_string())
    };
    let cleared = desk.answers("pmd-perf-show -pmd 1 -nh -it 1000");
    assert_eq!(first(&cleared).unwrap().trim(), "2");
    assert_eq!(cleared.iter().filter(|line| line.starts_with("   1")).count(), 2);
    let other = desk.answers("pmd-perf-show -pmd 2 -nh -it 1000");
    assert_eq!(first(&other).unwrap().trim(), "102");
    assert!(desk.answers("pmd-stats-clear").is_empty());
    let lines = desk.answers("pmd-perf-show -nh");
    assert!(!lines.iter().any(|line| line.contains("Iterations")), "no time, no block");
}

#[test]
fn a_long_answer_needs_no_more_room_than_a_short_one() {
    let mut desk = Desk::new();
    desk.pmds.iter_mut().for_each(|pmd| pmd.idle(5000));
    let lines = desk.answers("pmd-perf-show -nh -it 1000");
    assert_eq!(desk.control.lost(), 0);
    let rows: Vec<&String> = lines.iter().filter(|line| line.starts_with("   4")).collect();
    assert_eq!(rows.len(), 2 * 999, "rows 4001 to 4999");
    let newest = lines.iter().position(|line| line.starts_with("   5000 ")).unwrap();
    assert!(lines[newest + 999].starts_with("   4001 "));
}

#[test]
fn a_long_answer_is_copied_before_it_is_written() {
    let mut desk = Desk::new();
    desk.pmds[0].idle(1000);
    desk.control.tick(&mut desk.machine, b"pmd-perf-show -nh -pmd 1 -it 1000\r");
    desk.pmds[0].idle(50_000);
    let text = desk.says("");
    assert_eq!(text.matches("0            0\r\n").count(), 1000);
}

#[test]
fn programs_are_answered_in_documents_of_a_line_each() {
    let mut desk = Desk::new();
    let dropped = dropped(&[(Reason::Oversize, 2)]);
    let account = Account { received: 3, forwarded: 1, dropped, ..Account::ZERO };
    desk.pmds[0].ledger.post(&mut [account], 0, true);
    assert_eq!(
        desk.answers("show drops -f json"),
        [
            r#"{"schema":"barecore.show-drops","schema_version":1,"drops":[{"port":0,"stage":"parse","reason":"oversize","dropped_packets":2}],"dropped_packets":2}"#
        ]
    );
    let ledger = desk.answers("show ledger -f json");
    let port = r#"{"port":0,"ended":{"rx_packets":3,"copied_packets":0,"forwarded_packets":1,"dropped_packets":2,"in_flight_packets":0}}"#;
    assert!(ledger[0].contains(port), "{ledger:?}");
    assert!(ledger[0].ends_with(r#","parked_packets":0,"is_exact":true}"#), "{ledger:?}");
    let ports = desk.answers("show ports -f json");
    let port = r#"{"port":1,"name":null,"pci_address":"00:03.0","driver":"virtio-net","mac_address":"52:54:00:12:34:57","link_is_up":false,"link_speed_mbps":null,"mtu":1500,"core_id":2,"rx_packets":0,"rx_bytes":0,"rx_lie_packets":0,"rx_missed_packets":4,"rx_ring_packets":256,"rx_descriptors_per_ring":256,"tx_descriptors_per_ring":256,"tx_packets":0,"tx_bytes":0,"tx_ring_pending_packets":7,"mgmt":null}"#;
    assert!(ports[0].contains(port), "{ports:?}");
    assert!(ports[0].contains(r#""rx_missed_packets":null"#), "port 0 cannot tell");
}

#[test]
fn a_port_of_the_control_core_s_own_tells_where_its_frames_ended() {
    let mut desk = Desk::new();
    let tally =
        Tally { received: 9, consumed: 6, lies: 1, damaged: 2, listeners: 1, ..Tally::default() };
    desk.machine.management = Some(Tally { made: 5, sent: 3, unsent: 2, pending: 7, ..tally });
    let lines = desk.answers("show ports");
    assert!(lines[2].ends_with(", mgmt"), "{lines:#?}");
    assert_eq!(
        lines[3..],
        [
            "  rx frames=9 bytes=0 lies=1 missed=4  tx frames=3 bytes=0 ring-pending=7",
            "  mgmt consumed=6 dropped=3 waiting=0  made=5 unsent=2 leaving=0  listeners=1 missed=0",
        ]
    );
    desk.machine.is_named = true;
    assert!(desk.answers("show ports")[2].starts_with("port 1(wan): 00:03.0 virtio-net "));
    assert_eq!(desk.answers("show port wan"), desk.answers("show port 1"));
    assert_eq!(desk.answers("nictest wan"), desk.answers("nictest 1"));
    assert!(
        desk.answers("show port lan")[0]
            .starts_with("error: PORT is 0 to 15, or a name, not `lan`")
    );
    let row = r#""mgmt":{"consumed_packets":6,"dropped_packets":3,"waiting_packets":0,"made_packets":5,"unsent_packets":2,"leaving_packets":0,"listeners":1,"missed_frames":0}}]}"#;
    let document = desk.answers("show ports -f json");
    assert!(document[0].ends_with(row), "{document:?}");
    assert!(document[0].contains(r#""rx_packets":9"#), "{document:?}");
}

#[test]
fn there_is_a_document_for_each_pmd() {
    let mut desk = Desk::new();
    desk.pmds.iter_mut().for_each(|pmd| pmd.idle(50));
    for command in ["pmd-perf-show -it 5 -ms 2 -f json", "pmd-perf-log-show -f json"] {
        let lines = desk.answers(command);
        assert_eq!(lines.len(), 2, "{command}");
        for (core, line) in (1..).zip(&lines) {
            assert!(line.contains(&format!(r#""numa_id":0,"core_id":{core},"#)), "{line}");
            assert!(line.starts_with(r#"{"schema":"barecore.pmd-perf-"#) && line.ends_with('}'));
        }
        let words = command.replace(" -f", " -pmd 2 -f");
        assert_eq!(desk.answers(&words), lines[1..], "{words}");
    }
}

#[test]
fn an_event_and_the_list_of_events_are_documents_too() {
    let mut desk = Desk::new();
    desk.stall(2, 10_000);
    desk.says("");
    let list = desk.answers("show events -f json");
    assert!(list[0].contains(r#""core_id":2,"iteration":21,"duration_ns":10000000,"#), "{list:?}");
    assert_eq!(list.len(), 1);
    let event = desk.answers("show event 1 -f json");
    assert!(
        event[0].starts_with(r#"{"schema":"barecore.show-event","schema_version":1,"event":1,"#)
    );
    assert!(event[0].ends_with(r#""is_truncated":false}"#), "{event:?}");
    assert_eq!(desk.answers("show event 9 -f json"), ["error: no event 9 (show events lists all)"]);
}

#[test]
fn nothing_lands_inside_a_document() {
    let mut desk = Desk::new();
    desk.pmds[0].idle(1000);
    desk.control.tick(&mut desk.machine, b"pmd-perf-show -nh -pmd 1 -it 1000 -f json\r");
    assert!(!desk.control.unsent().is_empty());
    desk.control.notice(format_args!("port 1: link down"));
    let text = desk.says("");
    let document = text.lines().find(|line| line.contains("barecore.pmd-perf-show")).unwrap();
    assert!(document.ends_with("]}"), "{document}");
    assert!(text.contains("]}\r\nport 1: link down\r\n"), "{text}");
}

#[test]
fn events_are_told_with_their_rates_over_the_last_seconds_minute_and_hour() {
    let mut desk = Desk::new();
    let pass = |desk: &mut Desk, steps: u64, drops: u64| {
        for _ in 0..steps {
            let dropped = dropped(&[(Reason::NoRule, drops)]);
            let mut account = Account { received: drops, dropped, ..Account::default() };
            desk.pmds[0].ledger.post(std::slice::from_mut(&mut account), 0, true);
            desk.machine.now += 5 * HERTZ;
            desk.says("");
        }
    };
    let line = |desk: &mut Desk| -> Vec<String> {
        let lines = desk.answers("coverage/show");
        assert!(
            lines[0].starts_with("Event coverage, avg rate over last: 5 seconds,"),
            "{lines:?}"
        );
        let words = |line: &String| line.split_whitespace().map(str::to_owned).collect();
        lines.iter().find(|line| line.starts_with("no_rule ")).map(words).unwrap_or_default()
    };
    assert_eq!(line(&mut desk), [""; 0], "what never happened is not told");
    pass(&mut desk, 1, 30);
    assert_eq!(line(&mut desk), ["no_rule", "6.0/sec", "0.500/sec", "0.0083/sec", "total:", "30"]);
    pass(&mut desk, 11, 0);
    assert_eq!(line(&mut desk)[1..4], ["0.0/sec", "0.500/sec", "0.0083/sec"]);
    pass(&mut desk, 2, 0);
    assert_eq!(line(&mut desk)[1..4], ["0.0/sec", "0.000/sec", "0.0083/sec"]);
    pass(&mut desk, 12 * 61, 0);
    assert_eq!(line(&mut desk)[1..], ["0.0/sec", "0.000/sec", "0.0000/sec", "total:", "30"]);
    pass(&mut desk, 12, 6);
    assert_eq!(line(&mut desk)[1..], ["1.2/sec", "1.200/sec", "0.0200/sec", "total:", "102"]);
}
