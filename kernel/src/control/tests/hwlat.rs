//! A test of what is taken from cores, and what is told of it.

use perf::gaps::{BUCKETS, Cause, Gap, LONGEST, Outcome, Sum, Wish};
use perf::stolen::{Readings, Source};

use super::*;

/// A second without gaps, or with this longest one, on a machine that counts SMIs.
fn outcome(longest: u64) -> Outcome {
    let mut readings = Readings::default();
    readings.0[Source::Smi as usize] = Some(u64::from(longest > 0) * 2);
    let mut outcome = Outcome {
        cycles: HERTZ,
        least: 10,
        gaps: Default::default(),
        longest: [Gap::default(); LONGEST],
        buckets: [0; BUCKETS],
        nmis: 0,
        machine_checks: 0,
        readings,
    };
    if longest > 0 {
        outcome.gaps[Cause::Smi as usize] = Sum { count: 2, longest, cycles: longest + 12 };
        let gap = |at, cycles| Gap { at, cycles, cause: Cause::Smi };
        (outcome.longest[0], outcome.longest[1]) = (gap(300_000, longest), gap(7000, 12));
        (outcome.buckets[longest.ilog2() as usize], outcome.buckets[3]) = (1, 1);
    }
    outcome
}

impl Desk {
    /// All cores have ended their test.
    fn is_tested(&mut self, longest: [u64; 3]) {
        for (facts, longest) in self.machine.cores[1..].iter_mut().zip(longest) {
            facts.test = Some(outcome(longest));
        }
        self.machine.tested = self.machine.tested.map(|(wish, _)| (wish, true));
    }

    /// So many milliseconds pass.
    fn wait(&mut self, milliseconds: u64) -> String {
        (0..milliseconds)
            .map(|_| {
                self.machine.now += HERTZ / 1000;
                self.says("")
            })
            .collect()
    }

    /// Whether an iteration of that length is suspicious to the first PMD now.
    fn judges(&self, cycles: u64) -> bool {
        let mut iteration = Iteration::default();
        iteration.cycles = cycles;
        !self.pmds[0].recorder.limits().judge(&iteration).is_empty()
    }
}

#[test]
fn pmds_step_out_for_a_test_and_what_it_found_is_told_of_each_core() {
    let mut desk = Desk::new();
    desk.wait(1001);
    let text = desk.says("hwlat 1 -us 20\r");
    assert!(text.contains("anything for 1 s, and traffic stands still"), "{text}");
    assert_eq!(desk.machine.tested, Some((Wish { micros: 1_000_000, least: 20 }, false)));
    let orders = desk.obey_each();
    let is_step = |order: &(usize, Order)| matches!(order.1, Order::StepOut(_));
    assert_eq!(orders.iter().filter(|order| is_step(order)).map(|order| order.0).sum::<usize>(), 1);
    assert!(matches!(orders[..], [(0, Order::Limits(_)), (0, Order::StepOut(_)), (1, _), (1, _)]));
    let Order::StepOut(test) = orders[1].1 else { panic!("{orders:?}") };
    test();
    assert!(TESTED.replace(false));
    assert_eq!(desk.says(""), "", "cores are still being tested");
    desk.is_tested([180, 0, 0]);
    let told = desk.says("");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "core 1: hwlat 1.0 s: 2 gaps of 10 us or more took 192.0 us, longest 180.0 us; NMIs 0",
            "  longest: 180.0 us at 0.300 s (SMI), 12.0 us at 0.007 s (SMI)",
            "  by length: 1 from 8 us, 1 from 128 us",
            "  NOT QUIET: firmware steals time: 2 SMIs, longest 180.0 us",
            "core 2: hwlat 1.0 s: 0 gaps of 10 us or more; NMIs 0",
            "  quiet: no gap of 10 us or more in 1.0 s",
            "core 3: hwlat 1.0 s: 0 gaps of 10 us or more; NMIs 0",
            "  quiet: no gap of 10 us or more in 1.0 s",
            "machine: NOT QUIET, see core 1",
            "barecore> ",
        ]
    );
}

#[test]
fn nothing_is_suspicious_while_cores_are_tested_and_until_what_waited_is_worked_off() {
    let mut desk = Desk::new();
    desk.pmds.iter_mut().for_each(|pmd| pmd.idle(10));
    desk.wait(10);
    assert!(desk.judges(1_000_000));
    desk.says("hwlat 2\r");
    desk.obey();
    let text = desk.wait(2000);
    assert!(!text.contains("Watchdog"), "{text}");
    assert!(!desk.judges(1_000_000));
    desk.is_tested([0; 3]);
    assert!(desk.says("").contains("machine: quiet"));
    desk.wait(90);
    desk.obey();
    assert!(!desk.judges(1_000_000), "rings are still being emptied");
    desk.pmds.iter_mut().for_each(|pmd| pmd.idle(10));
    desk.wait(20);
    desk.obey();
    assert!(desk.judges(1_000_000));
    assert!(desk.wait(100).contains("Watchdog"), "and a PMD that stands still is told of again");
}

#[test]
fn ctrl_c_ends_a_test_and_pmds_are_judged_again() {
    let mut desk = Desk::new();
    desk.says("hwlat 3600\r");
    desk.obey();
    assert!(desk.says("\x03").ends_with(&format!("^C\r\n{PROMPT}")));
    desk.wait(1);
    assert_eq!(desk.machine.tested, None);
    desk.wait(102);
    desk.obey();
    assert!(desk.judges(1_000_000));
}

#[test]
fn a_core_that_does_not_come_back_is_told_of() {
    let mut desk = Desk::new();
    desk.pmds.iter_mut().for_each(|pmd| pmd.idle(10));
    desk.says("hwlat 1\r");
    desk.obey();
    let text = desk.wait(6200);
    assert!(text.contains("core 2: error: it did not answer"), "{text}");
    assert!(text.contains("Watchdog: core=1"), "{text}");
}

#[test]
fn ports_that_carry_traffic_stand_still_only_where_that_was_said() {
    let mut desk = Desk::new();
    desk.wait(1001);
    let account = dataplane::Account { received: 5, ..dataplane::Account::ZERO };
    desk.pmds[0].ledger.post(&mut [account], 0, false);
    let refusal = "error: ports carry traffic, which would stand still for 9 s: with --yes it does";
    assert_eq!(desk.answers("hwlat 9"), [refusal]);
    assert_eq!(desk.machine.tested, None);
    assert!(desk.says("hwlat 9 --yes\r").contains("anything for 9 s"));
    assert!(desk.machine.tested.is_some());
}

#[test]
fn a_machine_with_one_core_has_none_to_test() {
    let mut desk = Desk::new();
    desk.machine.cores.truncate(1);
    let refusal = "error: there is no core but this one, which keeps house";
    assert_eq!(desk.answers("hwlat 9"), [refusal]);
    let shown = desk.answers("show isolation");
    assert_eq!(shown.last().unwrap(), "machine: one core alone, which keeps house");
}

#[test]
fn what_disturbs_each_core_is_told() {
    let mut desk = Desk::new();
    desk.machine.cores[0].interrupts = 77;
    desk.machine.cores[1].smis = Some(4);
    desk.is_tested([0, 0, 15]);
    desk.pmds[1].run(900);
    desk.pmds[1].idle(20);
    desk.says("");
    assert_eq!(
        desk.answers("show isolation"),
        [
            "core 0: control core, interrupts 77, NMIs 0, machine checks 0, SMIs not told, EPB n/a, HWP n/a",
            "core 1: PMD, interrupts 0, NMIs 0, machine checks 0, SMIs 4, EPB n/a, HWP n/a",
            "  hwlat 1.0 s: 0 gaps of 10 us or more; NMIs 0",
            "  quiet: no gap of 10 us or more in 1.0 s",
            "core 2: PMD, interrupts 0, NMIs 0, machine checks 0, SMIs not told, EPB n/a, HWP n/a",
            "  hwlat 1.0 s: 0 gaps of 10 us or more; NMIs 0",
            "  longest unexplained gap in kept events: 900.0 us",
            "  NOT QUIET: 900.0 us went missing in an iteration, unexplained (show events)",
            "core 3: spare, interrupts 0, NMIs 0, machine checks 0, SMIs not told, EPB n/a, HWP n/a",
            "  hwlat 1.0 s: 2 gaps of 10 us or more took 27.0 us, longest 15.0 us; NMIs 0",
            "  nearly quiet: firmware steals time: 2 SMIs, longest 15.0 us",
            "machine: NOT QUIET, see core 2",
        ]
    );
    let [document] = &desk.answers("show isolation -f json")[..] else { panic!() };
    let begin = "{\"schema\":\"barecore.show-isolation\",\"schema_version\":1,\"is_virtual\":false,\"cores\":[{\"core_id\":0,";
    assert!(
        document.starts_with(begin) && document.ends_with("],\"verdict\":\"not_quiet\"}"),
        "{document}"
    );
    for part in [
        "\"interrupts\":77,",
        "\"hwlat\":null,\"running_gap_ns\":null,\"verdict\":null}",
        "\"smis\":4,\"energy_bias\":null,",
        "\"running_gap_ns\":900000,\"verdict\":\"not_quiet\"}",
        "\"longest_gap_ns\":15000,\"longest_gap_cause\":\"SMI\",\"unexplained_gaps\":0,",
    ] {
        assert!(document.contains(part), "no {part}: {document}");
    }
}

#[test]
fn what_cores_were_tested_for_at_boot_is_told_without_being_asked_for() {
    let mut desk = Desk::new();
    desk.control.test_cards(&desk.machine);
    desk.control.tell_isolation();
    let text = desk.says("");
    let (card, machine) = (text.find("nictest port 1").unwrap(), text.find("machine: ").unwrap());
    assert!(
        card < machine && text.ends_with(&format!("machine: not tested\r\n{PROMPT}")),
        "{text}"
    );
}
