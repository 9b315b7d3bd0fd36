//! A line that is opened again when it breaks.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::line::Owner;
use super::{Line, Source};

/// The pause before a line is opened again: so a console server that lets one in at a time is not
/// besieged, and a machine that starts again is not missed for long.
const PAUSE: Duration = Duration::from_secs(1);

/// What happens on a line.
#[derive(Debug)]
pub(crate) enum Happening {
    /// It is open.
    Attached,
    /// It said this.
    Bytes(Vec<u8>),
    /// It could not be opened, or broke; said once until it is open.
    Detached(String),
}

impl Happening {
    /// What is said of it to people who know the line by `name`; nothing of what the line says.
    pub(crate) fn remark(&self, name: &str) -> Option<String> {
        match self {
            Self::Attached => Some(format!("{name} is open")),
            Self::Detached(reason) => Some(format!("{name}: {reason}; it is tried again")),
            Self::Bytes(_) => None,
        }
    }
}

/// A line that is kept open until this is dropped.
pub(crate) struct Attachment(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    writer: Option<Box<dyn Write + Send>>,
    owner: Option<Owner>,
    is_over: bool,
}

/// Keeps `source` open, and tells `hear` of all that happens there, in a thread of its own.
pub(crate) fn attach(
    source: Source,
    mut hear: impl FnMut(Happening) + Send + 'static,
) -> Attachment {
    let state = Arc::new(Mutex::new(State::default()));
    let shared = Arc::clone(&state);
    thread::spawn(move || {
        let mut is_told = false;
        while !locked(&shared).is_over {
            let reason = match source.open() {
                Ok(line) => {
                    is_told = false;
                    listen(line, &shared, &mut hear)
                }
                Err(error) => format!("{error:#}"),
            };
            if !std::mem::replace(&mut is_told, true) && !locked(&shared).is_over {
                hear(Happening::Detached(reason));
            }
            thread::sleep(PAUSE);
        }
    });
    Attachment(state)
}

/// Listens until the line breaks, and returns why.
fn listen(line: Line, shared: &Mutex<State>, hear: &mut impl FnMut(Happening)) -> String {
    let Line { mut reader, writer, owner } = line;
    {
        let mut state = locked(shared);
        (state.writer, state.owner) = (Some(writer), owner);
    }
    hear(Happening::Attached);
    let mut buffer = vec![0; 1 << 16];
    let reason = loop {
        match reader.read(&mut buffer) {
            Ok(0) => break "its other end is closed".to_owned(),
            Ok(count) => hear(Happening::Bytes(buffer[..count].to_vec())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break error.to_string(),
        }
    };
    let mut state = locked(shared);
    (state.writer, state.owner) = (None, None);
    reason
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Attachment {
    /// Types `bytes`. False if the line is not open or takes nothing.
    pub(crate) fn send(&self, bytes: &[u8]) -> bool {
        let mut state = locked(&self.0);
        let sent = state
            .writer
            .as_mut()
            .map(|writer| writer.write_all(bytes).and_then(|()| writer.flush()));
        matches!(sent, Some(Ok(())))
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        let mut state = locked(&self.0);
        (state.writer, state.owner, state.is_over) = (None, None, true);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::net::UnixListener;
    use std::sync::mpsc;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    #[test]
    fn a_line_that_breaks_is_opened_again() {
        let path = std::env::temp_dir().join(format!("pmdstat-line-{}", std::process::id()));
        let server = UnixListener::bind(&path).unwrap();
        let (tell, told) = mpsc::channel();
        let source = path.to_str().unwrap().parse().unwrap();
        let attachment = attach(source, move |it| drop(tell.send(format!("{it:?}"))));
        for word in ["one", "two"] {
            let (mut peer, _) = server.accept().unwrap();
            assert_eq!(told.recv().unwrap(), "Attached");
            peer.write_all(word.as_bytes()).unwrap();
            assert_eq!(told.recv().unwrap(), format!("Bytes({:?})", word.as_bytes()));
            assert!(attachment.send(b"typed"));
            let mut typed = [0; 5];
            peer.read_exact(&mut typed).unwrap();
            drop(peer);
            assert_eq!(told.recv().unwrap(), "Detached(\"its other end is closed\")");
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_command_is_a_line_too() {
        let (tell, told) = mpsc::channel();
        let source = "exec:cat".parse().unwrap();
        let attachment = attach(source, move |it| drop(tell.send(it)));
        assert!(matches!(told.recv().unwrap(), Happening::Attached));
        assert!(attachment.send(b"to and fro\r"));
        let mut heard = Vec::new();
        while heard != b"to and fro\r" {
            match told.recv().unwrap() {
                Happening::Bytes(bytes) => heard.extend(bytes),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_serial_device_passes_all_bytes_as_they_are() {
        let cable = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&cable).unwrap();
        unlockpt(&cable).unwrap();
        let name = ptsname(&cable, Vec::new()).unwrap().into_string().unwrap();
        let mut machine = File::from(cable);
        let (tell, told) = mpsc::channel();
        let source = format!("{name},9600").parse().unwrap();
        let attachment = attach(source, move |it| drop(tell.send(it)));
        assert!(matches!(told.recv().unwrap(), Happening::Attached));
        // None of these means anything to a terminal that is raw.
        let bytes: Vec<u8> = (0..=255).collect();
        machine.write_all(&bytes).unwrap();
        let mut heard = Vec::new();
        while heard.len() < bytes.len() {
            match told.recv().unwrap() {
                Happening::Bytes(more) => heard.extend(more),
                other => panic!("{other:?}"),
            }
        }
        assert!(attachment.send(&bytes));
        let mut typed = [0; 256];
        machine.read_exact(&mut typed).unwrap();
        assert_eq!((heard, typed.to_vec()), (bytes.clone(), bytes));
    }
}
