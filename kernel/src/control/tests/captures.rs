//! Captures: who is lent memory when, and what is told of the frames.

use frame::{Buffer, Frame};

use super::*;

/// What PMD `number` was lent.
fn lent(desk: &mut Desk, number: usize) -> Option<&'static mut Capture> {
    desk.captures[number].lent.take()
}

fn give_back(desk: &mut Desk, number: usize, capture: &'static mut Capture) {
    assert!(desk.captures[number].back.send(capture).is_ok());
}

/// Frames of so many bytes, all of them `byte`, came at these times.
fn came(capture: &mut Capture, (byte, len): (u8, usize), times: &[u64]) {
    let mut frame = Frame::new(Box::leak(Box::new(Buffer::new())));
    assert!(frame.copy_from(&vec![byte; len]));
    times.iter().for_each(|time| capture.keep(&frame, *time));
}

/// Orders to end captures, with the number of the PMD that each is for.
fn ends(desk: &mut Desk) -> Vec<(usize, u32)> {
    let all = desk.obey_each().into_iter();
    let ends = all.filter_map(|(pmd, order)| match order {
        Order::EndCapture(number) => Some((pmd, number)),
        _ => None,
    });
    ends.collect()
}

#[test]
fn frames_of_all_pmds_are_shown_in_order_of_time_once_all_memory_is_back() {
    let mut desk = Desk::new();
    assert_eq!(desk.answers("capture 1 udp 3 -s 20"), [""; 0]);
    let both = [0, 1].map(|pmd| lent(&mut desk, pmd).unwrap());
    let wish = *both[0].wish();
    assert_eq!((wish.number, wish.frames, wish.snaplen), (1, 3, 20));
    came(both[0], (0xaa, 60), &[1_000_000, 3_000_000, 4_000_000]);
    came(both[1], (0xbb, 10), &[2_000_000]);
    let [first, second] = both;
    let refused = "error: capture 1 is under way (capture stop ends it)";
    assert_eq!(desk.answers("capture show"), [refused]);
    give_back(&mut desk, 0, first);
    assert_eq!((desk.says(""), ends(&mut desk)), (String::new(), vec![(1, 1)]));
    assert_eq!(desk.answers("capture 0 5"), [refused]);
    assert_eq!(ends(&mut desk), [], "one order is enough");
    give_back(&mut desk, 1, second);
    assert!(desk.says("").contains("capture 1: ended: port=1 frames=3 (capture show)"));
    let expected = [
        "# capture 1: port=1 snaplen=20 frames=3 clock=boot match=udp",
        "1.000000000 frame=1 length=60 captured=20 crc=",
        "0000  aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa",
        "0010  aa aa aa aa",
        "2.000000000 frame=2 length=10 captured=10 crc=",
        "0000  bb bb bb bb bb bb bb bb bb bb",
        "3.000000000 frame=3 length=60 captured=20 crc=",
        "0000  aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa",
        "0010  aa aa aa aa",
        "# capture 1: end",
    ];
    for _ in 0..2 {
        let lines = desk.answers("capture show");
        assert_eq!(lines.len(), expected.len(), "{lines:#?}");
        let all = lines.iter().zip(expected);
        all.for_each(|(line, expected)| assert!(line.starts_with(expected), "{line}"));
    }
}

#[test]
fn a_capture_that_is_stopped_has_what_came_by_then() {
    let mut desk = Desk::new();
    assert_eq!(desk.answers("capture stop"), ["error: no capture is under way"]);
    assert_eq!(desk.answers("capture show"), ["error: nothing was captured (capture PORT N)"]);
    assert_eq!(desk.answers("capture 0 1000 -s 0"), [""; 0]);
    let both = [0, 1].map(|pmd| lent(&mut desk, pmd).unwrap());
    came(both[1], (1, 1518), &[7]);
    assert_eq!(desk.answers("capture stop"), [""; 0]);
    desk.says("");
    assert_eq!(ends(&mut desk), [(0, 1), (1, 1)]);
    for (pmd, capture) in both.into_iter().enumerate() {
        give_back(&mut desk, pmd, capture);
    }
    assert!(desk.says("").contains("capture 1: ended: port=0 frames=1"));
    let lines = desk.answers("capture show");
    assert!(lines[1].contains(" frame=1 length=1518 captured=1518 crc="), "{lines:#?}");
    assert_eq!((lines.len(), lines[96].len()), (98, 6 + 14 * 3 - 1));
    // Another begins with nothing, and has a number of its own.
    desk.answers("capture 0 1");
    assert_eq!(lent(&mut desk, 1).map(|it| (it.wish().number, it.count())), Some((2, 0)));
}

#[test]
fn what_cannot_be_captured_is_refused_and_nothing_is_lent() {
    let mut desk = Desk::new();
    for (line, expected) in [
        ("capture 9 5", "error: there is no port 9 that frames come in by"),
        ("capture 0 tpc 5", "error: MATCH: column 1: expected the name of a field, or actions="),
        ("capture 0 tcp", "error: N is missing (usage: capture PORT [MATCH] N [-s BYTES])"),
        ("capture 0 1001", "error: "),
    ] {
        let lines = desk.answers(line);
        assert!(lines.len() == 1 && lines[0].starts_with(expected), "{line}: {lines:?}");
    }
    assert!(lent(&mut desk, 0).is_none());
}
