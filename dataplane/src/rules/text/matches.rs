//! What packets a rule fits: one word of a match at a time.

use super::cursor::Cursor;
use super::{Expected, Fault, values};
use crate::field::Id;
use crate::rules::Rule;
use crate::wire::{ethernet, ipv4, ipv6, vlan};

/// Words that stand for a type of Ethernet and, some, for a protocol.
const KINDS: [(&str, u16, Option<u8>); 13] = [
    ("ip", ethernet::IPV4, None),
    ("ipv6", ethernet::IPV6, None),
    ("arp", ethernet::ARP, None),
    ("rarp", ethernet::RARP, None),
    ("icmp", ethernet::IPV4, Some(ipv4::ICMP)),
    ("tcp", ethernet::IPV4, Some(ipv4::TCP)),
    ("udp", ethernet::IPV4, Some(ipv4::UDP)),
    ("sctp", ethernet::IPV4, Some(ipv4::SCTP)),
    ("icmp6", ethernet::IPV6, Some(ipv6::ICMPV6)),
    ("icmpv6", ethernet::IPV6, Some(ipv6::ICMPV6)),
    ("tcp6", ethernet::IPV6, Some(ipv4::TCP)),
    ("udp6", ethernet::IPV6, Some(ipv4::UDP)),
    ("sctp6", ethernet::IPV6, Some(ipv4::SCTP)),
];
/// The number that stands for no VLAN tag in `dl_vlan`.
const NO_VLAN: u64 = 0xffff;
/// The last table.
const LAST_TABLE: u64 = 254;

/// Words for the type and protocol, the shortest that says both.
pub(super) fn kind(kind: u16, protocol: Option<u8>) -> Option<&'static str> {
    KINDS.iter().find(|it| (it.1, it.2) == (kind, protocol)).map(|it| it.0)
}

/// Passes one word of a match and has `rule` match so.
pub(super) fn parse(cursor: &mut Cursor<'_>, rule: &mut Rule) -> Result<(), Fault> {
    let start = cursor.clone();
    let name = cursor.name();
    if let Some((_, kind, protocol)) = KINDS.iter().find(|it| it.0 == name) {
        put(rule, Id::EthType, (*kind).into(), u128::MAX);
        if let Some(protocol) = protocol {
            put(rule, Id::NwProto, (*protocol).into(), u128::MAX);
        }
        return Ok(());
    }
    if !cursor.eat("=") {
        let expected = if name.is_empty() { &start } else { cursor };
        let words = if name.is_empty() || !is_known(name) {
            return Err(start.fault(Expected::Words("the name of a field, or actions=")));
        } else {
            "= and a value"
        };
        return Err(expected.fault(Expected::Words(words)));
    }
    match name {
        "table" => rule.table = cursor.number(LAST_TABLE)? as u8,
        "priority" => rule.priority = cursor.number(u16::MAX.into())? as u16,
        "cookie" => rule.cookie = cursor.number(u64::MAX)?,
        // What `dump-flows` tells besides may be said again, and is nothing to match.
        "n_packets" | "n_bytes" => drop(cursor.number(u64::MAX)?),
        "dl_vlan" | "vlan_vid" => tag(cursor, rule)?,
        _ => field(&start, cursor, rule, name)?,
    }
    Ok(())
}

fn is_known(name: &str) -> bool {
    ["table", "priority", "cookie"].contains(&name) || Id::named(name).is_some()
}

/// A VLAN's number, which says that there is a tag; or that there is none.
fn tag(cursor: &mut Cursor<'_>, rule: &mut Rule) -> Result<(), Fault> {
    let present = u128::from(vlan::PRESENT);
    let mut ahead = cursor.clone();
    if ahead.number(u64::MAX) == Ok(NO_VLAN) {
        *cursor = ahead;
        put(rule, Id::VlanTci, 0, u128::MAX);
        return Ok(());
    }
    let (value, mask) = values::parse(cursor, Id::VlanVid)?;
    put(rule, Id::VlanTci, present, present);
    put(rule, Id::VlanVid, value, mask);
    Ok(())
}

fn field(
    start: &Cursor<'_>,
    cursor: &mut Cursor<'_>,
    rule: &mut Rule,
    name: &str,
) -> Result<(), Fault> {
    let unknown = start.fault(Expected::Words("the name of a field, or actions="));
    let id = Id::named(name).ok_or(unknown)?;
    if matches!(id, Id::VlanPcp) {
        put(rule, Id::VlanTci, vlan::PRESENT.into(), vlan::PRESENT.into());
    }
    // What stands for ports with TCP stands for a type and a code with ICMP, as it does in OVS.
    let id = match id {
        Id::TpSrc if Id::IcmpType.field().needs.met(&rule.value, &rule.mask) => Id::IcmpType,
        Id::TpDst if Id::IcmpType.field().needs.met(&rule.value, &rule.mask) => Id::IcmpCode,
        id => id,
    };
    needs(start, rule, id)?;
    let (value, mask) = values::parse(cursor, id)?;
    put(rule, id, value, mask);
    Ok(())
}

/// Whether all packets of `rule` have the field `id`.
pub(super) fn needs(start: &Cursor<'_>, rule: &Rule, id: Id) -> Result<(), Fault> {
    let field = id.field();
    let fault = start.fault(Expected::Needed { field: id.name(), needs: field.needs.name() });
    field.needs.met(&rule.value, &rule.mask).then_some(()).ok_or(fault)
}

fn put(rule: &mut Rule, id: Id, value: u128, mask: u128) {
    id.set(&mut rule.value, value, mask);
    id.look(&mut rule.mask, mask);
}
