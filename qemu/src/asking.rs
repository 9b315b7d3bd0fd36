//! Facts that are asked for until they hold: a busy host may give an emulator little time.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::guest::Guest;
use crate::ledger::Ledger;
use crate::reading::{self, ImageLedger};
use crate::traffic::Count;

/// The longest that anything may take which the image is to do by itself.
pub const LIMIT: Duration = Duration::from_secs(60);

impl Guest {
    /// Asks `command` again and again until `judge` finds in the answer what it looks for.
    ///
    /// # Errors
    ///
    /// It does not within [`LIMIT`]; the message holds the last answer.
    pub fn ask_until<T>(
        &mut self,
        command: &str,
        judge: impl Fn(&[String]) -> Option<T>,
    ) -> Result<T> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let answer = self.console().command_within(command, LIMIT)?;
            if let Some(found) = judge(&answer) {
                return Ok(found);
            }
            ensure!(
                Instant::now() < deadline,
                "after {LIMIT:?} {command} still answers {answer:#?}"
            );
        }
    }

    /// Waits until the image's ledger and its drops agree with what the host counted. Frames
    /// may be posted a moment after they left.
    ///
    /// # Errors
    ///
    /// They do not within [`LIMIT`]; the message tells both.
    pub fn expect_ledger(&mut self, host: [Count; 2]) -> Result<Ledger> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let image = self.exact_ledger()?;
            let (drops, total) =
                self.ask_until("show drops", |lines| reading::drops(lines).ok())?;
            let ledger = Ledger { host, image, drops };
            let found = ledger.disagreements();
            let is_done = found.is_empty() && ledger.image.total.in_flight == 0;
            if is_done && total == ledger.image.total.dropped {
                return Ok(ledger);
            }
            ensure!(Instant::now() < deadline, "{ledger}\n{found:#?}\nshow drops: total {total}");
        }
    }

    /// The ledger, once it is exact. It is not while a busy host stops a PMD in the middle of
    /// writing its part.
    ///
    /// # Errors
    ///
    /// It is not within [`LIMIT`].
    pub fn exact_ledger(&mut self) -> Result<ImageLedger> {
        self.ask_until("show ledger", |lines| {
            reading::ledger(lines).ok().filter(|ledger| ledger.is_exact)
        })
    }
}
