use super::*;

fn command(line: &str) -> Command {
    match parse(line) {
        Ok(Some(command)) => command,
        Ok(None) => panic!("{line}: blank"),
        Err(fault) => panic!("{line}: {fault}"),
    }
}

#[track_caller]
fn refused(line: &str, message: &str) {
    let fault = parse(line).err().map(|fault| fault.to_string());
    assert_eq!(fault.as_deref(), Some(message));
}

fn perf_show() -> PerfShow {
    PerfShow { histograms: true, rows: 0, milliseconds: false, core: None }
}

#[test]
fn names_are_known_with_and_without_their_prefix() {
    for line in ["dpif-netdev/pmd-perf-show", "pmd-perf-show", "  pmd-perf-show  "] {
        assert_eq!(command(line), Command::PerfShow(perf_show()));
    }
    assert_eq!(command("dpif-netdev/pmd-stats-clear"), Command::StatsClear { core: None });
    refused(
        "dpif-netdev/show ports",
        "error: no command `dpif-netdev/show ports` (nearest: dpif-netdev/pmd-perf-show; help \
         lists all)",
    );
}

#[test]
fn options_of_open_vswitch_are_read_in_any_order() {
    let all = PerfShow { histograms: false, rows: 20, milliseconds: true, core: Some(2) };
    assert_eq!(command("pmd-perf-show -nh -it 20 -ms 5 -pmd 2"), Command::PerfShow(all));
    assert_eq!(command("pmd-perf-show -pmd 2 -ms 5 -it 20 -nh"), Command::PerfShow(all));
    let set = LogSet {
        log: Some(true),
        before: Some(1),
        after: Some(2),
        extend: Some(true),
        micros: Some(250),
        fill: Some(64),
    };
    assert_eq!(command("pmd-perf-log-set on -b 1 -a 2 -e -us 250 -q 64"), Command::LogSet(set));
    let off = LogSet { log: Some(false), extend: Some(false), ..LogSet::default() };
    assert_eq!(command("pmd-perf-log-set -ne off"), Command::LogSet(off));
    assert_eq!(command("pmd-perf-log-set"), Command::LogSet(LogSet::default()));
}

#[test]
fn rows_beyond_those_that_are_kept_are_as_many_as_are() {
    let most = PerfShow { rows: ROWS, ..perf_show() };
    assert_eq!(command("pmd-perf-show -it 1001"), Command::PerfShow(most));
    assert_eq!(command("pmd-perf-show -it 99999999999999999999999"), Command::PerfShow(most));
    let Command::LogSet(set) = command("pmd-perf-log-set -b 999 -a 999") else { panic!() };
    assert_eq!((set.before, set.after), (Some(WINDOW), Some(WINDOW)));
}

#[test]
fn settings_change_where_something_was_said() {
    let old = Settings::default();
    assert_eq!(LogSet::default().applied_to(old), old);
    let set = LogSet { before: Some(600), after: Some(600), ..LogSet::default() };
    let new = set.applied_to(old);
    assert_eq!((new.before, new.after, new.micros), (600, 398, 250));
    let later = LogSet { before: Some(998), ..LogSet::default() }.applied_to(old);
    assert_eq!((later.before, later.after), (998, 0));
}

#[test]
fn places_are_read_in_order() {
    let stall = |times| Stall { core: 1, micros: 10_000, times };
    assert_eq!(command("stall 1 10000"), Command::Stall(stall(1)));
    assert_eq!(command("stall 1 10000 1000"), Command::Stall(stall(1000)));
    assert_eq!(command("crash panic"), Command::Crash { kind: Crash::Panic, core: 0 });
    assert_eq!(command("crash text-write 2"), Command::Crash { kind: Crash::TextWrite, core: 2 });
    assert_eq!(command("show event 3"), Command::ShowEvent(3));
    assert_eq!(command("show  events"), Command::ShowEvents);
}

#[test]
fn kinds_of_crash_stand_in_the_order_of_their_names() {
    for (kind, name) in Crash::ALL.into_iter().zip(Crash::NAMES) {
        assert_eq!(command(&format!("crash {name}")), Command::Crash { kind, core: 0 });
    }
    assert_eq!((Crash::NAMES[1], Crash::ALL[1]), ("stack-overflow", Crash::StackOverflow));
}

#[test]
fn a_bad_number_is_refused_with_its_range() {
    refused(
        "pmd-perf-show -it x",
        "error: -it N is 0 to 1000, not `x` (usage: dpif-netdev/pmd-perf-show [-nh] [-it N] [-ms N] \
         [-pmd CORE])",
    );
    refused("stall 1 0", "error: USEC is 1 to 10000000, not `0` (usage: stall CORE USEC [TIMES])");
    refused(
        "pmd-perf-log-set -us 4294967296",
        "error: -us N is 0 to 4294967295, not `4294967296` (usage: dpif-netdev/pmd-perf-log-set \
         [on|off] [-b N] [-a N] [-e|-ne] [-us N] [-q N])",
    );
    refused("show event", "error: N is missing (usage: show event N)");
    refused(
        "show event -1",
        "error: N is 1 to 18446744073709551615, not `-1` (usage: show event N)",
    );
    refused(
        "pmd-stats-clear -pmd",
        "error: -pmd needs a number (usage: dpif-netdev/pmd-stats-clear [-pmd CORE])",
    );
}

#[test]
fn an_unknown_word_is_refused_with_the_usage() {
    refused("reboot now", "error: unknown word `now` (usage: reboot)");
    refused(
        "pmd-stats-clear br0",
        "error: unknown word `br0` (usage: dpif-netdev/pmd-stats-clear [-pmd CORE])",
    );
    refused("stall 1 2 3 4", "error: unknown word `4` (usage: stall CORE USEC [TIMES])");
    refused(
        "crash",
        "error: page-fault|stack-overflow|panic|null-read|text-write is missing (usage: crash \
         page-fault|stack-overflow|panic|null-read|text-write [CORE])",
    );
}

#[test]
fn nothing_is_said_twice() {
    refused(
        "pmd-perf-show -nh -nh",
        "error: `-nh` comes second for the same thing (usage: dpif-netdev/pmd-perf-show [-nh] \
         [-it N] [-ms N] [-pmd CORE])",
    );
    assert!(parse("pmd-perf-log-set on off").is_err());
    assert!(parse("pmd-perf-log-set -e -ne").is_err());
}

#[test]
fn an_unknown_command_learns_which_one_is_near() {
    let near = |line: &str, name: &str| {
        refused(line, &format!("error: no command `{line}` (nearest: {name}; help lists all)"));
    };
    near("shwo ports", "show ports");
    near("show", "show ports");
    near("pmd-pref-show -nh -it 5", "pmd-perf-show");
    near("stal 1 1000", "stall");
    refused("xyzzy", "error: no command `xyzzy` (help lists all)");
    refused("7", "error: no command `7` (help lists all)");
    let long = "x".repeat(100);
    let cut = format!("error: no command `{}...` (help lists all)", "x".repeat(48));
    refused(&long, &cut);
}

#[test]
fn a_blank_line_asks_for_nothing() {
    assert!(matches!(parse(""), Ok(None)) && matches!(parse("   "), Ok(None)));
}

#[test]
fn help_has_topics() {
    assert_eq!(command("help"), Command::Help(Topic::Commands));
    assert_eq!(command("list-commands"), Command::Help(Topic::Usages));
    assert_eq!(command("help options"), Command::Help(Topic::Options));
    let Command::Help(topic) = command("help show event") else { panic!() };
    assert_eq!(
        Help(topic).to_string(),
        "show event N\n  one suspicious iteration, its neighbourhood and its rooms\n    N: its \
         number in show events (1 to 18446744073709551615)\n"
    );
    refused(
        "help shwo ports",
        "error: no command `shwo ports` (nearest: show ports; help lists all) (usage: help \
         [COMMAND|options])",
    );
}

#[test]
fn help_tells_of_every_item() {
    let Command::Help(topic) = command("help pmd-stats-clear") else { panic!() };
    let expected = "
dpif-netdev/pmd-stats-clear [-pmd CORE]
  count from now on
  also: pmd-stats-clear
    -pmd CORE: on this PMD only (0 to 255)
";
    assert_eq!(Help(topic).to_string(), expected[1..]);
    assert_eq!(Help(Topic::Commands).to_string().lines().count(), COMMANDS.len());
    assert!(Help(Topic::Options).to_string().contains("  pmd-perf-log-us=250: "));
    assert!(Help(Topic::Usages).to_string().contains("  stall CORE USEC [TIMES]\n"));
}

#[test]
fn lines_are_completed_word_by_word() {
    let after = |line: &str| {
        let mut found = Vec::new();
        completions(line, |word, typed| found.push(word[typed..].to_string()));
        found
    };
    assert_eq!(after("sh").len(), 5);
    assert_eq!(after("show p"), ["orts"]);
    assert_eq!(after("show event"), ["s", ""]);
    assert_eq!(after("pmd-s"), ["tats-clear"]);
    assert_eq!(after("dpif-netdev/pmd-s"), ["tats-clear"]);
    assert_eq!(after("pmd-stats-clear -"), ["pmd"]);
    assert_eq!(after("crash p"), ["age-fault", "anic"]);
    assert_eq!(after("stall "), [""; 0]);
    assert_eq!(after("").len(), COMMANDS.len());
    assert_eq!(after("xyzzy"), [""; 0]);
}

proptest::proptest! {
    #[test]
    fn no_line_makes_the_parser_fail(line: String) {
        if let Err(fault) = parse(&line) {
            proptest::prop_assert_eq!(fault.to_string().lines().count(), 1);
        }
        completions(&line, |word, typed| assert!(typed <= word.len()));
    }
}
