//! Whether the entries of the ACPI table of processors are what they claim to be.

use super::bytes::u8_at;

/// Whether `entries` is a chain of entries that all end inside of it, those of processors long
/// enough for all their fields (ACPI 6.4, 5.2.12.2 and 5.2.12.12).
pub fn entries_fit(mut entries: &[u8]) -> bool {
    while let (Some(kind), Some(len)) = (u8_at(entries, 0), u8_at(entries, 1)) {
        let len_min = match kind {
            0 => 8,
            9 => 16,
            _ => 2,
        };
        match entries.get(usize::from(len)..) {
            Some(rest) if len >= len_min => entries = rest,
            _ => return false,
        }
    }
    entries.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_that_ends_where_it_should_fits() {
        let mut entries = vec![0, 8, 0, 0, 1, 0, 0, 0];
        entries.extend([1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert!(entries_fit(&entries));
        assert!(entries_fit(&[]));
    }

    #[test]
    fn a_chain_cut_anywhere_inside_of_an_entry_does_not_fit() {
        let entries = [0, 8, 0, 0, 1, 0, 0, 0, 1, 4, 0, 0];
        for len in 1..entries.len() {
            assert_eq!(entries_fit(&entries[..len]), len == 8, "cut at {len}");
        }
    }

    #[test]
    fn an_entry_of_length_0_does_not_loop() {
        assert!(!entries_fit(&[5, 0, 5, 0]));
    }

    #[test]
    fn a_processor_that_is_too_short_does_not_fit() {
        assert!(!entries_fit(&[0, 4, 0, 0]));
        assert!(!entries_fit(&[9, 8, 0, 0, 0, 0, 0, 0]));
    }
}
