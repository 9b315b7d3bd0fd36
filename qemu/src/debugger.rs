//! QEMU's stub for debuggers, as far as it is needed: writing memory of a guest, which stands still
//! meanwhile.
//!
//! A packet is `$`, text, `#` and two digits of a sum (GDB's manual, "Remote Protocol"). Each is
//! acknowledged by `+`.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::qmp::Qmp;

/// How long QEMU may take for an answer.
const LIMIT: Duration = Duration::from_secs(20);

/// How the packet begins that tells that a guest stands still.
const STOPPED: char = 'T';

/// A debugger of a guest, which stands still until it is let go.
#[derive(Debug)]
pub struct Debugger {
    stream: BufReader<UnixStream>,
}

impl Debugger {
    /// Has QEMU open `socket` for debuggers, for good.
    ///
    /// # Errors
    ///
    /// As [`Qmp::execute`].
    pub fn invite(qmp: &mut Qmp, socket: &Path) -> Result<()> {
        let line = format!("gdbserver unix:{},server=on,wait=off", socket.display());
        qmp.execute("human-monitor-command", json!({ "command-line": line })).map(drop)
    }

    /// Stops the guest of the QEMU that listens at `socket`.
    ///
    /// # Errors
    ///
    /// Nobody listens there.
    pub fn attach(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket)
            .with_context(|| format!("no QEMU listens at {}", socket.display()))?;
        Self::over(stream)
    }

    fn over(stream: UnixStream) -> Result<Self> {
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Writes `bytes` where the guest has `address`.
    ///
    /// # Errors
    ///
    /// There is no memory, or QEMU gives no answer in time.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        let mut text = format!("M{address:x},{:x}:", bytes.len());
        bytes.iter().try_for_each(|byte| write!(text, "{byte:02x}"))?;
        self.ask(&text)
    }

    /// Lets the guest go on.
    ///
    /// # Errors
    ///
    /// QEMU gives no answer in time.
    pub fn detach(mut self) -> Result<()> {
        self.ask("D")
    }

    /// Has QEMU do what `text` says.
    fn ask(&mut self, text: &str) -> Result<()> {
        let sum = text.bytes().fold(0_u8, u8::wrapping_add);
        write!(self.stream.get_mut(), "${text}#{sum:02x}")?;
        let mut answer = self.receive()?;
        // That the guest stands still is told once, before an answer or after one.
        if answer.starts_with(STOPPED) {
            answer = self.receive()?;
        }
        ensure!(answer == "OK", "QEMU answers {answer:?} to a debugger's {text:?}");
        Ok(())
    }

    /// The text of the next packet.
    fn receive(&mut self) -> Result<String> {
        let mut packet = Vec::new();
        self.stream.read_until(b'#', &mut packet).context("QEMU does not answer a debugger")?;
        self.stream.read_exact(&mut [0; 2])?;
        self.stream.get_mut().write_all(b"+")?;
        let packet = String::from_utf8_lossy(&packet);
        Ok(packet.trim_start_matches('+').trim_matches(['$', '#']).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// What a debugger says in `work` to a stub that answers this each time.
    fn said(
        answer: &'static str,
        work: impl FnOnce(Debugger) -> Result<()>,
    ) -> (String, Result<()>) {
        let (ours, mut qemus) = UnixStream::pair().unwrap();
        let stub = thread::spawn(move || {
            let mut said = Vec::new();
            let mut reader = BufReader::new(qemus.try_clone().unwrap());
            while reader.read_until(b'#', &mut said).unwrap() > 1 && said.ends_with(b"#") {
                qemus.write_all(answer.as_bytes()).unwrap();
            }
            String::from_utf8(said).unwrap()
        });
        let done = work(Debugger::over(ours).unwrap());
        (stub.join().unwrap(), done)
    }

    #[test]
    fn packets_have_their_sum_and_are_acknowledged() {
        let (said, done) = said("+$OK#9a", |mut debugger| {
            debugger.write(0x1000, &[0xab, 7])?;
            debugger.detach()
        });
        assert_eq!((said.as_str(), done.is_ok()), ("$M1000,2:ab07#d0+$D#44+", true));
    }

    #[test]
    fn that_the_guest_stands_still_is_no_answer() {
        let (_, done) = said("+$T02thread:01;#00+$OK#9a", |mut debugger| debugger.write(1, &[0]));
        assert!(done.is_ok(), "{done:?}");
    }

    #[test]
    fn a_refusal_is_an_error() {
        let (_, done) = said("+$E14#aa", |mut debugger| debugger.write(0, &[0]));
        assert!(done.unwrap_err().to_string().contains("E14"));
    }
}
