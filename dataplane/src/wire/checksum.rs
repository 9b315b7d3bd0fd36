//! The internet checksum (RFC 1071), and how to keep it right when a part changes (RFC 1624).

/// The sum of `bytes` as words of 16 bits, begun with `sum`. Not folded.
#[inline]
pub fn add(sum: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<4>();
    let sum = words.iter().fold(sum, |sum, word| sum + u64::from(u32::from_be_bytes(*word)));
    match *rest {
        [] => sum,
        [a] => sum + u64::from(u32::from_be_bytes([a, 0, 0, 0])),
        [a, b] => sum + u64::from(u32::from_be_bytes([a, b, 0, 0])),
        [a, b, c, ..] => sum + u64::from(u32::from_be_bytes([a, b, c, 0])),
    }
}

/// The checksum of what adds up to `sum`.
#[inline]
pub fn finish(sum: u64) -> u16 {
    !fold(sum)
}

/// `sum` as a word of 16 bits.
#[inline]
fn fold(sum: u64) -> u16 {
    let sum = (sum >> 32) + (sum & 0xffff_ffff);
    let sum = (sum >> 32) + (sum & 0xffff_ffff);
    let sum = (sum >> 16) + (sum & 0xffff);
    let sum = (sum >> 16) + (sum & 0xffff);
    ((sum >> 16) + (sum & 0xffff)) as u16
}

/// `checksum` when a word that was 0 becomes `word` (RFC 1624, equation 3).
#[inline]
pub fn with(checksum: u16, word: u16) -> u16 {
    let sum = u32::from(!checksum) + u32::from(word);
    !((sum >> 16) + sum) as u16
}

/// `checksum` when `old` becomes `new`, which are equally long and stand at an even place (RFC
/// 1624, equation 3).
#[inline]
pub fn update(checksum: u16, old: &[u8], new: &[u8]) -> u16 {
    let removed = u64::from(!fold(add(0, old)));
    finish(add(u64::from(!checksum) + removed, new))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_rfc_1071_adds_up() {
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(finish(add(0, &bytes)), !0xddf2);
    }

    proptest! {
        #[test]
        fn an_updated_checksum_is_that_of_what_changed(
            mut bytes in proptest::collection::vec(any::<u8>(), 20..80),
            new in any::<[u8; 8]>(),
            place in 0_usize..6,
        ) {
            // Not all zeros, as no packet is: 0 has two checksums.
            bytes[0] |= 1;
            let before = finish(add(0, &bytes));
            let at = 2 + place * 2;
            let old: [u8; 8] = bytes[at..at + 8].try_into().unwrap();
            bytes[at..at + 8].copy_from_slice(&new);
            prop_assert_eq!(update(before, &old, &new), finish(add(0, &bytes)));
        }

        #[test]
        fn a_word_more_is_in_the_checksum(first in 1_u16.., word: u16) {
            let sum = |words: [u16; 2]| finish(words.map(u64::from).iter().sum());
            prop_assert_eq!(with(sum([first, 0]), word), sum([first, word]));
        }
    }
}
