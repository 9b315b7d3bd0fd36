//! The end of an unattended run: the injected event by name, then the ledger.

use std::thread;
use std::time::{Duration, Instant};

use ::qemu::guest::Guest;
use ::qemu::ledger::Ledger;
use ::qemu::reading::{self, Event};
use ::qemu::traffic::Count;
use anyhow::{Result, bail};

/// Keeps the PMD on core 1 busy for 10 ms, once.
pub(super) const STALL: &str = "stall 1 10000";

/// How long the control core may take to note the stall.
const EVENT_LIMIT: Duration = Duration::from_secs(5);

/// How often the image is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// What the image answered at the end.
#[derive(Debug)]
pub(super) struct Verdict {
    ledger: Ledger,
    /// The injected event with its neighbourhood, as the image prints it.
    event: Option<Vec<String>>,
}

/// Asks the image for its ledger and for the injected event.
///
/// # Errors
///
/// It does not answer, or not as agreed.
pub(super) fn ask(guest: &mut Guest, host: [Count; 2]) -> Result<Verdict> {
    let image = reading::ledger(&guest.command("show ledger")?)?;
    let (drops, _) = reading::drops(&guest.command("show drops")?)?;
    Ok(Verdict { ledger: Ledger { host, image, drops }, event: injected_event(guest)? })
}

fn injected_event(guest: &mut Guest) -> Result<Option<Vec<String>>> {
    let deadline = Instant::now() + EVENT_LIMIT;
    loop {
        let mut events = reading::events(&guest.command("show events")?);
        // An event that continues another has no row of its own, but was printed.
        events.extend(printed_events(guest));
        if let Some(event) = events.iter().find(|event| event.is_injected) {
            return guest.command(&format!("show event {}", event.number)).map(Some);
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(ASK_AGAIN);
    }
}

fn printed_events(guest: &mut Guest) -> Vec<Event> {
    let mut lines = guest.console().lines();
    lines.retain(|line| line.starts_with("Suspicious iteration"));
    reading::events(&lines)
}

impl Verdict {
    /// Prints event and ledger.
    ///
    /// # Errors
    ///
    /// The stall was not caught or a sum does not agree.
    pub(super) fn conclude(&self) -> Result<()> {
        match &self.event {
            Some(lines) => {
                println!("\nthe injected stall ({STALL}), as it was caught:");
                lines.iter().for_each(|line| println!("{line}"));
            }
            None => println!("\nthe injected stall ({STALL}) was not caught"),
        }
        print!("\n{}", self.ledger);
        let wrong = self.ledger.disagreements();
        wrong.iter().for_each(|line| println!("  WRONG: {line}"));
        match (self.event.is_some(), wrong.len()) {
            (true, 0) => {
                println!("the sums agree exactly, and the stall was caught");
                Ok(())
            }
            (false, 0) => bail!("the injected stall was not caught"),
            (true, count) => bail!("{count} sums of the ledger do not agree"),
            (false, count) => bail!("the stall was not caught and {count} sums do not agree"),
        }
    }
}
