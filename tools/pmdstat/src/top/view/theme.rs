//! How things look: with colours, or with none.

use ratatui::style::{Color, Modifier, Style};

/// Whether there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::top) struct Theme {
    is_coloured: bool,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Strong,
    Title,
    Good,
    Warning,
    Bad,
    Faint,
    Chosen,
}

impl Theme {
    /// With colours or without.
    pub(in crate::top) const fn new(is_coloured: bool) -> Self {
        Self { is_coloured }
    }

    /// What the variables `NO_COLOR` and `TERM` ask for.
    pub(in crate::top) fn asked(no_color: Option<&str>, term: Option<&str>) -> Self {
        let is_wanted = no_color.is_none_or(str::is_empty);
        Self::new(is_wanted && term.is_some_and(|term| !term.is_empty() && term != "dumb"))
    }

    pub(super) fn style(self, tone: Tone) -> Style {
        if self.is_coloured { coloured(tone) } else { plain(tone) }
    }

    /// The ground of a part of a bar, by its number.
    pub(super) fn part(self, number: usize) -> Style {
        const GROUNDS: [Color; 9] = [
            Color::Cyan,
            Color::Green,
            Color::Yellow,
            Color::LightBlue,
            Color::Red,
            Color::Magenta,
            Color::LightGreen,
            Color::LightYellow,
            Color::Gray,
        ];
        match self.is_coloured {
            true => Style::new().fg(Color::Black).bg(GROUNDS[number % GROUNDS.len()]),
            false => Style::new(),
        }
    }
}

fn coloured(tone: Tone) -> Style {
    let style = Style::new();
    match tone {
        Tone::Plain => style,
        Tone::Strong => style.add_modifier(Modifier::BOLD),
        Tone::Title => style.fg(Color::Black).bg(Color::Cyan),
        Tone::Good => style.fg(Color::Green),
        Tone::Warning => style.fg(Color::Yellow),
        Tone::Bad => style.fg(Color::Red).add_modifier(Modifier::BOLD),
        Tone::Faint => style.fg(Color::Gray),
        Tone::Chosen => style.fg(Color::White).bg(Color::Blue),
    }
}

fn plain(tone: Tone) -> Style {
    let style = Style::new();
    match tone {
        Tone::Plain | Tone::Good | Tone::Faint => style,
        Tone::Strong | Tone::Warning | Tone::Bad => style.add_modifier(Modifier::BOLD),
        Tone::Title | Tone::Chosen => style.add_modifier(Modifier::REVERSED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_no_colours_where_none_are_wanted() {
        let is_coloured = |no_color, term| Theme::asked(no_color, term).is_coloured;
        assert!(is_coloured(None, Some("xterm")) && is_coloured(Some(""), Some("xterm")));
        assert!(!is_coloured(Some("1"), Some("xterm")));
        assert!(!is_coloured(None, Some("dumb")) && !is_coloured(None, None));
    }
}
