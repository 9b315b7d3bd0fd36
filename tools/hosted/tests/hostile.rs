//! The entry points of the fuzzer (tools/fuzz), where there is none: input of any kind by proptest.

use hosted::hostile;
use proptest::collection::vec;
use proptest::prelude::*;

/// Words that rules are made of.
const WORDS: &str = "(in_port=[0-9]{1,2}|tcp|udp6?|ip|arp|dl_vlan=[0-9]{1,3}|nw_src=10\\.0\\.0\\.0/[0-9]{1,2}|\
                     tp_dst=(0x)?[0-9a-f]{1,4}|priority=[0-9]{1,5}|table=[0-9]{1,3}|actions=|output:[0-9]{1,2}|\
                     drop|flood|normal|dec_ttl|pop_vlan|resubmit\\(,[0-9]\\)|meter[=:][0-9]{1,3}|\
                     mod_tp_dst:[0-9]{1,5}|set_field:[0-9a-f:.]{1,12}->[a-z_]{4,8}|[ -~]{0,6})";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn behind_any_bytes_a_stream_is_found_again(bytes in vec(line_byte(), 0..600)) {
        hostile::stream(&bytes);
    }
}

/// A byte of a line: often one that begins or ends something there.
fn line_byte() -> impl Strategy<Value = u8> {
    prop_oneof![4 => any::<u8>(), 1 => Just(0), 1 => Just(b'\n'), 1 => Just(b'@'), 2 => 0..4_u8]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_bytes_make_the_same_key_whatever_was_there(bytes in vec(any::<u8>(), 0..160)) {
        hostile::frame(&bytes);
    }

    #[test]
    fn any_text_is_a_rule_that_can_be_written_or_is_told_where_it_is_wrong(
        words in vec(WORDS, 0..8),
    ) {
        hostile::rule(words.join(",").as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_frames_go_where_a_walk_over_the_rules_sends_them(bytes in vec(any::<u8>(), 0..400)) {
        hostile::packets(&bytes);
    }

    #[test]
    fn what_comes_out_of_a_tunnel_was_in_it(bytes in vec(any::<u8>(), 0..24)) {
        hostile::tunnel(&bytes);
    }
}
