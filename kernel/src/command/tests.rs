use perf::settings::Duration;

use super::*;

/// The same without ports that have names.
fn parse(line: &str) -> Result<Option<Command<'_>>, Fault<'_>> {
    super::parse(line, &|_| None)
}

fn command(line: &str) -> Command<'_> {
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
    PerfShow {
        histograms: true,
        rows: 0,
        milliseconds: 0,
        core: None,
        interval: None,
        format: Format::Text,
    }
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
    let (core, interval) = (Some(2), Some(10));
    let format = Format::Json;
    let all = PerfShow { histograms: false, rows: 20, milliseconds: 5, core, interval, format };
    for line in [
        "pmd-perf-show -nh -it 20 -ms 5 -pmd 2 --interval 10s -f json",
        "pmd-perf-show -f json --interval 10 -pmd 2 -ms 5 -it 20 -nh",
    ] {
        assert_eq!(command(line), Command::PerfShow(all));
    }
    let set = changed("pmd-perf-log-set on -b 1 -a 2 -e -us 251 -q 64");
    let all = Settings {
        before: 1,
        after: 2,
        extend: true,
        duration: Duration::Micros(251),
        fill: 64,
        ..Settings::DEFAULT
    };
    assert_eq!(set, (None, all));
    let off = Settings { log: false, ..Settings::DEFAULT };
    assert_eq!(changed("pmd-perf-log-set -ne -pmd 3 off"), (Some(3), off));
    assert_eq!(changed("pmd-perf-log-set"), (None, Settings::DEFAULT));
}

/// The core that `line` names, and the default settings as it changes them.
fn changed(line: &str) -> (Option<usize>, Settings) {
    let Command::Settings { changes, core } = command(line) else { panic!("{line}") };
    let mut settings = Settings::DEFAULT;
    changes.apply_to(&mut settings);
    (core, settings)
}

#[test]
fn settings_are_set_by_their_keys_too() {
    let off = Settings { metrics: false, ..Settings::DEFAULT };
    assert_eq!(changed("set pmd-perf-metrics=off"), (None, off));
    let auto = Settings { duration: Duration::Auto, ..Settings::DEFAULT };
    assert_eq!(changed("set pmd-perf-log-us=auto -pmd 2"), (Some(2), auto));
    assert!(parse("set").is_err() && parse("set pmd-perf-log-us").is_err());
    let fault = parse("set ports=all").err().unwrap().to_string();
    assert!(fault.contains("`ports=all` is not KEY=VALUE with one of the keys"), "{fault}");
    let fault = parse("set pmd-perf-log-q=x").err().unwrap().to_string();
    assert!(fault.starts_with("error: -q N is 0 to 4294967295, not `x`"), "{fault}");
}

#[test]
fn a_mark_is_the_rest_of_the_line() {
    assert_eq!(command("mark  cable   pulled "), Command::Mark("cable   pulled"));
    refused("mark", "error: TEXT is missing (usage: mark TEXT)");
}

#[test]
fn events_are_filtered_by_core_reason_and_time() {
    let reasons = Some(Reasons::FILL.and(Reasons::STOLEN));
    let format = Format::Text;
    let wish = ShowEvents { core: Some(2), reasons, seconds: Some(60), format };
    let line = "show events -s 60s -r fill+stolen -pmd 2";
    assert_eq!(command(line), Command::ShowEvents(wish));
    let fault = parse("show events -r smoke").err().unwrap().to_string();
    assert!(fault.starts_with("error: `smoke` is not all, none, or with + between: duration fill"));
}

#[test]
fn rows_beyond_those_that_are_kept_are_as_many_as_are() {
    let most = PerfShow { rows: ROWS, ..perf_show() };
    assert_eq!(command("pmd-perf-show -it 4097"), Command::PerfShow(most));
    assert_eq!(command("pmd-perf-show -it 99999999999999999999999"), Command::PerfShow(most));
    let (_, set) = changed("pmd-perf-log-set -b 999 -a 999");
    assert_eq!((set.before, set.after), (998, 0));
}

#[test]
fn settings_change_where_something_was_said() {
    let Command::Settings { changes, .. } = command("pmd-perf-log-set -b 600 -a 600") else {
        panic!()
    };
    let mut settings = Settings { fill: 7, ..Settings::DEFAULT };
    changes.apply_to(&mut settings);
    assert_eq!((settings.before, settings.after, settings.fill), (600, 398, 7));
}

#[test]
fn places_are_read_in_order() {
    let stall = |times| Stall { core: 1, micros: 10_000, times };
    assert_eq!(command("stall 1 10000"), Command::Stall(stall(1)));
    assert_eq!(command("stall 1 10000 1000"), Command::Stall(stall(1000)));
    assert_eq!(command("crash panic"), Command::Crash { kind: Crash::Panic, core: 0 });
    assert_eq!(command("crash text-write 2"), Command::Crash { kind: Crash::TextWrite, core: 2 });
    let format = Format::Text;
    assert_eq!(command("show event 3"), Command::ShowEvent { number: 3, format });
    assert_eq!(command("show  events"), Command::ShowEvents(ShowEvents::default()));
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
        "error: -it N is 0 to 4096, not `x` (usage: dpif-netdev/pmd-perf-show [-nh] [-it N] [-ms N] \
         [-pmd CORE] [--interval SECONDS] [-f text|json])",
    );
    refused("stall 1 0", "error: USEC is 1 to 10000000, not `0` (usage: stall CORE USEC [TIMES])");
    refused(
        "pmd-perf-log-set -us 4294967296",
        "error: -us N|auto is 0 to 4294967295, or auto, not `4294967296` (usage: \
         dpif-netdev/pmd-perf-log-set [on|off] [-b N] [-a N] [-e|-ne] [-us N|auto] [-q N] [-cpp N] \
         [-up N] [-os N] [-r REASONS] [-pmd CORE])",
    );
    refused("show event", "error: N is missing (usage: show event N [-f text|json])");
    refused(
        "show event -1",
        "error: N is 1 to 18446744073709551615, not `-1` (usage: show event N [-f text|json])",
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
        "error: page-fault|stack-overflow|panic|null-read|text-write|divide-error|invalid-opcode|\
         general-protection|nmi|hang|twice is missing (usage: crash page-fault|stack-overflow|panic|null-read|\
         text-write|divide-error|invalid-opcode|general-protection|nmi|hang|twice [CORE])",
    );
}

#[test]
fn nothing_is_said_twice() {
    refused(
        "pmd-perf-show -nh -nh",
        "error: `-nh` comes second for the same thing (usage: dpif-netdev/pmd-perf-show [-nh] \
         [-it N] [-ms N] [-pmd CORE] [--interval SECONDS] [-f text|json])",
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
        "show event N [-f text|json]\n  one suspicious iteration, its neighbourhood and its \
         rooms\n    N: its number in show events (1 to 18446744073709551615)\n    -f text|json: as \
         text, or as JSON, a document a line\n"
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
    assert_eq!(after("sh").len(), 8);
    assert_eq!(after("pmd-perf-log-set -u"), ["s", "p"]);
    assert_eq!(after("set pmd-perf-r"), ["ooms"]);
    assert_eq!(after("show p"), ["orts", "ort"]);
    assert_eq!(after("show event"), ["s", ""]);
    assert_eq!(after("show config "), ["all", "diff"]);
    assert_eq!(after("pmd-s"), ["tats-clear", "leep-show"]);
    assert_eq!(after("dpif-netdev/pmd-s"), ["tats-clear", "leep-show"]);
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

#[test]
fn every_show_command_answers_programs_too() {
    for (line, expected) in [
        ("pmd-perf-log-show -f json", Command::LogShow { core: None, format: Format::Json }),
        ("show ports -f json", Command::ShowPorts(Format::Json)),
        ("show drops -f json", Command::ShowDrops(Format::Json)),
        ("show ledger -f text", Command::ShowLedger(Format::Text)),
        ("show event 3 -f json", Command::ShowEvent { number: 3, format: Format::Json }),
    ] {
        assert_eq!(command(line), expected);
    }
    let usage = "(usage: show ports [-f text|json])";
    refused("show ports -f xml", &format!("error: -f text|json is not `xml` {usage}"));
    refused("show ports -f", &format!("error: -f needs text|json {usage}"));
    refused("show ports json", &format!("error: unknown word `json` {usage}"));
}

#[test]
fn the_old_name_of_the_report_still_works() {
    for line in ["pmd-stats-show", "dpif-netdev/pmd-stats-show"] {
        assert_eq!(command(line), Command::PerfShow(perf_show()));
    }
}
