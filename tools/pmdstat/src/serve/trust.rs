//! From when on it is known who speaks.
//!
//! What numbers mean is told by the names that follow a greeting. Before those were heard whole, numbers would be
//! counted under names of another image, or of another start.

use perf::stream::Message;

use crate::recording::Heard;

/// What is known of who speaks on a line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trust {
    /// A greeting was heard with all that follows it.
    is_known: bool,
    /// One is being heard, and nothing of it is missing so far.
    is_greeting: bool,
}

impl Trust {
    /// Whether numbers that are heard now have the names that are known.
    pub(super) fn is_known(self) -> bool {
        self.is_known
    }

    /// Whether what was heard can be believed.
    pub(super) fn admits(&mut self, heard: &Heard<'_>) -> bool {
        match heard {
            Heard::Missing(_) | Heard::Damage => self.is_greeting = false,
            Heard::Text(_) | Heard::Unknown | Heard::Message(Message::Log(_)) => {}
            Heard::Message(Message::Greeting(_)) => self.is_greeting = true,
            Heard::Message(Message::Fact(_) | Message::Names(_)) => {
                return self.is_known || self.is_greeting;
            }
            Heard::Message(_) => {
                self.is_known |= std::mem::take(&mut self.is_greeting);
                return self.is_known;
            }
        }
        true
    }

    /// Another machine may speak now, or the same after a start.
    pub(super) fn doubt(&mut self) {
        self.is_known = false;
    }
}
