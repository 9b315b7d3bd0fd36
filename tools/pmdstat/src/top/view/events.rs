//! The last events, a row each.

use perf::report::TimeOfDay;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Screen;
use super::number::{count, uptime};
use super::table::{Column, Rows};
use super::theme::Tone;
use crate::top::figures::Listed;

const COLUMNS: [Column<Listed>; 6] = [
    Column::number("event", 6, |event| (event.number.to_string(), Tone::Strong)),
    Column::words("began", 12, |event| (began(event), Tone::Plain)),
    Column::number("core", 4, |event| (shown(event.core), Tone::Plain)),
    Column::number("us", 6, |event| (event.micros.map_or("-".into(), count), Tone::Strong)),
    Column::words("reasons", 18, |event| (event.reasons.clone(), Tone::Warning)),
    Column::words("likely cause", 0, |event| (event.cause.clone(), Tone::Plain)),
];

pub(super) fn draw(screen: &Screen<'_>, area: Rect, buffer: &mut Buffer) {
    let (items, theme) = (&screen.figures.events, screen.theme);
    let is_chosen = |event: &Listed| Some(event.number) == screen.state.chosen;
    let chosen = items.iter().position(is_chosen);
    let count = usize::try_from(screen.figures.event_count).unwrap_or(usize::MAX);
    Rows { columns: &COLUMNS, items, count, chosen, theme }.draw(area, buffer);
}

/// The time of day where anything tells, otherwise that since boot.
fn began(event: &Listed) -> String {
    event.clock.map_or_else(|| uptime(event.up), |clock| TimeOfDay(clock).to_string())
}

fn shown(number: Option<u16>) -> String {
    number.map_or("-".to_owned(), |number| number.to_string())
}
