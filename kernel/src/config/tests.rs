use dataplane::rules::RuleSet;

use super::played::any_file;
use super::*;
use crate::options::{Ports, Said, keys};
use crate::played::rule_set;

/// What `line` and `file` make, and the rules of both.
fn read<'a>(line: &'a str, file: &'a str) -> (Config<'a>, RuleSet) {
    let mut rules = rule_set();
    let config = Config::read(line.as_bytes(), Some(file.as_bytes()), &mut rules);
    (config, rules)
}

fn listed(rules: &RuleSet) -> Vec<String> {
    rules.iter().map(|rule| rule.to_string()).collect()
}

const FILE: &str = "\
# A lab server.
hostname=lab7   # what recordings call it
ports=00:03.0,52:54:00:12:34:56  forward=0:1
pmd-perf-log-us=100,2:50

meter=1,pktps,band=type=drop,rate=1000
in_port=0,tcp,actions=meter:1,output:1; in_port=2,actions=drop
";

#[test]
fn a_file_holds_keys_meters_and_rules() {
    let (config, rules) = read("", FILE);
    assert_eq!((config.faults.count(), config.file_faults.count()), (0, 0));
    assert_eq!(config.options.hostname, "lab7");
    assert!(matches!(&config.options.ports, Ports::These(nics) if nics.len() == 2));
    assert_eq!(listed(&rules).len(), 4);
    let file = config.file.as_ref().unwrap();
    assert_eq!(file.counts, Counts { settings: 4, meters: 1, rules: 1 });
    assert_eq!(file.meters().map(|(number, _)| number).collect::<Vec<_>>(), [1]);
    assert!(!config.is_overridden());
}

#[test]
fn the_command_line_wins_and_that_can_be_told() {
    let (config, rules) = read("forward=0:2 hostname=lab7 pmd-perf-log-us=9 ports=", FILE);
    assert_eq!(config.options.hostname, "lab7");
    assert_eq!(config.options.perf.of(2), config.options.perf.of(1));
    assert_eq!(config.overridden().to_string(), "ports, forward, pmd-perf-log-us");
    // What cannot be honoured there has the default, as it says.
    assert_eq!(config.options.ports, Ports::None);
    assert!(config.faults.to_string().ends_with("; using none"), "{}", config.faults);
    assert!(listed(&rules).contains(&"table=0,in_port=0 actions=output:2".into()));
}

#[test]
fn each_fault_is_told_with_line_column_and_what_was_expected() {
    for (line, told) in [
        ("ports=eth0", "column 7: ports=eth0: expected none, all, or up to 16 "),
        ("  hostname=a  log=loud", "column 19: log=loud: expected [MODULE:]LEVEL "),
        ("hostname=a quiet", "column 12: quiet: expected KEY=VALUE, a meter or a rule"),
        (
            "forwrad=0:1",
            "column 1: forwrad: expected KEY=VALUE, a meter or a rule (nearest key: forward)",
        ),
        ("initrd=x", "column 1: initrd: expected KEY=VALUE, a meter or a rule"),
        ("hostname", "column 9: hostname=: expected 1 to 63 letters"),
        (" meter=1,pktps", "column 15: expected rate=, not 0, in each band"),
        ("in_port=0,actions=fly", "column 19: expected "),
        ("in_port=0,actions=1; tcp,in_port=0", "column 35: expected actions="),
        (
            "pmd-perf-log-b=998",
            "column 16: pmd-perf-log-a=5: expected 0 to 0 beside pmd-perf-log-b=998",
        ),
        (
            "pmd-rxq-isolate=off",
            "column 17: pmd-rxq-isolate=off: expected pmd-rxq-assign=group beside it",
        ),
    ] {
        let file = format!("{FILE}{line}\n");
        let (config, _) = read("", &file);
        let faults = config.file_faults.to_string();
        assert!(faults.starts_with(&format!("error: line 8, {told}")), "{faults}");
        assert_eq!((config.file_faults.count(), config.file.is_some()), (1, false), "{faults}");
    }
}

#[test]
fn with_a_bad_file_only_the_command_line_holds() {
    let file = format!("{FILE}prots=all\nx\n");
    let (config, rules) = read("hostname=lab8 forward=3:3", &file);
    let (alone, faults) = Options::parse(b"hostname=lab8 forward=3:3");
    assert_eq!((&config.options, faults.count()), (&alone, 0));
    assert_eq!((config.file_faults.count(), config.is_overridden()), (2, false));
    assert_eq!(listed(&rules), ["table=0,in_port=3 actions=in_port"]);
}

#[test]
fn more_rules_than_there_is_room_for_are_a_fault_of_the_file() {
    let file: String =
        (0..17).map(|port| format!("hostname=lab7\nin_port={port},actions=drop\n")).collect();
    let (config, rules) = read("forward=0:1", &file);
    let told = "error: line 30, column 1: there is no room for more rules";
    assert_eq!(config.file_faults.to_string(), told);
    assert_eq!((config.options.hostname.as_str(), listed(&rules).len()), ("", 2));
}

#[test]
fn many_faults_are_counted_and_some_are_kept() {
    let file = "nonsense\n".repeat(100);
    let (config, _) = read("", &file);
    assert_eq!(config.file_faults.count(), 100);
    assert_eq!(config.file_faults.iter().count(), 16);
    assert!(config.file_faults.to_string().ends_with("\nerror: and 84 more"));
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_place() {
    let mut rules = rule_set();
    let config = Config::read(b"", Some(b"hostname=a\nlog=\xff"), &mut rules);
    assert_eq!(config.file_faults.to_string(), "error: line 2, column 5: expected UTF-8 text");
}

#[test]
fn without_a_file_nothing_is_wrong_with_it() {
    let mut rules = rule_set();
    let config = Config::read(b"hostname=a", None, &mut rules);
    assert_eq!((config.file_faults.count(), config.is_overridden()), (0, false));
    assert!(config.file.is_none() && config.options.hostname == "a");
}

#[test]
fn only_words_that_hold_are_said() {
    let mut options = Options::default();
    let mut said = Said::NONE;
    let faults =
        options.read(b"hostname=a hostname=-  max-idle=700 pmd-rxq-isolate=off", &mut said);
    assert_eq!(faults.count(), 2);
    let said: Vec<_> = said.iter().map(|(key, text)| (key.name(), text)).collect();
    assert_eq!(said, [("max-idle", "700")]);
}

#[test]
fn values_that_mean_the_same_are_the_same() {
    let key = |name: &str| keys().find(|key| key.name() == name).unwrap();
    assert!(key("ports").is_same(Some("00:03.0"), Some("0000:00:03.0")));
    assert!(key("ports").is_same(Some("none"), None));
    assert!(!key("ports").is_same(Some("all"), None));
    assert!(key("pmd-cpu-mask").is_same(Some("6"), Some("0x06")));
}

#[test]
fn the_example_of_the_documentation_is_a_file_and_so_are_its_faults() {
    let text = include_str!("../../../docs/configuration.md");
    let example = text.split("```conf\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let (config, rules) = read("", example);
    assert_eq!((config.file_faults.to_string().as_str(), listed(&rules).len()), ("", 3));
    assert_eq!(config.options.n_rxq.of(0), 2);
    let (config, _) = read("", "\n\nports=eth0");
    let told = config.file_faults.to_string().replace("error: ", "error: configuration file: ");
    assert!(text.contains(&format!("{told}\n")), "{told}");
}

proptest::proptest! {
    #[test]
    fn a_file_of_any_bytes_holds_whole_or_not_at_all(
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300),
        text in any_file(),
    ) {
        for file in [&bytes, &text] {
            let mut rules = rule_set();
            let config = Config::read(b"hostname=lab8 forward=2:2", Some(file), &mut rules);
            if config.file_faults.count() > 0 {
                let (alone, _) = Options::parse(b"hostname=lab8 forward=2:2");
                proptest::prop_assert_eq!(&config.options, &alone);
                proptest::prop_assert_eq!(listed(&rules), ["table=0,in_port=2 actions=in_port"]);
            }
            let told = config.file_faults.to_string();
            proptest::prop_assert!(told.is_ascii(), "{}", told);
            for fault in config.file_faults.iter() {
                let line = file.split(|byte| *byte == b'\n').nth(fault.line - 1);
                let is_there = line.is_some_and(|line| fault.column <= line.len() + 1);
                proptest::prop_assert!(is_there, "{}", fault);
            }
        }
    }
}
