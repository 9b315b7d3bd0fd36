//! What the control core does whether anybody asks or not.

use perf::settings::Duration;

use super::*;

/// Has both PMDs run for so many microseconds, and the control core look every millisecond.
fn pass(desk: &mut Desk, micros: u64) -> String {
    let mut text = String::new();
    for _ in 0..micros / 1000 {
        desk.pmds.iter_mut().for_each(|pmd| pmd.idle(100));
        desk.machine.now += 1000;
        text += &desk.says("");
    }
    text
}

#[test]
fn frames_that_a_nic_lost_are_an_event_of_the_deepest_iteration_of_their_millisecond() {
    let mut desk = Desk::new();
    pass(&mut desk, 10_000);
    let pmd = &mut desk.pmds[1];
    pmd.idle(30);
    pmd.recorder.burst(2, 32, 60);
    pmd.run(10);
    pmd.idle(69);
    desk.pmds[0].idle(100);
    desk.machine.now += 1000;
    desk.machine.missed += 17;
    let text = desk.says("") + &pass(&mut desk, 2000);
    assert!(
        text.contains(
            "Suspicious iteration (frames lost by the NIC): iter=1031 duration=10 us core=2 "
        ),
        "{text}"
    );
    let event = desk.answers("show event 1");
    let told = event.iter().find(|line| line.contains("the NIC lost 17 frames")).unwrap();
    assert!(told.ends_with("between boot_ns=10000000 and boot_ns=11000000"), "{told}");
    let rows = desk.answers("pmd-perf-show -nh -ms 5 -pmd 2");
    let lost: Vec<&str> = rows.iter().filter_map(|row| row.split_whitespace().last()).collect();
    assert_eq!(lost[lost.len() - 5..], ["0", "17", "0", "0", "0"], "{rows:?}");
    assert!(desk.control.accounts().agree());
}

#[test]
fn what_a_nic_cannot_tell_is_not_available() {
    let mut desk = Desk::new();
    pass(&mut desk, 10_000);
    let rows = desk.answers("pmd-perf-show -nh -ms 2 -pmd 1");
    assert!(rows.last().unwrap().ends_with("  n/a"), "{rows:?}");
}

#[test]
fn losses_that_do_not_count_as_a_reason_are_no_events() {
    let mut desk = Desk::new();
    desk.answers("pmd-perf-log-set -r duration");
    pass(&mut desk, 10_000);
    desk.machine.missed += 17;
    pass(&mut desk, 2000);
    assert_eq!(desk.control.accounts().triggers, 0);
}

#[test]
fn an_automatic_limit_follows_the_rate_at_which_the_ring_fills() {
    let mut desk = Desk::new();
    desk.answers("pmd-perf-log-set -us auto -pmd 1");
    pass(&mut desk, 2_000_000);
    desk.obey();
    assert_eq!(desk.pmds[0].recorder.limits().cycles, 10_000, "without frames");
    for _ in 0..3 {
        let account = dataplane::Account { received: 512_000, ..dataplane::Account::ZERO };
        desk.pmds[0].ledger.post(&mut [account], 0, false);
        pass(&mut desk, 1_000_000);
    }
    desk.obey();
    assert_eq!(desk.pmds[0].recorder.limits().cycles, 500, "256 frames at 512 a millisecond");
    assert_eq!(desk.pmds[1].recorder.limits().cycles, 250, "the other PMD has a fixed limit");
    let shown = desk.answers("pmd-perf-log-show -pmd 1");
    assert!(shown.contains(&"  auto stands for 500 us now".to_string()), "{shown:?}");
}

#[test]
fn after_a_huge_listing_windows_become_narrow_on_all_pmds() {
    let wide = Settings { before: 60, after: 60, extend: true, ..Settings::DEFAULT };
    let mut desk = Desk::with(wide);
    desk.pmds[0].idle(100);
    desk.pmds[0].run(300);
    desk.pmds[0].idle(100);
    let text = desk.says("") + &desk.says("");
    let told = "event 1 has 121 rows: before 5, after 5, extend off on all PMDs from now on";
    assert!(text.contains(told), "{text}");
    desk.obey();
    for pmd in &desk.pmds {
        let limits = pmd.recorder.limits();
        assert_eq!((limits.before, limits.after), (5, 5));
    }
    let settings = desk.answers("pmd-perf-log-set");
    assert!(settings[0].ends_with("before 5, after 5, extend off"), "{settings:?}");
    assert_eq!(desk.control.policy.settings.duration, Duration::Micros(250), "limits stay");
}

/// Lets time pass in which no PMD ends an iteration.
fn hang(desk: &mut Desk, micros: u64) -> String {
    let mut text = String::new();
    for _ in 0..micros / 1000 {
        desk.machine.now += 1000;
        text += &desk.says("");
    }
    text
}

#[test]
fn an_iteration_that_does_not_end_is_reported_within_100_milliseconds() {
    let mut desk = Desk::new();
    desk.pmds[0].idle(40);
    desk.pmds[0].recorder.arrive(perf::Room::Housekeeping);
    desk.machine.now = 400;
    let text = hang(&mut desk, 100_000);
    let lines: Vec<&str> = text.lines().map(|line| line.trim_start_matches('\r')).collect();
    let head = lines.iter().position(|line| line.contains("Watchdog: ")).unwrap();
    assert!(
        lines[head].contains(
            "core=1 iter=41 has not ended for 51000 us, last room housekeeping, \
             rip=0x0000000000201234 count=1 tsc="
        ),
        "{text}"
    );
    assert_eq!(lines[head + 1], "Iterations before it:");
    let rows = &lines[head + 3..head + 35];
    assert!(rows[0].starts_with("   40 ") && rows[31].starts_with("   9 "), "{text}");
    assert_eq!(text.matches("Watchdog: ").count(), 1);
    let list = desk.answers("show events");
    assert!(list[list.len() - 2].ends_with("pending=0 stuck=1"), "{list:?}");
}

#[test]
fn a_flood_of_stuck_iterations_is_counted_and_leaves_a_console() {
    let mut desk = Desk::new();
    let mut printed = 0;
    for _ in 0..100 {
        desk.pmds[0].idle(1);
        printed += hang(&mut desk, 60_000).matches("Watchdog: ").count();
    }
    assert!((8..16).contains(&printed), "{printed}");
    assert_eq!(desk.control.accounts().stuck, 100);
}

#[test]
fn a_machine_that_is_to_start_again_when_a_pmd_hangs_does_so() {
    let mut desk = Desk::new();
    desk.control.policy.watchdog = Watchdog::Reset;
    desk.pmds[1].idle(3);
    assert!(hang(&mut desk, 40_000).is_empty() && !desk.machine.rebooted);
    assert!(hang(&mut desk, 60_000).contains("Watchdog: core=2 iter=4 "));
    assert!(desk.machine.rebooted);
}

#[test]
fn what_is_told_before_the_machine_starts_again_is_told_before() {
    for command in ["", "pmd-perf-show -nh -pmd 1 -it 1000 -f json\r"] {
        let mut desk = Desk::new();
        desk.control.policy.watchdog = Watchdog::Reset;
        desk.pmds.iter_mut().for_each(|pmd| pmd.idle(1000));
        desk.control.tick(&mut desk.machine, b"");
        desk.control.tick(&mut desk.machine, command.as_bytes());
        desk.machine.now += 60_000;
        desk.control.tick(&mut desk.machine, b"");
        assert!(!desk.machine.rebooted, "not all is told");
        let mut text = String::new();
        desk.drain(&mut text);
        assert!(
            text.contains("\nWatchdog: core=1 ") || text.contains("\rWatchdog: core=1 "),
            "{text}"
        );
        assert!(text.contains("Watchdog: core=2 "), "{text}");
        desk.control.tick(&mut desk.machine, b"");
        assert!(desk.machine.rebooted);
    }
}
