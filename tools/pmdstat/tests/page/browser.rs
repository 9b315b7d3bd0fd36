//! A browser without a window: what it sees of a page.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

const PROGRAM: &str = "chromium";
/// Looks at the page from inside, and writes what it saw at its end. Only copies of pages have it.
const LOOK: &str = include_str!("look.js");

/// What was seen of a page.
#[derive(Debug, Deserialize)]
pub(crate) struct Seen {
    /// Whether the reader wishes dark pages, and how light the background is, from 0 to 255.
    pub(crate) dark: bool,
    pub(crate) light: f64,
    /// Pictures, and those in which nothing can be seen.
    pub(crate) pictures: usize,
    pub(crate) empty: Vec<String>,
    /// Words in pictures that lie on each other, or reach out of their picture.
    pub(crate) covered: Vec<String>,
    /// The page is wider than the window.
    pub(crate) is_cut: bool,
    /// What was loaded beside the page, or would be.
    pub(crate) requests: Vec<String>,
    /// All its text.
    pub(crate) text: String,
    /// What the browser said to its console.
    #[serde(skip)]
    pub(crate) console: Vec<String>,
}

/// Whether there is one.
pub(crate) fn is_there() -> bool {
    Command::new(PROGRAM).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// What is seen of `page` by a reader who wishes it dark, or not.
///
/// # Errors
///
/// The browser cannot be run, or does not show the page within two minutes.
pub(crate) fn look(page: &str, is_dark: bool) -> Result<Seen> {
    let folder = folder()?;
    let file = folder.join("page.html");
    let (begin, end) = page.rsplit_once("</body>").context("the page has no end")?;
    fs::write(&file, format!("{begin}<script>{LOOK}</script></body>{end}"))?;
    let mut command = Command::new("timeout");
    // Without a sandbox, for root has none; without what a desktop offers.
    command.args(["120", PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]);
    command.args(["--disable-dev-shm-usage", "--window-size=1280,1000", "--enable-logging=stderr"]);
    command.arg(format!("--user-data-dir={}", folder.display()));
    command.args(is_dark.then_some("--force-dark-mode"));
    let output = command.arg("--dump-dom").arg(format!("file://{}", file.display())).output()?;
    let (shown, said) =
        (String::from_utf8(output.stdout)?, String::from_utf8_lossy(&output.stderr).into_owned());
    ensure!(output.status.success(), "{PROGRAM} failed ({}):\n{said}", output.status);
    fs::remove_dir_all(&folder)?;
    let (_, told) =
        shown.rsplit_once("<output>").with_context(|| format!("nobody looked:\n{said}"))?;
    let (told, _) = told.split_once("</output>").context("what was seen has no end")?;
    let told = told
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&");
    let mut seen: Seen = serde_json::from_str(&told).with_context(|| told.clone())?;
    seen.console =
        said.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect();
    Ok(seen)
}

/// A folder of its own for each.
fn folder() -> Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("browser-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
