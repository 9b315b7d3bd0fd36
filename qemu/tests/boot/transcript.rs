//! Transcripts: what the console showed, with its figures masked, in files beside the tests.
//!
//! What differs from run to run is masked: a number becomes `#`, a number in hexadecimal `@`,
//! and blanks that align a number become two. Addresses of PCI functions and of Ethernet stay,
//! since the machine's description fixes them.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

/// What is measured where the host gives the emulator's cores the time for it, and what is said
/// where it does not.
const MEASURED_OR_NOT: [(&str, &str); 1] =
    [("not known to be in step", "cores in step within 0 cycles")];

/// Digits of a register as the image prints it.
const REGISTER: usize = 16;

/// Compares `lines`, masked, with the transcript `name`, or writes it where that is asked for.
pub(crate) fn compare(name: &str, lines: &[String]) -> Result<()> {
    let masked: Vec<_> = lines.iter().map(|line| masked(line)).collect();
    compare_exactly(name, &masked)
}

/// The same for lines without anything that differs from run to run.
pub(crate) fn compare_exactly(name: &str, lines: &[String]) -> Result<()> {
    let path = path(name);
    let shown: String = lines.iter().map(|line| format!("{line}\n")).collect();
    if env::var_os("BARECORE_BLESS").is_some_and(|value| !value.is_empty()) {
        return fs::write(&path, shown).with_context(|| format!("cannot write {}", path.display()));
    }
    let file = path.display();
    let kept = fs::read_to_string(&path)
        .with_context(|| format!("no transcript {file}; cargo xtask test --bless writes it"))?;
    if shown == kept {
        return Ok(());
    }
    bail!("{file} differs; `-` is the transcript, `+` the console:\n{}", difference(&kept, &shown))
}

fn path(name: &str) -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.join("tests").join("transcripts").join(format!("{name}.out"))
}

/// The lines that differ, between those at the beginning and at the end that do not.
fn difference(kept: &str, shown: &str) -> String {
    let (kept, shown): (Vec<_>, Vec<_>) = (kept.lines().collect(), shown.lines().collect());
    let start = kept.iter().zip(&shown).take_while(|(a, b)| a == b).count();
    let ends = kept[start..].iter().rev().zip(shown[start..].iter().rev());
    let end = ends.take_while(|(a, b)| a == b).count();
    let marked = |mark: char, lines: &[&str]| -> String {
        lines[start..lines.len() - end].iter().map(|line| format!("{mark} {line}\n")).collect()
    };
    format!("(from line {})\n{}{}", start + 1, marked('-', &kept), marked('+', &shown))
}

/// `line` with its figures masked.
fn masked(line: &str) -> String {
    let line = MEASURED_OR_NOT
        .iter()
        .fold(line.to_owned(), |line, (not, measured)| line.replace(not, measured));
    let (mut masked, mut rest) = (String::new(), line.as_str());
    while !rest.is_empty() {
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        let end = rest[blanks..].find(' ').map_or(rest.len(), |end| blanks + end);
        let word = &rest[blanks..end];
        masked.push_str(&" ".repeat(kept_blanks(&masked, blanks, word)));
        masked.push_str(&masked_word(word));
        rest = &rest[end..];
    }
    masked.trim_end().to_owned()
}

/// How many of the `blanks` between `before` and `word` are no alignment of a number.
fn kept_blanks(before: &str, blanks: usize, word: &str) -> usize {
    if is_number(word) && before.ends_with('(') {
        return 0;
    }
    let aligns = is_number(word) || before.ends_with(['#', '@']);
    if aligns { blanks.min(2) } else { blanks }
}

fn is_number(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit())
}

fn masked_word(word: &str) -> String {
    if is_address(word) {
        return word.to_owned();
    }
    if word.len() == REGISTER && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return "@".to_owned();
    }
    let mut masked = String::new();
    let mut rest = word;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        masked.push_str(&rest[..start]);
        let number = &rest[start..];
        let (mark, length) = measured(number);
        masked.push_str(mark);
        rest = &number[length..];
    }
    masked + rest
}

/// The mark for the number at the beginning of `text`, and how many bytes it has.
fn measured(text: &str) -> (&'static str, usize) {
    if let Some(digits) = text.strip_prefix("0x") {
        return ("@", 2 + digits.bytes().take_while(u8::is_ascii_hexdigit).count());
    }
    let is_inside = |(index, byte): &(usize, u8)| {
        byte.is_ascii_digit()
            || *byte == b'.' && text.as_bytes().get(index + 1).is_some_and(u8::is_ascii_digit)
    };
    ("#", text.bytes().enumerate().take_while(is_inside).count())
}

/// Whether `word` is the address of a PCI function, as `00:02.0`, or an Ethernet address.
fn is_address(word: &str) -> bool {
    let word = word.trim_end_matches([',', ':', ')']).rsplit('=').next().unwrap_or_default();
    let is_hex = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts: Vec<_> = word.split([':', '.']).collect();
    match parts.as_slice() {
        [bus, device, function] => {
            is_hex(bus) && is_hex(device) && function.len() == 1 && word.contains('.')
        }
        six => six.len() == 6 && six.iter().all(|part| is_hex(part)),
    }
}
