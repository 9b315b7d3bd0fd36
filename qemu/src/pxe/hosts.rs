//! The machines of a lab: a line each, with the address of the card that boots it, a name, and the file of its
//! configuration.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::machine::Mac;

/// What a line is to be.
const LINE: &str = "expected MAC NAME FILE, as 52:54:00:ba:5e:00 lab1 lab1.conf";

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The address of the card that boots it.
    pub mac: Mac,
    /// Its name, of letters, digits and hyphens.
    pub name: String,
    /// The text of its configuration.
    pub configuration: Vec<u8>,
}

impl Host {
    /// Its address as it stands in names of files: iPXE's `hexhyp`.
    #[must_use]
    pub fn dashed(&self) -> String {
        self.mac.to_string().replace(':', "-")
    }
}

/// Reads the list in `file`. Configurations are files beside it.
///
/// # Errors
///
/// A line is wrong, a machine is there twice, or a file cannot be read. The message tells which.
pub fn read(file: &Path) -> Result<Vec<Host>> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let content = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    parse(&text, content).with_context(|| file.display().to_string())
}

fn parse(text: &str, content: impl Fn(&str) -> Result<Vec<u8>>) -> Result<Vec<Host>> {
    let mut hosts: Vec<Host> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        if line.trim().is_empty() {
            continue;
        }
        let host = host(line, &content).with_context(|| format!("line {number}"))?;
        if let Some(other) = hosts.iter().find(|it| it.mac == host.mac || it.name == host.name) {
            bail!(
                "line {number}: {} or {} is the machine {} already",
                host.mac,
                host.name,
                other.name
            );
        }
        hosts.push(host);
    }
    Ok(hosts)
}

fn host(line: &str, content: impl Fn(&str) -> Result<Vec<u8>>) -> Result<Host> {
    let words: Vec<_> = line.split_whitespace().collect();
    let [mac, name, file] = words[..] else { bail!("{} words; {LINE}", words.len()) };
    let mac = parsed_mac(mac).with_context(|| format!("{mac:?} is no address; {LINE}"))?;
    let is_good = |it: char| it.is_ascii_alphanumeric() || it == '-';
    if !name.chars().all(is_good) || name.starts_with('-') || name.len() > 63 {
        bail!("{name:?} is no name of letters, digits and hyphens; {LINE}");
    }
    Ok(Host { mac, name: name.to_owned(), configuration: content(file)? })
}

fn parsed_mac(text: &str) -> Option<Mac> {
    let bytes: Option<Vec<u8>> =
        text.split([':', '-']).map(|part| u8::from_str_radix(part, 16).ok()).collect();
    Some(Mac(bytes?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<Host>> {
        parse(text, |name| Ok(format!("hostname={name}").into_bytes()))
    }

    #[test]
    fn a_line_is_a_machine_and_the_rest_is_remarks() {
        let hosts = parsed("# the lab\n\n52-54-00-BA-5E-00 lab1 a # left\n").unwrap();
        assert_eq!(hosts.len(), 1);
        assert_eq!((hosts[0].mac, &*hosts[0].name), (Mac::of_nic(0), "lab1"));
        assert_eq!(hosts[0].dashed(), "52-54-00-ba-5e-00");
        assert_eq!(hosts[0].configuration, b"hostname=a");
    }

    #[test]
    fn a_wrong_line_is_told_with_its_number() {
        for (text, told) in [
            ("52:54:00:ba:5e:00 lab1", "line 1: 2 words"),
            ("\n52:54:00:ba:5e lab1 a", "line 2: \"52:54:00:ba:5e\" is no address"),
            ("52:54:00:ba:5e:00 la_b a", "no name"),
            ("52:54:00:ba:5e:00 a a\n52:54:00:ba:5e:00 b b", "the machine a already"),
            ("52:54:00:ba:5e:00 a a\n52:54:00:ba:5e:01 a b", "the machine a already"),
        ] {
            let error = format!("{:#}", parsed(text).unwrap_err());
            assert!(error.contains(told), "{error}");
        }
    }
}
