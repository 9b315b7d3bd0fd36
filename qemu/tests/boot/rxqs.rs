//! Receive queues that move from one PMD to another, or stay where they are pinned.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use qemu::frames::Frames;
use qemu::traffic::Source;

use crate::carry::carry;
use crate::rig::{LIMIT, LOOK_AGAIN, NOTHING, Rig, Session, starting};
use crate::sizes::{forwards, frame};

crate::facts![
    queues_change_places_under_traffic_and_no_frame_is_lost,
    a_pinned_queue_has_a_pmd_to_itself,
];

/// Frames each way before queues move.
const SOME: u64 = 500;
/// What a rebalance says that has nothing to do.
const NOTHING_MOVES: &str = "pmd rxq rebalance requested: nothing is to move";

/// Whether one direction sends.
#[derive(Default)]
pub(crate) struct Gate {
    is_open: AtomicBool,
    is_over: AtomicBool,
}

impl Gate {
    /// Frames of one side: none before the gate is open, and none once it is over.
    pub(crate) fn frames(self: &Arc<Self>, side: u8) -> Option<Source> {
        let (gate, deadline) = (Arc::clone(self), Instant::now() + 4 * LIMIT);
        let mut frames = Frames::mixed(side);
        Some(Box::new(std::iter::from_fn(move || {
            while !gate.is_open.load(Relaxed) {
                if gate.is_over.load(Relaxed) || Instant::now() >= deadline {
                    return None;
                }
                thread::sleep(LOOK_AGAIN);
            }
            if gate.is_over.load(Relaxed) { None } else { frames.next() }
        })))
    }

    pub(crate) fn open(&self) {
        self.is_open.store(true, Relaxed);
    }

    pub(crate) fn end(&self) {
        self.is_over.store(true, Relaxed);
    }
}

/// Asks for a rebalance until it says that the queues of both ports change places, and waits until
/// they have.
fn swap(session: &mut Session, cores: [u32; 2]) -> Result<()> {
    let [first, second] = cores;
    let wanted = format!(
        "pmd rxq rebalance requested: port 0 queue 0 from core {first} to {second}, \
         port 1 queue 0 from core {second} to {first}"
    );
    session.ask_until("pmd-rxq-rebalance", |lines| lines.contains(&wanted).then_some(()))?;
    let ends = [format!(", core {second}"), format!(", core {first}")];
    session.ask_until("show ports", |lines| {
        let ports = starting(lines, "port ");
        let is_there = ports.iter().zip(&ends).filter(|(port, end)| port.ends_with(*end)).count();
        (is_there == 2).then_some(())
    })
}

fn queues_change_places_under_traffic_and_no_frame_is_lost(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1").with(|machine| machine.cores = 3);
    setup.boot(|session| {
        ensure!(session.one_line("pmd-rxq-rebalance")? == NOTHING_MOVES);
        let gates: [Arc<Gate>; 2] = Default::default();
        let sources = [gates[0].frames(0), gates[1].frames(1)];
        carry(session, sources, Duration::ZERO, |session, traffic| {
            let until = |port: usize, frames: u64| {
                let deadline = Instant::now() + LIMIT;
                while traffic.counts()[port].delivered < frames {
                    ensure!(Instant::now() < deadline, "nothing comes out: {:?}", traffic.counts());
                    thread::sleep(LOOK_AGAIN);
                }
                Ok(())
            };
            let result = (|| {
                gates[1].open();
                until(1, SOME)?;
                // Only port 1 has anything to do: the first PMD is for its queue.
                swap(session, [1, 2])?;
                until(1, traffic.counts()[1].delivered + SOME)?;
                gates[0].open();
                until(0, SOME)?;
                gates[1].end();
                // Sooner or later port 0 has had more to do.
                swap(session, [2, 1])?;
                until(0, traffic.counts()[0].delivered + SOME)?;
                expect_usage(session)
            })();
            gates.iter().for_each(|gate| gate.end());
            result
        })?;
        Ok(())
    })
}

/// Waits until the queue of port 0 is known to take time of the PMD on core 1.
fn expect_usage(session: &mut Session) -> Result<()> {
    session.ask_until("dpif-netdev/pmd-rxq-show -secs 1 -pmd 1", |lines| {
        let [first, core, isolated, queue, overhead] = lines else { return None };
        let are_there = first == "Displaying last 5 seconds pmd usage %"
            && core == "pmd thread numa_id 0 core_id 1:"
            && isolated == "  isolated : false"
            && overhead.starts_with("  overhead: ");
        let start = "  port: 0                 queue-id:  0 (enabled)   pmd usage: ";
        let percent = queue.strip_prefix(start)?.strip_suffix(" %")?.trim().parse::<u32>().ok()?;
        (are_there && percent > 0).then_some(())
    })
}

fn a_pinned_queue_has_a_pmd_to_itself(rig: &Rig) -> Result<()> {
    let words = "forward=0:1 pmd-rxq-affinity=0:0:3,1:0:7,5:0:1";
    let setup = rig.machine()?.wires(3)?.append("ports=all").append(words).append(NOTHING);
    setup.with(|machine| machine.cores = 4).boot(|session| {
        let shown = session.shown();
        for error in [
            "there is no PMD on core 7; queue 0 of port 1 is not pinned",
            "there is no queue 0 of a port 5",
        ] {
            let error = format!("error: pmd-rxq-affinity: {error}");
            ensure!(shown.contains(&error), "{error} is not in {shown:#?}");
        }
        let shown = session.command("pmd-rxq-show")?;
        let words = ["core_id ", "isolated : ", "port: "].map(|word| starting_after(&shown, word));
        ensure!(words[0] == ["1:", "2:", "3:"], "{shown:#?}");
        ensure!(words[1] == ["false", "false", "true"], "{shown:#?}");
        ensure!(words[2] == ["1", "2", "0"], "{shown:#?}");
        ensure!(session.one_line("pmd-rxq-rebalance")? == NOTHING_MOVES);
        forwards(session, &frame(60, None))
    })
}

/// The word that follows `word` in each line that has it.
fn starting_after(lines: &[String], word: &str) -> Vec<String> {
    let rests = lines.iter().filter_map(|line| Some(line.split_once(word)?.1));
    rests.filter_map(|rest| rest.split_whitespace().next().map(str::to_owned)).collect()
}
