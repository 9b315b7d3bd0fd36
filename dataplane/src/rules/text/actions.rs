//! What a rule does: one action at a time.

use super::cursor::Cursor;
use super::{Expected, Fault, matches, values};
use crate::field::Id;
use crate::meter::METERS;
use crate::rules::{Action, Rule};
use crate::wire::{ethernet, vlan};

/// The last table.
const LAST_TABLE: u64 = 254;
const ACTION: Expected = Expected::Words("an action, such as output:1, drop or normal");

/// Fields that actions of their own change.
const MODIFIERS: [(&str, Id); 9] = [
    ("mod_dl_src", Id::EthSrc),
    ("mod_dl_dst", Id::EthDst),
    ("mod_nw_src", Id::NwSrc),
    ("mod_nw_dst", Id::NwDst),
    ("mod_nw_ecn", Id::NwEcn),
    ("mod_nw_ttl", Id::NwTtl),
    ("mod_tp_src", Id::TpSrc),
    ("mod_tp_dst", Id::TpDst),
    ("set_tunnel", Id::TunId),
];

/// Passes all actions up to the end of the text and gives them to `rule`.
pub(super) fn parse(cursor: &mut Cursor<'_>, rule: &mut Rule) -> Result<(), Fault> {
    let start = cursor.clone();
    cursor.skip_separators();
    if cursor.is_at_end() {
        return Err(start.fault(ACTION));
    }
    // What the packet is like at an action: tags come and go.
    let mut packet = rule.clone();
    while !cursor.is_at_end() {
        let start = cursor.clone();
        let action = one(cursor, &mut packet)?;
        let full = start.fault(Expected::Words("fewer actions: a rule has 32 at most"));
        if let Some(action) = action {
            rule.actions.push(action).map_err(|_| full)?;
        } else if !rule.actions.is_empty() {
            return Err(start.fault(Expected::Words("drop to be the only action")));
        }
        let end = cursor.fault(Expected::Words("a comma, or the end"));
        let before = cursor.clone();
        cursor.skip_separators();
        if !cursor.is_at_end() && before.fault(ACTION) == cursor.fault(ACTION) {
            return Err(end);
        }
        if !cursor.is_at_end() && action.is_none() {
            return Err(cursor.fault(Expected::Words("nothing after drop")));
        }
    }
    Ok(())
}

/// Passes one action; none for drop, which is to do nothing.
fn one(cursor: &mut Cursor<'_>, packet: &mut Rule) -> Result<Option<Action>, Fault> {
    let start = cursor.clone();
    let name = cursor.name();
    if let Some((_, field)) = MODIFIERS.iter().find(|it| it.0 == name) {
        cursor.expect(":")?;
        return modify(&start, cursor, packet, *field).map(Some);
    }
    let action = match name {
        "drop" => return Ok(None),
        "output" => {
            cursor.expect(":")?;
            output(cursor)?
        }
        "in_port" | "IN_PORT" => Action::InPort,
        "flood" | "FLOOD" | "all" | "ALL" => Action::Flood,
        "normal" | "NORMAL" => Action::Normal,
        "resubmit" => resubmit(cursor)?,
        "goto_table" => {
            cursor.expect(":")?;
            Action::Goto(cursor.number(LAST_TABLE)? as u8)
        }
        "set_field" => set_field(cursor, packet)?,
        "mod_nw_tos" => {
            cursor.expect(":")?;
            matches::needs(&start, packet, Id::NwTos)?;
            set(Id::NwDscp, u128::from(cursor.number(255)? >> 2), u128::MAX)
        }
        "mod_vlan_vid" | "set_vlan_vid" => {
            cursor.expect(":")?;
            tagged(packet);
            Action::SetVlan(cursor.number(vlan::ID.into())? as u16)
        }
        "mod_vlan_pcp" | "set_vlan_pcp" => {
            cursor.expect(":")?;
            tagged(packet);
            Action::SetPriority(cursor.number(7)? as u8)
        }
        "push_vlan" => push(cursor, packet)?,
        "pop_vlan" | "strip_vlan" => Action::PopVlan,
        "meter" => {
            cursor.expect(":")?;
            Action::Meter(cursor.number(METERS as u64)? as u32)
        }
        "dec_ttl" => {
            matches::needs(&start, packet, Id::NwTtl)?;
            Action::DecTtl
        }
        _ => {
            *cursor = start;
            output(cursor)?
        }
    };
    Ok(Some(action))
}

/// From here on the packet has a VLAN tag.
fn tagged(packet: &mut Rule) {
    let present = u128::from(vlan::PRESENT);
    Id::VlanTci.set(&mut packet.value, present, present);
    Id::VlanTci.look(&mut packet.mask, present);
}

fn output(cursor: &mut Cursor<'_>) -> Result<Action, Fault> {
    let fault = cursor.fault(ACTION);
    values::port(cursor.until(&[',', ' ', '\t', ')'])).map(Action::Output).ok_or(fault)
}

fn resubmit(cursor: &mut Cursor<'_>) -> Result<Action, Fault> {
    let ports = Expected::Words("the number of a port, or LOCAL");
    let (mut port, mut table) = (None, None);
    if cursor.eat(":") {
        let fault = cursor.fault(ports);
        port = Some(values::port(cursor.name()).ok_or(fault)?);
        return Ok(Action::Resubmit { port, table });
    }
    cursor.expect("(")?;
    let fault = cursor.fault(ports);
    let name = cursor.name();
    if !name.is_empty() && name != "in_port" {
        port = Some(values::port(name).ok_or(fault)?);
    }
    if cursor.eat(",") && !cursor.clone().eat(")") {
        table = Some(cursor.number(LAST_TABLE)? as u8);
    }
    cursor.expect(")")?;
    Ok(Action::Resubmit { port, table })
}

fn modify(
    start: &Cursor<'_>,
    cursor: &mut Cursor<'_>,
    packet: &Rule,
    field: Id,
) -> Result<Action, Fault> {
    matches::needs(start, packet, field)?;
    Ok(set(field, values::one(cursor, field)?, u128::MAX))
}

/// `set_field:VALUE[/MASK]->FIELD`: the field stands last, and says how to read what is before.
fn set_field(cursor: &mut Cursor<'_>, packet: &Rule) -> Result<Action, Fault> {
    cursor.expect(":")?;
    let arrow = cursor.fault(Expected::Words("VALUE->FIELD"));
    let mut ahead = cursor.clone();
    loop {
        ahead.until(&['-', ',']);
        if ahead.eat("->") {
            break;
        }
        if !ahead.eat("-") {
            return Err(arrow);
        }
    }
    let unknown = ahead.fault(Expected::Words("the name of a field that can be changed"));
    let start = ahead.clone();
    let field = Id::named(ahead.name()).filter(|field| field.field().writable).ok_or(unknown)?;
    matches::needs(&start, packet, field)?;
    let (value, mask) = values::parse(cursor, field)?;
    cursor.expect("->")?;
    cursor.name();
    Ok(set(field, value, mask))
}

fn set(field: Id, value: u128, mask: u128) -> Action {
    let mask = mask & field.most();
    Action::Set { field, value: value.to_be_bytes(), mask: mask.to_be_bytes() }
}

fn push(cursor: &mut Cursor<'_>, packet: &mut Rule) -> Result<Action, Fault> {
    cursor.expect(":")?;
    let fault = cursor.fault(Expected::Words("0x8100 or 0x88a8"));
    let kind = cursor.number(u16::MAX.into())? as u16;
    tagged(packet);
    let proper = matches!(kind, ethernet::VLAN | ethernet::SERVICE_VLAN);
    proper.then_some(Action::PushVlan(kind)).ok_or(fault)
}
