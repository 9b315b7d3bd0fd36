//! An event as values, for readers that make something else of it than text.

use super::store::{Loss, Part};
use super::{Dump, Events};
use crate::iteration::Iteration;
use crate::stolen::Readings;

/// An event that is complete.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    events: &'a Events<'a>,
    head: u64,
    first: &'a Part,
}

impl Dump {
    /// The event that it prints; nothing if that made room for newer ones.
    pub fn event<'a>(&self, events: &'a Events<'_>) -> Option<Event<'a>> {
        let first = events.store.part(self.head)?;
        Some(Event { events, head: self.head, first })
    }
}

impl<'a> Event<'a> {
    /// Counts the events of all cores from 1.
    pub fn number(&self) -> u64 {
        self.first.number()
    }

    /// The core that it happened on.
    pub fn core(&self) -> usize {
        self.first.core()
    }

    /// What an operator noted down, and when, as a count of the time-stamp counter; nothing where
    /// it is about iterations.
    pub fn note(&self) -> Option<(&'a str, u64)> {
        Some((self.first.note()?, self.first.suspect.start))
    }

    /// Whether it is known in which rooms the time of its iterations was spent.
    pub fn has_rooms(&self) -> bool {
        self.first.has_rooms
    }

    /// What it is made of, oldest first: a part for each suspicious iteration.
    pub fn parts(&self) -> impl Iterator<Item = &'a Part> + use<'a> {
        self.events.store.chain(self.head)
    }

    /// Iterations of its window that the history did not have.
    pub fn missing(&self) -> u64 {
        self.parts().map(Part::missing).sum()
    }

    /// The iterations of its window that were recorded, newest first.
    pub fn rows(&self) -> impl Iterator<Item = &'a Iteration> + use<'a> {
        let store = &self.events.store;
        let parts =
            core::iter::successors(store.part(self.first.tail), |part| store.part(part.before?));
        parts.flat_map(|part| (0..part.rows).rev().map(|position| store.row(part, position)))
    }
}

impl Part {
    /// The number of the event that it belongs to.
    pub fn number(&self) -> u64 {
        self.event
    }

    /// The core that it happened on.
    pub fn core(&self) -> usize {
        self.core
    }

    /// The suspicious iteration.
    pub fn suspect(&self) -> &Iteration {
        &self.suspect
    }

    /// Whether it is known in which rooms its time was spent.
    pub fn has_rooms(&self) -> bool {
        self.has_rooms
    }

    /// What the core's slow registers counted since it had last looked at them.
    pub fn readings(&self) -> &Readings {
        &self.readings
    }

    /// What a NIC lost, where that is why it is suspicious.
    pub fn loss(&self) -> Option<Loss> {
        self.loss
    }

    /// What an operator noted down; nothing where this is about an iteration.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whether its window was cut, because too many were waiting.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Iterations of its window that the history did not have.
    pub fn missing(&self) -> u64 {
        self.missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Source;
    use crate::played::Played;
    use crate::settings::Settings;

    #[test]
    fn an_event_tells_its_suspicious_iterations_and_rows_as_its_text_does() {
        let (mut parts, mut rows) = (vec![Part::default(); 8], vec![Iteration::default(); 2000]);
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
        let event = events.next_to_print().unwrap().event(&events).unwrap();
        let suspects: Vec<u64> = event.parts().map(|part| part.suspect().cycles).collect();
        let rows: Vec<u64> = event.rows().map(|row| row.number).collect();
        assert_eq!((event.number(), event.core(), suspects), (1, 3, vec![300, 400]));
        assert_eq!(rows, (95..=108).rev().collect::<Vec<_>>());
    }
}
