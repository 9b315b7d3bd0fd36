//! Rules and matches as they are read.

use core::fmt::{self, Display, Formatter};

use super::matches;
use super::values::{show, show_match, show_port};
use crate::field::{Form, Id};
use crate::key::{Key, Mask};
use crate::program::{Act, Program};
use crate::rules::{Action, DEFAULT_PRIORITY, View};
use crate::wire::vlan;

/// Fields that another one stands for where it shows.
const COVERED: [Id; 4] = [Id::VlanVid, Id::VlanPcp, Id::NwDscp, Id::NwEcn];

/// A match, in words with commas between.
pub struct Match<'a> {
    /// What packets are like.
    pub value: &'a Key,
    /// Where that matters.
    pub mask: &'a Mask,
}

impl Display for View<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "table={}", self.table)?;
        if self.cookie != 0 {
            write!(out, ",cookie={:#x}", self.cookie)?;
        }
        if self.priority != DEFAULT_PRIORITY {
            write!(out, ",priority={}", self.priority)?;
        }
        let mut value = Key::ZERO;
        self.value.iter().enumerate().for_each(|(word, own)| value[word] = *own);
        let fits = Match { value: &value, mask: self.mask };
        if *self.mask != Mask::NONE {
            write!(out, ",{fits}")?;
        }
        out.write_str(" actions=")?;
        if self.actions.is_empty() {
            return out.write_str("drop");
        }
        self.actions.iter().enumerate().try_for_each(|(place, action)| {
            write!(out, "{}{action}", if place > 0 { "," } else { "" })
        })
    }
}

impl Display for Match<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { value, mask } = *self;
        let mut comma = "";
        let mut separate =
            |out: &mut Formatter<'_>| out.write_str(core::mem::replace(&mut comma, ","));
        let named = name_of_kind(value, mask);
        if let Some((name, _)) = named {
            separate(out)?;
            out.write_str(name)?;
        }
        let is_said = |id: Id| match id {
            Id::EthType => named.is_some(),
            Id::NwProto | Id::ArpOp => named.is_some_and(|(_, protocol)| protocol),
            _ => false,
        };
        for id in Id::all().filter(|id| id.seen(mask) != 0 && !is_said(*id)) {
            // Packets that come for the first time have the id 0, and good ones no fault.
            let is_plain = matches!(id, Id::RecircId | Id::Fault) && id.get(value) == 0;
            if COVERED.contains(&id) || is_plain || !is_shown(id, value, mask) {
                continue;
            }
            separate(out)?;
            match id {
                Id::VlanTci => tag(value, mask, out)?,
                _ => show_match(id, (id.get(value), id.seen(mask)), out)?,
            }
        }
        Ok(())
    }
}

/// Of fields that share bits, whether `id` is the one that packets have.
fn is_shown(id: Id, value: &Key, mask: &Mask) -> bool {
    let needs = |id: Id| id.field().needs.met(value, mask);
    match id {
        Id::TpSrc => !needs(Id::IcmpType),
        Id::TpDst => !needs(Id::IcmpCode),
        Id::NwProto => !needs(Id::ArpOp),
        Id::NwSrc | Id::NwDst => !needs(Id::ArpSpa),
        Id::ArpSha | Id::ArpTha => !needs(Id::NdSll),
        Id::IcmpType
        | Id::IcmpCode
        | Id::ArpOp
        | Id::ArpSpa
        | Id::ArpTpa
        | Id::NdSll
        | Id::NdTll => needs(id),
        _ => true,
    }
}

fn name_of_kind(value: &Key, mask: &Mask) -> Option<(&'static str, bool)> {
    let whole = |id: Id| id.seen(mask) == id.most();
    if !whole(Id::EthType) {
        return None;
    }
    let protocol = whole(Id::NwProto).then(|| Id::NwProto.get(value) as u8);
    let both = protocol.and_then(|it| matches::kind(value.kind(), Some(it)));
    both.map(|name| (name, true)).or_else(|| Some((matches::kind(value.kind(), None)?, false)))
}

fn tag(value: &Key, mask: &Mask, out: &mut Formatter<'_>) -> fmt::Result {
    let (tci, seen) = (Id::VlanTci.get(value) as u16, Id::VlanTci.seen(mask) as u16);
    let (id, present) = (vlan::ID, vlan::PRESENT);
    match seen {
        _ if tci & present != 0 && seen == id | present => write!(out, "dl_vlan={}", tci & id),
        u16::MAX if tci == 0 => write!(out, "dl_vlan=0xffff"),
        u16::MAX => write!(out, "dl_vlan={},dl_vlan_pcp={}", tci & id, tci >> 13),
        _ => write!(out, "vlan_tci={tci:#06x}/{seen:#06x}"),
    }
}

impl Display for Action {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Output(port) => {
                out.write_str("output:")?;
                show_port(port, out)
            }
            Self::InPort => out.write_str("in_port"),
            Self::Flood => out.write_str("flood"),
            Self::Normal => out.write_str("normal"),
            Self::Resubmit { port, table } => {
                out.write_str("resubmit(")?;
                port.map_or(Ok(()), |port| show_port(port, out))?;
                table.map_or(Ok(()), |table| write!(out, ",{table}"))?;
                out.write_str(")")
            }
            Self::Goto(table) => write!(out, "goto_table:{table}"),
            Self::Set { field, value, mask } => {
                let [value, mask] = [value, mask].map(u128::from_be_bytes);
                set(field, value, mask, out)
            }
            Self::SetVlan(id) => write!(out, "mod_vlan_vid:{id}"),
            Self::SetPriority(priority) => write!(out, "mod_vlan_pcp:{priority}"),
            Self::PushVlan(kind) => write!(out, "push_vlan:{kind:#06x}"),
            Self::PopVlan => out.write_str("pop_vlan"),
            Self::DecTtl => out.write_str("dec_ttl"),
            Self::Meter(number) => write!(out, "meter:{number}"),
        }
    }
}

impl Display for Program {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.acts
            .iter()
            .enumerate()
            .try_for_each(|(place, act)| write!(out, "{}{act}", if place > 0 { "," } else { "" }))
    }
}

impl Display for Act {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Output(port) => show_port(port, out),
            Self::Set { field, value, mask } => {
                let [value, mask] = [value, mask].map(u128::from_be_bytes);
                set(field, value, mask & field.most(), out)
            }
            Self::PushVlan { kind, control } => {
                let (id, priority) = (control & vlan::ID, control >> 13);
                write!(out, "push_vlan(tpid={kind:#06x},vid={id},pcp={priority})")
            }
            Self::PopVlan => out.write_str("pop_vlan"),
            Self::Encapsulate { port, .. } => write!(out, "tnl_push({port})"),
            Self::Balance { members, enabled } => {
                write!(out, "balance({members:#06x},{enabled:#06x})")
            }
            Self::Decapsulate => out.write_str("tnl_pop"),
            Self::Meter(number) => write!(out, "meter({number})"),
            Self::Drop(reason) => write!(out, "drop({})", reason.name()),
        }
    }
}

/// Writes a change of a field, as rules have it.
fn set(field: Id, value: u128, mask: u128, out: &mut Formatter<'_>) -> fmt::Result {
    out.write_str("set_field:")?;
    show(field, value, out)?;
    if mask != field.most() {
        match field.field().form {
            Form::Decimal => write!(out, "/{mask:#x}")?,
            _ => {
                out.write_str("/")?;
                show(field, mask, out)?;
            }
        }
    }
    write!(out, "->{}", field.name())
}
