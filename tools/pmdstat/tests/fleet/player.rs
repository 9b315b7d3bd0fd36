//! Lines of machines that are played.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use crate::tool::played::Machine;

/// A machine that waits for somebody to listen.
pub(crate) struct Player {
    door: Door,
    machine: Machine,
    line: Option<Box<dyn Write>>,
}

enum Door {
    Socket(UnixListener, PathBuf),
    Tcp(TcpListener),
}

impl Player {
    /// One at a socket.
    pub(crate) fn at_socket(name: &str) -> Self {
        let file = format!("{name}-{}.sock", std::process::id());
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
        // A run that was ended may have left it.
        let _ = fs::remove_file(&path);
        Self::new(name, Door::Socket(UnixListener::bind(&path).unwrap(), path))
    }

    /// One at a port of TCP.
    pub(crate) fn at_port(name: &str) -> Self {
        Self::new(name, Door::Tcp(TcpListener::bind("127.0.0.1:0").unwrap()))
    }

    fn new(name: &str, door: Door) -> Self {
        Self { door, machine: Machine::new(name, 5_000_000), line: None }
    }

    /// How its line is named.
    pub(crate) fn source(&self) -> String {
        match &self.door {
            Door::Socket(_, path) => path.display().to_string(),
            Door::Tcp(listener) => listener.local_addr().unwrap().to_string(),
        }
    }

    /// Waits for somebody, and says who it is and what happened in two seconds: the last of a copy is told
    /// once the next has begun.
    pub(crate) fn attend(&mut self) {
        self.line = Some(match &self.door {
            Door::Socket(listener, _) => Box::new(listener.accept().unwrap().0),
            Door::Tcp(listener) => Box::new(listener.accept().unwrap().0),
        });
        let greeting = self.machine.greeting();
        self.say(&greeting);
        self.go_on();
        self.go_on();
    }

    /// Says what happened in another second.
    pub(crate) fn go_on(&mut self) {
        let second = self.machine.second();
        self.say(&second);
    }

    /// Says nothing more to who listens.
    pub(crate) fn hang_up(&mut self) {
        self.line = None;
    }

    fn say(&mut self, bytes: &[u8]) {
        self.line.as_mut().unwrap().write_all(bytes).unwrap();
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        if let Door::Socket(_, path) = &self.door {
            let _ = fs::remove_file(path);
        }
    }
}
