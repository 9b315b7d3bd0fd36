//! What a line or a file may hold where a stream is looked for.

use perf::report::{Rooms, Row, Suspect};
use perf::stream::{Found, Frame, Kind, LINE, Message, PAYLOAD, Rows, Scanner, armour, encode};
use perf::{Iteration, Timebase};

/// Bytes between stuffed frames cost the one behind them at most, between armoured ones those in the length
/// of one frame; and a payload of them is a message that can be written in words, or is none.
pub(super) fn check(bytes: &[u8]) {
    let Some((kind, payload)) = bytes.split_first() else { return };
    let kind = Kind::ALL[usize::from(*kind) % Kind::ALL.len()];
    let payload = &payload[..payload.len().min(PAYLOAD)];
    let frame = Frame { sequence: u32::MAX, kind, payload };
    message(&frame);
    let mut line = [0; LINE];
    let len = encode(&frame, &mut line);
    is_found_behind(bytes, &line[..len].repeat(2), &frame);
    let mut line = [0; armour::LINE];
    let text = format!("\n{}\n", armour::encode(&frame, &mut line));
    // A zero byte and what may be a kind begin a stuffed frame, until it would be too long for one.
    let hit = if bytes.contains(&0) { LINE / text.len() } else { 0 };
    is_found_behind(bytes, text.repeat(hit + 2).as_bytes(), &frame);
}

/// The last frame of `lines` behind `bytes` is found, as it was.
fn is_found_behind(bytes: &[u8], lines: &[u8], frame: &Frame<'_>) {
    let mut scanner = Scanner::new();
    let mut last = false;
    for byte in bytes.iter().chain(lines) {
        if let Some(found) = scanner.push(*byte) {
            last = found == Found::Frame(*frame);
            look(found);
        }
    }
    assert!(last, "{bytes:x?}");
}

fn look(found: Found<'_>) {
    match found {
        Found::Frame(frame) => message(&frame),
        Found::Text(text) => assert!(text.len() <= 2 * LINE),
        Found::Damage(_) => {}
    }
}

/// What a message says is finite, and has words.
fn message(frame: &Frame<'_>) {
    let Ok(message) = Message::read(frame) else { return };
    let most = frame.payload.len();
    match message {
        Message::Suspect(suspect) => {
            let base = Timebase::new(suspect.event, suspect.iteration.start);
            written(&suspect.iteration, &base);
        }
        Message::Rows(Rows { mut heading, rows }) => {
            assert!(rows.count() <= most);
            let base = Timebase::new(heading.number, heading.end);
            rows.for_each(|row| written(&row.iteration(&mut heading), &base));
        }
        Message::Milliseconds(message) => assert!(message.records.count() <= most),
        Message::Amounts(message) => assert!(message.amounts.count() <= most),
        Message::Names(message) => assert!(message.names.count() <= most),
        Message::Gap(gaps) => assert!(gaps.count() <= most),
        _ => {}
    }
}

fn written(iteration: &Iteration, base: &Timebase) {
    let suspect = Suspect { iteration, core: 1, event: 1, base };
    assert!(!format!("{suspect}{}{}", Row(iteration), Rooms(iteration)).contains('\n'));
}
