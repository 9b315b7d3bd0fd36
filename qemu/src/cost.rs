//! What a frame costs the image, in guest instructions: exact where times would be noise.
//!
//! With QEMU's instruction counter the time-stamp counter advances by one for each instruction
//! executed (`-icount shift=0`), of whichever processor: they take turns. Frames that are forwarded
//! out of port 1 come in at port 0 again and circulate without help. The image's own iteration
//! history tells what each iteration took, and one during which another processor had its turn
//! is known by its length. So a PMD's figure is made of its own instructions.
//!
//! `hub` has frames circulate between QEMU's own cards, `patched` between cards of [`nic82599`]'s
//! kind; `rows` makes figures of histories.

mod hub;
mod patched;
mod rows;

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::guest::Guest;
use crate::machine::{Clock, Machine};
use crate::reading::{self, Iteration};

pub use hub::{measure, measure_on};
pub use patched::measure_pmds;
pub use rows::{BATCH, Cost, Unsettled};

/// For how long the guest is left alone before a reading, which then covers iterations during
/// which the control core was halted. It influences how many can be used, not what they say.
const QUIET: Duration = Duration::from_millis(100);

/// For how long the history is read again and again. On an idle host one reading holds some
/// hundreds of full iterations; where QEMU's main loop has to wait for a processor, few do.
const READING_LIMIT: Duration = Duration::from_secs(240);

const BOOT_LIMIT: Duration = Duration::from_secs(120);
const SEND_LIMIT: Duration = Duration::from_secs(20);

/// What the image is told in all cases. Supervision is on, but nothing is to be printed: the
/// control core is to be halted.
const WORDS: [&str; 4] =
    ["ports=all", "forward=0:1", "pmd-perf-log-us=1000000", "pmd-perf-log-q=1000000"];

/// A machine that counts instructions and forwards what comes in at port 0.
fn machine(image: &Path) -> Machine {
    let mut machine = Machine::new(image);
    machine.clock = Clock::Instructions;
    machine.append = WORDS.map(str::to_owned).to_vec();
    machine
}

/// Reads the history of the PMD on core `core` until that and `rows`, which are older, hold enough.
fn read(guest: &mut Guest, core: u32, mut rows: Vec<Iteration>) -> Result<Cost> {
    let start = Instant::now();
    while !rows::are_enough(&rows) && start.elapsed() < READING_LIMIT {
        thread::sleep(QUIET);
        rows.extend(newest(guest, core)?);
    }
    rows::cost(&rows)
}

/// The newest iterations of the PMD on core `core`, in order of time.
fn newest(guest: &mut Guest, core: u32) -> Result<Vec<Iteration>> {
    let lines = guest.command(&format!("pmd-perf-show -pmd {core} -nh -it 999"))?;
    let mut rows = reading::iterations(&lines);
    rows.reverse();
    Ok(rows)
}
