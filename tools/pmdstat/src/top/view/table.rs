//! Tables whose columns depend on the width that there is.

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Constraint, Rect};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Cell, Row, Table, Widget as _};

use super::theme::{Theme, Tone};

/// A column, for screens of this width and wider.
pub(super) struct Column<T> {
    pub(super) title: &'static str,
    /// Characters; 0 is all that the others leave, on the left.
    pub(super) width: u16,
    pub(super) from: u16,
    pub(super) side: Alignment,
    pub(super) cell: fn(&T) -> (String, Tone),
}

impl<T> Column<T> {
    /// One with numbers.
    pub(super) const fn number(
        title: &'static str,
        width: u16,
        cell: fn(&T) -> (String, Tone),
    ) -> Self {
        Self { title, width, from: 0, side: Alignment::Right, cell }
    }

    /// One with words.
    pub(super) const fn words(
        title: &'static str,
        width: u16,
        cell: fn(&T) -> (String, Tone),
    ) -> Self {
        Self { title, width, from: 0, side: Alignment::Left, cell }
    }

    fn constraint(&self) -> Constraint {
        if self.width == 0 { Constraint::Fill(1) } else { Constraint::Length(self.width) }
    }
}

/// `column` for screens of this width and wider only.
pub(super) const fn wide<T>(from: u16, column: Column<T>) -> Column<T> {
    Column { from, ..column }
}

/// What stands in a table.
pub(super) struct Rows<'a, T> {
    pub(super) columns: &'a [Column<T>],
    pub(super) items: &'a [T],
    /// How many there are, those that are not among `items` too.
    pub(super) count: usize,
    /// The row that is chosen.
    pub(super) chosen: Option<usize>,
    pub(super) theme: Theme,
}

impl<T> Rows<'_, T> {
    /// Draws as many as there is room for, the chosen one among them; the last line says how many are not there.
    pub(super) fn draw(&self, area: Rect, buffer: &mut Buffer) {
        let room = usize::from(area.height.saturating_sub(1));
        let is_cut = self.count > room;
        let shown = if is_cut { room.saturating_sub(1) } else { room };
        let first = self.chosen.map_or(0, |chosen| (chosen + 1).saturating_sub(shown));
        let columns = || self.columns.iter().filter(|column| column.from <= area.width);
        let titles = columns().map(|column| self.cell(column, column.title.into(), Tone::Title));
        let each = self.items.iter().enumerate().skip(first).take(shown);
        let mut rows: Vec<Row<'_>> =
            each.map(|(place, item)| self.row(place, item, area)).collect();
        if is_cut {
            rows.push(Row::default());
        }
        let table = Table::new(rows, columns().map(Column::constraint)).column_spacing(1);
        let style = self.theme.style(Tone::Title);
        table.header(Row::new(titles).style(style)).render(area, buffer);
        if is_cut && room > 0 {
            self.rest(first + shown, area, buffer);
        }
    }

    fn row(&self, place: usize, item: &T, area: Rect) -> Row<'_> {
        let columns = self.columns.iter().filter(|column| column.from <= area.width);
        let is_chosen = self.chosen == Some(place);
        let cells = columns.map(|column| {
            let (text, tone) = (column.cell)(item);
            self.cell(column, text, if is_chosen { Tone::Chosen } else { tone })
        });
        let tone = if is_chosen { Tone::Chosen } else { Tone::Plain };
        Row::new(cells.collect::<Vec<_>>()).style(self.theme.style(tone))
    }

    fn cell(&self, column: &Column<T>, text: String, tone: Tone) -> Cell<'static> {
        let text = Text::from(text).alignment(column.side);
        Cell::from(text).style(self.theme.style(tone))
    }

    fn rest(&self, behind: usize, area: Rect, buffer: &mut Buffer) {
        let rest = self.count.saturating_sub(behind);
        let bottom = Rect { y: area.bottom() - 1, height: 1, ..area };
        let style = self.theme.style(Tone::Faint);
        Line::styled(format!("... {rest} more"), style).render(bottom, buffer);
    }
}
