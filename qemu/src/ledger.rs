//! The host's figures beside the image's: every frame must be found in exactly one place.
//!
//! For each direction, in frames:
//!
//! ```text
//! offered  = received                            the wire lost none
//! received + copied = forwarded + dropped + in flight     the image lost none
//! forwarded = delivered                          the wire lost none on the way back
//! foreign  = 0                                   and all came back as they were
//! ```
//!
//! There are no tolerances.

use std::fmt;

use crate::reading::{Buckets, Dropped, ImageLedger};
use crate::traffic::Count;

/// Both sides' figures after a drain, for an image that forwards between ports 0 and 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// What the host offered at each port, and what of it came out at the other.
    pub host: [Count; 2],
    /// What the image answered to `show ledger`.
    pub image: ImageLedger,
    /// What it answered to `show drops`.
    pub drops: Vec<Dropped>,
}

impl Ledger {
    /// Every sum that does not agree, one line each. Empty if all do.
    #[must_use]
    pub fn disagreements(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (port, host) in self.host.iter().enumerate() {
            match self.image.ports.get(port) {
                Some(image) => compare_port(&mut found, port, host, image),
                None => found.push(format!("the image reports no port {port}")),
            }
        }
        self.compare_totals(&mut found);
        found
    }

    fn compare_totals(&self, found: &mut Vec<String>) {
        let sum = |bucket: fn(&Buckets) -> u64| self.image.ports.iter().map(bucket).sum::<u64>();
        let total = &self.image.total;
        equal(found, "total received", total.received, "that of all ports", sum(|it| it.received));
        equal(
            found,
            "total forwarded",
            total.forwarded,
            "that of all ports",
            sum(|it| it.forwarded),
        );
        equal(found, "total dropped", total.dropped, "that of all ports", sum(|it| it.dropped));
        let reasons = self.drops.iter().map(|row| row.frames).sum();
        equal(found, "total dropped", total.dropped, "that of all reasons", reasons);
        if !self.image.is_exact {
            found.push("the image itself says that its ledger is not exact".to_owned());
        }
    }
}

fn compare_port(found: &mut Vec<String>, port: usize, host: &Count, image: &Buckets) {
    let name = |bucket: &str| format!("port {port}: {bucket}");
    equal(found, &name("offered"), host.offered, "received", image.received);
    let kept = image.forwarded + image.dropped + image.in_flight;
    let came = image.received + image.copied;
    equal(found, &name("received + copied"), came, "forwarded + dropped + in flight", kept);
    equal(found, &name("forwarded"), image.forwarded, "delivered", host.delivered + host.foreign);
    if host.foreign != 0 {
        found.push(format!("port {port}: {} frames came out changed or unsent", host.foreign));
    }
}

fn equal(found: &mut Vec<String>, left: &str, a: u64, right: &str, b: u64) {
    if a != b {
        found.push(format!("{left} is {a}, but {right} is {b}"));
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = |index: usize| self.image.ports.get(index).copied().unwrap_or_default();
        let image = [port(0), port(1)];
        writeln!(f, "{:<30}{:>14}{:>14}", "ledger, in frames", "from port 0", "from port 1")?;
        let mut row =
            |name: &str, [there, back]: [u64; 2]| writeln!(f, "  {name:<28}{there:>14}{back:>14}");
        row("offered by the host", self.host.map(|it| it.offered))?;
        row("received", image.map(|it| it.received))?;
        row("forwarded", image.map(|it| it.forwarded))?;
        row("dropped", image.map(|it| it.dropped))?;
        row("in flight", image.map(|it| it.in_flight))?;
        row("delivered back to the host", self.host.map(|it| it.delivered))?;
        row("changed on the way", self.host.map(|it| it.foreign))?;
        for Dropped { port, stage, reason, frames } in &self.drops {
            writeln!(f, "  dropped at port {port}, {stage}, {reason}: {frames}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(offered: u64, delivered: u64) -> Count {
        Count { offered, misfits: 0, delivered, foreign: 0 }
    }

    fn agreeing() -> Ledger {
        let there = Buckets { received: 10, copied: 0, forwarded: 7, dropped: 2, in_flight: 1 };
        let back = Buckets { received: 5, copied: 0, forwarded: 5, dropped: 0, in_flight: 0 };
        let total = Buckets { received: 15, copied: 0, forwarded: 12, dropped: 2, in_flight: 1 };
        let reason = "runt".to_owned();
        let drop = Dropped { port: "0".to_owned(), stage: "rx".to_owned(), reason, frames: 2 };
        Ledger {
            host: [count(10, 7), count(5, 5)],
            image: ImageLedger { ports: vec![there, back], total, is_exact: true },
            drops: vec![drop],
        }
    }

    #[test]
    fn sums_that_agree_leave_nothing_to_say() {
        assert_eq!(agreeing().disagreements(), Vec::<String>::new());
    }

    #[test]
    fn one_frame_that_is_missing_anywhere_is_named() {
        let break_one: [fn(&mut Ledger); 6] = [
            |it| it.host[0].offered += 1,
            |it| it.host[1].delivered -= 1,
            |it| it.image.ports[0].in_flight = 0,
            |it| it.drops[0].frames = 1,
            |it| it.image.total.forwarded += 1,
            |it| it.image.is_exact = false,
        ];
        for change in break_one {
            let mut ledger = agreeing();
            change(&mut ledger);
            assert_eq!(ledger.disagreements().len(), 1, "{:?}", ledger.disagreements());
        }
    }

    #[test]
    fn a_changed_frame_counts_even_where_the_numbers_agree() {
        let mut ledger = agreeing();
        ledger.host[1] = Count { delivered: 4, foreign: 1, ..ledger.host[1] };
        assert_eq!(ledger.disagreements(), ["port 1: 1 frames came out changed or unsent"]);
    }

    #[test]
    fn an_image_with_one_port_does_not_pass_for_two() {
        let mut ledger = agreeing();
        ledger.image.ports.pop();
        assert!(ledger.disagreements().iter().any(|line| line.contains("no port 1")));
    }
}
