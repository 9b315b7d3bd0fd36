//! Keys, and what columns mean.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::theme::{Theme, Tone};
use crate::top::keys;

/// What columns mean, in the words of Open vSwitch where it has any.
const COLUMNS: [(&str, &str); 9] = [
    ("cyc/pkt", "busy cycles for each packet received (OVS: cycles/pkt)"),
    ("busy%", "cycles of iterations with packets, of used cycles"),
    ("smpl ... upc", "% of passes: Simple Match, EMC, SMC, Megaflow hits, Upcalls"),
    ("p50us ... maxus", "microseconds of an iteration (OVS: cycles/it)"),
    ("qlen", "the fullest receive ring (OVS: max vhost qlen)"),
    ("lat99", "microseconds from poll to doorbell, p99"),
    ("rx past", "rates of the intervals before, newest on the left"),
    ("state", "sleep: slept mostly; unrec: not recorded; still: no iteration"),
    ("", "ended; late: the next copy of what it counted did not come"),
];

pub(super) fn draw(theme: Theme, area: Rect, buffer: &mut Buffer) {
    let lines = keys::HELP.iter().chain(&COLUMNS);
    for (row, (what, meaning)) in area.rows().zip(lines) {
        let what = Span::styled(format!("{what:<16}"), theme.style(Tone::Strong));
        Line::from_iter([what, Span::raw(*meaning)]).render(row, buffer);
    }
}
