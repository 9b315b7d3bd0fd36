//! What the console tells of time: windows, milliseconds, notes, clocks.

use perf::time::Utc;

use super::*;

/// Has both PMDs run for a second, the first with so many iterations in it.
fn second(desk: &mut Desk, iterations: u64) {
    for _ in 0..iterations {
        desk.pmds[0].run(HERTZ / iterations);
    }
    desk.pmds[1].idle(HERTZ / 10);
    desk.machine.now += HERTZ;
    desk.says("");
}

/// The number behind `label` in the report of the first PMD.
fn figure(desk: &mut Desk, options: &str, label: &str) -> String {
    let lines = desk.answers(&format!("pmd-perf-show -nh -pmd 1 {options}"));
    let line = lines.iter().find(|line| line.trim_start().starts_with(label)).unwrap();
    line.rsplit_once(": ").unwrap().1.trim().to_string()
}

#[test]
fn an_interval_tells_of_the_last_seconds_without_a_clear() {
    let settings = Settings { log: false, ..Settings::DEFAULT };
    let mut desk = Desk::with(settings);
    desk.control.policy.watchdog = Watchdog::Off;
    (1..=70).for_each(|number| second(&mut desk, if number == 70 { 1000 } else { 100 }));
    let count = |desk: &mut Desk, options| {
        figure(desk, options, "Iterations").split("  ").next().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(count(&mut desk, "--interval 1s"), 1000);
    assert_eq!(count(&mut desk, "--interval 10"), 1000 + 9 * 100);
    assert_eq!(count(&mut desk, "--interval 60s"), 1000 + 59 * 100);
    assert_eq!(figure(&mut desk, "--interval 10s", "Measurement duration"), "10.000 s");
    let ended = desk.pmds[0].metrics.ended();
    desk.answers("pmd-stats-clear");
    assert_eq!(count(&mut desk, "--interval 10s"), 1900, "a clear is the reader's alone");
    assert_eq!(desk.pmds[0].metrics.ended(), ended);
}

#[test]
fn a_millisecond_in_which_no_iteration_began_is_an_empty_row() {
    let mut desk = Desk::with(Settings { log: false, ..Settings::DEFAULT });
    let pmd = &mut desk.pmds[0];
    pmd.idle(250);
    pmd.recorder.burst(0, 3, 77);
    pmd.run(3100);
    pmd.idle(140);
    desk.machine.now = 7000;
    let lines = desk.answers("pmd-perf-show -nh -pmd 1 -ms 7");
    let titles = lines.iter().position(|line| line.starts_with("   ms ")).unwrap();
    let column = |place: usize| {
        let of = |row: &String| row.split_whitespace().nth(place).unwrap().parse().unwrap();
        lines[titles + 1..].iter().map(of).collect::<Vec<u64>>()
    };
    assert_eq!(column(0), [6, 5, 4, 3, 2, 1, 0], "newest first, none left out");
    assert_eq!(column(1), [0, 40, 0, 0, 51, 100, 100][..], "iterations, as far as they ended");
    assert_eq!(column(6), [0, 0, 0, 0, 80, 0, 0], "the highest fill, no average");
}

#[test]
fn a_note_is_kept_among_the_events_with_its_time() {
    let mut desk = Desk::new();
    desk.machine.now = 2_500_000;
    let nanos = 1_795_478_400_000_000_000;
    desk.control.set_utc(Utc { count: 0, nanos, error: 1_000_000, drift: 0 });
    assert_eq!(desk.answers("mark cable  pulled"), ["mark: event=1"]);
    assert_eq!(
        desk.answers("show event 1"),
        ["mark: event=1 tsc=2500000 boot_ns=2500000000 utc=2026-11-24T00:00:02.500000Z+-1000us \
          cable  pulled"]
    );
    let long = "x".repeat(81);
    assert_eq!(desk.answers(&format!("mark {long}")), ["error: TEXT has more than 80 bytes"]);
}

#[test]
fn a_report_tells_the_time_of_day_where_anything_does() {
    let mut desk = Desk::new();
    desk.machine.now = 2_500_000;
    assert_eq!(desk.answers("pmd-perf-show -nh")[1], "Time: +2.500 s since boot");
    let nanos = 1_795_478_400_000_000_000;
    desk.control.set_utc(Utc { count: 0, nanos, error: 500_000_000, drift: 0 });
    assert_eq!(desk.answers("pmd-perf-show -nh")[1], "Time: 00:00:02.500");
}

#[test]
fn settings_are_shown_with_the_words_that_make_them_last() {
    let mut desk = Desk::new();
    desk.answers("pmd-perf-log-set -us 400 -e -r duration+fill");
    desk.answers("set pmd-perf-rooms=off -pmd 2");
    let lines = desk.answers("pmd-perf-log-show");
    assert_eq!(
        lines.last().unwrap(),
        "to have them at the next boot: pmd-perf-rooms=on,2:off pmd-perf-log-e=on \
         pmd-perf-log-us=400 pmd-perf-log-r=duration+fill"
    );
    let of = |core: usize| desk_settings(&lines, core);
    assert!(
        of(1).contains(
            &"  pmd-perf-rooms     on           record the time in each room of an \
                             iteration"
                .to_string()
        )
    );
    assert!(of(2).iter().any(|line| line.starts_with("  pmd-perf-rooms     off ")));
    assert_eq!(of(1).len(), perf::settings::TABLE.len());
}

fn desk_settings(lines: &[String], core: usize) -> Vec<String> {
    let title = format!("pmd thread numa_id 0 core_id {core}:");
    let below = lines.iter().skip_while(|line| **line != title).skip(1);
    below.take_while(|line| line.starts_with("  ")).cloned().collect()
}

/// Has PMDs obey and time pass until the self-test has ended.
fn self_test(desk: &mut Desk, stalled: impl Fn(u64) -> u64) -> Vec<String> {
    let mut text = desk.says("selftest\r");
    for _ in 0..10_000 {
        if text.contains("selftest: passed") || text.contains("selftest: FAILED") {
            break;
        }
        for (number, order) in desk.obey_each() {
            let Order::Stall { cycles, times: 1 } = order else { continue };
            desk.pmds[number].stall(stalled(cycles));
        }
        desk.pmds.iter_mut().for_each(|pmd| pmd.idle(10));
        desk.machine.now += 10_000;
        text += &desk.says("");
    }
    text.lines().filter(|line| line.starts_with("selftest: ")).map(str::to_string).collect()
}

#[test]
fn a_self_test_reads_known_stalls_back_and_compares_the_clock() {
    let mut desk = Desk::new();
    desk.control.policy.watchdog = Watchdog::Off;
    let lines = self_test(&mut desk, |cycles| cycles + cycles / 200);
    assert_eq!(lines.len(), 2 * 3 + 1 + 1, "{lines:#?}");
    assert_eq!(
        lines[0],
        "selftest: core 1: a stall of 1000 us was read back as 1005.000 us: +0.500 %, ok"
    );
    assert!(lines[6].ends_with("by the sundial: +0.000 %, ok"), "{}", lines[6]);
    assert_eq!(lines[7], "selftest: passed, 7 checks");
}

#[test]
fn a_self_test_fails_where_what_is_read_back_is_off_by_more_than_one_per_cent() {
    let mut desk = Desk::new();
    desk.control.policy.watchdog = Watchdog::Off;
    desk.machine.drift = 50;
    let lines = self_test(&mut desk, |cycles| cycles + cycles / 50);
    assert!(lines[0].ends_with("+2.000 %, FAILED"), "{lines:#?}");
    assert!(lines[6].contains("by the sundial") && lines[6].ends_with("FAILED"), "{lines:#?}");
    assert_eq!(lines.last().unwrap(), "selftest: FAILED, 7 of 7 checks");
}
