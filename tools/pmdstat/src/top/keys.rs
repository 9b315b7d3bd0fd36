//! Keys, and what the user wants by them.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::state::Input;

/// The keys, as they are told of.
pub(super) const HELP: [(&str, &str); 10] = [
    ("q, Ctrl-C", "quit"),
    ("space", "pause; go on, with a machine that runs to its present"),
    ("Left, Right", "a second back, forth; of an event: the one before, after it"),
    ("PgUp, PgDn", "ten seconds back, forth; of an event: ten rows"),
    ("Home, End", "to the beginning, to the end"),
    ("+, -", "replay twice, half as fast"),
    ("Up, Down", "choose an event; of an event: a row up, down"),
    ("Enter", "open the event"),
    ("Esc", "close the event"),
    ("?", "this page"),
];

/// What the user wants by `key`, if it means anything.
pub(super) fn meaning(key: &KeyEvent) -> Option<Input> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return matches!(key.code, KeyCode::Char('c' | 'd')).then_some(Input::Quit);
    }
    Some(match key.code {
        KeyCode::Char('q') => Input::Quit,
        KeyCode::Char(' ' | 'p') => Input::Pause,
        KeyCode::Left | KeyCode::Char('h') => Input::Back,
        KeyCode::Right | KeyCode::Char('l') => Input::Forth,
        KeyCode::PageUp => Input::LeapBack,
        KeyCode::PageDown => Input::LeapForth,
        KeyCode::Home => Input::First,
        KeyCode::End => Input::Last,
        KeyCode::Char('+' | '=') => Input::Faster,
        KeyCode::Char('-') => Input::Slower,
        KeyCode::Up | KeyCode::Char('k') => Input::Up,
        KeyCode::Down | KeyCode::Char('j') => Input::Down,
        KeyCode::Enter => Input::Open,
        KeyCode::Esc | KeyCode::Backspace => Input::Close,
        KeyCode::Char('?') | KeyCode::F(1) => Input::Help,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_what_the_help_says() {
        let plain = |code| meaning(&KeyEvent::new(code, KeyModifiers::NONE));
        assert_eq!(plain(KeyCode::Char('q')), Some(Input::Quit));
        assert_eq!(plain(KeyCode::Char(' ')), Some(Input::Pause));
        assert_eq!(plain(KeyCode::PageUp), Some(Input::LeapBack));
        assert_eq!(plain(KeyCode::Enter), Some(Input::Open));
        assert_eq!(plain(KeyCode::Char('z')), None);
        let control = |letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        assert_eq!(meaning(&control('c')), Some(Input::Quit));
        assert_eq!(meaning(&control('q')), None);
    }
}
