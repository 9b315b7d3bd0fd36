use super::*;
use crate::clock::Clock;
use crate::played::{HERTZ, Played};

const CLOCK: Clock = Clock { hertz: HERTZ, boot: 0 };

/// A store with room for so many parts and iterations, and two PMDs.
struct Desk {
    events: Events<'static>,
    pmds: [(Played, Option<Open>); 2],
    settings: Settings,
}

impl Desk {
    fn new(parts: usize, rows: usize) -> Self {
        let parts = vec![Part::default(); parts].leak();
        let rows = vec![Iteration::default(); rows].leak();
        let events = Events::new(parts, rows).unwrap();
        let pmds = [(Played::new(), None), (Played::new(), None)];
        Self { events, pmds, settings: Settings::default() }
    }

    fn roomy() -> Self {
        Self::new(4000, 40_000)
    }

    fn extending() -> Self {
        let mut desk = Self::roomy();
        desk.settings.extend = true;
        desk
    }

    fn set(&mut self, settings: Settings) {
        self.settings = settings;
        self.pmds.iter_mut().for_each(|(pmd, _)| pmd.recorder.set_limits(settings.limits(HERTZ)));
    }

    fn collect(&mut self) {
        for (number, (pmd, open)) in self.pmds.iter_mut().enumerate() {
            let source = Source { core: number + 1, metrics: pmd.metrics, settings: self.settings };
            self.events.collect(&source, open);
        }
    }

    fn collect_all(&mut self) {
        (0..20).for_each(|_| self.collect());
    }

    fn printed(&mut self) -> Option<String> {
        let dump = self.events.next_to_print()?;
        Some(self.text(dump))
    }

    fn text(&self, mut dump: Dump) -> String {
        let mut text = String::new();
        while dump.line(&self.events, &CLOCK, &mut text).unwrap() {}
        text
    }

    fn accounts(&self) -> Accounts {
        let of = |(pmd, open): &(Played, Option<Open>)| Accounts::of(pmd.metrics, open.as_ref());
        of(&self.pmds[0]).and(&of(&self.pmds[1]))
    }

    fn list(&self) -> Vec<String> {
        let (mut list, mut text) = (List::new(self.accounts()), String::new());
        while list.line(&self.events, &CLOCK, &mut text).unwrap() {}
        text.lines().map(str::to_string).collect()
    }
}

/// Numbers of the iterations that `text` lists.
fn numbers(text: &str) -> Vec<u64> {
    let rows = text.lines().filter(|line| line.starts_with("   "));
    rows.filter_map(|row| row.split_whitespace().next()?.parse().ok()).collect()
}

fn suspects(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("Suspicious")).collect()
}

#[test]
fn an_event_is_printed_as_open_vswitch_prints_it() {
    let mut desk = Desk::roomy();
    let pmd = &mut desk.pmds[0].0;
    pmd.idle(99);
    pmd.recorder.current.packets = 32;
    pmd.recorder.current.batches = 1;
    pmd.recorder.current.fill = 40;
    pmd.stall(10_023);
    pmd.idle(5);
    desk.collect();
    let text = desk.printed().unwrap();
    let expected = "
Suspicious iteration (excessive total cycles): iter=100 duration=10023 us core=1 event=1 injected
Neighborhood of suspicious iteration:
   iter                cycles       packets      cycles/pkt   pkts/batch   vhost qlen   upcalls      cycles/upcall
   105                 10           0            0            0            0            0            0
   104                 10           0            0            0            0            0            0
   103                 10           0            0            0            0            0            0
   102                 10           0            0            0            0            0            0
   101                 10           0            0            0            0            0            0
   100                 10023        32           313          32           40           0            0
   99                  10           0            0            0            0            0            0
   98                  10           0            0            0            0            0            0
   97                  10           0            0            0            0            0            0
   96                  10           0            0            0            0            0            0
   95                  10           0            0            0            0            0            0
";
    assert_eq!(text, expected[1..]);
    assert_eq!(desk.printed(), None);
}

#[test]
fn a_full_dump_tells_rooms_and_what_else_is_known() {
    let mut desk = Desk::roomy();
    desk.pmds[1].0.idle(10);
    desk.pmds[1].0.run(400);
    desk.pmds[1].0.idle(5);
    desk.collect();
    let text = desk.text(desk.events.find(1).unwrap());
    let tail: Vec<&str> = text.lines().rev().take(2).collect();
    assert_eq!(
        tail[1],
        "iteration 11 began +0.000100 s since boot: 0 packets in 0 batches, 0 sent, 0 dropped, \
         queue 0 deepest with 0"
    );
    assert_eq!(tail[0], "rooms of iteration 11: rx 400 (100 %)");
    assert!(desk.events.find(2).is_none());
}

#[test]
fn events_are_numbered_across_cores_and_kept_after_printing() {
    let mut desk = Desk::roomy();
    for (pmd, _) in &mut desk.pmds {
        pmd.idle(20);
        pmd.run(300);
        pmd.idle(5);
    }
    desk.collect();
    desk.pmds[0].0.run(500);
    desk.pmds[0].0.idle(5);
    desk.collect();
    let printed: Vec<String> = core::iter::from_fn(|| desk.printed()).collect();
    let first: Vec<&str> = printed.iter().flat_map(|text| suspects(text)).collect();
    assert!(first[0].ends_with("iter=21 duration=300 us core=1 event=1"));
    assert!(first[1].ends_with("iter=21 duration=300 us core=2 event=2"));
    assert!(first[2].ends_with("iter=27 duration=500 us core=1 event=3"));
    let again = desk.text(desk.events.find(2).unwrap());
    assert!(again.starts_with(&printed[1]));
}

#[test]
fn without_extension_windows_overlap_and_repeat_rows() {
    let mut desk = Desk::roomy();
    let pmd = &mut desk.pmds[0].0;
    pmd.idle(99);
    pmd.run(300);
    pmd.idle(2);
    pmd.run(300);
    pmd.idle(5);
    desk.collect();
    assert_eq!(numbers(&desk.printed().unwrap()), (95..=105).rev().collect::<Vec<_>>());
    assert_eq!(numbers(&desk.printed().unwrap()), (98..=108).rev().collect::<Vec<_>>());
}

#[test]
fn with_extension_windows_that_touch_are_one_dump() {
    let mut desk = Desk::extending();
    let pmd = &mut desk.pmds[0].0;
    pmd.idle(99);
    pmd.run(300);
    pmd.idle(2);
    pmd.run(400);
    pmd.idle(10);
    pmd.run(500);
    pmd.idle(5);
    desk.collect();
    assert_eq!(desk.printed(), None, "a further window could touch it");
    assert_eq!(desk.accounts().pending, 3);
    desk.pmds[0].0.idle(7);
    desk.collect();
    let text = desk.printed().unwrap();
    let iterations = ["iter=100", "iter=103", "iter=114"];
    let found = suspects(&text);
    assert_eq!(found.len(), 3);
    assert!(found.iter().zip(iterations).all(|(line, iteration)| line.contains(iteration)));
    assert!(found.iter().all(|line| line.ends_with("event=1")));
    assert_eq!(numbers(&text), (95..=119).rev().collect::<Vec<_>>());
    assert_eq!(desk.accounts().dumped, 3);
}

#[test]
fn with_extension_windows_that_do_not_touch_are_two_dumps() {
    let mut desk = Desk::extending();
    let pmd = &mut desk.pmds[0].0;
    pmd.idle(99);
    pmd.run(300);
    pmd.idle(11);
    pmd.run(300);
    pmd.idle(20);
    desk.collect();
    assert_eq!(numbers(&desk.printed().unwrap()), (95..=105).rev().collect::<Vec<_>>());
    assert_eq!(numbers(&desk.printed().unwrap()), (107..=117).rev().collect::<Vec<_>>());
}

#[test]
fn events_of_two_cores_grow_side_by_side() {
    let mut desk = Desk::extending();
    for _ in 0..4 {
        for core in 0..2 {
            let pmd = &mut desk.pmds[core].0;
            pmd.idle(4);
            pmd.run(300);
            pmd.idle(5);
            desk.collect();
        }
    }
    desk.pmds.iter_mut().for_each(|(pmd, _)| pmd.idle(20));
    desk.collect();
    for core in 1..=2 {
        let text = desk.printed().unwrap();
        assert_eq!(suspects(&text).len(), 4);
        assert!(suspects(&text)[0].contains(&format!("core={core}")));
        assert_eq!(numbers(&text), (1..=40).rev().collect::<Vec<_>>());
    }
}

#[test]
fn an_extended_dump_that_outgrows_its_limit_goes_on_in_the_next() {
    let mut desk = Desk::extending();
    for _ in 0..300 {
        desk.pmds[0].0.idle(9);
        desk.pmds[0].0.run(300);
        desk.collect();
    }
    desk.pmds[0].0.idle(20);
    desk.collect_all();
    let mut all = Vec::new();
    let mut count = 0;
    while let Some(text) = desk.printed() {
        let rows = numbers(&text);
        assert!(rows.len() as u64 <= ROWS);
        all.splice(0..0, rows);
        count += 1;
    }
    assert_eq!(count, 4);
    assert_eq!(all, (5..=3005).rev().collect::<Vec<_>>(), "no row twice, none missing");
    assert_eq!(desk.accounts().dumped, 300);
}

#[test]
fn the_oldest_events_make_room_and_are_counted() {
    let mut desk = Desk::new(3, ROWS as usize);
    for _ in 0..5 {
        desk.pmds[0].0.idle(20);
        desk.pmds[0].0.run(300);
        desk.pmds[0].0.idle(5);
        desk.collect();
    }
    let kept: Vec<bool> = (1..=5).map(|number| desk.events.find(number).is_some()).collect();
    assert_eq!(kept, [false, false, true, true, true]);
    let numbers: Vec<bool> = core::iter::from_fn(|| desk.printed()).map(|_| true).collect();
    assert_eq!(numbers.len(), 3);
    assert_eq!(desk.list().last().unwrap(), "kept=3 forgotten=2 not-printed=2");
}

#[test]
fn wide_windows_make_room_row_by_row() {
    let mut desk = Desk::new(100, ROWS as usize + 50);
    desk.set(Settings { before: 499, after: 499, ..Settings::default() });
    for _ in 0..3 {
        desk.pmds[0].0.idle(999);
        desk.pmds[0].0.run(300);
        desk.pmds[0].0.idle(499);
        desk.collect();
    }
    assert!(desk.events.find(2).is_none());
    assert_eq!(numbers(&desk.text(desk.events.find(3).unwrap())).len(), 999);
}

#[test]
fn a_dump_that_makes_room_while_it_is_printed_says_so() {
    let mut desk = Desk::new(1, ROWS as usize);
    let stall = |desk: &mut Desk| {
        desk.pmds[0].0.idle(20);
        desk.pmds[0].0.run(300);
        desk.pmds[0].0.idle(5);
        desk.collect();
    };
    stall(&mut desk);
    let mut dump = desk.events.next_to_print().unwrap();
    let mut text = String::new();
    dump.line(&desk.events, &CLOCK, &mut text).unwrap();
    stall(&mut desk);
    let rest = desk.text(dump);
    assert_eq!(rest, "(the rest of this event made room for newer ones)\n");
}

#[test]
fn more_events_than_the_console_can_take_are_kept_but_not_printed() {
    let mut desk = Desk::roomy();
    for _ in 0..100 {
        desk.pmds[0].0.idle(20);
        desk.pmds[0].0.run(300);
        desk.pmds[0].0.idle(5);
        desk.collect();
    }
    assert_eq!(desk.events.not_printed(), 100 - WAITING as u64);
    assert_eq!(desk.events.take_untold(), 100 - WAITING as u64);
    assert_eq!(desk.events.take_untold(), 0);
    assert_eq!(core::iter::from_fn(|| desk.printed()).count(), WAITING);
    assert!((1..=100).all(|number| desk.events.find(number).is_some()));
}

#[test]
fn every_trigger_is_accounted_for_whatever_happens() {
    for extend in [false, true] {
        let mut desk = if extend { Desk::extending() } else { Desk::roomy() };
        for round in 0..3000 {
            let pmd = &mut desk.pmds[round % 2].0;
            pmd.idle((round * 7 % 90) as u64);
            pmd.run(300);
            if round % 500 == 0 {
                desk.collect();
            }
            assert!(desk.accounts().agree());
        }
        assert_eq!(desk.accounts().triggers, 3000);
        assert!(desk.accounts().suppressed > 0);
        desk.pmds.iter_mut().for_each(|(pmd, _)| pmd.idle(20));
        desk.collect_all();
        assert!(desk.accounts().agree());
        assert_eq!(desk.accounts().pending, 0);
    }
}

#[test]
fn the_list_tells_every_event_and_the_sums() {
    let mut desk = Desk::extending();
    let pmd = &mut desk.pmds[1].0;
    pmd.idle(99);
    pmd.stall(10_023);
    pmd.idle(2);
    pmd.recorder.current.fill = 200;
    pmd.run(300);
    pmd.idle(100);
    pmd.run(300);
    pmd.idle(5);
    desk.collect();
    let expected = "
event    core  since boot (s)  iter          duration (us)  rows  reasons
1        2     0.000990        100           10023          14    excessive total cycles, injected, and 1 more
triggers=3 dumped=2 suppressed=0 pending=1
kept=1 forgotten=0 not-printed=0";
    assert_eq!(desk.list(), expected.lines().skip(1).collect::<Vec<_>>());
}

#[test]
fn a_gap_in_the_record_is_told() {
    let mut desk = Desk::roomy();
    let off = Settings { metrics: false, ..Settings::default() };
    desk.pmds[0].0.recorder.set_limits(off.limits(HERTZ));
    desk.pmds[0].0.idle(97);
    desk.set(Settings::default());
    desk.pmds[0].0.idle(2);
    desk.pmds[0].0.run(300);
    desk.pmds[0].0.idle(5);
    desk.collect();
    let text = desk.printed().unwrap();
    assert_eq!(numbers(&text).last(), Some(&98));
    assert_eq!(text.lines().last(), Some("(3 iterations of it were not recorded)"));
}

#[test]
fn a_store_too_small_for_one_event_is_refused() {
    let rows = || vec![Iteration::default(); ROWS as usize].leak();
    assert_eq!(Events::new(&mut [], rows()).err(), Some(Error::TooSmall));
    assert!(Events::new(&mut [Part::default()], &mut rows()[1..]).is_err());
    assert!(Events::new(&mut [Part::default()], rows()).is_ok());
}
