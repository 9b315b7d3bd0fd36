use proptest::prelude::*;

use super::*;

/// A terminal that knows CR, LF, backspace and bell, and nothing else.
#[derive(Default)]
struct Terminal {
    lines: Vec<Vec<char>>,
    column: usize,
    bells: usize,
}

impl Write for Terminal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.lines.is_empty() {
                self.lines.push(Vec::new());
            }
            let line = self.lines.last_mut().unwrap();
            match character {
                '\r' => self.column = 0,
                '\x08' => self.column -= 1,
                '\x07' => self.bells += 1,
                '\n' => {
                    self.lines.push(Vec::new());
                    self.column = 0;
                }
                ' '..='~' => {
                    line.resize(line.len().max(self.column + 1), ' ');
                    line[self.column] = character;
                    self.column += 1;
                }
                other => panic!("a dumb terminal was sent {other:?}"),
            }
        }
        Ok(())
    }
}

struct Desk {
    shell: Shell<'static>,
    terminal: Terminal,
    finished: Vec<Typed>,
}

impl Desk {
    fn new() -> Self {
        let shell = Shell::new(Box::leak(Box::default()));
        let mut desk = Self { shell, terminal: Terminal::default(), finished: Vec::new() };
        desk.shell.show(&mut desk.terminal).unwrap();
        desk
    }

    fn types(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let typed = self.shell.accept(byte, &mut self.terminal).unwrap();
            if typed != Typed::Nothing {
                self.finished.push(typed);
                self.shell.show(&mut self.terminal).unwrap();
            }
        }
    }

    fn lines(&self) -> Vec<String> {
        self.finished
            .iter()
            .map(|typed| match typed {
                Typed::Line(line) => line.to_string(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    /// The last lines on the terminal.
    fn shown(&self, count: usize) -> Vec<String> {
        let lines = &self.terminal.lines;
        let last = lines.iter().skip(lines.len().saturating_sub(count));
        last.map(|line| line.iter().collect::<String>().trim_end().to_string()).collect()
    }
}

type String = std::string::String;
type Vec<T> = std::vec::Vec<T>;

#[test]
fn what_is_typed_is_shown_and_taken() {
    let mut desk = Desk::new();
    desk.types(b"show ports\r\nexit\n");
    assert_eq!(desk.lines(), ["show ports", "exit"]);
    assert_eq!(desk.shown(3), ["barecore> show ports", "barecore> exit", "barecore>"]);
}

#[test]
fn characters_are_taken_back_by_either_key() {
    let mut desk = Desk::new();
    desk.types(b"shoe\x08w\x7fw ports\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08hi\r");
    assert_eq!(desk.lines(), ["hi"]);
    assert_eq!(desk.shown(2)[0], "barecore> hi");
}

#[test]
fn a_line_is_edited_in_the_middle() {
    let mut desk = Desk::new();
    desk.types(b"shw\x1b[Do\x1b[C ports\x1b[D\x1b[D\x7f");
    assert_eq!(desk.shown(1), ["barecore> show pots"]);
    desk.types(b"r");
    assert_eq!(desk.shown(1), ["barecore> show ports"]);
    desk.types(b"\r");
    assert_eq!(desk.lines(), ["show ports"]);
}

#[test]
fn ctrl_u_takes_the_line_back_wherever_the_cursor_is() {
    let mut desk = Desk::new();
    desk.types(b"show drops\x1b[D\x1b[D\x15exit\r");
    assert_eq!(desk.lines(), ["exit"]);
    assert_eq!(desk.shown(2)[0], "barecore> exit");
}

#[test]
fn ctrl_c_gives_a_fresh_line() {
    let mut desk = Desk::new();
    desk.types(b"show drops\x03exit\r");
    assert_eq!(desk.lines(), ["exit"]);
    assert_eq!(desk.shown(3), ["barecore> show drops^C", "barecore> exit", "barecore>"]);
}

#[test]
fn lines_typed_before_come_back() {
    let mut desk = Desk::new();
    desk.types(b"show ports\rshow drops\r\x1b[A\x1b[A\r\x1b[A\x1b[A\x1b[B\r");
    assert_eq!(desk.lines(), ["show ports", "show drops", "show ports", "show ports"]);
}

#[test]
fn tab_completes_as_far_as_it_is_clear() {
    let mut desk = Desk::new();
    desk.types(b"sh\tl\t\rpmd-st\t\rcrash s\t1\r");
    assert_eq!(desk.lines(), ["show ledger ", "pmd-stats-clear ", "crash stack-overflow 1"]);
}

#[test]
fn tab_lists_what_it_cannot_choose_among() {
    let mut desk = Desk::new();
    desk.types(b"crash p\t\t");
    assert_eq!(desk.shown(3), ["barecore> crash pa", "  page-fault  panic", "barecore> crash pa"]);
    desk.types(b"nic\r");
    assert_eq!(desk.lines(), ["crash panic"]);
}

#[test]
fn a_line_that_is_too_long_is_refused_and_the_next_is_not() {
    let mut desk = Desk::new();
    desk.types(&[b'x'; LINE]);
    desk.types(b"\r");
    desk.types(&[b'x'; LINE + 2]);
    desk.types(b"\x08\r");
    desk.types(b"exit\r");
    assert_eq!(desk.lines(), [&"x".repeat(LINE), "TooLong", "exit"]);
    assert_eq!(desk.terminal.bells, 2);
    desk.types(&[b'x'; LINE + 1]);
    desk.types(b"\x15help\r");
    assert_eq!(desk.lines()[3], "help");
}

#[test]
fn text_makes_place_for_itself_and_what_was_typed_comes_back() {
    let mut desk = Desk::new();
    desk.types(b"show drps\x1b[D\x1b[D");
    desk.shell.hide(&mut desk.terminal).unwrap();
    writeln!(desk.terminal, "something happened").unwrap();
    desk.shell.show(&mut desk.terminal).unwrap();
    desk.types(b"o\r");
    assert_eq!(desk.lines(), ["show drops"]);
    assert_eq!(desk.shown(3), ["something happened", "barecore> show drops", "barecore>"]);
}

#[test]
fn a_megabyte_of_noise_does_no_harm() {
    let mut desk = Desk::new();
    let mut state = 1_u64;
    for _ in 0..1_000_000 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        desk.types(&[(state >> 33) as u8]);
        desk.finished.clear();
        desk.terminal.lines.drain(..desk.terminal.lines.len().saturating_sub(4));
    }
    desk.types(b"\x15exit\r");
    assert_eq!(desk.lines(), ["exit"]);
}

/// Keys, those that matter to a line editor more often than others.
fn key() -> impl Strategy<Value = Vec<u8>> {
    let typed = prop::sample::select(b"abpst -".to_vec()).prop_map(|byte| vec![byte]);
    let noise = any::<u8>().prop_map(|byte| vec![byte]);
    let special = ["\x08", "\x15", "\r", "\t", "\x03", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"];
    let special = prop::sample::select(special.to_vec()).prop_map(|keys| keys.as_bytes().to_vec());
    let long = Just(vec![b'x'; 60]);
    prop_oneof![6 => typed, 2 => noise, 4 => special, 1 => long]
}

proptest! {
    #[test]
    fn the_terminal_always_shows_the_line_as_it_is(keys in prop::collection::vec(key(), 0..200)) {
        let mut desk = Desk::new();
        for key in keys {
            desk.types(&key);
            let text = desk.shell.screen.text();
            let (len, cursor) = desk.shell.screen.extent();
            prop_assert_eq!(len, text.len());
            prop_assert_eq!(desk.terminal.column, PROMPT.len() + cursor);
            let shown = format!("{PROMPT}{text}");
            prop_assert_eq!(desk.shown(1), [shown.trim_end()]);
        }
    }
}
