//! The name that somebody most likely meant.

/// Bytes of a name or word that are looked at.
const LONGEST: usize = 48;

/// The one of `names` that takes the fewest changes of single bytes to become of `word`, the first
/// of several; none if more than half of the longer of the two would have to change.
pub(crate) fn nearest<'a>(
    word: &[u8],
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = &word[..word.len().min(LONGEST)];
    let candidates = names.into_iter().map(|name| (changes(word, name.as_bytes()), name));
    let (distance, name) = candidates.min_by_key(|&(distance, _)| distance)?;
    (distance * 2 <= word.len().max(name.len())).then_some(name)
}

/// How many bytes must be changed, put in or taken out to make `to` of `from`.
fn changes(from: &[u8], to: &[u8]) -> usize {
    let to = &to[..to.len().min(LONGEST)];
    let mut row: [usize; LONGEST + 1] = core::array::from_fn(|column| column);
    for (line, byte) in from.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(byte != other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["show ports", "show drops", "pmd-perf-show", "exit"];

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        assert_eq!(nearest(b"shwo ports", NAMES), Some("show ports"));
        assert_eq!(nearest(b"pmd-pref-show", NAMES), Some("pmd-perf-show"));
        assert_eq!(nearest(b"exti", NAMES), Some("exit"));
        assert_eq!(nearest(b"show drop", NAMES), Some("show drops"));
    }

    #[test]
    fn what_resembles_nothing_finds_nothing() {
        assert_eq!(nearest(b"zzzzzzzz", NAMES), None);
        assert_eq!(nearest(b"", NAMES), None);
        assert_eq!(nearest(b"exit", []), None);
    }

    #[test]
    fn words_and_names_of_any_length_are_compared() {
        let long = "x".repeat(1000);
        assert_eq!(nearest(long.as_bytes(), NAMES), None);
        assert_eq!(nearest(long.as_bytes(), [long.as_str()]), Some(long.as_str()));
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        assert_eq!(changes(b"kitten", b"sitting"), 3);
        assert_eq!(changes(b"", b"abc"), 3);
        assert_eq!(changes(b"abc", b""), 3);
        assert_eq!(changes(b"flaw", b"lawn"), 2);
    }
}
