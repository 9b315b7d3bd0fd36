//! From rules to a megaflow: what is done with a packet, and which of its bits that depends on.
//!
//! The mask of the flow holds exactly the bits that were looked at: those that tables of rules
//! looked at, as long as no action had overwritten them, and those that actions depend on. So every
//! packet that is like this one in those bits is treated alike by the rules.
//!
//! Packets that cannot be what they say go where rules send them that look at no more than their
//! port and Ethernet's addresses and tags. Where rules look further, they are dropped for their
//! reason.

use heapless::Vec;

use crate::field::Id;
use crate::key::{Key, Mask};
use crate::ledger::{LOCAL, Reason};
use crate::network::{Network, Station, is_multicast};
use crate::program::{Act, Program};
use crate::rules::{Action, RuleSet, View};
use crate::wire::ethernet::VLAN;
use crate::wire::vlan;

/// Look-ups of one translation at most.
pub const RESUBMITS: usize = 64;
/// Tables that wait for one another's end at most.
const DEPTH: usize = 16;

/// What a packet meets.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The rules.
    pub rules: &'a RuleSet,
    /// All else.
    pub network: &'a Network,
}

/// What was decided.
#[derive(Clone, Debug)]
pub struct Translation {
    /// The bits that it depends on.
    pub mask: Mask,
    /// What is to be done. It has one act at least.
    pub program: Program,
    /// Whom the packet comes from, if that was asked.
    pub heard: Option<Station>,
    /// Whose address on Ethernet should be known and is not.
    pub wanted: Option<u128>,
}

/// Who wants to know how a decision comes about.
pub trait Trace {
    /// `rule` of `table`, or none, fits what the packet has become.
    fn met(&mut self, table: u8, rule: Option<&View<'_>>);
}

/// Nobody.
impl Trace for () {
    fn met(&mut self, _: u8, _: Option<&View<'_>>) {}
}

/// Decides what is done with packets of `key`.
pub fn translate(world: World<'_>, key: &Key, trace: &mut impl Trace) -> Translation {
    let mut mask = Mask::NONE;
    Id::InPort.look_at(&mut mask);
    Id::RecircId.look_at(&mut mask);
    let mut translator = Translator {
        world,
        port: key.port(),
        key: *key,
        mask,
        written: Mask::NONE,
        program: Program::new(),
        heard: None,
        wanted: None,
        nothing: Reason::NoRule,
        overflow: false,
        lookups: 0,
    };
    if translator.arrive() {
        translator.run(trace);
    }
    translator.finish(key)
}

struct Translator<'a> {
    world: World<'a>,
    /// The port that the packet came in by.
    port: u16,
    /// What the packet has become.
    key: Key,
    mask: Mask,
    /// Bits that actions have overwritten, which do not depend on the packet any more.
    written: Mask,
    program: Program,
    heard: Option<Station>,
    wanted: Option<u128>,
    /// Why nothing was done, if nothing is.
    nothing: Reason,
    overflow: bool,
    lookups: usize,
}

/// Actions that are still to be done, of a rule in `table`.
struct Rest<'a> {
    table: u8,
    actions: &'a [Action],
}

/// What comes after an action.
enum Next {
    /// The next one.
    Go,
    /// What this table says, and then the next one.
    Call(u8),
    /// What this table says, and nothing else of the rule.
    Jump(u8),
    /// Nothing at all.
    Stop,
}

impl<'a> Translator<'a> {
    fn run(&mut self, trace: &mut impl Trace) {
        let mut rests: Vec<Rest<'a>, DEPTH> = Vec::new();
        if let Some(first) = self.look_up(0, trace) {
            let _fits = rests.push(first);
        }
        while let Some(rest) = rests.last_mut() {
            let Some((action, others)) = rest.actions.split_first() else {
                rests.pop();
                continue;
            };
            rest.actions = others;
            let table = rest.table;
            let called = match self.act(action, table) {
                Next::Go => continue,
                Next::Stop => return,
                Next::Call(table) => table,
                Next::Jump(table) => {
                    rests.pop();
                    table
                }
            };
            if self.lookups >= RESUBMITS || rests.is_full() {
                self.program = Program::new();
                self.nothing = Reason::Resubmits;
                return;
            }
            let found = self.look_up(called, trace);
            Id::InPort.set(&mut self.key, self.port.into(), u128::MAX);
            if let Some(found) = found {
                let _fits = rests.push(found);
            }
        }
    }

    fn look_up(&mut self, table: u8, trace: &mut impl Trace) -> Option<Rest<'a>> {
        self.lookups += 1;
        let mut seen = Mask::NONE;
        let rules: &'a RuleSet = self.world.rules;
        let rule = rules.find(table, &self.key, &mut seen);
        self.look(&seen);
        trace.met(table, rule.as_ref());
        let rule = rule?;
        self.nothing = Reason::RuleDrop;
        Some(Rest { table, actions: rule.actions })
    }

    /// Depends on what `seen` looks at from now on.
    fn look(&mut self, seen: &Mask) {
        let words = self.mask.0.iter_mut().zip(seen.0).zip(self.written.0);
        words.for_each(|((mask, seen), written)| *mask |= seen & !written);
    }

    fn look_at(&mut self, field: Id, bits: u128) {
        let mut seen = Mask::NONE;
        field.look(&mut seen, bits);
        self.look(&seen);
    }

    fn write(&mut self, field: Id, value: u128, mask: u128) {
        field.set(&mut self.key, value, mask);
        field.look(&mut self.written, mask);
    }

    fn act(&mut self, action: &Action, table: u8) -> Next {
        match *action {
            Action::Output(port) => self.output(port),
            Action::InPort => self.push(Act::Output(self.port)),
            Action::Flood => self.flood(),
            Action::Normal => self.normal(),
            Action::Resubmit { port, table: to } => {
                if let Some(port) = port {
                    Id::InPort.set(&mut self.key, port.into(), u128::MAX);
                }
                return Next::Call(to.unwrap_or(table));
            }
            Action::Goto(table) => return Next::Jump(table),
            Action::Set { field, value, mask } => self.set(field, value, mask),
            Action::SetVlan(id) => self.set_tag(id, vlan::ID),
            Action::SetPriority(priority) => self.set_tag(u16::from(priority) << 13, 7 << 13),
            Action::PushVlan(kind) => self.push_tag(kind),
            Action::PopVlan => self.pop_tag(),
            Action::DecTtl => return self.live_shorter(),
            Action::Meter(number) => self.push(Act::Meter(number)),
        }
        Next::Go
    }

    fn push(&mut self, act: Act) {
        self.overflow |= self.program.acts.push(act).is_err();
    }

    fn output(&mut self, port: u16) {
        if port == self.port {
            self.nothing = Reason::InvalidPort;
        } else if port == LOCAL {
            self.local();
        } else if self.world.network.has(port) {
            self.push(Act::Output(port));
        } else if let Some(tunnel) = self.world.network.tunnel(port) {
            self.encapsulate(tunnel);
        } else if let Some(bond) = self.world.network.bond(port) {
            self.leave_by(bond);
        } else {
            self.nothing = Reason::InvalidPort;
        }
    }

    fn flood(&mut self) {
        let network = self.world.network;
        let own = network.whole(self.port);
        for port in network.each_port().filter(|port| *port != own) {
            self.output(port);
        }
    }

    /// What a learning switch does (IEEE 802.1D, 7.7 and 7.8).
    fn normal(&mut self) {
        let own = self.world.network.whole(self.port);
        for field in [Id::EthSrc, Id::EthDst] {
            self.look_at(field, u128::MAX);
        }
        self.look_at(Id::VlanTci, (vlan::ID | vlan::PRESENT).into());
        let [source, destination] = [Id::EthSrc, Id::EthDst].map(|id| id.get(&self.key) as u64);
        let vlan = Id::VlanVid.get(&self.key) as u16;
        if !self.admits(Station { mac: source, vlan, port: own }, destination) {
            self.nothing = Reason::Bond;
            return;
        }
        if !is_multicast(source) && source != 0 {
            self.heard = Some(Station { mac: source, vlan, port: own });
        }
        match self.world.network.addresses.find(destination, vlan) {
            Some(port) if !is_multicast(destination) => {
                if port != own {
                    self.output(port);
                }
            }
            _ => self.flood(),
        }
    }

    fn set(&mut self, field: Id, value: [u8; 16], mask: [u8; 16]) {
        self.write(field, u128::from_be_bytes(value), u128::from_be_bytes(mask));
        if !is_metadata(field) {
            self.push(Act::Set { field, value, mask });
        }
    }

    /// Gives the outer tag `bits`, which `mask` says where to put; it makes a tag if there is none.
    fn set_tag(&mut self, bits: u16, mask: u16) {
        self.look_at(Id::VlanTci, vlan::PRESENT.into());
        if !self.is_tagged() {
            return self.insert_tag(VLAN, bits & mask);
        }
        let [value, mask] = [bits, mask].map(|bits| u128::from(bits).to_be_bytes());
        self.set(Id::VlanTci, value, mask);
    }

    fn is_tagged(&self) -> bool {
        Id::VlanTci.get(&self.key) & u128::from(vlan::PRESENT) != 0
    }

    /// Puts a tag in front that is like the one that was outside (OpenFlow 1.3, 5.10).
    fn push_tag(&mut self, kind: u16) {
        self.look_at(Id::VlanTci, u128::MAX);
        let control = Id::VlanTci.get(&self.key) as u16 & !vlan::PRESENT;
        self.insert_tag(kind, control);
    }

    fn insert_tag(&mut self, kind: u16, control: u16) {
        self.look_at_tags();
        let (outer, kinds) = (Id::VlanTci.get(&self.key), Id::VlanTpid.get(&self.key));
        self.write(Id::InnerTci, outer, u128::MAX);
        self.write(Id::VlanTci, (control | vlan::PRESENT).into(), u128::MAX);
        self.write(Id::VlanTpid, kinds << 1 & 2 | u128::from(kind != VLAN), u128::MAX);
        self.push(Act::PushVlan { kind, control });
    }

    fn pop_tag(&mut self) {
        self.look_at(Id::VlanTci, vlan::PRESENT.into());
        if !self.is_tagged() {
            return;
        }
        self.look_at_tags();
        let (inner, kinds) = (Id::InnerTci.get(&self.key), Id::VlanTpid.get(&self.key));
        self.write(Id::VlanTci, inner, u128::MAX);
        self.write(Id::InnerTci, 0, u128::MAX);
        self.write(Id::VlanTpid, kinds >> 1, u128::MAX);
        self.push(Act::PopVlan);
    }

    /// Tags move: all of both is known from here on.
    fn look_at_tags(&mut self) {
        [Id::VlanTci, Id::InnerTci, Id::VlanTpid]
            .into_iter()
            .for_each(|id| self.look_at(id, u128::MAX));
    }

    fn live_shorter(&mut self) -> Next {
        self.look_at(Id::NwTtl, u128::MAX);
        let ttl = Id::NwTtl.get(&self.key);
        if ttl <= 1 {
            self.push(Act::Drop(Reason::TtlExpired));
            return Next::Stop;
        }
        self.set(Id::NwTtl, (ttl - 1).to_be_bytes(), u128::MAX.to_be_bytes());
        Next::Go
    }

    /// Where rules look into packets, those that cannot be what they say are dropped for that.
    fn refuse_faulty(&mut self, key: &Key) -> Option<Reason> {
        if !self.mask.looks_inside() {
            return None;
        }
        Id::Fault.look_at(&mut self.mask);
        key.fault()
    }

    fn finish(mut self, key: &Key) -> Translation {
        let faulty = self.refuse_faulty(key);
        let acts = &mut self.program.acts;
        let end = acts.iter().rposition(Act::ends).map_or(0, |last| last + 1);
        acts.truncate(end);
        let instead = if self.overflow { Some(Reason::ActionLimit) } else { None };
        let instead = faulty.or(instead);
        if let Some(reason) = instead.or_else(|| acts.is_empty().then_some(self.nothing)) {
            self.program = Program::new();
            let _fits = self.program.acts.push(Act::Drop(reason));
        }
        let Self { mask, program, heard, wanted, .. } = self;
        Translation { mask, program, heard, wanted }
    }
}

/// Whether a field is known of packets, and not in them.
const fn is_metadata(field: Id) -> bool {
    matches!(field, Id::TunId | Id::TunTos | Id::TunTtl | Id::TunSrc | Id::TunDst)
}

mod bonded;
mod local;

#[cfg(test)]
mod tests;
