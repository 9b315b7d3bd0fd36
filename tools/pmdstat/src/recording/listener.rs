//! From bytes to messages and lines of text.

use std::io::{self, Read};

use perf::stream::{Damage, Found, Frame, Greeting, Message, Scanner};

use crate::talk;

/// What was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// A message of the stream.
    Message(&'a Message<'a>),
    /// A line of text.
    Text(&'a str),
    /// So many frames are missing here.
    Missing(u64),
    /// Something that was a frame.
    Damage,
    /// A frame of a kind that this version does not know.
    Unknown,
}

/// Listens to a line.
#[derive(Debug)]
pub struct Listener {
    scanner: Scanner,
    place: Place,
}

/// Where in a machine's stream it is.
#[derive(Debug, Default)]
struct Place {
    /// The number of the next frame.
    next: Option<u32>,
    /// That of the first that was heard.
    first: Option<u32>,
    /// The last greeting.
    greeting: Option<Greeting>,
}

impl Listener {
    /// One that has heard nothing yet.
    pub(crate) fn new() -> Self {
        Self { scanner: Scanner::new(), place: Place::default() }
    }

    /// One that hears a line from its first frame on.
    pub fn from_start() -> Self {
        let place = Place { next: Some(0), ..Place::default() };
        Self { place, ..Self::new() }
    }

    /// Takes `bytes`, and hands what they complete to `tell`.
    pub fn hear(&mut self, bytes: &[u8], tell: &mut impl FnMut(Heard<'_>)) {
        for byte in bytes {
            if let Some(found) = self.scanner.push(*byte) {
                pass_on(found, &mut self.place, tell);
                let place = &mut self.place;
                place.first = place.first.or(place.next.map(|next| next.wrapping_sub(1)));
            }
        }
    }

    /// Hands all that `input` holds to its end to `tell`.
    ///
    /// # Errors
    ///
    /// Those of `input`.
    pub(crate) fn hear_all(
        &mut self,
        mut input: impl Read,
        tell: &mut impl FnMut(Heard<'_>),
    ) -> io::Result<()> {
        let (mut buffer, mut total) = (vec![0; 1 << 16], 0);
        loop {
            let count = input.read(&mut buffer)?;
            talk::far(&mut total, count);
            if count == 0 {
                self.finish(tell);
                return Ok(());
            }
            self.hear(&buffer[..count], tell);
        }
    }

    /// The number of the first frame that was heard.
    pub(crate) fn first(&self) -> Option<u32> {
        self.place.first
    }

    /// Hands what the end completes to `tell`.
    pub fn finish(&mut self, tell: &mut impl FnMut(Heard<'_>)) {
        if let Some(found) = self.scanner.finish() {
            pass_on(found, &mut self.place, tell);
        }
    }
}

impl Place {
    /// Whether `frame`, which says `message`, is the first that is heard since a machine started.
    fn is_begun_by(&mut self, frame: &Frame<'_>, message: Result<&Message<'_>, &Damage>) -> bool {
        let Ok(Message::Greeting(greeting)) = message else { return false };
        let known = self.greeting.replace(*greeting);
        // The first may have been lost, but moments of starts differ.
        frame.sequence == 0 || known.is_some_and(|known| known.base.boot != greeting.base.boot)
    }
}

fn pass_on(found: Found<'_>, place: &mut Place, tell: &mut impl FnMut(Heard<'_>)) {
    match found {
        Found::Frame(frame) => {
            let message = Message::read(&frame);
            let begins = place.is_begun_by(&frame, message.as_ref());
            let expected = place.next.replace(frame.sequence.wrapping_add(1));
            let missing = expected.map_or(0, |expected| frame.sequence.wrapping_sub(expected));
            // A number far behind was sent before: lines repeat what they have sent, some of them.
            match missing {
                0 => {}
                _ if begins => {}
                repeated if repeated > u32::MAX / 2 => {
                    place.next = expected;
                    return;
                }
                missing => tell(Heard::Missing(missing.into())),
            }
            tell(message.as_ref().map_or(Heard::Damage, Heard::Message));
        }
        Found::Damage(Damage::Kind(_)) => {
            // It has a number too.
            place.next = place.next.map(|next| next.wrapping_add(1));
            tell(Heard::Unknown);
        }
        Found::Damage(_) => tell(Heard::Damage),
        Found::Text(text) => {
            String::from_utf8_lossy(text).lines().for_each(|line| tell(Heard::Text(line)));
        }
    }
}

#[cfg(test)]
mod tests {
    use perf::stream::{Frame, Kind};

    use super::*;

    #[test]
    fn frames_of_later_versions_are_not_missing() {
        let log = |sequence| Frame { sequence, kind: Kind::Log, payload: &[] };
        let (mut place, mut heard) = (Place::default(), Vec::new());
        let found = [
            Found::Frame(log(4)),
            Found::Damage(Damage::Kind(0xf0)),
            Found::Frame(log(6)),
            Found::Frame(log(8)),
        ];
        for found in found {
            pass_on(found, &mut place, &mut |it| heard.push(format!("{it:?}")));
        }
        let heard_log = "Message(Log([]))";
        assert_eq!(heard, [heard_log, "Unknown", heard_log, "Missing(1)", heard_log]);
    }

    /// What is missing before a log of each of these numbers.
    fn missing(mut listener: Listener, numbers: &[u32]) -> Vec<u64> {
        let log = |sequence: &u32| Frame { sequence: *sequence, kind: Kind::Log, payload: &[] };
        let mut missing = vec![];
        for frame in numbers.iter().map(log) {
            pass_on(Found::Frame(frame), &mut listener.place, &mut |heard| {
                if let Heard::Missing(count) = heard {
                    missing.push(count);
                }
            });
        }
        missing
    }

    #[test]
    fn a_line_that_is_heard_from_its_start_lacks_what_came_first() {
        assert_eq!(missing(Listener::from_start(), &[2, 3, 7]), [2, 3]);
        assert_eq!(missing(Listener::new(), &[2, 3, 7]), [3]);
    }

    #[test]
    fn numbers_may_wrap() {
        assert_eq!(missing(Listener::new(), &[u32::MAX, 0, 2]), [1]);
    }
}
