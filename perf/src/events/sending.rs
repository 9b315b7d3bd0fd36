//! An event as messages of the stream, a frame at a time.

use super::Events;
use super::store::Part;
use crate::stream::{Draft, Heading, Kind, Note, Row, Suspect, Whole};

/// An event that is being sent, and how far that has come: its suspicious iterations, its rows, and
/// that it was all.
#[derive(Clone, Copy, Debug)]
pub struct Sending {
    head: u64,
    event: u64,
    next: Place,
    suspects: u64,
    rows: u64,
    missing: u64,
    is_cut: bool,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Suspect(u64),
    /// A part, and so many of its rows that were sent.
    Row(u64, u64),
    Whole,
    Nothing,
}

impl Sending {
    pub(super) fn new(head: u64, event: u64) -> Self {
        let next = Place::Suspect(head);
        Self { head, event, next, suspects: 0, rows: 0, missing: 0, is_cut: false }
    }

    /// The next message, in a payload of up to `limit` bytes. Nothing if there was none left.
    pub fn draft(&mut self, events: &Events<'_>, limit: usize) -> Option<Draft> {
        if !matches!(self.next, Place::Nothing) && events.store.part(self.head).is_none() {
            (self.next, self.is_cut) = (Place::Whole, true);
        }
        match self.next {
            Place::Suspect(id) => self.suspect(id, events, limit),
            Place::Row(id, sent) => self.rows(id, sent, events, limit),
            Place::Whole => Some(self.whole(limit)),
            Place::Nothing => None,
        }
    }

    fn suspect(&mut self, id: u64, events: &Events<'_>, limit: usize) -> Option<Draft> {
        let part = events.store.part(id)?;
        if let Some(text) = part.note() {
            self.next = Place::Nothing;
            let note = Note { event: self.event, at: part.suspect.start, text };
            return Some(Draft::beginning(Kind::Note, limit, &note));
        }
        self.next = part.after.map_or(Place::Row(self.head, 0), Place::Suspect);
        self.suspects += 1;
        self.missing += part.missing;
        self.is_cut |= part.cut;
        Some(Draft::beginning(Kind::Suspect, limit, &self.message(part)))
    }

    fn message(&self, part: &Part) -> Suspect {
        Suspect {
            event: self.event,
            core: part.core as u16,
            iteration: part.suspect,
            has_rooms: part.has_rooms,
            readings: part.readings,
            loss: part.loss,
        }
    }

    /// Rows of the part `id` behind the `sent` first; then those of the part behind it.
    fn rows(&mut self, id: u64, sent: u64, events: &Events<'_>, limit: usize) -> Option<Draft> {
        let part = events.store.part(id)?;
        if sent == part.rows {
            self.next = part.after.map_or(Place::Whole, |after| Place::Row(after, 0));
            return self.draft(events, limit);
        }
        let first = events.store.row(part, sent);
        let (event, number) = (self.event, first.number.wrapping_sub(1));
        let mut heading = Heading { event, number, end: first.start };
        let mut draft = Draft::beginning(Kind::Rows, limit, &heading);
        let rows = (sent..part.rows).map(|position| events.store.row(part, position));
        let fits = |row: &&_| {
            let row = Row::of(row, &heading);
            let fits = draft.add(&row).is_ok();
            if fits {
                row.iteration(&mut heading);
            }
            fits
        };
        let count = rows.take_while(fits).count() as u64;
        self.rows += count;
        // A limit that no row fits in would never be reached.
        self.next = if count == 0 { Place::Whole } else { Place::Row(id, sent + count) };
        Some(draft)
    }

    fn whole(&mut self, limit: usize) -> Draft {
        self.next = Place::Nothing;
        let Self { event, suspects, rows, missing, is_cut, .. } = *self;
        Draft::beginning(Kind::Whole, limit, &Whole { event, suspects, rows, missing, is_cut })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Iteration;
    use crate::events::Source;
    use crate::played::Played;
    use crate::settings::Settings;
    use crate::stream::{Frame, Message, PAYLOAD};

    /// All that `events` has to send, with payloads of up to `limit` bytes: suspicious iterations, rows,
    /// and what is said at the end of each event.
    fn sent(events: &mut Events<'_>, limit: usize) -> (Vec<Suspect>, Vec<Iteration>, Vec<Whole>) {
        let (mut suspects, mut rows, mut wholes) = (vec![], vec![], vec![]);
        while let Some(mut sending) = events.next_to_send() {
            while let Some(draft) = sending.draft(events, limit) {
                let frame = Frame { sequence: 0, kind: draft.kind(), payload: draft.payload() };
                match Message::read(&frame).unwrap() {
                    Message::Suspect(suspect) => suspects.push(suspect),
                    Message::Rows(mut message) => {
                        rows.extend(message.rows.map(|row| row.iteration(&mut message.heading)));
                    }
                    Message::Whole(whole) => wholes.push(whole),
                    other => panic!("{other:?}"),
                }
            }
        }
        (suspects, rows, wholes)
    }

    #[test]
    fn an_event_is_sent_whole_whatever_its_frames_hold() {
        for limit in [100, PAYLOAD] {
            let (mut parts, mut rows) =
                (vec![Part::default(); 8], vec![Iteration::default(); 2000]);
            let mut events = Events::new(&mut parts, &mut rows).unwrap();
            let settings = Settings { extend: true, ..Settings::DEFAULT };
            let mut pmd = Played::new();
            let source = Source { core: 3, metrics: pmd.metrics, settings };
            pmd.idle(99);
            pmd.run(300);
            pmd.idle(2);
            pmd.run(400);
            pmd.idle(10);
            events.collect(&source, &mut None);
            let (suspects, rows, wholes) = sent(&mut events, limit);
            let cycles: Vec<u64> =
                suspects.iter().map(|suspect| suspect.iteration.cycles).collect();
            assert_eq!(cycles, [300, 400]);
            let history = pmd.metrics.history();
            let same = |row: &Iteration| {
                let known = history.iteration(row.number).unwrap();
                (row.start, row.cycles, row.packets) == (known.start, known.cycles, known.packets)
            };
            assert!(rows.iter().all(same));
            let numbers: Vec<u64> = rows.iter().map(|row| row.number).collect();
            assert_eq!(numbers, (95..=108).collect::<Vec<_>>());
            let whole = Whole { event: 1, suspects: 2, rows: 14, missing: 0, is_cut: false };
            assert_eq!(wholes, [whole]);
        }
    }

    #[test]
    fn a_default_event_takes_less_than_250_bytes() {
        let (mut parts, mut rows) = (vec![Part::default(); 8], vec![Iteration::default(); 2000]);
        let mut events = Events::new(&mut parts, &mut rows).unwrap();
        let mut pmd = Played::new();
        let source = Source { core: 3, metrics: pmd.metrics, settings: Settings::DEFAULT };
        pmd.idle(99);
        pmd.run(300);
        pmd.idle(10);
        events.collect(&source, &mut None);
        let mut sending = events.next_to_send().unwrap();
        let drafts = core::iter::from_fn(|| sending.draft(&events, PAYLOAD));
        let bytes: usize = drafts.map(|draft| draft.payload().len() + 11).sum();
        assert!(bytes < 250, "{bytes}");
    }
}
