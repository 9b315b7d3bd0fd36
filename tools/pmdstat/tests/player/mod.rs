//! A machine at whose console programs ask, as far as they need: it echoes, has a prompt, knows two commands.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use perf::request::{Mark, Reply, Request};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A played machine.
pub(crate) struct Player {
    path: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    threshold: u64,
    /// What comes in, its length and checksum, and what was applied.
    coming: (Vec<u8>, usize, u32),
    file: String,
    /// Every so many keys one gets lost; 0 for never.
    losing: usize,
    keys: usize,
}

impl Player {
    /// One that obeys.
    pub(crate) fn start() -> Self {
        Self::with(0, false)
    }

    /// One whose line loses keys now and then.
    pub(crate) fn losing() -> Self {
        Self::with(1500, false)
    }

    /// One that says nothing.
    pub(crate) fn silent() -> Self {
        Self::with(0, true)
    }

    fn with(losing: usize, is_silent: bool) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("pmdstat-player-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let server = UnixListener::bind(&path).unwrap();
        let state = Arc::new(Mutex::new(State { losing, ..State::default() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in server.incoming().map_while(Result::ok) {
                serve(stream, &shared, is_silent);
            }
        });
        Self { path, state }
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    pub(crate) fn threshold(&self) -> u64 {
        self.state.lock().unwrap().threshold
    }

    pub(crate) fn file(&self) -> String {
        self.state.lock().unwrap().file.clone()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn serve(mut stream: UnixStream, state: &Mutex<State>, is_silent: bool) {
    let mut line = String::new();
    let mut keys = [0; 512];
    while let Ok(count @ 1..) = stream.read(&mut keys) {
        for key in &keys[..count] {
            let mut state = state.lock().unwrap();
            state.keys += 1;
            if is_silent || (state.losing > 0 && state.keys.is_multiple_of(state.losing)) {
                continue;
            }
            match key {
                0x15 => line.clear(),
                b'\r' => {
                    let answer = format!("{line}\r\n{}barecore> ", answer(&line, &mut state));
                    line.clear();
                    let _ = stream.write_all(answer.as_bytes());
                }
                key => line.push(char::from(*key)),
            }
        }
    }
}

fn answer(line: &str, state: &mut State) -> String {
    let reply = |tag, mark| format!("{}\r\n", Reply { tag, mark });
    match Request::read(line) {
        None => "error: no command\r\n".into(),
        Some(Err(tag)) => reply(tag, Mark::Garbled),
        Some(Ok(Request { tag, command })) => {
            let said = carry_out(command, state);
            let mark = if said.starts_with("error: ") { Mark::Failed } else { Mark::Done };
            reply(tag, Mark::Begins) + &said + &reply(tag, mark)
        }
    }
}

fn carry_out(command: &str, state: &mut State) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    match words[..] {
        ["pmd-perf-log-set", "-us", number] => {
            state.threshold = number.parse().unwrap();
            format!("pmd-perf-log-set: {number}\r\n")
        }
        ["put", "begin", len, crc] => {
            state.coming = (Vec::new(), len.parse().unwrap(), crc.parse().unwrap());
            String::new()
        }
        ["put", "piece", offset, base64] => {
            let piece = STANDARD.decode(base64.trim_start_matches(':')).unwrap();
            state.coming.0.truncate(offset.parse().unwrap());
            state.coming.0.extend(piece);
            String::new()
        }
        ["put", "apply"] => {
            let (bytes, len, crc) = &state.coming;
            if (bytes.len(), crc32fast::hash(bytes)) != (*len, *crc) {
                return "error: it did not arrive\r\n".into();
            }
            state.file = String::from_utf8(bytes.clone()).unwrap();
            "put: applied\r\n".into()
        }
        _ => "error: no command\r\n".into(),
    }
}
