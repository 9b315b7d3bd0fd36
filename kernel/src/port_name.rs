//! What a user calls a port.

use core::fmt::{self, Debug, Display, Formatter};

/// Bytes of a name at most: those of an interface of Linux.
const LONGEST: usize = 15;

/// A name: a letter, then letters, digits, hyphens, underscores and dots. So it is neither a number nor a
/// place nor an address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PortName {
    bytes: [u8; LONGEST],
    len: u8,
}

impl PortName {
    /// The name that `text` is.
    pub fn parse(text: &str) -> Option<Self> {
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let starts = text.starts_with(|first: char| first.is_ascii_alphabetic());
        let mut bytes = [0; LONGEST];
        let place = bytes.get_mut(..text.len())?;
        place.copy_from_slice(text.as_bytes());
        (starts && text.bytes().all(is_good)).then_some(Self { bytes, len: text.len() as u8 })
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl Display for PortName {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Debug for PortName {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(self.as_str(), out)
    }
}

/// A port's number, and its name in parentheses if it has one, as Open vSwitch writes both.
pub struct Numbered(pub usize, pub Option<PortName>);

impl Display for Numbered {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)?;
        self.1.map_or(Ok(()), |name| write!(out, "({name})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_told_as_they_are() {
        for text in ["wan", "lan-2", "dpdk_p0", "x", "eth0.100", "abcdefghijklmno"] {
            assert_eq!(PortName::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Numbered(3, PortName::parse("wan")).to_string(), "3(wan)");
        assert_eq!(Numbered(3, None).to_string(), "3");
    }

    #[test]
    fn what_could_be_taken_for_something_else_is_no_name() {
        for text in ["", "0", "2x", "-x", "a b", "a:b", "a@b", "a,b", "é", "abcdefghijklmnop"] {
            assert_eq!(PortName::parse(text), None, "{text}");
        }
    }
}
