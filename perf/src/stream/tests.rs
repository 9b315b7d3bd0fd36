//! Streams that are whole, damaged, or mixed with what firmware says.

use proptest::prelude::*;

use super::*;

/// What a scanner found: frames by number and payload, and how much was damaged.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    frames: Vec<(u32, Vec<u8>)>,
    damages: usize,
    text: Vec<u8>,
}

impl Heard {
    fn of(bytes: &[u8]) -> Self {
        let (mut scanner, mut heard) = (Scanner::new(), Self::default());
        bytes.iter().for_each(|&byte| heard.take(scanner.push(byte)));
        heard.take(scanner.finish());
        heard
    }

    fn take(&mut self, found: Option<Found<'_>>) {
        match found {
            Some(Found::Frame(frame)) => self.frames.push((frame.sequence, frame.payload.to_vec())),
            Some(Found::Damage(_)) => self.damages += 1,
            Some(Found::Text(text)) => self.text.extend(text),
            None => {}
        }
    }
}

type Line = fn(&Frame<'_>) -> Vec<u8>;

fn stuffed(frame: &Frame<'_>) -> Vec<u8> {
    let mut line = [0xff; LINE];
    let len = encode(frame, &mut line);
    line[..len].to_vec()
}

fn armoured(frame: &Frame<'_>) -> Vec<u8> {
    let mut line = [0xff; armour::LINE];
    format!("{}\r\n", armour::encode(frame, &mut line)).into_bytes()
}

/// `payloads` on the line, each frame as `line` writes it.
fn sent(payloads: &[Vec<u8>], line: Line) -> Vec<Vec<u8>> {
    let numbered = (0..).zip(payloads);
    numbered
        .map(|(sequence, payload)| line(&Frame { sequence, kind: Kind::Log, payload }))
        .collect()
}

fn payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..=PAYLOAD), 1..8)
}

fn line() -> impl Strategy<Value = Line> {
    prop_oneof![Just(stuffed as Line), Just(armoured as Line)]
}

proptest! {
    #[test]
    fn what_is_sent_is_received(payloads in payloads(), line in line()) {
        let expected: Vec<_> = (0..).zip(payloads.clone()).collect();
        let heard = Heard::of(&sent(&payloads, line).concat());
        prop_assert_eq!(heard, Heard { frames: expected, ..Heard::default() });
    }

    #[test]
    fn text_between_frames_hides_none_and_is_told(
        payloads in payloads(), line in line(), text in "[ -?A-~]{1,2000}"
    ) {
        let said = format!("{text}\r\n").into_bytes();
        let mut bytes = said.clone();
        for frame in sent(&payloads, line) {
            bytes.extend(frame);
            bytes.extend(&said);
        }
        bytes.extend(sent(&payloads, line).concat());
        let heard = Heard::of(&bytes);
        let expected: Vec<_> = (0..).zip(payloads.clone()).collect();
        prop_assert_eq!(heard.frames, [expected.clone(), expected].concat());
        let wanted = text.trim_ascii_end().len() * (payloads.len() + 1);
        prop_assert!(heard.text.len() >= wanted, "{} of {wanted}", heard.text.len());
    }

    #[test]
    fn whatever_the_bytes_nothing_breaks(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        let heard = Heard::of(&bytes);
        prop_assert_eq!(heard.frames, Vec::new());
    }
}

/// Pseudo-random numbers (xorshift64, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

/// What happens to lines: a flip, a cut, bytes sent twice, text in between.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let from = random.below(bytes.len());
    let to = (from + 1 + random.below(60)).min(bytes.len());
    match random.below(4) {
        0 => bytes[from] ^= 1 << random.below(8),
        1 => drop(bytes.drain(from..to)),
        2 => {
            let again = bytes[from..to].to_vec();
            bytes.splice(to..to, again).for_each(drop);
        }
        _ => {
            let text = b"\r\nSEL: PSU 2 redundancy lost [0x6f]\r\n";
            bytes.splice(from..from, text.iter().copied()).for_each(drop);
        }
    }
}

#[test]
fn damage_costs_the_frames_it_hits_and_the_one_behind_and_invents_none() {
    const FRAMES: usize = 6;
    let mut random = Random(0x5eed);
    for round in 0..ROUNDS {
        let payloads: Vec<Vec<u8>> = (0..FRAMES)
            .map(|_| (0..random.below(40)).map(|_| random.below(256) as u8).collect())
            .collect();
        let line = if round % 2 == 0 { stuffed } else { armoured };
        let mut bytes = sent(&payloads, line).concat();
        damage(&mut bytes, &mut random);
        let heard = Heard::of(&bytes);
        for (sequence, payload) in &heard.frames {
            assert_eq!(payload, &payloads[*sequence as usize], "round {round}");
        }
        let missing = (0..FRAMES as u32).filter(|n| !heard.frames.iter().any(|(got, _)| got == n));
        let missing: Vec<u32> = missing.collect();
        let (first, last) = (missing.first().unwrap_or(&0), missing.last().unwrap_or(&0));
        // 60 bytes may lie in a dozen frames of no payload.
        assert!((last - first) as usize + 1 >= missing.len(), "round {round}: {missing:?}");
        let hit = bytes.len().abs_diff(sent(&payloads, line).concat().len()) / 11 + 3;
        assert!(missing.len() <= hit, "round {round}: {missing:?}");
    }
}

/// Streams that are damaged.
const ROUNDS: usize = 1_000_000;

#[test]
fn a_kind_of_a_later_version_is_told_apart_from_damage() {
    let mut body = vec![255, 0, 0, 0, 0];
    body.extend(crc32fast::hash(&body).to_le_bytes());
    let mut bytes = vec![0; LINE];
    let stuffed = cobs::encode(&body, &mut bytes[1..]);
    let mut scanner = Scanner::new();
    let early = bytes[..=stuffed].iter().find_map(|&byte| scanner.push(byte).map(|_| byte));
    assert_eq!(early, None);
    assert_eq!(scanner.push(0), Some(Found::Damage(Damage::Kind(255))));
}

#[test]
fn a_draft_takes_values_whole_or_not_at_all() {
    let mut draft = Draft::new(Kind::Fact, 12);
    let fact = Fact { about: "machine", name: "a", value: "b" };
    assert_eq!(draft.add(&fact), Ok(()));
    assert_eq!(draft.add(&fact), Err(Full));
    let frame = Frame { sequence: 0, kind: Kind::Fact, payload: draft.payload() };
    assert_eq!(Message::read(&frame), Ok(Message::Fact(fact)));
}

#[test]
fn a_row_gives_back_what_it_was_made_of() {
    let mut iteration = crate::Iteration {
        number: 9,
        start: 1000,
        cycles: 50,
        packets: 3,
        batches: 2,
        fill: 7,
        upcalls: 1,
        ..Default::default()
    };
    iteration = iteration.with_room(crate::Room::Upcall, 30);
    for end in [1000, 900, 1100] {
        let mut heading = Heading { event: 1, number: 5, end };
        let row = Row::of(&iteration, &heading);
        assert_eq!(row.iteration(&mut heading), iteration);
        assert_eq!((heading.number, heading.end), (9, 1050));
    }
}

proptest! {
    #[test]
    fn whatever_a_payload_holds_it_is_a_message_or_damage(
        kind in prop::sample::select(Kind::ALL), payload in prop::collection::vec(any::<u8>(), 0..64)
    ) {
        let frame = Frame { sequence: 0, kind, payload: &payload };
        match Message::read(&frame) {
            Ok(Message::Rows(Rows { mut heading, rows })) => {
                rows.for_each(|row| { row.iteration(&mut heading); });
            }
            Ok(_) | Err(Damage::Payload(_)) => {}
            Err(other) => prop_assert!(false, "{other:?}"),
        }
    }
}
