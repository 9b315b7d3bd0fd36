//! Values of fields as text: read here, and written.

use core::fmt::{self, Formatter};
use core::net::{Ipv4Addr, Ipv6Addr};

use super::cursor::{Cursor, number};
use super::{Expected, Fault};
use crate::field::{Form, Id};
use crate::key::{FRAGMENT, LATER};
use crate::ledger::{LOCAL, Reason};

/// Names of TCP's flags, from the lowest bit on (ovs-fields(7)).
const FLAGS: [&str; 9] = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns"];

/// Where values end.
const ENDS: [char; 6] = [',', ' ', '\t', '-', ')', '/'];

/// Passes a value of `field`, and where it says so a mask, and returns both.
pub(super) fn parse(cursor: &mut Cursor<'_>, field: Id) -> Result<(u128, u128), Fault> {
    match field.field().form {
        Form::TcpFlags => return flags(cursor),
        Form::Fragment => return fragment(cursor),
        _ => {}
    }
    let value = one(cursor, field)?;
    let mask = if cursor.eat("/") { mask(cursor, field)? } else { field.most() };
    Ok((value & mask, mask))
}

/// Passes a value without a mask.
pub(super) fn one(cursor: &mut Cursor<'_>, field: Id) -> Result<u128, Fault> {
    let form = field.field().form;
    let fault = cursor.fault(expected(field));
    let word = cursor.until(&ENDS);
    let value = match form {
        Form::Mac => mac(word),
        Form::Ipv4 => word.parse::<Ipv4Addr>().ok().map(|it| u32::from(it).into()),
        Form::Ipv6 => address(word),
        Form::Port => port(word).map(u128::from),
        Form::Decimal | Form::Hexadecimal | Form::TcpFlags | Form::Fragment | Form::Fault => {
            number(word)
        }
    };
    value.filter(|value| *value <= field.most()).ok_or(fault)
}

/// Passes a mask: a number of leading ones for addresses, or as a value is written.
fn mask(cursor: &mut Cursor<'_>, field: Id) -> Result<u128, Fault> {
    let is_ip = matches!(field.field().form, Form::Ipv4 | Form::Ipv6);
    let fault = cursor.fault(expected(field));
    let mut ahead = cursor.clone();
    let word = ahead.until(&ENDS);
    if is_ip && let Some(length) = number(word) {
        *cursor = ahead;
        let bits = u128::from(field.field().bits);
        let ones = u32::try_from(length).ok().filter(|_| length <= bits).ok_or(fault)?;
        return Ok(field.most() & !field.most().checked_shr(ones).unwrap_or(0));
    }
    one(cursor, field)
}

/// An address of IPv6, or one of IPv4 in the form that stands for it there (RFC 4291, 2.5.5.2).
fn address(word: &str) -> Option<u128> {
    let mapped = word.parse::<Ipv4Addr>().ok().map(|it| it.to_ipv6_mapped().to_bits());
    mapped.or_else(|| word.parse::<Ipv6Addr>().ok().map(Ipv6Addr::to_bits))
}

/// The port that `word` names.
pub(super) fn port(word: &str) -> Option<u16> {
    match word {
        "LOCAL" | "local" => Some(LOCAL),
        _ => number(word)?.try_into().ok(),
    }
}

fn mac(word: &str) -> Option<u128> {
    let mut parts = word.split(':');
    let value = parts.by_ref().take(6).try_fold(0, |value, part| {
        let proper = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit());
        let byte = proper.then(|| u8::from_str_radix(part, 16).ok()).flatten()?;
        Some(value << 8 | u128::from(byte))
    });
    let count = word.split(':').count();
    value.filter(|_| count == 6)
}

fn flags(cursor: &mut Cursor<'_>) -> Result<(u128, u128), Fault> {
    let most = Id::TcpFlags.most();
    let (mut value, mut mask) = (0, 0);
    let fault = cursor.fault(Expected::Words("flags of TCP, such as +syn-ack or 0x2/0x12"));
    if let Some(numeric) = number(cursor.clone().until(&ENDS)) {
        cursor.until(&ENDS);
        let mask = if cursor.eat("/") { number(cursor.until(&ENDS)).ok_or(fault)? } else { most };
        return Some((numeric & mask, mask)).filter(|_| numeric <= most).ok_or(fault);
    }
    loop {
        let is_set = cursor.eat("+");
        if !is_set && !cursor.eat("-") {
            break;
        }
        let name = cursor.name();
        let bit = FLAGS.iter().position(|flag| *flag == name).ok_or(fault)?;
        mask |= 1 << bit;
        value |= u128::from(is_set) << bit;
    }
    Some((value, mask)).filter(|_| mask != 0).ok_or(fault)
}

fn fragment(cursor: &mut Cursor<'_>) -> Result<(u128, u128), Fault> {
    let fault = cursor.fault(Expected::Words("no, yes, first, later or not_later"));
    let (fragment, later) = (u128::from(FRAGMENT), u128::from(LATER));
    match cursor.name() {
        "no" => Ok((0, fragment)),
        "yes" => Ok((fragment, fragment)),
        "first" => Ok((fragment, fragment | later)),
        "later" => Ok((later, later)),
        "not_later" => Ok((0, later)),
        _ => Err(fault),
    }
}

fn expected(field: Id) -> Expected {
    match field.field().form {
        Form::Mac => Expected::Words("an address such as 00:11:22:33:44:55"),
        Form::Ipv4 => Expected::Words("an IPv4 address"),
        Form::Ipv6 => Expected::Words("an IPv6 address"),
        Form::Port => Expected::Words("the number of a port, or LOCAL"),
        Form::Decimal | Form::Hexadecimal | Form::TcpFlags | Form::Fragment | Form::Fault => {
            Expected::Number(field.most() as u64)
        }
    }
}

/// Writes `value` as the field is written.
pub(super) fn show(field: Id, value: u128, out: &mut Formatter<'_>) -> fmt::Result {
    match field.field().form {
        Form::Mac => show_mac(value as u64, out),
        Form::Ipv4 => write!(out, "{}", Ipv4Addr::from_bits(value as u32)),
        Form::Ipv6 => {
            let address = Ipv6Addr::from_bits(value);
            match address.to_ipv4_mapped() {
                Some(mapped) => write!(out, "{mapped}"),
                None => write!(out, "{address}"),
            }
        }
        Form::Port => show_port(value as u16, out),
        Form::Hexadecimal | Form::TcpFlags => write!(out, "{value:#x}"),
        Form::Decimal | Form::Fragment => write!(out, "{value}"),
        Form::Fault => {
            let reason = (value as usize).checked_sub(1).and_then(|it| Reason::ALL.get(it));
            out.write_str(reason.map_or("none", |reason| reason.name()))
        }
    }
}

/// Writes a port's number, or its name.
pub(super) fn show_port(port: u16, out: &mut Formatter<'_>) -> fmt::Result {
    if port == LOCAL { out.write_str("LOCAL") } else { write!(out, "{port}") }
}

fn show_mac(value: u64, out: &mut Formatter<'_>) -> fmt::Result {
    let [_, _, a, b, c, d, e, f] = value.to_be_bytes();
    write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}

/// Writes a match on `value` where `mask` looks, as it is read.
pub(super) fn show_match(
    field: Id,
    (value, mask): (u128, u128),
    out: &mut Formatter<'_>,
) -> fmt::Result {
    let (fragment, later) = (u128::from(FRAGMENT), u128::from(LATER));
    if field == Id::NwFrag {
        let name = match (value, mask) {
            (0, mask) if mask == fragment => "no",
            (value, mask) if (value, mask) == (fragment, fragment) => "yes",
            (value, mask) if (value, mask) == (fragment, fragment | later) => "first",
            (value, mask) if mask & later != 0 && value & later != 0 => "later",
            _ if mask & fragment != 0 => "no",
            _ => "not_later",
        };
        return write!(out, "nw_frag={name}");
    }
    write!(out, "{}=", field.name())?;
    show(field, value, out)?;
    if mask == field.most() {
        return Ok(());
    }
    out.write_str("/")?;
    let ones = (mask << (128 - u32::from(field.field().bits))).leading_ones();
    match field.field().form {
        Form::Ipv4 | Form::Ipv6 if mask.count_ones() == ones => write!(out, "{ones}"),
        Form::Decimal | Form::Port => write!(out, "{mask:#x}"),
        _ => show(field, mask, out),
    }
}
