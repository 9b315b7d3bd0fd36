//! What runs as a file, what of it no file says, and files that are put in its place.

use super::requests::put;
use super::*;
use crate::config::played::any_file;

const LINE: &str = "BOOT_IMAGE=/barecore.img ports=all n_rxq=2 forward=0:1";
const FILE: &str = "\
hostname=lab7
pmd-perf-log-us=100,2:50
meter=7 pktps burst bands=type=drop rate=1000 burst_size=0
in_port=2,actions=drop
";

/// What `show config` tells of a machine that was booted so.
const SHOWN: [&str; 8] = [
    "hostname=lab7",
    "ports=all",
    "n_rxq=2",
    "pmd-perf-log-us=100,2:50",
    "meter=7 pktps burst bands=type=drop rate=1000 burst_size=0",
    "table=0,in_port=0 actions=output:1",
    "table=0,in_port=1 actions=output:0",
    "table=0,in_port=2 actions=drop",
];

const NOTHING: [&str; 1] =
    ["nothing is unsaved: what runs is what it booted with, or was put since"];

fn text(lines: &[impl AsRef<str>]) -> String {
    lines.iter().map(|line| format!("{}\n", line.as_ref())).collect()
}

#[test]
fn what_runs_is_shown_as_a_file_that_boots_so() {
    let mut desk = Desk::booted(LINE, FILE);
    assert_eq!(desk.answers("show config"), SHOWN);
    assert_eq!(desk.answers("show config diff"), NOTHING);
    assert_eq!(Desk::booted("", &text(&SHOWN)).answers("show config"), SHOWN);
    assert_eq!(Desk::booted("", "").answers("show config"), [""; 0]);
}

#[test]
fn all_of_it_says_when_each_key_changes_and_is_a_file_too() {
    let mut desk = Desk::booted(LINE, FILE);
    let all = desk.answers("show config all");
    for line in [
        "ports=all  # boot",
        "mtu_request=1500  # boot",
        "log=info  # run time",
        "forward=none  # run time",
        "pmd-perf-log-us=100,2:50  # run time",
        "table=0,in_port=2 actions=drop",
    ] {
        assert!(all.iter().any(|own| own == line), "{line}: {all:#?}");
    }
    assert_eq!(Desk::booted("", &text(&all)).answers("show config"), SHOWN);
    assert_eq!(put(&mut desk, &text(&all), 300).len(), 1);
    assert_eq!(desk.answers("show config"), SHOWN);
}

#[test]
fn what_was_changed_since_is_unsaved() {
    let mut desk = Desk::booted(LINE, FILE);
    for command in [
        "pmd-perf-log-set -us 70 -pmd 1",
        "set pmd-perf-log=off",
        "vlog/set links:dbg",
        "add-meter meter=7,pktps,band=type=drop,rate=5",
        "add-meter meter=9,kbps,band=type=drop,rate=9",
        "del-flows in_port=0",
        "add-flow in_port=2,actions=output:0; priority=7,tcp,actions=drop",
    ] {
        desk.answers(command);
        desk.acknowledge();
    }
    let diff = desk.answers("show config diff");
    let expected = [
        "+log=info,links:dbg",
        "+pmd-perf-log=off",
        "-pmd-perf-log-us=100,2:50",
        "+pmd-perf-log-us=70,2:50",
        "-meter=7 pktps burst bands=type=drop rate=1000 burst_size=0",
        "+meter=7 pktps burst bands=type=drop rate=5 burst_size=0",
        "+meter=9 kbps burst bands=type=drop rate=9 burst_size=0",
        "-table=0,in_port=0 actions=output:1",
        "-table=0,in_port=2 actions=drop",
        "+table=0,in_port=2 actions=output:0",
        "+table=0,priority=7,tcp actions=drop",
    ];
    assert_eq!(diff, expected);
    let shown = desk.answers("show config");
    assert_eq!(Desk::booted("", &text(&shown)).answers("show config"), shown);
    // What is put is saved, and what it says nothing of is not.
    let rules: Vec<_> = shown.iter().filter(|line| line.starts_with("table")).collect();
    assert_eq!(put(&mut desk, &text(&rules), 300).len(), 1);
    assert_eq!(desk.answers("show config diff"), expected[..7]);
    desk.acknowledge();
    assert_eq!(put(&mut desk, &text(&shown), 300).len(), 1);
    assert_eq!(desk.answers("show config diff"), NOTHING);
}

#[test]
fn a_key_that_changes_at_boot_is_refused_unless_it_has_the_value_that_runs() {
    let mut desk = Desk::booted(LINE, FILE);
    let said = put(&mut desk, "n_rxq=2\nevent-store=64\nlog=warn\npmd-perf-log-us=9\n", 99);
    assert_eq!(said, ["put: lines applied: rules=0 meters=0 settings=4"]);
    assert_eq!(
        desk.answers("show config")[1..5],
        ["log=warn", "ports=all", "n_rxq=2", "pmd-perf-log-us=9"]
    );
    let before = desk.answers("show config");
    let said = put(&mut desk, "log=dbg\n  n_rxq=3 ports=none\nforward=1:2\nx\n", 99);
    assert_eq!(
        said,
        ["error: line 4, column 1: x: expected KEY=VALUE, a meter or a rule; nothing is changed",]
    );
    let said = put(&mut desk, "log=dbg\n  n_rxq=3 ports=none\nforward=1:2\n", 99);
    assert_eq!(
        said,
        [
            "error: line 2, column 9: n_rxq=3: expected what runs; it changes at boot only",
            "error: line 2, column 17: ports=none: expected what runs; it changes at boot only; \
             nothing is changed",
        ]
    );
    assert_eq!(desk.answers("show config"), before);
}

#[test]
fn rules_that_a_file_says_in_short_take_the_place_of_all() {
    let mut desk = Desk::booted(LINE, FILE);
    desk.acknowledge();
    assert_eq!(put(&mut desk, "forward=1:1\n", 99).len(), 1);
    let rules = desk.answers("show config");
    assert_eq!(rules.last().unwrap(), "table=0,in_port=1 actions=in_port");
    assert!(!rules.iter().any(|line| line.contains("in_port=2")), "{rules:#?}");
}

/// Commands that change something, and what follows each.
const CHANGES: [(&str, &[&str]); 6] = [
    (
        "pmd-perf-log-set",
        &["-us auto", "-us 7 -pmd 2", "-b 900", "-a 900 -pmd 1", "off", "-r fill+stolen"],
    ),
    ("set", &["pmd-perf-rooms=off", "pmd-perf-metrics=off -pmd 2", "pmd-perf-log-cpp=5"]),
    ("vlog/set", &["dbg", "clock:off", "any:warn links:info"]),
    (
        "add-meter",
        &[
            "meter=1,kbps,band=type=drop,rate=7",
            "meter=256,pktps,band=type=drop,rate=1,burst_size=3",
        ],
    ),
    ("del-flows", &["", "in_port=1", "tcp"]),
    (
        "add-flow",
        &[
            "in_port=1,actions=drop",
            "tcp,tp_dst=80,actions=meter:1,normal",
            "table=3,cookie=0xa,priority=9,ip,nw_src=10.0.0.0/8,actions=dec_ttl,output:1",
        ],
    ),
];

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(24))]
    #[test]
    fn whatever_was_changed_boots_back_identically(
        changes in proptest::collection::vec((0..CHANGES.len(), 0..6_usize), 0..12),
    ) {
        let mut desk = Desk::booted(LINE, FILE);
        for (command, rest) in changes {
            let (command, rests) = CHANGES[command];
            desk.answers(format!("{command} {}", rests[rest % rests.len()]).trim_ascii());
            desk.obey();
            desk.acknowledge();
        }
        let shown = desk.answers("show config");
        let mut again = Desk::booted("", &text(&shown));
        proptest::prop_assert_eq!(again.answers("show config"), shown);
        proptest::prop_assert_eq!(again.answers("show config diff"), NOTHING);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]
    #[test]
    fn any_file_put_at_run_time_holds_whole_or_changes_nothing(file in any_file()) {
        let mut desk = Desk::booted(LINE, FILE);
        desk.acknowledge();
        let before = ["show config", "show config diff"].map(|command| desk.answers(command));
        let said = put(&mut desk, &file, 99);
        let told = said.last().unwrap();
        let after = ["show config", "show config diff"].map(|command| desk.answers(command));
        if told.starts_with("put: lines applied: ") {
            let again = Desk::booted("", &text(&after[0])).answers("show config");
            proptest::prop_assert_eq!((&again, &after[1][0]), (&after[0], &NOTHING[0].into()));
        } else {
            proptest::prop_assert!(told.ends_with("; nothing is changed"), "{}", told);
            proptest::prop_assert_eq!((desk.obey().len(), after), (0, before));
        }
    }
}
