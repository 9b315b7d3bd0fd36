//! What is to be told beside answers: notices and alarms, which wait until the line that is being
//! written has ended.

use core::fmt::{self, Arguments, Write};

use heapless::String;

use crate::show::STEP;

/// Texts that wait, each of them whole.
pub(super) struct Aside {
    text: String<STEP>,
    lost: u64,
}

impl Aside {
    /// Nothing.
    pub(super) const fn new() -> Self {
        Self { text: String::new(), lost: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.lost == 0
    }

    /// Keeps one line. What finds no room is counted.
    pub(super) fn line(&mut self, line: Arguments<'_>) {
        self.keep(|out| writeln!(out, "{line}"));
    }

    /// Keeps all that `tell` writes, or nothing and counts that.
    pub(super) fn keep(&mut self, tell: impl FnOnce(&mut String<STEP>) -> fmt::Result) {
        let before = self.text.len();
        if tell(&mut self.text).is_err() {
            self.text.truncate(before);
            self.lost += 1;
        }
    }

    /// Writes all that waits, and forgets it.
    pub(super) fn tell(&mut self, out: &mut impl Write) -> fmt::Result {
        out.write_str(&self.text)?;
        if self.lost > 0 {
            writeln!(out, "({} notices found no room)", self.lost)?;
        }
        *self = Self::new();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_left_out_as_a_whole_and_counted() {
        let mut aside = Aside::new();
        let long = "x".repeat(STEP / 2);
        aside.line(format_args!("{long}"));
        aside.line(format_args!("{long}"));
        aside.line(format_args!("short"));
        let mut told = std::string::String::new();
        aside.tell(&mut told).unwrap();
        assert_eq!(told, format!("{long}\nshort\n(1 notices found no room)\n"));
        assert!(aside.is_empty());
    }
}
