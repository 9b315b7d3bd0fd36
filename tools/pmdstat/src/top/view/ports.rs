//! Ports, a row each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Screen;
use super::number::{count, short};
use super::table::{Column, Rows};
use super::theme::Tone;
use crate::top::figures::Port;

const COLUMNS: [Column<Port>; 9] = [
    Column::words("port", 5, |port| (port.name.clone(), Tone::Strong)),
    Column::words("driver", 10, |port| (port.driver.clone(), Tone::Plain)),
    Column::words("link", 4, |port| link(&port.link)),
    Column::number("rx pps", 6, |port| (short(port.rx), Tone::Plain)),
    Column::number("rx b/s", 6, |port| (short(port.rx_bits), Tone::Plain)),
    Column::number("tx pps", 6, |port| (short(port.tx), Tone::Plain)),
    Column::number("tx b/s", 6, |port| (short(port.tx_bits), Tone::Plain)),
    Column::number("drop/s", 6, |port| dropped(port.dropped)),
    Column::words("dropped since boot", 0, |port| (why(port), Tone::Plain)),
];

pub(super) fn draw(screen: &Screen<'_>, area: Rect, buffer: &mut Buffer) {
    let (items, theme) = (&screen.figures.ports, screen.theme);
    Rows { columns: &COLUMNS, items, count: items.len(), chosen: None, theme }.draw(area, buffer);
}

fn link(link: &str) -> (String, Tone) {
    (link.to_owned(), if link == "down" { Tone::Bad } else { Tone::Plain })
}

fn dropped(rate: f64) -> (String, Tone) {
    (short(rate), if rate > 0.0 { Tone::Warning } else { Tone::Plain })
}

fn why(port: &Port) -> String {
    let each = port.drops.iter().map(|drops| format!("{} {}", drops.reason, count(drops.frames)));
    each.collect::<Vec<_>>().join(", ")
}
