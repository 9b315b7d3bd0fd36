//! An event: what was suspicious, the iterations around it in Open vSwitch's columns, and its rooms.

use perf::report::{FlagNames, Quotient, TimeOfDay};
use perf::stream::Suspect;
use perf::{Iteration, Room};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::Screen;
use super::number::{short, uptime};
use super::table::{Column, Rows, wide};
use super::theme::{Theme, Tone};
use crate::recording::cause::{self, rooms_of};
use crate::top::figures::Found;

/// The letters of rooms in a bar, in their order.
const LETTERS: [char; Room::COUNT] = ['r', 'p', 'c', 'l', 'u', 'a', 't', 'g', 'h'];

/// An iteration, and what is known of it beside itself.
struct Around {
    iteration: Iteration,
    is_suspicious: bool,
    /// Microseconds from the start of the first suspicious iteration to its own.
    apart: f64,
}

const COLUMNS: [Column<Around>; 9] = [
    wide(92, Column::number("t us", 9, |row| (short_signed(row.apart), tone(row)))),
    Column::number("iter", 12, |row| (row.iteration.number.to_string(), tone(row))),
    Column::number("cycles", 11, |row| (row.iteration.cycles.to_string(), tone(row))),
    Column::number("packets", 7, |row| (row.iteration.packets.to_string(), tone(row))),
    Column::number("cycles/pkt", 10, |row| (per_packet(&row.iteration), tone(row))),
    Column::number("pkts/batch", 10, |row| (per_batch(&row.iteration), tone(row))),
    Column::number("qlen", 4, |row| (row.iteration.fill.to_string(), tone(row))),
    Column::number("upcalls", 7, |row| (row.iteration.upcalls.to_string(), tone(row))),
    Column::number("cycles/upc", 10, |row| (per_upcall(&row.iteration), tone(row))),
];

/// Draws the event that is open, its rows from `first` on.
pub(super) fn draw(screen: &Screen<'_>, first: usize, area: Rect, buffer: &mut Buffer) {
    let Some(found) = &screen.found else {
        let style = screen.theme.style(Tone::Warning);
        return Line::styled("this event is no longer known", style).render(area, buffer);
    };
    if let Some((at, text)) = &found.event.note {
        let when = uptime(found.base.nanos_since_boot(*at));
        let text = format!("event {}, noted down {when} after boot: {text}", found.number);
        return Paragraph::new(text).wrap(Wrap { trim: true }).render(area, buffer);
    }
    let rows = around(found);
    let heights = [3, u16::try_from(rows.len() + 1).unwrap_or(u16::MAX), 4];
    let [top, table, rooms] = Layout::vertical([
        Constraint::Length(heights[0]),
        Constraint::Max(heights[1]),
        Constraint::Min(heights[2]),
    ])
    .areas(area);
    Paragraph::new(told(found, screen.theme)).render(top, buffer);
    let room = usize::from(table.height.saturating_sub(1));
    let first = first.min(rows.len().saturating_sub(room));
    let (items, theme) = (&rows[first..], screen.theme);
    Rows { columns: &COLUMNS, items, count: items.len(), chosen: None, theme }.draw(table, buffer);
    if let Some(worst) = found.worst() {
        draw_rooms(worst, theme, rooms, buffer);
    }
}

/// The iterations around it, newest first, as Open vSwitch lists them.
fn around(found: &Found<'_>) -> Vec<Around> {
    let suspects = &found.event.suspects;
    let zero = suspects.first().map_or(0, |suspect| suspect.iteration.start);
    let micros = |cycles: i64| cycles as f64 * 1e6 / found.base.hertz.max(1) as f64;
    let row = |iteration: &Iteration| Around {
        iteration: *iteration,
        is_suspicious: suspects.iter().any(|it| it.iteration.number == iteration.number),
        apart: micros(iteration.start.wrapping_sub(zero).cast_signed()),
    };
    found.event.rows.iter().rev().map(row).collect()
}

/// What is said of its longest suspicious iteration.
fn told(found: &Found<'_>, theme: Theme) -> Vec<Line<'static>> {
    let Some(worst) = found.worst() else {
        return vec![Line::raw(format!("event {}: not all of it was heard", found.number))];
    };
    let cause = cause::of(worst).unwrap_or_else(|| "not known".to_owned());
    vec![
        Line::styled(announced(found, worst), theme.style(Tone::Bad)),
        Line::styled(format!("Likely cause: {cause}"), theme.style(Tone::Warning)),
        Line::raw(counted(worst)),
    ]
}

fn announced(found: &Found<'_>, worst: &Suspect) -> String {
    let Suspect { core, ref iteration, .. } = *worst;
    let micros = found.base.micros(iteration.cycles);
    let clock = found.base.unix_nanos(iteration.start).map(TimeOfDay);
    let when = clock.map_or_else(
        || format!("{} after boot", uptime(found.base.nanos_since_boot(iteration.start))),
        |clock| clock.to_string(),
    );
    let others = match found.event.suspects.len() {
        ..=1 => String::new(),
        count => format!(" (the longest of {count})"),
    };
    let (number, reasons) = (iteration.number, iteration.reasons);
    let event = found.number;
    format!("event {event}: {micros} us on core {core} at {when}, iter={number}{others}: {reasons}")
}

fn counted(worst: &Suspect) -> String {
    let Iteration { packets, batches, sent, dropped, upcalls, lost, fill, deepest, flags, .. } =
        worst.iteration;
    let by_card = worst.loss.map_or(String::new(), |loss| format!(", NIC lost {}", loss.frames));
    let names = FlagNames(flags, ", ");
    format!(
        "rx {packets} in {batches}, tx {sent}, dropped {dropped}{by_card}, upcalls {upcalls} (lost {lost}), \
         queue {deepest} had {fill}{names}"
    )
}

fn draw_rooms(suspect: &Suspect, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let iteration = &suspect.iteration;
    if !suspect.has_rooms {
        return Line::raw("In which rooms its time went was not recorded.").render(area, buffer);
    }
    let [title, bar, legend] =
        Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Fill(1)])
            .areas(area);
    let text = format!("Rooms of iteration {}", iteration.number);
    Line::styled(text, theme.style(Tone::Strong)).render(title, buffer);
    self::bar(iteration, theme, bar.width).render(bar, buffer);
    let key = |(room, cycles): (Room, u64)| {
        let share = Quotient::percent(cycles, iteration.cycles);
        let letter = Span::styled(LETTERS[room as usize].to_string(), theme.part(room as usize));
        [letter, Span::raw(format!(" {} {cycles} ({share} %)  ", room.name()))]
    };
    let keys = Line::from_iter(rooms_of(iteration).into_iter().flat_map(key));
    Paragraph::new(keys).wrap(Wrap { trim: true }).render(legend, buffer);
}

/// A bar as wide as the screen, in which each room has its share, in the order of the loop.
fn bar(iteration: &Iteration, theme: Theme, width: u16) -> Line<'static> {
    let mut rooms = rooms_of(iteration);
    rooms.sort_by_key(|(room, _)| *room as usize);
    let whole = u128::from(iteration.cycles.max(1));
    let mut sum = 0_u128;
    let parts = rooms.into_iter().map(|(room, cycles)| {
        let place = |sum: u128| (sum * u128::from(width) / whole).min(width.into()) as usize;
        let begin = place(sum);
        sum += u128::from(cycles);
        let text = LETTERS[room as usize].to_string().repeat(place(sum) - begin);
        Span::styled(text, theme.part(room as usize))
    });
    Line::from_iter(parts)
}

fn tone(row: &Around) -> Tone {
    if row.is_suspicious { Tone::Bad } else { Tone::Plain }
}

fn short_signed(number: f64) -> String {
    let sign = if number < 0.0 { "-" } else { "+" };
    format!("{sign}{}", short(number.abs()))
}

fn per_packet(iteration: &Iteration) -> String {
    iteration.cycles.checked_div(iteration.packets.into()).unwrap_or(0).to_string()
}

fn per_batch(iteration: &Iteration) -> String {
    iteration.packets.checked_div(iteration.batches).unwrap_or(0).to_string()
}

fn per_upcall(iteration: &Iteration) -> String {
    iteration.room(Room::Upcall).checked_div(iteration.upcalls.into()).unwrap_or(0).to_string()
}
