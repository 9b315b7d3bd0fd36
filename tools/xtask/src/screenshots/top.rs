//! `pmdstat top`, in a terminal that tmux plays.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use anstyle_lossy::palette::WIN10_CONSOLE;
use anstyle_svg::Term;
use anyhow::{Context as _, Result, ensure};

use crate::install::{self, Consent, Tool};
use crate::workspace::{cargo, root, succeed, target};

const TMUX: Tool = Tool { program: "tmux", package: "tmux" };
/// The terminal.
const COLUMNS: &str = "100";
const LINES: &str = "30";
/// How long something may take to be seen.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(300);
/// How long a page takes to be drawn, and after how long it is the last.
const TURN: Duration = Duration::from_millis(20);
const LAST: Duration = Duration::from_secs(5);

/// The stall that a run of `cargo xtask qemu` has on purpose.
const STALL: &str = "Likely cause: the command `stall`";

/// Draws what `top` shows of `recording`, and prints where the pictures lie.
///
/// # Errors
///
/// There is no tmux, or something does not come to be seen.
pub(super) fn draw(recording: &Path, consent: Consent) -> Result<()> {
    install::all(consent, &[TMUX])?;
    succeed(cargo().args(["build", "--quiet", "--package", "pmdstat"]), "cargo build")?;
    let terminal = Terminal::open(recording)?;
    terminal.until("likely cause")?;
    terminal.press(&["End", "Enter"])?;
    terminal.until("Likely cause")?;
    terminal.leaf_to(STALL)?;
    picture("docs/top-event.svg", &terminal.until(STALL)?)?;
    terminal.press(&["Escape"])?;
    terminal.until("likely cause")?;
    // Half a minute after its beginning a run is behind its stall, and still fed.
    terminal.press(&["Home", "PageDown", "PageDown", "PageDown"])?;
    picture("docs/top.svg", &terminal.until("PAUSED")?)
}

/// Writes the picture of what is `seen`.
fn picture(file: &str, seen: &str) -> Result<()> {
    let path = root().join(file);
    let svg = Term::new().palette(WIN10_CONSOLE).render_svg(seen);
    fs::write(&path, svg).with_context(|| format!("cannot write {}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

/// A terminal of tmux's with `pmdstat top` at it; it ends with this.
struct Terminal {
    /// The name of a server of its own.
    server: String,
}

impl Terminal {
    fn open(recording: &Path) -> Result<Self> {
        let terminal = Self { server: format!("barecore-{}", std::process::id()) };
        let program = target().join("debug/pmdstat");
        let (program, recording) = (program.to_string_lossy(), recording.to_string_lossy());
        let size = ["-x", COLUMNS, "-y", LINES];
        let begin = ["-f", "/dev/null", "new-session", "-d"];
        let command = ["env", "-u", "NO_COLOR", &program, "top", &recording];
        terminal.tmux(&[&begin[..], &size, &command].concat())?;
        Ok(terminal)
    }

    fn tmux(&self, words: &[&str]) -> Result<Output> {
        let mut command = Command::new(TMUX.program);
        let output = command.args(["-L", &self.server]).args(words).output();
        let output = output.context("cannot run tmux")?;
        let talk = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "tmux {} failed: {}", words.join(" "), talk.trim());
        Ok(output)
    }

    fn press(&self, keys: &[&str]) -> Result<()> {
        self.tmux(&[&["send-keys"], keys].concat()).map(drop)
    }

    /// Goes from event to event, back in time, until `word` is seen.
    fn leaf_to(&self, word: &str) -> Result<()> {
        let mut seen = self.seen()?;
        while !seen.contains(word) {
            self.press(&["Left"])?;
            seen = self.other_than(&seen).with_context(|| format!("no event shows {word:?}"))?;
        }
        Ok(())
    }

    /// What is seen instead of `before`.
    fn other_than(&self, before: &str) -> Result<String> {
        let end = Instant::now() + LAST;
        while self.seen()? == before {
            ensure!(Instant::now() < end, "there are no others");
            thread::sleep(TURN);
        }
        // It may have been seen while it was drawn.
        thread::sleep(TURN);
        self.seen()
    }

    /// What is seen, with its colours; blanks too, because they have some.
    fn seen(&self) -> Result<String> {
        let seen = self.tmux(&["capture-pane", "-e", "-N", "-p"])?;
        Ok(String::from_utf8_lossy(&seen.stdout).into_owned())
    }

    /// What is seen once `word` is among it and nothing changes any more.
    fn until(&self, word: &str) -> Result<String> {
        let (end, mut before) = (Instant::now() + PATIENCE, String::new());
        loop {
            let seen = self.seen()?;
            if seen.contains(word) && seen == before {
                return Ok(seen);
            }
            ensure!(Instant::now() < end, "top never showed {word:?}");
            before = seen;
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Its server ends by itself where `top` has ended.
        let _ = self.tmux(&["kill-server"]);
    }
}
