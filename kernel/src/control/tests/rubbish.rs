//! Whatever is typed, in any order and at any time: the console lives, and answers afterwards.

use super::*;
use crate::command::COMMANDS;
use crate::stream::Way;

/// Words that commands have behind their names, and keys.
const WORDS: [&str; 32] = [
    " 0",
    " 1",
    " 2",
    " 999",
    " 18446744073709551615",
    " -1",
    " x",
    " -it",
    " -ms",
    " -nh",
    " -pmd",
    " -us",
    " -b",
    " -a",
    " -f",
    " json",
    " text",
    " on",
    " off",
    " all",
    " in_port=0,actions=drop",
    " help",
    "\t",
    "\r",
    "\r",
    "\r",
    "\x03",
    "\x15",
    "\x1b[A",
    "\x1b[D",
    "\x7f",
    "\x1b[",
];

/// Numbers that are the same in each run (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % limit
    }

    /// Bytes of any value, or, as often, something that means more.
    fn typed(&mut self) -> Vec<u8> {
        match self.below(4) {
            0 | 1 => (0..1 + self.below(48)).map(|_| self.below(256) as u8).collect(),
            2 => WORDS[self.below(WORDS.len())].into(),
            _ => COMMANDS[self.below(COMMANDS.len())].name.into(),
        }
    }
}

/// Types `count` bytes, while time moves on and PMDs run; then asks for something.
fn type_rubbish(count: usize, seed: u64) {
    let (mut desk, mut dice) = (Desk::new(), Dice(seed));
    desk.control.set_stream(Way::Shared, [7; 20]);
    let (mut typed, mut text) = (0, String::new());
    while typed < count {
        let input = dice.typed();
        typed += input.len();
        desk.control.tick(&mut desk.machine, &input);
        desk.machine.now += dice.below(20_000) as u64;
        if dice.below(16) == 0 {
            desk.stall(1 + dice.below(2), dice.below(3000) as u64);
        }
        desk.obey();
        desk.acknowledge();
        text.clear();
        desk.drain(&mut text);
    }
    CRASHED.set(false);
    (desk.machine.rebooted, desk.machine.left) = (false, false);
    answers_again(&mut desk);
}

/// Behind Ctrl-C, an emptied line, and time for what was under way the console answers.
fn answers_again(desk: &mut Desk) {
    desk.says("\x03\x15\r");
    for _ in 0..200 {
        desk.machine.now += HERTZ;
        desk.says("");
    }
    let answer = desk.answers("show ledger");
    assert!(answer.last().is_some_and(|line| line.ends_with("exact=yes")), "{answer:#?}");
}

#[test]
fn half_a_million_bytes_of_rubbish_leave_a_console_that_answers() {
    (1..=2).for_each(|seed| type_rubbish(250_000, seed));
}

#[test]
#[ignore = "takes minutes: cargo test --release -p kernel --lib ten_million -- --ignored"]
fn ten_million_bytes_of_rubbish_leave_a_console_that_answers() {
    (11..=20).for_each(|seed| type_rubbish(1_000_000, seed));
}
