//! Where a machine is heard while it runs: QEMU's socket, a serial device, a console server, a command.
//!
//! [`Source`] is one as the user names it, [`Line`] is it while it is open, and [`attach`] keeps one open: a
//! line that breaks is opened again for as long as somebody wants it.

mod attachment;
mod line;

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::os::unix::fs::FileTypeExt as _;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context as _, Result, bail, ensure};

pub(crate) use attachment::{Attachment, Happening, attach};
pub(crate) use line::Line;

/// Symbols per second of a serial device where none are given.
const BAUD: u32 = 115_200;

/// How sources are named, for `--help`.
pub(crate) const HELP: &str = "A line: a socket's path, a serial device's path with ,BAUD behind it where \
    that is not 115200, HOST:PORT of a console server or of stream=net, or exec: and a command such as \
    ipmitool ... sol activate. NAME= before it says what the machine is called. Where several are taken, @FILE \
    names a file with one in each line.";

/// A line, and what the machine at its other end is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// What the user calls it; its way if there is no name.
    pub(crate) name: String,
    way: Way,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    /// A Unix socket.
    Socket(PathBuf),
    /// A serial device, and its symbols per second.
    Device(PathBuf, u32),
    /// A host and a port of TCP.
    Tcp(String),
    /// A command for the shell, which gets a terminal.
    Command(String),
}

impl Source {
    /// Opens it.
    ///
    /// # Errors
    ///
    /// There is nobody, or no right to it.
    pub(crate) fn open(&self) -> Result<Line> {
        let line = match &self.way {
            Way::Socket(path) => Line::socket(path),
            Way::Device(path, baud) => Line::device(path, *baud),
            Way::Tcp(address) => Line::tcp(address),
            Way::Command(command) => Line::command(command),
        };
        line.with_context(|| format!("cannot open {}", self.way))
    }

    /// Whether the user gave it a name; no way could be one.
    pub(crate) fn is_named(&self) -> bool {
        is_name(&self.name)
    }

    /// Whether it is a command, in which passwords may stand.
    pub(crate) fn is_command(&self) -> bool {
        matches!(self.way, Way::Command(_))
    }
}

/// The sources that `words` name; `@FILE` names those in the lines of a file, without what follows a `#`.
///
/// # Errors
///
/// One is none, a file cannot be read, or there is none at all.
pub(crate) fn all(words: &[String]) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for word in words {
        match word.strip_prefix('@') {
            None => sources.push(word.parse()?),
            Some(path) => {
                let text = fs::read_to_string(path);
                let text = text.with_context(|| format!("cannot read {path}"))?;
                let bare = |line: &str| line.split('#').next().unwrap_or("").trim().to_owned();
                for line in text.lines().map(bare).filter(|line| !line.is_empty()) {
                    sources.push(line.parse().with_context(|| format!("in {path}"))?);
                }
            }
        }
    }
    ensure!(!sources.is_empty(), "there is no source");
    Ok(sources)
}

impl FromStr for Source {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> Result<Self> {
        let (name, way) = match word.split_once('=') {
            Some((name, way)) if is_name(name) => (name, way),
            _ => (word, word),
        };
        Ok(Self { name: name.to_owned(), way: way.parse()? })
    }
}

impl FromStr for Way {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> Result<Self> {
        if let Some(command) = word.strip_prefix("exec:") {
            return Ok(Self::Command(command.to_owned()));
        }
        let (path, baud) = match word.rsplit_once(',') {
            Some((path, baud)) => {
                (path, baud.parse().with_context(|| format!("{baud} is no number of baud"))?)
            }
            None => (word, BAUD),
        };
        match fs::metadata(path).map(|known| known.file_type()) {
            Ok(kind) if kind.is_socket() => Ok(Self::Socket(path.into())),
            Ok(kind) if kind.is_char_device() => Ok(Self::Device(path.into(), baud)),
            Ok(_) => bail!("{path} is no socket and no serial device"),
            // It may be there later: a run makes its socket, a USB adapter is plugged in.
            Err(_) if path.starts_with("/dev/") => Ok(Self::Device(path.into(), baud)),
            Err(_) if path.contains('/') => Ok(Self::Socket(path.into())),
            Err(_) if is_address(word) => Ok(Self::Tcp(word.to_owned())),
            Err(_) => bail!("{word} is no path with a slash, no HOST:PORT and no exec:COMMAND"),
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', ':', ' '])
}

fn is_address(word: &str) -> bool {
    let port = word.rsplit_once(':').map(|(host, port)| (host.is_empty(), port.parse::<u16>()));
    matches!(port, Some((false, Ok(1..))))
}

impl Display for Way {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(out, "the socket {}", path.display()),
            Self::Device(path, baud) => write!(out, "{} at {baud} baud", path.display()),
            Self::Tcp(address) => write!(out, "{address}"),
            Self::Command(command) => write!(out, "what runs {command}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(word: &str) -> Way {
        word.parse::<Source>().unwrap().way
    }

    #[test]
    fn a_source_is_known_by_how_it_is_written() {
        assert_eq!(way("lab1.example:7001"), Way::Tcp("lab1.example:7001".into()));
        assert_eq!(way("[fe80::1]:7001"), Way::Tcp("[fe80::1]:7001".into()));
        assert_eq!(way("/dev/ttyUSB7"), Way::Device("/dev/ttyUSB7".into(), 115_200));
        assert_eq!(way("/dev/ttyUSB7,9600"), Way::Device("/dev/ttyUSB7".into(), 9600));
        assert_eq!(way("./not/there"), Way::Socket("./not/there".into()));
        let command = "ipmitool -H bmc, -U=x sol activate";
        assert_eq!(way(&format!("exec:{command}")), Way::Command(command.into()));
    }

    #[test]
    fn a_name_stands_before_it() {
        let source: Source = "lab1=10.0.0.1:7001".parse().unwrap();
        assert!(source.is_named());
        assert_eq!((&*source.name, source.way), ("lab1", Way::Tcp("10.0.0.1:7001".into())));
        let source: Source = "exec:sol -U=x".parse().unwrap();
        assert!(source.is_command() && !source.is_named());
        assert_eq!((&*source.name, source.way), ("exec:sol -U=x", Way::Command("sol -U=x".into())));
    }

    #[test]
    fn a_file_names_many() {
        let path = std::env::temp_dir().join(format!("pmdstat-sources-{}", std::process::id()));
        fs::write(&path, "# the lab\n\nlab1=a:1  # first\nb:2\n").unwrap();
        let words = ["c:3".to_owned(), format!("@{}", path.display())];
        let names: Vec<_> = all(&words).unwrap().into_iter().map(|source| source.name).collect();
        assert_eq!(names, ["c:3", "lab1", "b:2"]);
        fs::write(&path, "lab1\n").unwrap();
        assert!(all(&words[1..]).unwrap_err().to_string().starts_with("in /"));
        fs::remove_file(path).unwrap();
        assert!(all(&words[1..]).is_err());
    }

    #[test]
    fn what_is_no_source_is_told_what_is() {
        for word in ["lab1", "lab1:", ":7001", "lab1:0", "lab1:70000", "/dev/ttyS0,fast", "/etc"] {
            assert!(word.parse::<Source>().is_err(), "{word}");
        }
    }
}
