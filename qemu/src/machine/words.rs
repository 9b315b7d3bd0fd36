//! The words of a QEMU command line.

use std::path::Path;

/// Words in order.
#[derive(Default)]
pub(super) struct Words(Vec<String>);

impl Words {
    pub(super) fn flag(&mut self, name: &str) {
        self.0.push(name.to_owned());
    }

    pub(super) fn option(&mut self, name: &str, value: impl Into<String>) {
        self.flag(name);
        self.0.push(value.into());
    }

    pub(super) fn extend(&mut self, words: &[String]) {
        self.0.extend_from_slice(words);
    }

    pub(super) fn into_vec(self) -> Vec<String> {
        self.0
    }
}

/// A path inside a QEMU option: commas, which end a value, are doubled.
pub(super) fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}
