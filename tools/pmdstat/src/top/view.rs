//! The screen: what stands at a moment, as text in a buffer. Nothing here knows a terminal.

mod event;
mod events;
mod header;
mod help;
mod number;
mod pmds;
mod ports;
mod table;
mod theme;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::Widget;

pub(super) use theme::Theme;

use super::figures::{Figures, Found};
use super::state::{Page, State};
use theme::Tone;

/// What is drawn.
pub(super) struct Screen<'a> {
    /// What the user calls the machine or the recording.
    pub(super) name: &'a str,
    pub(super) state: &'a State,
    pub(super) figures: &'a Figures,
    /// The event that is open, if it is still known.
    pub(super) found: Option<Found<'a>>,
    /// Why the line is not open, if it is not.
    pub(super) trouble: Option<&'a str>,
    pub(super) theme: Theme,
}

const FOOTER: &str =
    "q quit  space pause  Left/Right 1 s  PgUp/PgDn 10 s  Up/Down Enter event  ? help";
const FOOTER_OF_EVENT: &str =
    "q quit  Esc back  Left/Right event before, after  Up/Down rows  ? help";

impl Widget for &Screen<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let [header, body, footer] = Layout::vertical([
            Constraint::Length(header::HEIGHT),
            Constraint::Fill(1),
            Constraint::Length(1),
        ])
        .areas(area);
        header::draw(self, header, buffer);
        match self.state.page {
            Page::Overview => self.overview(body, buffer),
            Page::Event { row, .. } => event::draw(self, row, body, buffer),
            Page::Help => help::draw(self.theme, body, buffer),
        }
        let is_event = matches!(self.state.page, Page::Event { .. });
        let keys = if is_event { FOOTER_OF_EVENT } else { FOOTER };
        let (text, tone) = self.trouble.map_or((keys, Tone::Faint), |why| (why, Tone::Bad));
        Line::styled(text, self.theme.style(tone)).render(footer, buffer);
    }
}

impl Screen<'_> {
    /// Tables one below the other; events have what the others leave, which is a quarter at least.
    fn overview(&self, body: Rect, buffer: &mut Buffer) {
        let wanted = |rows: usize| u16::try_from(rows + 1).unwrap_or(u16::MAX);
        let pmds = wanted(self.figures.pmds.len()).min(body.height / 2);
        let rest = body.height - pmds;
        let ports = wanted(self.figures.ports.len()).min(rest / 2);
        let heights = [pmds, ports].map(Constraint::Length);
        let [pmds, ports, events] =
            Layout::vertical([heights[0], heights[1], Constraint::Fill(1)]).areas(body);
        pmds::draw(self, pmds, buffer);
        ports::draw(self, ports, buffer);
        events::draw(self, events, buffer);
    }
}

#[cfg(test)]
mod tests;
