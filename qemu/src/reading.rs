//! What the image says on its console, parsed.
//!
//! Every figure is looked up by name, so a further word in a line does no harm; a line that
//! lacks a figure is an error which quotes it.

use anyhow::{Context as _, Result, ensure};

/// The buckets of one port, or of all, as `show ledger` prints them; all in frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buckets {
    /// Reported by the device.
    pub received: u64,
    /// Of those, accepted by a transmit ring.
    pub forwarded: u64,
    /// Frames made of those by copying.
    pub copied: u64,
    /// Of those, dropped, with a reason.
    pub dropped: u64,
    /// Of those, still inside.
    pub in_flight: u64,
}

/// The answer to `show ledger`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageLedger {
    /// One entry a port, by port number.
    pub ports: Vec<Buckets>,
    /// The image's own total.
    pub total: Buckets,
    /// Whether the image found its sums to agree.
    pub is_exact: bool,
}

/// One line of `show drops`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The port's number as printed.
    pub port: String,
    /// Where in the pipeline.
    pub stage: String,
    /// Why.
    pub reason: String,
    /// How many frames.
    pub frames: u64,
}

/// A row of the iteration history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iteration {
    /// Its number.
    pub number: u64,
    /// Cycles from its begin to its end.
    pub cycles: u64,
    /// Frames received in it.
    pub packets: u64,
    /// Frames per batch.
    pub batch: f64,
}

impl Iteration {
    /// How many batches its frames came in.
    #[must_use]
    pub fn batches(&self) -> u64 {
        if self.batch > 0.0 { (self.packets as f64 / self.batch).round() as u64 } else { 0 }
    }
}

/// One line of `show events`, or the first line of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The number that `show event` takes.
    pub number: u64,
    /// Whether it was caused by the command `stall`.
    pub is_injected: bool,
}

/// Reads the answer to `show ledger`.
///
/// # Errors
///
/// A line is missing, or lacks a figure.
pub fn ledger(lines: &[String]) -> Result<ImageLedger> {
    let mut ledger = ImageLedger::default();
    let mut has_total = false;
    for line in lines.iter().filter(|line| line.starts_with("ledger ")) {
        if word(line, "port") == Some("LOCAL") {
            // The machine itself, behind all ports.
            ledger.ports.push(buckets(line)?);
        } else if word(line, "port").is_some() {
            ensure!(number(line, "port")? == ledger.ports.len() as u64, "out of order: {line:?}");
            ledger.ports.push(buckets(line)?);
        } else {
            ledger.total = buckets(line)?;
            ledger.is_exact = word(line, "exact") == Some("yes");
            has_total = true;
        }
    }
    ensure!(has_total, "no line \"ledger total ...\" in {lines:?}");
    Ok(ledger)
}

/// Reads the answer to `show drops`: its rows, and the total in its last line.
///
/// # Errors
///
/// There is no total, or a row ends in no number.
pub fn drops(lines: &[String]) -> Result<(Vec<Dropped>, u64)> {
    let mut rows = Vec::new();
    for line in lines {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            ["total", frames] => return Ok((rows, parsed(line, "total", frames)?)),
            ["port", ..] | [] => {}
            [port, stage, reason @ .., frames] => rows.push(Dropped {
                port: (*port).to_owned(),
                stage: (*stage).to_owned(),
                reason: reason.join(" "),
                frames: parsed(line, "frames", frames)?,
            }),
            _ => {}
        }
    }
    Err(anyhow::anyhow!("no line \"total N\" in {lines:?}"))
}

/// Reads the rows of an iteration history, newest first as printed: eight numbers a row.
#[must_use]
pub fn iterations(lines: &[String]) -> Vec<Iteration> {
    lines.iter().filter_map(|line| iteration(line)).collect()
}

fn iteration(line: &str) -> Option<Iteration> {
    let numbers: Option<Vec<f64>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
    let [number, cycles, packets, _, batch, _, _, _] = numbers?[..] else { return None };
    let [number, cycles, packets] = [number, cycles, packets].map(|value| value as u64);
    Some(Iteration { number, cycles, packets, batch })
}

/// Reads the lines that name an event: those of an event itself, with `event=N`, and the rows of
/// `show events`, which begin with the number.
#[must_use]
pub fn events(lines: &[String]) -> Vec<Event> {
    lines.iter().filter_map(|line| event(line)).collect()
}

fn event(line: &str) -> Option<Event> {
    let in_front = || line.split_whitespace().next()?.parse().ok();
    let number = number(line, "event").ok().or_else(in_front)?;
    let mut words = line.split(|c: char| !c.is_alphabetic());
    Some(Event { number, is_injected: words.any(|word| word == "injected") })
}

/// The number after `key=` in `line`.
///
/// # Errors
///
/// There is none.
pub fn number(line: &str, key: &str) -> Result<u64> {
    let text = word(line, key).with_context(|| format!("no {key}= in {line:?}"))?;
    parsed(line, key, text)
}

fn word<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.split_whitespace()
        .filter_map(|word| word.split_once('='))
        .find(|(name, _)| *name == key)
        .map(|(_, value)| value)
}

fn parsed(line: &str, key: &str, text: &str) -> Result<u64> {
    text.parse().with_context(|| format!("{key} is no number in {line:?}"))
}

fn buckets(line: &str) -> Result<Buckets> {
    Ok(Buckets {
        received: number(line, "received")?,
        forwarded: number(line, "forwarded")?,
        copied: number(line, "copied")?,
        dropped: number(line, "dropped")?,
        in_flight: number(line, "in-flight")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_ledger_is_read_by_its_names() {
        let text = "ledger port=0 received=10 copied=0 forwarded=7 dropped=2 in-flight=1\n\
                    ledger port=1 received=5 copied=0 forwarded=5 dropped=0 in-flight=0\n\
                    ledger total received=15 copied=0 forwarded=12 dropped=2 in-flight=1 exact=yes";
        let ledger = ledger(&lines(text)).unwrap();
        let first = Buckets { received: 10, copied: 0, forwarded: 7, dropped: 2, in_flight: 1 };
        assert_eq!(ledger.ports[0], first);
        assert_eq!(ledger.total.received, 15);
        assert!(ledger.is_exact);
    }

    #[test]
    fn a_ledger_without_total_or_with_a_torn_line_is_an_error() {
        assert!(
            ledger(&lines("ledger port=0 received=1 copied=0 forwarded=1 dropped=0 in-flight=0"))
                .is_err()
        );
        let error = ledger(&lines("ledger total received=x copied=0 forwarded=1")).unwrap_err();
        assert!(error.to_string().contains("received is no number"), "{error}");
    }

    #[test]
    fn drops_are_read_up_to_their_total() {
        let text = "port  stage  reason  frames\n   0  rx     runt    3\n   -  tx     ring full 4\ntotal 7";
        let (rows, total) = drops(&lines(text)).unwrap();
        assert_eq!(total, 7);
        assert_eq!((rows[0].reason.as_str(), rows[0].frames), ("runt", 3));
        assert_eq!((rows[1].reason.as_str(), rows[1].frames), ("ring full", 4));
        assert!(drops(&lines("port  stage  reason  frames")).is_err());
    }

    #[test]
    fn rows_of_the_history_are_told_from_the_rest_of_the_report() {
        let text = "  Rx packets:  32 (1 Kpps, 2 cycles/pkt)\n\
                      iter  cycles  packets  cycles/pkt  pkts/batch  vhost qlen  upcalls  cycles/upcall\n\
                      12    6400    32       200         32          0           0        0\n\
                      11    180     0        0           0           0           0        0";
        let rows = iterations(&lines(text));
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0], Iteration { number: 12, cycles: 6400, packets: 32, batch: 32.0 });
    }

    #[test]
    fn an_injected_event_is_known_by_its_word() {
        let text = "Suspicious iteration (excessive total cycles): iter=9 duration=10012 us core=1 event=3 injected\n\
                    Suspicious iteration (excessive total cycles): iter=7 duration=5300 us core=1 event=2";
        let events = events(&lines(text));
        assert_eq!(events[0], Event { number: 3, is_injected: true });
        assert_eq!(events[1], Event { number: 2, is_injected: false });
    }

    #[test]
    fn the_list_of_events_is_read_without_its_titles_and_sums() {
        let text = "event    core  since boot (s)  iter  duration (us)  rows  reasons\n\
                    7        1     0.000990        100   10023          11    excessive total cycles, injected, and 1 more\n\
                    8        1     0.100990        900   7023           11    excessive total cycles\n\
                    triggers=3 dumped=2 suppressed=0 pending=1";
        let injected =
            [Event { number: 7, is_injected: true }, Event { number: 8, is_injected: false }];
        assert_eq!(events(&lines(text)), injected);
    }
}
