//! Which network card the machine was booted by, as loaders tell it.

use super::bytes::u8_at;
use crate::address::Mac;

/// The hardware type of Ethernet (RFC 1700, "Number Hardware Type").
const ETHERNET: u8 = 1;
/// The same as it stands before an address.
const ETHERNET_PAIR: &str = "01";
/// The key that PXELINUX (`IPAPPEND 2`) and scripts of iPXE write.
const KEY: &str = "BOOTIF=";
/// Where a message of DHCP has the type, the length and the bytes of its client's address (RFC 2131, 2).
const HTYPE: usize = 1;
const HLEN: usize = 2;
const CHADDR: usize = 28;

/// The card that `line` names by its address, with hyphens or colons between the bytes, and, if that is
/// not left out, the hardware type before them: `BOOTIF=01-52-54-00-12-34-56`.
pub fn of_command_line(line: &str) -> Option<Mac> {
    line.split_ascii_whitespace().rev().find_map(|word| address(word.strip_prefix(KEY)?))
}

fn address(text: &str) -> Option<Mac> {
    let pairs = text.split(['-', ':']);
    match pairs.clone().count() {
        7 if pairs.clone().next() == Some(ETHERNET_PAIR) => Mac::of_pairs(pairs.skip(1)),
        _ => Mac::of_pairs(pairs),
    }
}

/// The card that a server of DHCP answered with `message`.
pub fn of_dhcp(message: &[u8]) -> Option<Mac> {
    let is_ethernet = u8_at(message, HTYPE) == Some(ETHERNET) && u8_at(message, HLEN) == Some(6);
    let bytes = message.get(CHADDR..)?.first_chunk()?;
    (is_ethernet && *bytes != [0; 6]).then_some(Mac(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_names_the_card_as_loaders_write_it() {
        for word in ["01-52-54-00-12-34-Fe", "52-54-00-12-34-fe", "52:54:00:12:34:fe"] {
            let line = format!("ports=all BOOTIF={word} hostname=lab7");
            assert_eq!(of_command_line(&line), Some(Mac([0x52, 0x54, 0, 0x12, 0x34, 0xfe])));
        }
    }

    #[test]
    fn what_is_no_address_on_ethernet_names_no_card() {
        for word in [
            "",
            "01",
            "06-52-54-00-12-34-56",
            "01-52-54-00-12-34",
            "1-52-54-00-12-34-56",
            "01-52-54-00-12-34-5g",
            "01-52-54-00-12-34-56-78",
            "01--52-54-00-12-34",
        ] {
            let expected =
                (word == "01-52-54-00-12-34").then_some(Mac([1, 0x52, 0x54, 0, 0x12, 0x34]));
            assert_eq!(of_command_line(&format!("BOOTIF={word}")), expected, "{word}");
        }
        assert_eq!(of_command_line("XBOOTIF=52:54:00:12:34:56 ports=all"), None);
    }

    #[test]
    fn a_message_of_dhcp_names_its_client_if_all_of_that_is_there() {
        let mut message = [0; 240];
        message[..4].copy_from_slice(&[2, ETHERNET, 6, 0]);
        message[CHADDR..CHADDR + 6].copy_from_slice(&[2, 0, 0, 0, 0, 7]);
        assert_eq!(of_dhcp(&message), Some(Mac([2, 0, 0, 0, 0, 7])));
        for len in 0..CHADDR + 6 {
            assert_eq!(of_dhcp(&message[..len]), None, "cut at {len}");
        }
        message[HLEN] = 8;
        assert_eq!(of_dhcp(&message), None);
    }
}
