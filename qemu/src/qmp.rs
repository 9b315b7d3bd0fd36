//! QEMU's own control protocol, as far as it is needed: plug and unplug while a guest runs.
//!
//! One JSON object a line (QEMU's document "QMP protocol specification").

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::guest::START_LIMIT;
use crate::sockets;

/// How long QEMU may take for an answer.
const LIMIT: Duration = Duration::from_secs(20);

/// A session with QEMU itself.
#[derive(Debug)]
pub struct Qmp {
    stream: BufReader<UnixStream>,
}

impl Qmp {
    /// Connects to the socket that [`crate::machine::Machine::qmp`] names.
    ///
    /// # Errors
    ///
    /// Nobody listens there in time, or what listens does not speak the protocol.
    pub fn connect(socket: &Path) -> Result<Self> {
        Self::greet(sockets::connect(socket, START_LIMIT, || false)?)
    }

    fn greet(stream: UnixStream) -> Result<Self> {
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        let mut session = Self { stream: BufReader::new(stream) };
        let greeting = session.receive()?;
        if greeting.get("QMP").is_none() {
            bail!("QEMU's control socket greeted with {greeting}");
        }
        session.execute("qmp_capabilities", json!({}))?;
        Ok(session)
    }

    /// Has `command` executed and returns its answer.
    ///
    /// # Errors
    ///
    /// QEMU refused, or gave no answer in time.
    pub fn execute(&mut self, command: &str, arguments: Value) -> Result<Value> {
        let line = json!({ "execute": command, "arguments": arguments });
        writeln!(self.stream.get_mut(), "{line}")
            .with_context(|| format!("cannot ask {command}"))?;
        loop {
            let mut answer = self.receive().with_context(|| format!("no answer to {command}"))?;
            if let Some(error) = answer.get("error") {
                bail!("QEMU refused {command}: {error}");
            }
            if let Some(result) = answer.get_mut("return") {
                return Ok(result.take());
            }
        }
    }

    /// Plugs the cable of network card number `index` in or out.
    ///
    /// # Errors
    ///
    /// As [`Qmp::execute`].
    pub fn set_link(&mut self, index: usize, up: bool) -> Result<()> {
        self.execute("set_link", json!({ "name": format!("net{index}"), "up": up })).map(drop)
    }

    fn receive(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).context("QEMU's control socket is silent")? == 0 {
            bail!("QEMU closed its control socket");
        }
        serde_json::from_str(&line).with_context(|| format!("not JSON: {line:?}"))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn played(answers: &'static [&'static str]) -> UnixStream {
        let (ours, qemus) = UnixStream::pair().unwrap();
        thread::spawn(move || {
            let mut asked = BufReader::new(qemus.try_clone().unwrap());
            let mut qemu = qemus;
            qemu.write_all(b"{\"QMP\": {}}\n").unwrap();
            for answer in answers {
                asked.read_line(&mut String::new()).unwrap();
                writeln!(qemu, "{answer}").unwrap();
            }
        });
        ours
    }

    #[test]
    fn events_before_an_answer_are_passed_over() {
        let answers = &["{\"return\": {}}", "{\"event\": \"STOP\"}\n{\"return\": 7}"];
        let mut qmp = Qmp::greet(played(answers)).unwrap();
        assert_eq!(qmp.execute("query", json!({})).unwrap(), json!(7));
    }

    #[test]
    fn a_refusal_is_an_error_with_qemus_reason() {
        let answers = &["{\"return\": {}}", "{\"error\": {\"desc\": \"no such device\"}}"];
        let mut qmp = Qmp::greet(played(answers)).unwrap();
        assert!(qmp.set_link(9, false).unwrap_err().to_string().contains("no such device"));
    }
}
