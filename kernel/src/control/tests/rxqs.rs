//! Receive queues: what is shown of them, and who moves them when.

use dataplane::{HOUSEKEEPING, Load};

use super::*;
use crate::balance::{Assignment, Plan};

/// A desk of PMDs on cores 1 and 2, and the queues of ports that they poll.
struct Queues {
    desk: Desk,
    loads: Vec<&'static Load>,
}

impl Queues {
    /// Port by port the core of the PMD that polls its queue.
    fn new(cores: &[usize], balance: Balance) -> Self {
        let mut desk = Desk::with(Settings { log: false, ..Settings::DEFAULT });
        desk.control.policy.watchdog = Watchdog::Off;
        desk.control.policy.balance = balance;
        let load = |core: &usize| {
            let load = Box::leak(Box::new(Load::default()));
            load.set_core(*core);
            &*load
        };
        let loads: Vec<_> = cores.iter().map(load).collect();
        let known = (0..).zip(&loads).map(|(port, load)| Known { name: (port, 0), load });
        desk.control.set_queues(known.collect::<Vec<_>>(), 0);
        Self { desk, loads }
    }

    /// Another 5 seconds pass, of which the frames of each queue take so many percent. Returns what was
    /// said meanwhile.
    fn step(&mut self, percents: &[u64]) -> String {
        for (load, percent) in self.loads.iter().zip(percents) {
            let pmd = &mut self.desk.pmds[load.core() - 1];
            if *percent > 0 {
                load.come(percent * 100);
                pmd.recorder.burst(0, 32, 0);
                pmd.run(percent * 5 * HERTZ / 100);
            }
        }
        for pmd in 0..2 {
            let busy: u64 = self.of(pmd).map(|queue| percents[queue]).sum();
            self.desk.pmds[pmd].run((100 - busy) * 5 * HERTZ / 100);
        }
        self.desk.machine.now += 5 * HERTZ;
        self.desk.says("")
    }

    /// Queues of the PMD in this place.
    fn of(&self, place: usize) -> impl Iterator<Item = usize> {
        (0..self.loads.len()).filter(move |queue| self.loads[*queue].core() == place + 1)
    }

    /// PMDs keep house, and do what they are told until no queue moves any more. Returns what they
    /// were told.
    fn settle(&mut self) -> Vec<(usize, Order)> {
        let mut told = Vec::new();
        for _ in 0..20 {
            let orders = self.desk.obey_each();
            for (place, order) in &orders {
                if matches!(order, Order::GiveBack { .. }) {
                    self.desk.boxes[*place].1.set(true);
                }
            }
            told.extend(orders);
            self.desk.pmds.iter_mut().for_each(|pmd| pmd.idle(2 * HOUSEKEEPING));
            self.desk.says("");
        }
        assert!(!self.desk.control.is_moving());
        told
    }

    fn cores(&self) -> Vec<usize> {
        self.loads.iter().map(|load| load.core()).collect()
    }
}

fn queues(cores: &[usize]) -> Queues {
    Queues::new(cores, Balance::DEFAULT)
}

#[test]
fn nothing_is_told_of_loads_before_two_steps() {
    let mut queues = queues(&[1, 2, 1]);
    let shown = [
        "Displaying last 60 seconds pmd usage %",
        "pmd thread numa_id 0 core_id 1:",
        "  isolated : false",
        "  port: 0                 queue-id:  0 (enabled)   pmd usage: NOT AVAIL",
        "  port: 2                 queue-id:  0 (enabled)   pmd usage: NOT AVAIL",
        "  overhead: NOT AVAIL",
        "pmd thread numa_id 0 core_id 2:",
        "  isolated : false",
        "  port: 1                 queue-id:  0 (enabled)   pmd usage: NOT AVAIL",
        "  overhead: NOT AVAIL",
    ];
    assert_eq!(queues.desk.answers("dpif-netdev/pmd-rxq-show"), shown);
    queues.step(&[10, 10, 10]);
    assert_eq!(queues.desk.answers("pmd-rxq-show"), shown);
    queues.step(&[10, 10, 10]);
    assert!(!queues.desk.answers("pmd-rxq-show").join("").contains("NOT AVAIL"));
}

#[test]
fn usage_is_that_of_the_window() {
    let mut queues = queues(&[1, 2, 1]);
    queues.step(&[80, 0, 0]);
    (0..2).for_each(|_| drop(queues.step(&[20, 100, 7])));
    assert_eq!(
        queues.desk.answers("pmd-rxq-show -secs 6"),
        [
            "Displaying last 10 seconds pmd usage %",
            "pmd thread numa_id 0 core_id 1:",
            "  isolated : false",
            "  port: 0                 queue-id:  0 (enabled)   pmd usage: 20 %",
            "  port: 2                 queue-id:  0 (enabled)   pmd usage:  7 %",
            "  overhead:  0 %",
            "pmd thread numa_id 0 core_id 2:",
            "  isolated : false",
            "  port: 1                 queue-id:  0 (enabled)   pmd usage: 100 %",
            "  overhead:  0 %",
        ]
    );
    let all = queues.desk.answers("pmd-rxq-show -pmd 1");
    assert_eq!(all.len(), 6);
    assert!(all[3].ends_with(" 40 %") && all[4].ends_with("  4 %"), "{all:?}");
    for (secs, window) in [(0, 60), (1, 5), (51, 55), (56, 60), (61, 60), (99_999, 60)] {
        let first = format!("Displaying last {window} seconds pmd usage %");
        assert_eq!(queues.desk.answers(&format!("pmd-rxq-show -secs {secs}"))[0], first);
    }
    assert!(queues.desk.answers("pmd-rxq-show -secs x")[0].starts_with("error: "));
    assert!(queues.desk.answers("pmd-rxq-show -pmd 3")[0].starts_with("error: no PMD on core 3"));
}

#[test]
fn programs_get_a_document_for_each_pmd() {
    let mut queues = queues(&[1, 2, 1]);
    let line = "pmd-rxq-show -f json -secs 5";
    assert_eq!(
        queues.desk.answers(line)[1],
        r#"{"schema":"barecore.pmd-rxq-show","schema_version":1,"numa_id":0,"core_id":2,"window_s":5,"is_isolated":false,"overhead_percent":null,"queues":[{"port":1,"queue_id":0,"pmd_usage_percent":null}]}"#
    );
    (0..2).for_each(|_| drop(queues.step(&[20, 100, 7])));
    let shown = queues.desk.answers(line);
    let rows = r#""overhead_percent":0,"queues":[{"port":0,"queue_id":0,"pmd_usage_percent":20},{"port":2,"queue_id":0,"pmd_usage_percent":7}]}"#;
    assert!(shown.len() == 2 && shown[0].ends_with(rows), "{shown:?}");
}

#[test]
fn what_a_pmd_does_for_no_queue_is_overhead() {
    let mut queues = queues(&[1, 1, 2]);
    for _ in 0..2 {
        queues.desk.pmds[0].metrics.spent.housekeeping.add(HERTZ);
        queues.step(&[50, 30, 0]);
    }
    let shown = queues.desk.answers("pmd-rxq-show -pmd 1");
    // Of the 4 seconds of a step one is shared out among nobody.
    assert!(shown[3].ends_with(" 37 %") && shown[4].ends_with(" 22 %"), "{shown:?}");
    assert_eq!(shown[5], "  overhead: 20 %");
}

#[test]
fn a_rebalance_moves_queues_one_after_the_other_and_says_which() {
    let mut queues = queues(&[1, 1, 1, 2]);
    (0..2).for_each(|_| drop(queues.step(&[40, 30, 20, 10])));
    queues.desk.obey();
    assert_eq!(
        queues.desk.answers("pmd-rxq-rebalance"),
        [
            "pmd rxq rebalance requested: port 1 queue 0 from core 1 to 2, port 2 queue 0 from core 1 \
          to 2, port 3 queue 0 from core 2 to 1"
        ]
    );
    assert_eq!(
        queues.desk.answers("pmd-rxq-rebalance"),
        ["error: queues are on their way still (ask again)"]
    );
    assert!(matches!(queues.desk.obey_each()[..], [(1, Order::Expect)]));
    queues.desk.says("");
    assert!(queues.desk.obey().is_empty(), "the PMD that gets the queue may not know of it yet");
    let told = queues.settle();
    assert!(
        matches!(
            told[..],
            [
                (0, Order::GiveBack { port: 1, queue: 0 }),
                (1, Order::Expect),
                (0, Order::GiveBack { port: 2, queue: 0 }),
                (0, Order::Expect),
                (1, Order::GiveBack { port: 3, queue: 0 }),
            ]
        ),
        "{told:?}"
    );
    assert_eq!(queues.cores(), [1, 2, 2, 1]);
    let shown = queues.desk.answers("pmd-rxq-show -pmd 1");
    assert!(shown[3].ends_with(" 40 %"), "{shown:?}");
    assert!(shown[4].contains("port: 3 ") && shown[4].ends_with("NOT AVAIL"), "{shown:?}");
    assert_eq!(
        queues.desk.answers("pmd-rxq-rebalance"),
        ["pmd rxq rebalance requested: nothing is to move"]
    );
}

#[test]
fn a_moved_queue_has_a_usage_again_after_two_steps_of_its_own() {
    let mut queues = queues(&[1, 1, 2]);
    (0..3).for_each(|_| drop(queues.step(&[50, 40, 0])));
    queues.desk.answers("pmd-rxq-rebalance");
    queues.settle();
    assert_eq!(queues.cores(), [1, 2, 2]);
    queues.step(&[50, 40, 0]);
    queues.step(&[50, 10, 0]);
    let usage = |queues: &mut Queues| queues.desk.answers("pmd-rxq-show -pmd 2")[3].clone();
    assert!(usage(&mut queues).ends_with("NOT AVAIL"));
    queues.step(&[50, 20, 0]);
    // The step in which it moved is not among them.
    assert!(usage(&mut queues).ends_with(" 15 %"), "{}", usage(&mut queues));
}

#[test]
fn pinned_queues_go_home_and_isolate_their_pmd() {
    let mut balance = Balance::DEFAULT;
    balance.pins.push(((2, 0), 2)).unwrap();
    balance.pins.push(((1, 0), 9)).unwrap();
    let mut queues = Queues::new(&[1, 2, 1], balance);
    let shown = queues.desk.answers("pmd-rxq-show -pmd 2");
    assert!(shown[3].starts_with("  port: 1 "), "{shown:?}");
    assert_eq!(shown[2], "  isolated : true");
    queues.desk.answers("pmd-rxq-rebalance");
    queues.settle();
    assert_eq!(queues.cores(), [1, 1, 2], "there is no core 9 to be pinned to");
}

/// A minute and some in which these are the loads; the queues' cores after it, and what was said.
fn after_a_minute(balance: Balance, percents: [u64; 3]) -> (Vec<usize>, String) {
    let mut queues = Queues::new(&[1, 1, 2], balance);
    let said = (0..13).map(|_| queues.step(&percents)).collect();
    queues.settle();
    (queues.cores(), said)
}

#[test]
fn an_overloaded_pmd_gives_queues_away_by_itself() {
    let auto = Balance { auto: true, ..Balance::DEFAULT };
    let moved = "pmd-auto-lb: port 1 queue 0 from core 1 to 2";
    let (cores, said) = after_a_minute(auto.clone(), [60, 38, 0]);
    assert!(cores == [1, 2, 2] && said.contains(moved), "{cores:?} {said}");
    let stays = |balance: Balance, percents| {
        let (cores, said) = after_a_minute(balance, percents);
        assert!(cores == [1, 1, 2] && !said.contains("pmd-auto-lb"), "{cores:?} {said}");
    };
    stays(Balance::DEFAULT, [60, 38, 0]);
    stays(auto.clone(), [60, 30, 0]);
    stays(Balance { load: 99, ..auto.clone() }, [60, 38, 0]);
    stays(Balance { interval: 2, ..auto.clone() }, [60, 38, 0]);
    // Only one of the two could go, and nothing would be won.
    stays(auto.clone(), [98, 0, 0]);
    let plan = Plan { assignment: Assignment::RoundRobin, isolate: true };
    stays(Balance { plan, ..auto.clone() }, [60, 38, 0]);
    let group = Plan { assignment: Assignment::Group, isolate: true };
    let (cores, _) = after_a_minute(Balance { plan: group, ..auto }, [50, 48, 40]);
    assert_eq!(cores, [1, 2, 2]);
}

#[test]
fn a_small_improvement_is_left_alone() {
    let auto = Balance { auto: true, ..Balance::DEFAULT };
    // Of 96 and 80, variance 64, it would be 86 and 90, variance 4: better by 93 percent.
    let percents = [10, 86, 80];
    let (cores, _) = after_a_minute(Balance { improvement: 93, ..auto.clone() }, percents);
    assert_ne!(cores, [1, 1, 2]);
    let (cores, _) = after_a_minute(Balance { improvement: 94, ..auto }, percents);
    assert_eq!(cores, [1, 1, 2]);
}
