//! A place in a text.

use super::{Expected, Fault};

/// What is still to be read of a text.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
    whole: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, whole: text.len() }
    }

    /// What is wrong here.
    pub(super) fn fault(&self, expected: Expected) -> Fault {
        Fault { column: self.whole - self.rest.len() + 1, expected }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Passes commas and blanks.
    pub(super) fn skip_separators(&mut self) {
        self.rest = self.rest.trim_start_matches([',', ' ', '\t']);
    }

    /// Passes `text`, if it is here.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Passes what must be here.
    pub(super) fn expect(&mut self, text: &'static str) -> Result<(), Fault> {
        let fault = self.fault(Expected::Words(text));
        self.eat(text).then_some(()).ok_or(fault)
    }

    /// Passes everything up to one of `ends`, and returns it.
    pub(super) fn until(&mut self, ends: &[char]) -> &'a str {
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// Passes a name and returns it.
    pub(super) fn name(&mut self) -> &'a str {
        let is_other = |c: char| !c.is_ascii_alphanumeric() && c != '_';
        let end = self.rest.find(is_other).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name
    }

    /// Passes a number up to `most`, decimal or with 0x.
    pub(super) fn number(&mut self, most: u64) -> Result<u64, Fault> {
        let fault = self.fault(Expected::Number(most));
        let number = number(self.name()).ok_or(fault)?;
        u64::try_from(number).ok().filter(|number| *number <= most).ok_or(fault)
    }
}

/// The number that `text` stands for, in decimal digits or, behind 0x, hexadecimal ones.
pub(super) fn number(text: &str) -> Option<u128> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let proper = digits.bytes().all(|byte| char::from(byte).is_digit(radix));
    proper.then(|| u128::from_str_radix(digits, radix).ok()).flatten()
}
