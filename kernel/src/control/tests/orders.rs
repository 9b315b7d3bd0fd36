//! What becomes of what the console is told to do.

use perf::settings::Duration;

use super::*;

#[test]
fn pmds_are_told_the_settings_at_first_and_when_they_change() {
    let mut desk = Desk::with(Settings { duration: Duration::Micros(1000), ..Settings::DEFAULT });
    assert_eq!(desk.pmds[1].recorder.limits().cycles, 1000);
    assert!(desk.obey().is_empty());
    assert_eq!(
        desk.answers("pmd-perf-log-set -us 300 -a 2"),
        ["pmd-perf-log-set: on, 300 us, queue 128, before 5, after 2, extend off"]
    );
    desk.says("");
    assert_eq!(desk.obey().len(), 2);
    let limits = desk.pmds[0].recorder.limits();
    assert_eq!((limits.cycles, limits.after), (300, 2));
    assert!(desk.answers("pmd-perf-log-set off -x")[0].starts_with("error: unknown word `-x`"));
    let told = &desk.answers("pmd-perf-log-set")[0];
    assert!(told.starts_with("pmd-perf-log-set: on, "), "nothing is done by halves: {told}");
}

#[test]
fn settings_that_find_a_full_mailbox_are_sent_later() {
    let mut desk = Desk::new();
    (0..4).for_each(|_| assert!(desk.answers("stall 1 100").is_empty()));
    assert_eq!(desk.answers("stall 1 100"), ["error: too many orders wait for core 1"]);
    desk.answers("pmd-perf-log-set -us 300");
    desk.says("");
    assert!(!desk.obey().iter().take(4).any(|order| matches!(order, Order::Limits(_))));
    desk.says("");
    assert_eq!(desk.obey().len(), 1);
    assert_eq!(desk.pmds[0].recorder.limits().cycles, 300);
}

#[test]
fn settings_without_effect_say_so() {
    let mut desk = Desk::with(Settings { metrics: false, ..Settings::DEFAULT });
    assert_eq!(
        desk.answers("pmd-perf-log-set on"),
        [
            "pmd-perf-log-set: on, 250 us, queue 128, before 5, after 5, extend off (without effect: \
          pmd-perf-metrics is off)"
        ]
    );
}

#[test]
fn a_stall_becomes_cycles_of_the_pmd_that_was_named() {
    let mut desk = Desk::new();
    assert!(desk.answers("stall 2 10000 3").is_empty());
    assert!(desk.boxes[0].0.borrow().is_empty());
    let orders = desk.obey();
    assert!(matches!(orders[..], [Order::Stall { cycles: 10_000, times: 3 }]), "{orders:?}");
    assert_eq!(
        desk.answers("stall 3 10000"),
        ["error: no PMD on core 3 (there is one on each of: 1 2)"]
    );
}

#[test]
fn leaving_waits_for_the_console_but_not_for_ever() {
    let mut desk = Desk::new();
    desk.control.tick(&mut desk.machine, b"exit\r");
    desk.control.tick(&mut desk.machine, b"");
    assert!(!desk.machine.left, "the console has not told all");
    let mut text = String::new();
    desk.drain(&mut text);
    assert_eq!(text, "exit\r\n");
    desk.control.tick(&mut desk.machine, b"");
    assert!(desk.machine.left);
    assert_eq!(desk.says(""), format!("error: there is no emulator to leave\r\n{PROMPT}"));

    desk.control.tick(&mut desk.machine, b"reboot\r");
    desk.machine.now += HERTZ + 1;
    desk.control.tick(&mut desk.machine, b"");
    assert!(desk.machine.rebooted, "a stuck console does not hold it up");
}

#[test]
fn a_crash_happens_on_the_core_that_was_named() {
    let mut desk = Desk::new();
    assert_eq!(desk.says("crash panic 2\r"), format!("crash panic 2\r\n{PROMPT}"));
    assert!(!CRASHED.get());
    assert!(desk.boxes[0].0.borrow().is_empty());
    let orders = desk.obey();
    let [Order::Call(crash)] = orders[..] else { panic!("{orders:?}") };
    crash();
    assert!(CRASHED.replace(false));
    desk.says("crash page-fault\r");
    assert!(CRASHED.replace(false), "on core 0 at once");
    assert_eq!(
        desk.answers("crash panic 7"),
        ["error: no PMD on core 7 (there is one on each of: 1 2)"]
    );
    assert!(!CRASHED.get());
}
