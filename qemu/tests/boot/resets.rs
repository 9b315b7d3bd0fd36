//! Cards that need a reset while frames go through them: QEMU's virtio card does once its ring is bad, and
//! a debugger makes it so.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use qemu::debugger::Debugger;
use qemu::reading;

use crate::rig::{LIMIT, Rig, Session, starting};
use crate::sizes::frame;

crate::facts![
    a_card_that_needs_a_reset_is_set_up_again_and_then_quarantined_while_other_ports_go_on,
    the_same_with_packed_rings,
];

/// Frames that are sent together: more than a ring of 256 holds, in parts that it holds.
const PART: usize = 100;
const PARTS: usize = 4;
/// Resets of a card that are asked for at most: it is quarantined before, if three are done in a minute.
const MOST: usize = 20;
/// What is wrong with the card.
const WHY: &str = "it needed a reset";
const LENGTH: usize = 60;
/// Where the length of a descriptor stands, of either kind of ring, and how far it is to the next.
const DESCRIPTOR_LENGTH: u64 = 8;
const DESCRIPTOR: u64 = 16;

fn a_card_that_needs_a_reset_is_set_up_again_and_then_quarantined_while_other_ports_go_on(
    rig: &Rig,
) -> Result<()> {
    resets_and_quarantines(rig, &[])
}

fn the_same_with_packed_rings(rig: &Rig) -> Result<()> {
    resets_and_quarantines(rig, &["packed=on"])
}

/// Card 1 breaks down twice, and then until it is quarantined. Frames go from port 0 to port 1 and back, and
/// from port 2 to port 3.
fn resets_and_quarantines(rig: &Rig, properties: &[&str]) -> Result<()> {
    let setup = rig.wired()?.wires(2)?.append("forward=0:1,2:3");
    let setup = setup.with(|machine| {
        machine.nics[1].properties.extend(properties.iter().map(|&it| it.into()));
    });
    setup.boot(|session| {
        let mut bench = Bench::new(session)?;
        for _ in 0..2 {
            bench.passes()?;
            bench.break_down()?;
            ensure!(!bench.is_quarantined()?, "after two resets at most");
            bench.comes_back()?;
        }
        bench.passes()?;
        let card = bench.card()?;
        ensure!(card.starts_with("  card resets=2 ") && card.ends_with(WHY), "{card}");
        bench.quarantine()?;
        bench.agrees()
    })
}

/// A machine with four ports, and what was counted on its wires.
struct Bench<'s> {
    session: &'s mut Session,
    debugger: PathBuf,
    /// Frames that were sent into each port and reached it, and that came out.
    sent: [u64; 4],
    came: [u64; 4],
}

impl<'s> Bench<'s> {
    fn new(session: &'s mut Session) -> Result<Self> {
        let debugger = session.run().file("debugger");
        Debugger::invite(&mut session.qmp()?, &debugger)?;
        Ok(Self { session, debugger, sent: [0; 4], came: [0; 4] })
    }

    fn send(&mut self, port: usize) -> Result<()> {
        self.session.wires[port].send(&frame(LENGTH, None), LIMIT)?;
        self.sent[port] += 1;
        Ok(())
    }

    /// Sends frames into `from`, all of which come out of `to`.
    fn pass(&mut self, from: usize, to: usize) -> Result<()> {
        for _ in 0..PARTS {
            (0..PART).try_for_each(|_| self.send(from))?;
            for number in 0..PART {
                let came = self.session.wires[to].receive(&mut [0; 2048], LIMIT)?;
                ensure!(came.is_some(), "{number} of {PART} frames from {from} came out of {to}");
                self.came[to] += 1;
            }
        }
        Ok(())
    }

    fn passes(&mut self) -> Result<()> {
        [(0, 1), (1, 0), (2, 3)].into_iter().try_for_each(|(from, to)| self.pass(from, to))
    }

    /// Has card 1 find buffers without a byte when a frame comes for them. That frame is lost in QEMU.
    fn break_down(&mut self) -> Result<()> {
        let (ring, size) = (self.register("queue_desc[0]")?, self.register("queue_size[0]")?);
        let mut debugger = Debugger::attach(&self.debugger)?;
        for descriptor in 0..size {
            debugger.write(ring + DESCRIPTOR * descriptor + DESCRIPTOR_LENGTH, &[0; 4])?;
        }
        debugger.detach()?;
        Ok(self.session.wires[1].send(&frame(LENGTH, None), LIMIT)?)
    }

    fn register(&mut self, name: &str) -> Result<u64> {
        let lines = self.session.command("show port 1 regs")?;
        let line = lines.iter().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.split_once("=0x"));
        let (_, digits) = value.with_context(|| format!("no {name} in {lines:#?}"))?;
        Ok(u64::from_str_radix(digits, 16)?)
    }

    /// Waits for what is done with card 1, which broke down. Whether it is quarantined.
    fn is_quarantined(&mut self) -> Result<bool> {
        let line = self.session.expect(WHY, LIMIT)?;
        let is_quarantined = line.ends_with(&format!("card quarantined: {WHY}"));
        ensure!(is_quarantined || line.ends_with(&format!("card reset: {WHY}")), "{line}");
        if !is_quarantined {
            self.session.expect("port 1: card works again", LIMIT)?;
        }
        Ok(is_quarantined)
    }

    /// Waits until frames leave by port 1 again: PMDs hear of its link a moment after the console. Until
    /// then they are dropped, as its link is down.
    fn comes_back(&mut self) -> Result<()> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let before = self.dropped()?;
            self.send(0)?;
            self.settle(0)?;
            if self.dropped()? == before {
                break;
            }
            ensure!(Instant::now() < deadline, "frames are still dropped after {LIMIT:?}");
        }
        let came = self.session.wires[1].receive(&mut [0; 2048], LIMIT)?;
        self.came[1] += u64::from(came.is_some());
        ensure!(came.is_some(), "a frame was sent and did not come out");
        Ok(())
    }

    /// Breaks card 1 down until it is quarantined. Nothing leaves by it then, all else goes on.
    fn quarantine(&mut self) -> Result<()> {
        let mut count = 0;
        while {
            self.break_down()?;
            count += 1;
            !self.is_quarantined()?
        } {
            ensure!(count < MOST, "it is not quarantined");
        }
        let lines = self.session.command("show port 1")?;
        ensure!(lines[2].starts_with("  link down: its card is quarantined, "), "{lines:#?}");
        let card = self.card()?;
        ensure!(card.starts_with(&format!("  card quarantined: {WHY}, ")), "{card}");
        let deadline = Instant::now() + LIMIT;
        while self.dropped()? == 0 {
            self.send(0)?;
            self.settle(0)?;
            ensure!(Instant::now() < deadline, "nothing is dropped after {LIMIT:?}");
        }
        let before = self.dropped()?;
        (0..PART).try_for_each(|_| self.send(0))?;
        self.settle(0)?;
        let dropped = self.dropped()? - before;
        ensure!(dropped == PART as u64, "{dropped} of {PART} frames for a card in quarantine");
        self.pass(2, 3)
    }

    /// Every frame ended in one bucket, and came out if it was sent and not taken back unsent.
    fn agrees(&mut self) -> Result<()> {
        (0..4).try_for_each(|port| self.settle(port))?;
        let ledger = self.session.exact_ledger()?;
        let forwarded = |port: usize| ledger.ports[port].forwarded;
        let unsent = reading::number(&self.card()?, "unsent")?;
        let expected = [forwarded(1), forwarded(0) - unsent, 0, forwarded(2)];
        let mut buffer = [0; 2048];
        for (port, expected) in expected.into_iter().enumerate() {
            while self.came[port] <= expected {
                let limit = if self.came[port] < expected { LIMIT } else { Duration::ZERO };
                if self.session.wires[port].receive(&mut buffer, limit)?.is_none() {
                    break;
                }
                self.came[port] += 1;
            }
        }
        ensure!(self.came == expected, "{:?} came out, not {expected:?}", self.came);
        ensure!(forwarded(2) == self.sent[2], "of port 2 all are forwarded");
        Ok(())
    }

    /// Waits until all frames that were sent into `port` have ended.
    fn settle(&mut self, port: usize) -> Result<()> {
        let sent = self.sent[port];
        self.session.ask_until("show ledger", |lines| {
            let ledger = reading::ledger(lines).ok()?;
            let own = ledger.ports.get(port)?;
            let is_whole = own.received == sent && own.forwarded + own.dropped == sent;
            (ledger.is_exact && own.in_flight == 0 && is_whole).then_some(())
        })
    }

    /// Frames of port 0 that were dropped because the link of port 1 is down.
    fn dropped(&mut self) -> Result<u64> {
        self.session.ask_until("show drops", |lines| {
            let (rows, _) = reading::drops(lines).ok()?;
            let own = rows.iter().filter(|row| row.port == "0" && row.reason == "tx_link_down");
            Some(own.map(|row| row.frames).sum())
        })
    }

    /// What is said of card 1.
    fn card(&mut self) -> Result<String> {
        let lines = self.session.command("show port 1")?;
        let line = starting(&lines, "  card ").first().map(|line| (*line).to_owned());
        line.with_context(|| format!("nothing of the card in {lines:#?}"))
    }
}
