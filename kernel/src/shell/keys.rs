//! From the bytes of a serial line to keys.
//!
//! Terminals differ in what they send for Enter and for the key left of it, and lines garble.
//! Whatever comes, only printable ASCII becomes a character, and a control byte always acts, even
//! in the middle of an escape sequence that lost its end.

/// Bytes of an escape sequence after which it is taken for garbage.
const LONGEST: u8 = 8;

/// A key that somebody pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A printable ASCII character.
    Char(u8),
    /// The end of a line.
    Enter,
    /// Take back the character before the cursor.
    Backspace,
    /// Complete what was typed.
    Tab,
    /// An arrow: the last byte of the escape sequence that stands for it, `A` to `D` for up,
    /// down, right and left.
    Arrow(u8),
    /// Ctrl-U: take back the whole line.
    Kill,
    /// Ctrl-C: stop.
    Stop,
}

/// What the bytes before have led to.
#[derive(Debug, Default)]
pub(super) struct Keys {
    state: State,
    /// The byte before was a CR, so that an LF belongs to it.
    after_cr: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Plain,
    Escape,
    /// In a sequence, after so many bytes of it.
    Sequence(u8),
}

impl Keys {
    /// The key that `byte` completes, if it does.
    pub(super) fn take(&mut self, byte: u8) -> Option<Key> {
        let second_half = core::mem::replace(&mut self.after_cr, byte == b'\r') && byte == b'\n';
        if let Some(key) = control(byte) {
            self.state = State::Plain;
            return (!second_half).then_some(key);
        }
        let (state, key) = match (self.state, byte) {
            (_, 0x1b) => (State::Escape, None),
            (State::Plain, b' '..=b'~') => (State::Plain, Some(Key::Char(byte))),
            (State::Escape, b'[' | b'O') => (State::Sequence(0), None),
            (State::Sequence(_), b'A'..=b'D') => (State::Plain, Some(Key::Arrow(byte))),
            (State::Sequence(len), b' '..=b'?') if len < LONGEST => {
                (State::Sequence(len + 1), None)
            }
            _ => (State::Plain, None),
        };
        self.state = state;
        key
    }
}

/// The key that a control byte stands for by itself.
fn control(byte: u8) -> Option<Key> {
    Some(match byte {
        0x03 => Key::Stop,
        0x08 | 0x7f => Key::Backspace,
        b'\t' => Key::Tab,
        b'\r' | b'\n' => Key::Enter,
        0x15 => Key::Kill,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keys = Keys::default();
        bytes.iter().filter_map(|&byte| keys.take(byte)).collect()
    }

    #[test]
    fn each_end_of_a_line_ends_it_once() {
        let ended = [Key::Char(b'a'), Key::Enter, Key::Char(b'b'), Key::Enter];
        for bytes in [&b"a\rb\r"[..], b"a\nb\n", b"a\r\nb\r\n"] {
            assert_eq!(keys(bytes), ended);
        }
        assert_eq!(keys(b"\r\r\n\n"), [Key::Enter; 3]);
    }

    #[test]
    fn both_keys_for_taking_back_do() {
        assert_eq!(keys(b"\x08\x7f"), [Key::Backspace; 2]);
    }

    #[test]
    fn arrows_come_in_two_dialects() {
        assert_eq!(keys(b"\x1b[A\x1bOD"), [Key::Arrow(b'A'), Key::Arrow(b'D')]);
        assert_eq!(keys(b"\x1b[1;5C"), [Key::Arrow(b'C')]);
    }

    #[test]
    fn other_sequences_leave_nothing_behind() {
        assert_eq!(keys(b"\x1b[3~\x1b[Hx"), [Key::Char(b'x')]);
    }

    #[test]
    fn a_broken_sequence_does_not_swallow_the_end_of_the_line() {
        assert_eq!(keys(b"\x1b\r\x1b[\r\x1b[12\x03"), [Key::Enter, Key::Enter, Key::Stop]);
        assert_eq!(keys(b"\x1b[0000000000000000ab").last(), Some(&Key::Char(b'b')));
    }

    #[test]
    fn nothing_but_ascii_is_a_character() {
        assert_eq!(keys(&[0x00, 0x80, 0xc0, 0x80, 0xff, 0x01, 0x1c]), []);
    }
}
