//! What was said of each key, word for word: what runs is told in the words that made it so.

use super::table::KEYS;
use super::{Key, Options, keys};

/// The value that was said of each key, if one was and it can be honoured.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a>([Option<&'a str>; KEYS]);

impl<'a> Said<'a> {
    /// Nothing was said.
    pub const NONE: Self = Self([None; KEYS]);

    /// What was said of `key`.
    pub fn of(&self, key: Key) -> Option<&'a str> {
        self.0[key.number()]
    }

    /// Each key of which something was said, and that.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &'a str)> {
        keys().zip(self.0).filter_map(|(key, text)| Some((key, text?)))
    }

    pub(super) fn note(&mut self, key: Key, text: Option<&'a str>) {
        self.0[key.number()] = text;
    }
}

impl Key {
    /// Whether these two texts stand for the same value; what stands for none is the default's.
    pub fn is_same(&self, one: Option<&str>, other: Option<&str>) -> bool {
        one == other || self.alone(one) == self.alone(other)
    }

    /// Options of which only this was said.
    fn alone(&self, text: Option<&str>) -> Options {
        let mut options = Options::default();
        if let Some(text) = text
            && self.set(&mut options, text).is_none()
        {
            self.reset(&mut options);
        }
        options
    }
}
