//! What frames carry, by number, and what can be wrong with one.

/// Declares the kinds: for each its number on the wire and its name in reports.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $number:literal, $name:literal;)*) => {
        /// What a frame carries. Numbers on the wire are from 0x80 on, which no text has for its
        /// second byte.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Kind {
            $($(#[$doc])* $kind = $number,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The kind with this number on the wire, if this version knows it.
            pub const fn from_byte(byte: u8) -> Option<Self> {
                match byte {
                    $($number => Some(Self::$kind),)*
                    _ => None,
                }
            }

            /// Its name in reports.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// One defmt frame, without an encoding of its own.
    Log = 0x81, "log";
    /// Who speaks: version, build, clock. [`Greeting`](super::Greeting).
    Greeting = 0x82, "greeting";
    /// Something in words that holds for long: [`Fact`](super::Fact).
    Fact = 0x83, "fact";
    /// A suspicious iteration, with all that is known of it: [`Suspect`](super::Suspect).
    Suspect = 0x84, "suspect";
    /// Iterations of an event: [`Rows`](super::Rows).
    Rows = 0x85, "rows";
    /// An event was sent whole: [`Whole`](super::Whole).
    Whole = 0x86, "whole";
    /// What an operator noted down: [`Note`](super::Note).
    Note = 0x87, "note";
    /// Milliseconds of a core: [`Milliseconds`](super::Milliseconds).
    Milliseconds = 0x88, "milliseconds";
    /// Numbers that were counted: [`Amounts`](super::Amounts).
    Amounts = 0x89, "amounts";
    /// What numbers are called: [`Names`](super::Names).
    Names = 0x8a, "names";
    /// What was not sent, because the line was slower: [`Gap`](super::Gap).
    Gap = 0x8b, "gap";
    /// A piece of the text of a crash report.
    Crash = 0x8c, "crash";
}

/// Why bytes are not a frame, or a frame is not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// They are not stuffed or armoured correctly, or are too few or too many: damage, or foreign
    /// text.
    Garbled,
    /// Their CRC is not right.
    Crc,
    /// They are a frame of a kind that this version does not know.
    Kind(u8),
    /// They are a whole frame of this kind, and its payload is none.
    Payload(Kind),
}
