use super::*;

const UP: Link = Link { is_up: true, speed: 0 };
const DOWN: Link = Link { is_up: false, speed: 0 };

impl Desk {
    /// Looks at links, and returns those that were found to be others.
    fn look_at_links(&mut self) -> Vec<(usize, Link)> {
        let mut changed = Vec::new();
        self.control.watch_links(&self.machine, |port, link| changed.push((port, link)));
        self.acknowledge();
        changed
    }

    /// What PMDs know of links that are down.
    fn down(&self) -> u16 {
        self.readers.1.get().down
    }
}

#[test]
fn a_link_that_changes_is_told_kept_among_events_and_published() {
    let mut desk = Desk::new();
    assert_eq!(desk.look_at_links(), [(1, DOWN)], "links are expected to be up");
    assert_eq!((desk.down(), desk.look_at_links()), (0b10, vec![]));
    let fast = Link { is_up: true, speed: 10_000 };
    desk.machine.links = [fast, fast];
    desk.machine.now += 1_000_000;
    assert_eq!(desk.look_at_links(), [(0, fast), (1, fast)]);
    assert_eq!((desk.down(), desk.look_at_links()), (0, vec![]));
    desk.machine.links[0] = DOWN;
    assert_eq!((desk.look_at_links(), desk.down()), (vec![(0, DOWN)], 0b01));
    let told = [
        "port 1: link down: no light",
        "port 0: link up, 10000 Mb/s",
        "port 1: link up, 10000 Mb/s",
        "port 0: link down",
    ];
    let shown = desk.says("");
    let lines = shown.split("\r\n").filter_map(|line| line.rsplit('\r').next());
    assert_eq!(lines.filter(|line| line.starts_with("port")).collect::<Vec<_>>(), told);
    let events = desk.answers("show events");
    let notes = events.iter().filter_map(|line| line.split_once("mark: ")).map(|(_, note)| note);
    assert_eq!(notes.collect::<Vec<_>>(), told);
    let resets = [0, 1].map(|port| desk.control.links.resets(port));
    assert_eq!(resets, [1, 2], "another speed is no reset");
}

#[test]
fn every_look_has_all_cards_go_on_with_what_they_have_begun() {
    let mut desk = Desk::new();
    (0..3).for_each(|_| drop(desk.look_at_links()));
    assert_eq!(desk.machine.tended.each_ref().map(|tended| tended.get()), [3, 3]);
}

#[test]
fn a_link_that_flaps_is_told_at_a_rate_and_the_rest_is_counted() {
    let mut desk = Desk::new();
    let mut told = 0;
    for look in 1..=100 {
        desk.machine.links[0] = if look % 2 == 0 { UP } else { DOWN };
        desk.machine.links[1] = UP;
        told += desk.look_at_links().len();
        assert_eq!(desk.down(), look % 2, "PMDs hear of every change");
        desk.says("");
    }
    assert_eq!((told, desk.control.links.resets(0)), (60, 100));
    desk.machine.now += 1_000_000;
    desk.machine.links[0] = DOWN;
    assert_eq!(desk.look_at_links().len(), 1);
    let shown = desk.says("");
    assert!(shown.contains("port 0: link down (and 40 changes that were not told)\r\n"), "{shown}");
}

#[test]
fn a_port_tells_its_module_what_it_receives_and_why_its_link_is_down() {
    let mut desk = Desk::new();
    desk.look_at_links();
    desk.says("");
    assert_eq!(
        desk.answers("show port 1")[2..],
        [
            "  link down: no light, resets=1",
            "  over module 10GBASE-SR, Intel Corp, FTLX8571D3BCV-IT",
            "  receives light on 0 of 1 lanes, not locked",
            "  NVM checksum right",
        ]
    );
    desk.machine.links[1] = Link { is_up: true, speed: 10_000 };
    let shown = desk.answers("show port 1");
    assert_eq!(shown[2], "  link up, 10000 Mb/s, resets=1");
    assert_eq!(shown[4], "  receives light on 1 of 1 lanes, locked");
    assert_eq!(desk.answers("show port 0")[2..], ["  link up, resets=0"], "virtio tells no more");
}

#[test]
fn a_card_shows_its_registers_and_what_it_counts() {
    let mut desk = Desk::new();
    let shown = desk.answers("show port 1 regs");
    assert_eq!(shown[..2], ["CTRL 0x00000=0x00000000", "RDT[0] 0x01018=0x00000001"]);
    assert_eq!((shown.len(), &*shown[39]), (40, "RDT[38] 0x01998=0x00000027"));
    assert_eq!(desk.answers("show port 1 counters"), ["MPC 4"]);
    let none = "the card of port 0 does not tell any";
    assert_eq!(desk.answers("show port 0 counters"), [none]);
    assert_eq!(
        desk.answers("show port 7 regs"),
        ["error: there is no port 7 (show ports lists all)"]
    );
    let document = desk.answers("show port 1 counters -f json");
    let counter = r#"{"name":"MPC","queue":null,"count":4}"#;
    let head = r#"{"schema":"barecore.show-port-counters","schema_version":1,"port":1,"counters":"#;
    assert_eq!(document, [format!("{head}[{counter}]}}")]);
    let registers = desk.answers("show port 1 regs -f json");
    assert_eq!((registers.len(), registers[0].matches("\"RDT\"").count()), (1, 39));
    let port = desk.answers("show port 1 queues -f json");
    assert!(port[0].contains(r#""down_because":"no light"}"#), "{port:?}");
}

#[test]
fn an_nvm_with_a_wrong_checksum_is_told_with_both_and_fails_the_test_of_its_card() {
    let mut desk = Desk::new();
    let part = |document: &str| {
        let (_, part) = document.split_once(r#""nvm_checksum":"#).unwrap();
        part.trim_end_matches('}').to_owned()
    };
    let right = r#"{"is_right":true,"stored":null,"computed":null"#;
    assert_eq!(part(&desk.answers("show port 1 -f json")[0]), right);
    assert_eq!(part(&desk.answers("show port 0 -f json")[0]), "null", "virtio has none");
    desk.machine.checksum = Checksum::Wrong { stored: 0x1234, computed: 0xbeef };
    let told = "  NVM checksum wrong: stored 0x1234, computed 0xbeef".to_owned();
    assert!(desk.answers("show port 1").contains(&told));
    let wrong = r#"{"is_right":false,"stored":4660,"computed":48879"#;
    assert_eq!(part(&desk.answers("show port 1 -f json")[0]), wrong);
    let outcome = Outcome { wanted: 1, sent: 1, received: 1, ..Outcome::default() };
    desk.machine.loopback = outcome;
    let test = desk.answers("nictest 1");
    assert_eq!((&test[1], test.last().unwrap().as_str()), (&told, "nictest port 1: FAIL"));
    desk.machine.checksum = Checksum::Unread;
    let test = desk.answers("nictest 1");
    assert_eq!(
        (&*test[1], test.last().unwrap().as_str()),
        ("  NVM checksum not read", "nictest port 1: PASS")
    );
}

#[test]
fn a_test_of_a_card_is_one_log_with_a_verdict() {
    let mut desk = Desk::new();
    let shown = desk.answers("nictest 1");
    let loopback = "loopback: frames=10 sent=10 received=8 lost=2 spoiled=0 foreign=0, \
                    101 cycles a frame in the driver, 202 from end to end";
    assert_eq!(
        shown[0],
        "nictest port 1: 00:03.0 virtio-net 52:54:00:12:34:57 8086:10fb, subsystem 8086:0003, \
         revision 0x01, NVM 0x80001234"
    );
    assert_eq!(shown[1..3], ["  NVM checksum right", "  link down: no light, resets=0"]);
    assert_eq!((&*shown[5], &*shown[6]), ("registers:", "CTRL 0x00000=0x00000000"));
    assert_eq!(shown[46..], ["counters:", "MPC 4", loopback, "nictest port 1: FAIL"]);
    let virtio = desk.answers("nictest 0");
    let [.., told, verdict] = &virtio[..] else { panic!("{virtio:?}") };
    assert_eq!(told, "loopback: cards of virtio have none");
    assert_eq!(verdict, "nictest port 0: PASS, without loopback");
    assert_eq!(desk.answers("nictest 9"), ["error: there is no port 9 (show ports lists all)"]);
    desk.control.test_cards(&desk.machine);
    let all = desk.says("");
    assert_eq!(all.matches("nictest port ").count(), 4, "{all}");
}
