use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

use super::*;
use crate::top::made::machine;
use crate::top::moment::Moment;
use crate::top::state::Pace;

/// The screen at `page` of the machine that is made up.
fn drawn(page: Page, (width, height): (u16, u16), theme: Theme) -> Buffer {
    let past = machine();
    let moment = Moment { start: 0, nanos: 3_500_000_000 };
    let mut state = State::new(false, 4, &past.tape());
    (state.moment, state.pace, state.page) = (moment, Pace::Paused, page);
    let figures = Figures::at(&past, moment);
    let found = Found::of(&past, 0, 7);
    let screen =
        Screen { name: "x.pmd", state: &state, figures: &figures, found, trouble: None, theme };
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| frame.render_widget(&screen, frame.area())).unwrap();
    terminal.backend().buffer().clone()
}

/// Its lines, without what is blank at their ends.
fn lines(page: Page, size: (u16, u16)) -> Vec<String> {
    let buffer = drawn(page, size, Theme::new(false));
    let width = usize::from(buffer.area.width);
    let rows = buffer.content().chunks(width);
    let text = |row: &[ratatui::buffer::Cell]| row.iter().map(|cell| cell.symbol()).collect();
    rows.map(text).map(|line: String| line.trim_end().to_owned()).collect()
}

const EVENT: Page = Page::Event { start: 0, number: 7, row: 0 };

/// That `lines` from this one on are those of `text`.
fn assert_text(lines: &[String], text: &str) {
    let expected: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(lines[..expected.len()], expected);
}

#[test]
fn eighty_columns_hold_an_overview() {
    let lines = lines(Page::Overview, (80, 24));
    assert_text(
        &lines,
        "
x.pmd  build 01010101  made up
PAUSED x4  up 0:00:03.5  rates over 1.00 s, 0.50 s old       an emulator's times
frames missing 0  damaged 0  not sent 2  events 1  ledger exact, in flight 0
PMD state rx pps cyc/pkt busy%  it/s smpl  EMC  SMC mega  upc p50us p99us maxus
  1 busy   1.00k     250  25.0 10.1k    0 90.0    0 10.0    0  50.0  50.0   203
port  driver     link rx pps rx b/s tx pps tx b/s drop/s dropped since boot
0     ixgbe      up    1.00k   800k      0      0   10.0 no_rule 20
1     ixgbe      up        0      0    990      0      0
 event began        core     us reasons            likely cause
     7 0:00:03.0       1    600 duration           the firmware, by a system man
",
    );
    assert_eq!(lines[23], FOOTER);
}

#[test]
fn wider_screens_hold_more() {
    let lines = lines(Page::Overview, (120, 24));
    assert_text(
        &lines[3..],
        "
PMD state rx pps tx pps cyc/pkt busy%  it/s  NIC smpl  EMC  SMC mega  upc p50us p99us maxus qlen lat99 rx past
  1 busy   1.00k    990     250  25.0 10.1k    0    0 90.0    0 10.0    0  50.0  50.0   203    -     - ██
",
    );
}

#[test]
fn an_event_is_shown_with_its_neighbours_and_rooms() {
    let lines = lines(EVENT, (92, 24));
    assert_text(
        &lines[3..],
        "
event 7: 600 us on core 1 at 0:00:03.0 after boot, iter=100: excessive total cycles
Likely cause: the firmware, by a system management interrupt
rx 32 in 1, tx 0, dropped 0, upcalls 0 (lost 0), queue 0 had 40, smi
     t us         iter      cycles packets cycles/pkt pkts/batch qlen upcalls cycles/upc
     +600          101          60       0          0          0    0       0          0
       +0          100         600      32         18         32   32       0          0
    -50.0           99          50       0          0          0    0       0          0
Rooms of iteration 100
rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr
r rx 600 (100 %)
",
    );
}

#[test]
fn the_help_fits_on_the_smallest_screen() {
    let lines = lines(Page::Help, (80, 24));
    assert!(
        lines.iter().any(|line| line.starts_with("late") || line.contains("late: the next copy"))
    );
}

#[test]
fn without_colours_there_are_none() {
    for page in [Page::Overview, EVENT, Page::Help] {
        let has_colours = |theme| {
            let buffer = drawn(page.clone(), (120, 30), theme);
            let mut cells = buffer.content().iter();
            cells.any(|cell| (cell.fg, cell.bg) != (Color::Reset, Color::Reset))
        };
        assert_eq!((has_colours(Theme::new(false)), has_colours(Theme::new(true))), (false, true));
    }
    let titles = drawn(Page::Overview, (80, 24), Theme::new(false));
    assert!(titles[(0, 3)].modifier.contains(Modifier::REVERSED));
}

#[test]
fn any_size_can_be_drawn() {
    for page in [Page::Overview, EVENT, Page::Help] {
        for size in [(1, 1), (5, 3), (20, 4), (79, 8), (400, 3), (80, 100)] {
            let buffer = drawn(page.clone(), size, Theme::new(true));
            assert_eq!((buffer.area.width, buffer.area.height), size);
        }
    }
}
