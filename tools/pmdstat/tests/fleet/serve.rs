//! `pmdstat serve` as it runs, and how it is asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// How often something is asked for until it is there. Where it comes at all, it comes sooner.
const PATIENCE: usize = 600;
const PAUSE: Duration = Duration::from_millis(100);

/// A program that is ended at the end.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts `command`, and waits until what `find` looks for stands in a line of its standard error.
    pub(crate) fn start(
        command: &mut Command,
        find: impl Fn(&str) -> Option<String>,
    ) -> (Self, String) {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let running = Self(child);
        let mut said = Vec::new();
        while let Some(Ok(line)) = lines.next() {
            if let Some(found) = find(&line) {
                // Nobody may stop it by not listening.
                thread::spawn(move || lines.for_each(drop));
                return (running, found);
            }
            said.push(line);
        }
        panic!("it ended: {said:?}");
    }
}

/// A fleet that is served.
pub(crate) struct Serve {
    _running: Running,
    address: String,
}

impl Serve {
    /// Follows `sources`.
    pub(crate) fn start(sources: &[String]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pmdstat"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--silence", "86400"]).args(sources);
        let address = |line: &str| {
            let (address, _) = line.strip_prefix("http://")?.split_once("/metrics")?;
            Some(address.to_owned())
        };
        let (running, address) = Running::start(&mut command, address);
        Self { _running: running, address }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The page, once `is_there` says so.
    pub(crate) fn page_with(&self, what: &str, is_there: impl Fn(&str) -> bool) -> String {
        let page = || get(&self.address, "/metrics").filter(|page| is_there(page));
        eventually(what, page)
    }
}

/// What is at `path`, if it is there.
pub(crate) fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    // In version 1.0 answers have no pieces.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.lines().next()?.contains(" 200 ").then(|| body.to_owned())
}

/// What `look` finds, as soon as it does.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..PATIENCE {
        if let Some(found) = look() {
            return found;
        }
        thread::sleep(PAUSE);
    }
    panic!("{what} never came");
}
