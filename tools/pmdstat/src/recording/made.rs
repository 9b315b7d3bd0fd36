//! Recordings that tests make up.

use perf::Timebase;
use perf::stream::{Amount, Draft, Frame, Greeting, Kind, LINE, Note, PAYLOAD, Table, encode};

/// Frames of `drafts`, numbered from `first` on.
pub(crate) fn line(first: u32, drafts: &[Draft]) -> Vec<u8> {
    let frames = (first..).zip(drafts).flat_map(|(sequence, draft)| {
        let mut line = [0; LINE];
        let frame = Frame { sequence, kind: draft.kind(), payload: draft.payload() };
        let len = encode(&frame, &mut line);
        line[..len].to_vec()
    });
    frames.collect()
}

pub(crate) fn draft(kind: Kind, value: &impl serde::Serialize) -> Draft {
    let mut draft = Draft::new(kind, PAYLOAD);
    draft.add(value).unwrap();
    draft
}

pub(crate) fn greeting(boot: u64, at: u64) -> Draft {
    let base = Timebase::new(1_000_000, boot);
    draft(Kind::Greeting, &Greeting { version: 1, build: [1; 20], base, at })
}

pub(crate) fn note(event: u64) -> Draft {
    draft(Kind::Note, &Note { event, at: 5, text: "noted" })
}

/// What the numbers of `table` are called.
pub(crate) fn names(table: Table, names: &[&str]) -> Draft {
    let mut draft = draft(Kind::Names, &(table, 0_u16, 0_u16));
    names.iter().for_each(|name| draft.add(name).unwrap());
    draft
}

/// A copy of an owner's table.
pub(crate) fn amounts((table, owner): (Table, u16), at: u64, numbers: &[u64]) -> Draft {
    let mut draft = draft(Kind::Amounts, &(table, owner, at, 0_u16));
    numbers.iter().for_each(|count| draft.add(&Amount { skipped: 0, count: *count }).unwrap());
    draft
}
