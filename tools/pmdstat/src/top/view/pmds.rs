//! PMDs, a row each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Screen;
use super::number::{count, percent, short};
use super::table::{Column, Rows, wide};
use super::theme::Tone;
use crate::top::figures::{HITS, Pmd, Pulse};

const COLUMNS: [Column<Pmd>; 19] = [
    Column::number("PMD", 3, |pmd| (pmd.core.to_string(), Tone::Strong)),
    Column::words("state", 5, |pmd| pulse(pmd.pulse)),
    Column::number("rx pps", 6, |pmd| plain(short(pmd.rx))),
    wide(88, Column::number("tx pps", 6, |pmd| plain(short(pmd.tx)))),
    Column::number("cyc/pkt", 7, |pmd| plain(short(pmd.cycles_per_packet))),
    Column::number("busy%", 5, |pmd| load(pmd.busy)),
    Column::number("it/s", 5, |pmd| plain(short(pmd.iterations))),
    wide(108, Column::number(HITS[0].1, 4, |pmd| plain(percent(pmd.hits[0])))),
    Column::number(HITS[1].1, 4, |pmd| plain(percent(pmd.hits[1]))),
    Column::number(HITS[2].1, 4, |pmd| plain(percent(pmd.hits[2]))),
    Column::number(HITS[3].1, 4, |pmd| plain(percent(pmd.hits[3]))),
    Column::number(HITS[4].1, 4, |pmd| plain(percent(pmd.hits[4]))),
    Column::number(HITS[5].1, 4, |pmd| plain(percent(pmd.hits[5]))),
    Column::number("p50us", 5, |pmd| plain(short(pmd.micros[0]))),
    Column::number("p99us", 5, |pmd| plain(short(pmd.micros[1]))),
    Column::number("maxus", 5, |pmd| (short(pmd.micros[2]), Tone::Strong)),
    wide(94, Column::number("qlen", 4, |pmd| plain(pmd.fill.map_or("-".to_owned(), count)))),
    wide(114, Column::number("lat99", 5, |pmd| plain(short(pmd.latency)))),
    wide(100, Column::words("rx past", 0, |pmd| (bars(&pmd.past), Tone::Good))),
];

pub(super) fn draw(screen: &Screen<'_>, area: Rect, buffer: &mut Buffer) {
    let (items, theme) = (&screen.figures.pmds, screen.theme);
    Rows { columns: &COLUMNS, items, count: items.len(), chosen: None, theme }.draw(area, buffer);
}

fn plain(text: String) -> (String, Tone) {
    (text, Tone::Plain)
}

fn pulse(pulse: Pulse) -> (String, Tone) {
    let (word, tone) = match pulse {
        Pulse::Busy => ("busy", Tone::Good),
        Pulse::Idle => ("idle", Tone::Plain),
        Pulse::Asleep => ("sleep", Tone::Plain),
        Pulse::Unrecorded => ("unrec", Tone::Warning),
        Pulse::Still => ("still", Tone::Warning),
        Pulse::Silent => ("late", Tone::Bad),
    };
    (word.to_owned(), tone)
}

fn load(busy: Option<f64>) -> (String, Tone) {
    let tone = match busy {
        Some(95.0..) => Tone::Bad,
        Some(80.0..) => Tone::Warning,
        _ => Tone::Plain,
    };
    (percent(busy), tone)
}

/// A bar for each rate, the highest full; newest first, because what does not fit is cut on the right.
fn bars(rates: &[f64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = rates.iter().copied().fold(0.0, f64::max);
    let bar = |rate: &f64| {
        let level = if most > 0.0 { rate / most * 7.0 } else { 0.0 };
        BARS[(level.round() as usize).min(7)]
    };
    rates.iter().rev().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_rate_has_the_highest_bar() {
        assert_eq!(bars(&[0.0, 50.0, 100.0]), "█▅▁");
        assert_eq!(bars(&[0.0, 0.0]), "▁▁");
    }
}
