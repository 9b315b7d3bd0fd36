//! `pmdstat top` as a user starts it: at a terminal, and without one.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod tool;

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use tool::{pmdstat, recording};

/// Longer than it takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// What leaves the screen that `top` draws on.
const LEAVE: &str = "\x1b[?1049l";

/// A terminal with `pmdstat top` at it.
struct Terminal {
    ours: File,
    /// Kept open, so that it can be asked once `top` has left.
    theirs: File,
    child: Child,
    seen: String,
}

impl Terminal {
    fn open(file: &PathBuf, variables: &[(&str, &str)]) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let ours = openpt(flags).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let path = OsStr::from_bytes(name.as_bytes());
        let theirs = OpenOptions::new().read(true).write(true).open(path).unwrap();
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&theirs, size).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_pmdstat"));
        command.arg("top").arg(file).env("TERM", "xterm").env_remove("NO_COLOR");
        command.envs(variables.iter().copied());
        command.stdin(theirs.try_clone().unwrap()).stdout(theirs.try_clone().unwrap());
        let child = command.spawn().unwrap();
        Self { ours: ours.into(), theirs, child, seen: String::new() }
    }

    /// Reads until `word` was seen.
    fn until(&mut self, word: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.seen.contains(word) {
            assert!(Instant::now() < end, "no {word:?}");
            let mut ready = [PollFd::new(&self.ours, PollFlags::IN)];
            let second = Timespec { tv_sec: 1, tv_nsec: 0 };
            if poll(&mut ready, Some(&second)).unwrap() > 0 {
                let mut bytes = [0; 4096];
                let count = self.ours.read(&mut bytes).unwrap();
                self.seen += &String::from_utf8_lossy(&bytes[..count]);
            }
        }
    }

    fn press(&mut self, keys: &str) {
        self.ours.write_all(keys.as_bytes()).unwrap();
    }

    /// Presses `key`, which makes it leave, and tells its status and whether the terminal echoes again.
    fn leave(mut self, key: &str) -> (Option<i32>, bool, String) {
        self.press(key);
        self.until(LEAVE);
        let status = self.child.wait().unwrap().code();
        let modes = tcgetattr(&self.theirs).unwrap().local_modes;
        (status, modes.contains(LocalModes::ECHO | LocalModes::ICANON), self.seen)
    }
}

fn golden(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("pmdstat-top-{name}-{}", std::process::id()));
    std::fs::write(&path, recording()).unwrap();
    path
}

#[test]
fn keys_open_events_and_leave_the_terminal_as_it_was() {
    let path = golden("keys");
    for key in ["q", "\x03"] {
        let mut terminal = Terminal::open(&path, &[]);
        terminal.until("likely cause");
        // To the end, and to the newest event.
        terminal.press("\x1b[F");
        terminal.until("cable");
        terminal.press("\r");
        terminal.until("noted");
        let (status, is_restored, _) = terminal.leave(key);
        assert_eq!((status, is_restored), (Some(0), true));
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn colours_are_seen_unless_they_are_not_wanted() {
    let path = golden("colours");
    let has_colours = |variables: &[(&str, &str)]| {
        let mut terminal = Terminal::open(&path, variables);
        terminal.until("likely cause");
        let (.., seen) = terminal.leave("q");
        // Cyan ground, as titles have.
        seen.contains("48;5;6m")
    };
    assert!(has_colours(&[]));
    assert!(!has_colours(&[("NO_COLOR", "1")]));
    assert!(!has_colours(&[("TERM", "dumb")]));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_machine_is_followed_over_a_line_that_is_opened_again() {
    let path = std::env::temp_dir().join(format!("pmdstat-top-line-{}", std::process::id()));
    let server = UnixListener::bind(&path).unwrap();
    let mut terminal = Terminal::open(&path, &[]);
    let (mut machine, _) = server.accept().unwrap();
    machine.write_all(&recording()).unwrap();
    terminal.until("LIVE");
    terminal.until("cable");
    drop(machine);
    terminal.until("its other end is closed");
    terminal.seen.clear();
    let _again = server.accept().unwrap();
    terminal.until("pause");
    let (status, is_restored, _) = terminal.leave("q");
    assert_eq!((status, is_restored), (Some(0), true));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn without_a_terminal_one_line_says_what_to_do() {
    let run = pmdstat("top no-such.pmd", "");
    let talk = "error: top needs a terminal; without one there is pmdstat show\n";
    assert_eq!((run.status, &*run.out, &*run.talk), (Some(1), "", talk));
}
