use super::*;
use crate::machine::{Mended, Words};

const WHY: &str = "lies to rx queue 0 (index jump)";

fn why() -> Words {
    WHY.try_into().unwrap()
}

#[test]
fn what_is_done_with_a_card_is_told_and_kept_among_events() {
    let mut desk = Desk::new();
    desk.machine.mended = vec![Mended::Quarantined(why()), Mended::Works, Mended::Reset(why())];
    let mut told = Vec::new();
    for _ in 0..4 {
        desk.control
            .watch_cards(&mut desk.machine, |port, mended| told.push((port, mended.clone())));
    }
    let done = [Mended::Reset(why()), Mended::Works, Mended::Quarantined(why())];
    assert_eq!(told, done.map(|it| (1, it)));
    let lines = [
        format!("port 1: card reset: {WHY}"),
        "port 1: card works again".into(),
        format!("port 1: card quarantined: {WHY}"),
    ];
    let shown = desk.says("");
    let rest = shown.split("\r\n").filter_map(|line| line.rsplit('\r').next());
    assert_eq!(rest.filter(|line| line.starts_with("port")).collect::<Vec<_>>(), lines);
    let events = desk.answers("show events");
    let notes = events.iter().filter_map(|line| line.split_once("mark: ")).map(|(_, note)| note);
    assert_eq!(notes.collect::<Vec<_>>(), lines);
}

#[test]
fn a_port_tells_how_often_its_card_was_reset_and_why_or_that_it_is_quarantined() {
    let mut desk = Desk::new();
    assert!(!desk.answers("show port 1").iter().any(|line| line.contains("card")));
    let document = desk.answers("show port 1 -f json");
    let none =
        r#""card":{"resets":0,"is_quarantined":false,"last_because":null,"tx_unsent_packets":0}"#;
    assert!(document[0].contains(none), "{document:?}");
    desk.machine.health =
        Health { resets: 3, reason: Some(why()), is_quarantined: false, unsent: 17 };
    let shown = desk.answers("show port 1");
    assert!(shown.contains(&format!("  card resets=3 unsent=17, last: {WHY}")), "{shown:?}");
    desk.machine.health.is_quarantined = true;
    let shown = desk.answers("show port 1");
    let line = format!("  card quarantined: {WHY}, resets=3 unsent=17");
    assert!(shown.contains(&line), "{shown:?}");
    let document = desk.answers("show port 1 -f json");
    let card = r#""card":{"resets":3,"is_quarantined":true,"last_because":"lies to rx queue 0 (index jump)","tx_unsent_packets":17}"#;
    assert!(document[0].contains(card), "{document:?}");
    assert!(!desk.answers("show port 0").iter().any(|line| line.contains("card")));
}
