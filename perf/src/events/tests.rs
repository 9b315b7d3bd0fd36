use super::*;
use crate::played::{HERTZ, Played};
use crate::stolen::Readings;
use crate::suspicion::Reasons;
use crate::time::Timebase;

const BASE: Timebase = Timebase::new(HERTZ, 0);

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
        Self { events, pmds, settings: Settings::DEFAULT }
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
        self.pmds
            .iter_mut()
            .for_each(|(pmd, _)| pmd.recorder.set_limits(settings.limits(HERTZ, 0)));
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
        while dump.line(&self.events, &BASE, &mut text).unwrap() {}
        text
    }

    fn accounts(&self) -> Accounts {
        let of = |(pmd, open): &(Played, Option<Open>)| Accounts::of(pmd.metrics, open.as_ref());
        of(&self.pmds[0]).and(&of(&self.pmds[1]))
    }

    fn list(&self) -> Vec<String> {
        let (mut list, mut text) = (List::new(self.accounts(), Filter::default()), String::new());
        while list.line(&self.events, &BASE, &mut text).unwrap() {}
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
    pmd.recorder.burst(0, 32, 8);
    pmd.stall(10_023);
    pmd.idle(5);
    desk.collect();
    let text = desk.printed().unwrap();
    let expected = "
Suspicious iteration (excessive total cycles): iter=100 duration=10023 us core=1 event=1 tsc=990 boot_ns=990000 utc=n/a injected
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
    let facts: Vec<&str> = text.lines().skip(13).collect();
    assert!(facts[1].starts_with("iteration 11 began tsc=100 boot_ns=100000 utc=n/a"), "{text}");
    assert_eq!(
        facts[2],
        "  0 packets in 0 batches, 0 sent, 0 dropped (0 by tx), 0 upcalls (0 lost), \
         queue 0 deepest with 0"
    );
    assert!(facts[3].starts_with("  since the last look: smis n/a, "), "{text}");
    assert_eq!(facts[4], "rooms of iteration 11: rx 400 (100 %)");
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
    assert!(first[0].contains("iter=21 duration=300 us core=1 event=1 "));
    assert!(first[1].contains("iter=21 duration=300 us core=2 event=2 "));
    assert!(first[2].contains("iter=27 duration=500 us core=1 event=3 "));
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

/// Has the first PMD run iterations up to `end`, those in `suspicious` too long.
fn run_until(desk: &mut Desk, suspicious: &[u64], end: u64) {
    for number in desk.pmds[0].0.metrics.ended() + 1..=end {
        desk.pmds[0].0.run(if suspicious.contains(&number) { 300 } else { 10 });
        desk.collect();
    }
}

#[test]
fn with_extension_an_iteration_in_the_window_moves_its_end() {
    let mut desk = Desk::extending();
    run_until(&mut desk, &[100, 103, 108], 114);
    assert_eq!(desk.printed(), None, "a further iteration could extend it");
    assert_eq!(desk.accounts().pending, 3);
    run_until(&mut desk, &[], 115);
    let text = desk.printed().unwrap();
    let found = suspects(&text);
    let iterations = ["iter=100", "iter=103", "iter=108"];
    assert!(found.iter().zip(iterations).all(|(line, iteration)| line.contains(iteration)));
    assert!(found.iter().all(|line| line.contains(" event=1 ")));
    assert_eq!((found.len(), numbers(&text)), (3, (95..=113).rev().collect::<Vec<_>>()));
    assert_eq!(desk.accounts().dumped, 3);
}

#[test]
fn with_extension_an_iteration_right_behind_the_window_is_the_last_to_move_its_end() {
    let mut desk = Desk::extending();
    run_until(&mut desk, &[100, 106, 200, 207], 300);
    assert_eq!(numbers(&desk.printed().unwrap()), (95..=111).rev().collect::<Vec<_>>());
    assert_eq!(numbers(&desk.printed().unwrap()), (195..=205).rev().collect::<Vec<_>>());
    assert_eq!(numbers(&desk.printed().unwrap()), (202..=212).rev().collect::<Vec<_>>());
}

#[test]
fn an_event_with_more_than_a_hundred_rows_is_told_once() {
    let mut desk = Desk::roomy();
    desk.set(Settings { before: 50, after: 49, ..Settings::DEFAULT });
    run_until(&mut desk, &[100], 300);
    assert_eq!(desk.events.take_huge(), None);
    desk.set(Settings { before: 50, after: 50, ..Settings::DEFAULT });
    run_until(&mut desk, &[400], 600);
    assert_eq!(desk.events.take_huge(), Some((2, 101)));
    assert_eq!(desk.events.take_huge(), None);
}

#[test]
fn a_note_is_an_event_that_is_no_trigger() {
    let mut desk = Desk::roomy();
    run_until(&mut desk, &[10], 20);
    assert_eq!(desk.events.note(Note::try_from("cable pulled").unwrap(), 1_500_000), 2);
    assert_eq!(desk.accounts().triggers, 1);
    assert_eq!(
        desk.text(desk.events.find(2).unwrap()),
        "mark: event=2 tsc=1500000 boot_ns=1500000000 utc=n/a cable pulled\n"
    );
    let list = desk.list();
    let note = list.iter().find(|line| line.starts_with("2 ")).unwrap();
    assert!(note.ends_with("mark: cable pulled"), "{note}");
}

#[test]
fn a_list_is_filtered_by_core_reason_and_time() {
    let mut desk = Desk::roomy();
    for (pmd, _) in &mut desk.pmds {
        pmd.idle(20);
        pmd.run(300);
        pmd.recorder.burst(0, 32, 200);
        pmd.run(20);
        pmd.idle(5);
    }
    desk.collect();
    let listed = |filter: Filter| {
        let (mut list, mut text) = (List::new(desk.accounts(), filter), String::new());
        while list.line(&desk.events, &BASE, &mut text).unwrap() {}
        let first = |line: &str| line.split_whitespace().next().unwrap().parse::<u64>().ok();
        text.lines().filter_map(first).collect::<Vec<_>>()
    };
    assert_eq!(listed(Filter::default()), [1, 2, 3, 4]);
    assert_eq!(listed(Filter { core: Some(2), ..Filter::default() }), [3, 4]);
    let full = Filter { reasons: Some(Reasons::FILL), ..Filter::default() };
    assert_eq!(listed(full), [2, 4]);
    assert_eq!(listed(Filter { since: 300, ..Filter::default() }), [2, 4]);
}

#[test]
fn frames_that_a_nic_lost_are_an_event_of_their_own() {
    let mut desk = Desk::roomy();
    run_until(&mut desk, &[], 100);
    let source = Source { core: 1, metrics: desk.pmds[0].0.metrics, settings: desk.settings };
    let mark = Mark { number: 50, first: 45, last: 55, reasons: Reasons::NIC_LOSS, ..NOTHING };
    let loss = Loss { frames: 17, between: [400, 600] };
    desk.events.keep_sampled(&source, &mark, loss);
    let text = desk.printed().unwrap();
    assert!(text.starts_with("Suspicious iteration (frames lost by the NIC): iter=50 "), "{text}");
    assert_eq!(numbers(&text), (45..=55).rev().collect::<Vec<_>>());
    let full = desk.text(desk.events.find(1).unwrap());
    assert!(
        full.contains("the NIC lost 17 frames between boot_ns=400000 and boot_ns=600000"),
        "{full}"
    );
}

/// A mark of nothing.
const NOTHING: Mark = Mark {
    number: 0,
    first: 0,
    last: 0,
    reasons: Reasons::none(),
    cut: false,
    readings: Readings([None; 6]),
};

#[test]
fn events_of_two_cores_grow_side_by_side() {
    let mut desk = Desk::extending();
    for _ in 0..4 {
        for core in 0..2 {
            let pmd = &mut desk.pmds[core].0;
            pmd.idle(4);
            pmd.run(300);
            pmd.idle(1);
            desk.collect();
        }
    }
    desk.pmds.iter_mut().for_each(|(pmd, _)| pmd.idle(20));
    desk.collect();
    for core in 1..=2 {
        let text = desk.printed().unwrap();
        assert_eq!(suspects(&text).len(), 4);
        assert!(suspects(&text)[0].contains(&format!("core={core}")));
        assert_eq!(numbers(&text), (1..=28).rev().collect::<Vec<_>>());
    }
}

#[test]
fn an_extended_dump_that_outgrows_its_limit_goes_on_in_the_next() {
    let mut desk = Desk::extending();
    for _ in 0..300 {
        desk.pmds[0].0.idle(5);
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
    assert_eq!(count, 2);
    assert_eq!(all, (1..=1805).rev().collect::<Vec<_>>(), "no row twice, none missing");
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
    desk.set(Settings { before: 499, after: 499, ..Settings::DEFAULT });
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
    dump.line(&desk.events, &BASE, &mut text).unwrap();
    stall(&mut desk);
    let rest = desk.text(dump);
    assert_eq!(rest, "(the rest of this event made room for newer ones)\n");
}

#[test]
fn more_events_than_the_console_can_take_are_kept_but_not_printed() {
    let mut desk = Desk::roomy();
    for _ in 0..600 {
        desk.pmds[0].0.idle(20);
        desk.pmds[0].0.run(300);
        desk.pmds[0].0.idle(5);
        desk.collect();
    }
    assert_eq!(desk.events.not_printed(), 600 - WAITING as u64);
    assert_eq!(desk.events.take_untold(), 600 - WAITING as u64);
    assert_eq!(desk.events.take_untold(), 0);
    assert_eq!(core::iter::from_fn(|| desk.printed()).count(), WAITING);
    assert!((1..=600).all(|number| desk.events.find(number).is_some()));
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
        assert!(desk.accounts().suppressed_in_all() > 0);
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
    pmd.recorder.burst(0, 1, 199);
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
    let off = Settings { metrics: false, ..Settings::DEFAULT };
    desk.pmds[0].0.recorder.set_limits(off.limits(HERTZ, 0));
    desk.pmds[0].0.idle(97);
    desk.set(Settings::DEFAULT);
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

#[test]
fn the_longest_gap_of_a_core_is_known_as_long_as_its_event_is() {
    let mut desk = Desk::roomy();
    assert_eq!(desk.events.longest_gap(1), None);
    for micros in [300, 700, 400] {
        desk.pmds[0].0.run(micros);
    }
    desk.pmds[0].0.stall(9000);
    desk.pmds.iter_mut().for_each(|(pmd, _)| pmd.idle(100));
    desk.collect_all();
    assert_eq!((desk.events.longest_gap(1), desk.events.longest_gap(2)), (Some(700), None));
}
