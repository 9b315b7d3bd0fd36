//! Pages of `pmdstat report` in a browser: of a recording that a machine left behind, and of Open vSwitch's
//! text. Without chromium every test is skipped and says so; `cargo xtask test` installs it.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod browser;
#[path = "../tool/mod.rs"]
mod tool;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tool::pmdstat;

/// What eight seconds of `cargo xtask qemu` left behind.
const RUN: &[u8] = include_bytes!("../golden/run.pmd");
const REPORT: &str = include_str!("../golden/ovs-perf-show.txt");
const LOG: &str = include_str!("../golden/ovs-vswitchd.log");

type Test = fn() -> Result<(), Failed>;

fn main() -> ExitCode {
    let is_there = browser::is_there();
    if !is_there {
        eprintln!("\nSKIPPED: all tests of pages: there is no chromium (apt-get install chromium)");
    }
    let trials: [(_, Test); 3] = [
        ("a_machines_page_is_seen_whole_in_light_and_dark", || check(RUN, 10)),
        ("the_page_of_open_vswitchs_report_and_log_is_seen_whole", || {
            check([REPORT, LOG].concat().as_bytes(), 5)
        }),
        ("a_page_with_mistakes_is_found_out", mistakes),
    ];
    let trials = trials.map(|(name, test)| {
        Trial::ignorable_test(name, move || match is_there {
            true => test().map(|()| Completion::Completed),
            false => Ok(Completion::ignored_with("SKIPPED, see above")),
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

/// The page of `recording` has this many pictures at least, and is as it should be.
fn check(recording: &[u8], pictures: usize) -> Result<(), Failed> {
    let page = pmdstat("report -", recording).out;
    let shown = pmdstat("show -", recording).out;
    for is_dark in [false, true] {
        let seen = browser::look(&page, is_dark).map_err(|error| format!("{error:#}"))?;
        let lacks = faults(&seen);
        assert!(lacks.is_empty(), "dark: {is_dark}: {lacks:#?}");
        assert!(seen.pictures >= pictures, "{} pictures", seen.pictures);
        assert_eq!((seen.dark, seen.light < 128.0), (is_dark, is_dark));
        numbers_are_those_of(&shown, &seen.text);
    }
    Ok(())
}

/// What is wrong with a page.
fn faults(seen: &browser::Seen) -> Vec<String> {
    let is_cut = seen.is_cut.then(|| "it is wider than the window".to_owned());
    let lists = [&seen.empty, &seen.covered, &seen.requests, &seen.console];
    lists.into_iter().flatten().cloned().chain(is_cut).collect()
}

/// What `show` prints of percentiles, of where frames ended and of the longest event stands on the page.
fn numbers_are_those_of(shown: &str, text: &str) {
    let text = words(text);
    let behind =
        |head: &'static str| shown.lines().skip_while(move |line| !line.starts_with(head)).skip(1);
    let percentiles = behind("Percentiles").take_while(|line| !line.is_empty());
    let ledger = behind("where frames ended").take_while(|line| line.starts_with("  "));
    let ledger =
        ledger.filter(|line| !line.starts_with("  in flight") && !line.starts_with("  card"));
    let in_flight = shown.lines().filter_map(|line| line.trim().strip_prefix("in flight "));
    let micros = |line: &&str| tool::first_number(line.split_once("duration=").unwrap().1);
    let worst = shown.lines().filter(|line| line.starts_with("Suspicious")).max_by_key(micros);
    let lines: Vec<&str> = percentiles.chain(ledger).chain(in_flight).chain(worst).collect();
    assert!(lines.len() >= 9, "{lines:#?}");
    for line in lines {
        assert!(text.contains(&words(line)), "the page lacks: {line}");
    }
}

/// `text` with one blank between its words.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The test sees what is wrong.
fn mistakes() -> Result<(), Failed> {
    let page = pmdstat("report -", REPORT).out;
    let wrong = "<svg aria-label='nothing' width='99' height='99'><text x='9' y='9'>one</text>\
        <text x='9' y='50'>two</text><text x='9' y='50'>three</text></svg>\
        <img src='file:///no/such/picture.png'><script>console.error('no')</script></body>";
    let seen = browser::look(&page.replace("</body>", wrong), false)
        .map_err(|error| format!("{error:#}"))?;
    let counts = [&seen.empty, &seen.covered, &seen.requests, &seen.console].map(Vec::len);
    assert_eq!(counts, [1, 1, 1, 1], "{:#?}", faults(&seen));
    Ok(())
}
