//! What programs ask for at the console, and files that they send.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use perf::request::Request;
use perf::stream::{Found, Kind, Scanner};

use super::*;
use crate::stream::Way;

/// What the console says to the request `command`, between its marks, and the last of them.
fn asked(desk: &mut Desk, command: &str) -> (Vec<String>, String) {
    let lines = desk.answers(&Request { tag: "t1", command }.to_string());
    assert_eq!(lines[0], "@t1 begins");
    let (end, answer) = lines[1..].split_last().unwrap();
    (answer.to_vec(), end.clone())
}

/// Sends `file`, in pieces of so many bytes, and has it applied.
pub(super) fn put(
    desk: &mut Desk,
    file: &(impl AsRef<[u8]> + ?Sized),
    piece: usize,
) -> Vec<String> {
    let file = file.as_ref();
    let (len, crc) = (file.len(), crc32fast::hash(file));
    assert_eq!(desk.answers(&format!("put begin {len} {crc}")), [""; 0]);
    for (number, bytes) in file.chunks(piece).enumerate() {
        let mut base64 = [0; 512];
        let len = STANDARD.encode_slice(bytes, &mut base64).unwrap();
        let base64 = core::str::from_utf8(&base64[..len]).unwrap();
        let command = format!("put piece {} :{base64}", number * piece);
        // A program that heard no answer says it again.
        assert_eq!(desk.answers(&command), [""; 0]);
        assert_eq!(desk.answers(&command), [""; 0]);
    }
    desk.answers("put apply")
}

const FILE: &str = "\
# Two ports, and what is let through.
meter=1,pktps,band=type=drop,rate=1000
  pmd-perf-log-us=100   # the threshold

in_port=0,tcp,actions=meter:1,output:1
in_port=1,actions=output:0
";

#[test]
fn an_answer_stands_between_its_marks() {
    let mut desk = Desk::new();
    let (answer, end) = asked(&mut desk, "show drops");
    assert_eq!((answer.last().unwrap().as_str(), end.as_str()), ("total 0", "@t1 done"));
    let (answer, end) = asked(&mut desk, "show event 7");
    assert_eq!(answer, ["error: no event 7 (show events lists all)"]);
    assert_eq!(end, "@t1 failed");
    assert_eq!(asked(&mut desk, "shwo").1, "@t1 failed");
    assert_eq!(asked(&mut desk, "show drops").1, "@t1 done");
    assert_eq!(desk.answers("@7 mark here"), ["@7 begins", "mark: event=1", "@7 done"]);
}

#[test]
fn a_garbled_request_does_nothing() {
    let mut desk = Desk::new();
    assert_eq!(desk.answers("@t1,00000000 exit"), ["@t1 garbled"]);
    desk.says("");
    assert!(!desk.machine.left);
}

#[test]
fn ctrl_c_stops_an_answer_and_says_so() {
    let mut desk = Desk::new();
    desk.pmds[0].idle(1000);
    desk.control.tick(&mut desk.machine, b"@a pmd-perf-show -nh -it 1000\r");
    assert_eq!(desk.says("\x03"), format!("^C\r\n@a stopped\r\n{PROMPT}"));
}

#[test]
fn notices_and_events_wait_for_the_end_of_an_answer() {
    let mut desk = Desk::new();
    desk.pmds[0].idle(100);
    desk.control.tick(&mut desk.machine, b"@a pmd-perf-show -nh -it 100\r");
    desk.control.notice(format_args!("port 1: link down"));
    desk.stall(2, 10_000);
    let text = desk.says("");
    let places = ["@a done", "port 1: link down", "Suspicious"].map(|it| text.find(it).unwrap());
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn a_machine_that_is_left_answers_first() {
    let mut desk = Desk::new();
    let text = desk.says("@a exit\r");
    assert!(text.contains("@a begins\r\n@a done\r\n"), "{text}");
    assert!(desk.machine.left);
}

#[test]
fn a_file_is_applied_whole() {
    for piece in [7, 300] {
        let mut desk = Desk::new();
        desk.acknowledge();
        assert_eq!(
            put(&mut desk, FILE, piece),
            ["put: lines applied: rules=2 meters=1 settings=1"]
        );
        let rules = desk.answers("dump-flows");
        assert_eq!(rules.iter().filter(|rule| rule.contains("actions=")).count(), 2, "{rules:?}");
        assert!(rules.iter().any(|rule| rule.contains("meter:1")), "{rules:?}");
        assert!(desk.answers("dump-meters").iter().any(|meter| meter.contains("rate=1000")));
        assert!(desk.answers("pmd-perf-log-set")[0].contains("100"), "a threshold");
    }
}

#[test]
fn a_file_without_rules_leaves_those_that_there_are() {
    let mut desk = Desk::new();
    let before = desk.answers("dump-flows");
    let said = put(&mut desk, "pmd-perf-log-us=100\n", 99);
    assert_eq!(said, ["put: lines applied: rules=0 meters=0 settings=1"]);
    assert_eq!(desk.answers("dump-flows"), before);
}

#[test]
fn a_file_with_a_fault_changes_nothing_and_says_where_it_is() {
    for (wrong, expected) in [
        ("in_port=0,actions=fly", "error: line 7, column 19: expected "),
        ("pmd-perf-log-us=soon", "error: line 7, column 17: pmd-perf-log-us=soon: expected 0 to "),
        ("pmd-perf-nothing=1", "error: line 7, column 1: pmd-perf-nothing: expected KEY=VALUE,"),
        ("meter=1,pktps,band=type=drop", "error: line 7, column 29: expected "),
        (
            "ports=all",
            "error: line 7, column 7: ports=all: expected what runs; it changes at boot only",
        ),
    ] {
        let mut desk = Desk::new();
        desk.acknowledge();
        let all = |desk: &mut Desk| {
            ["dump-flows", "dump-meters", "pmd-perf-log-show"].map(|command| desk.answers(command))
        };
        let before = all(&mut desk);
        let said = put(&mut desk, &format!("{FILE}{wrong}\n"), 200);
        assert!(said[0].starts_with(expected), "{said:?}");
        assert!(said[0].ends_with("; nothing is changed"), "{said:?}");
        assert_eq!(all(&mut desk), before);
    }
}

#[test]
fn a_file_that_did_not_come_in_whole_is_not_applied() {
    let mut desk = Desk::new();
    assert_eq!(desk.answers("put begin 8 1"), [""; 0]);
    assert_eq!(desk.answers("put apply"), ["error: 0 bytes of 8 are there"]);
    assert_eq!(desk.answers("put piece 4 :AAAA"), ["error: the next piece begins at 0"]);
    assert_eq!(desk.answers("put piece 0 :A*"), ["error: the piece is no base64"]);
    let behind = desk.answers("put piece 0 :AAAAAAAAAAAA");
    assert_eq!(behind, ["error: the file ends at 8 (put begin says where)"]);
    assert_eq!(desk.answers("put piece 0 :AAAAAAAAAAA="), [""; 0]);
    assert_eq!(desk.answers("put apply"), ["error: its checksum is another; nothing is changed"]);
    assert!(desk.answers("put begin 65537 0")[0].starts_with("error: BYTES is "));
}

/// How often each event was sent, by the frames on its console's line.
fn sent(text: &str) -> Vec<u64> {
    let (mut scanner, mut wholes) = (Scanner::new(), vec![]);
    for byte in text.bytes() {
        if let Some(Found::Frame(frame)) = scanner.push(byte)
            && let (Kind::Whole, perf::stream::Message::Whole(whole)) =
                (frame.kind, perf::stream::Message::read(&frame).unwrap())
        {
            wholes.push(whole.event);
        }
    }
    wholes
}

#[test]
fn kept_events_are_sent_again_on_request() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.answers("send-events"),
        ["error: nobody hears the stream (boot option stream=)"]
    );
    desk.control.set_stream(Way::Shared, [0; 20]);
    for _ in 0..3 {
        desk.stall(1, 1000);
    }
    assert_eq!(sent(&desk.says("")), [1, 2, 3]);
    let text = desk.says("send-events\r");
    assert!(text.contains("send-events: 1 to 3, 3 of them\r\n"), "{text}");
    assert_eq!(sent(&text), [1, 2, 3]);
    assert_eq!(sent(&desk.says("send-events 2\r")), [2]);
    assert_eq!(sent(&desk.says("send-events 2 9\r")), [2, 3]);
    assert!(desk.says("send-events 4 9\r").contains("error: no such event is kept"));
    assert!(desk.says("send-events 3 2\r").contains("error: no such event is kept"));
}

#[test]
fn a_line_is_kept_quiet_for_people_and_not_for_programs() {
    let statistics = |typed: &str| {
        let mut desk = Desk::new();
        desk.control.set_stream(Way::Shared, [0; 20]);
        desk.says("");
        desk.machine.now += 60 * HERTZ;
        let text = desk.says(&format!("{typed}\r")) + &desk.says("");
        let mut scanner = Scanner::new();
        let is_one = |byte| matches!(scanner.push(byte), Some(Found::Frame(frame)) if frame.kind == Kind::Amounts);
        text.bytes().any(is_one)
    };
    assert!(!statistics("show drops"));
    assert!(statistics("@t1 show drops"));
}
