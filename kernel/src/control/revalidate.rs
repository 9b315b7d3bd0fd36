//! Looks after cached flows: those that rules would make otherwise by now, and those that no packet
//! meets any more, are removed.
//!
//! The walk goes over all places of all PMDs, a few a tick, and begins again half a second after it
//! began. It asks rules only if something was published since it did so last, and only once all
//! PMDs know of that, so that no flow is made of what was before behind its back.

use dataplane::flow::Megaflow;
use dataplane::network::Station;
use dataplane::rules::View;
use dataplane::translate::{RESUBMITS, Trace, translate};
use dataplane::wire::vlan;
use dataplane::{Order, field::Id};
use heapless::Vec;

use super::tables::Tables;
use super::{Orders, Pmd};

/// Places that are looked at in one tick at most, and flows of them that rules are asked about.
const PLACES: usize = 4096;
const QUESTIONS: usize = 128;
/// Walks in a second (Open vSwitch's `max-revalidator` of 500 ms).
const WALKS: u64 = 2;

/// A walk over all flows.
pub(super) struct Walk {
    /// The PMD and the place that come next; none between two walks.
    next: Option<(usize, u32)>,
    /// When the walk began, and the one before it.
    began: [u64; 2],
    /// What was published when the walk began, if its flows are compared with that.
    compares: bool,
    /// What all flows were compared with.
    known: u64,
    coming: u64,
    /// Clock counts without a packet after which a flow goes, and in a second.
    max_idle: u64,
    hertz: u64,
    /// Flows that PMDs were told to remove.
    pub(super) removed: u64,
}

impl Walk {
    /// A walk that has flows without a packet for `max_idle` removed, by a clock that counts `hertz`
    /// in a second.
    pub(super) fn new(max_idle: u64, hertz: u64) -> Self {
        let (next, began, compares) = (None, [0; 2], false);
        Self { next, began, compares, known: 0, coming: 0, max_idle, hertz, removed: 0 }
    }

    /// Goes on for a little.
    pub(super) fn step<O: Orders>(&mut self, pmds: &mut [Pmd<O>], tables: &mut Tables, now: u64) {
        hear(pmds, tables, now);
        if self.next.is_none() && !self.begins(tables, now) {
            return;
        }
        let mut questions = QUESTIONS;
        for _ in 0..PLACES {
            let Some((number, place)) = self.next else { return };
            let Some(pmd) = pmds.get_mut(number) else { return self.end() };
            if place as usize >= pmd.handle.flows.capacity() {
                self.next = Some((number + 1, 0));
                continue;
            }
            if let Some(flow) = pmd.handle.flows.read(place) {
                questions -= 1;
                if !self.look_at(&flow, pmd, tables, now) {
                    return;
                }
            }
            self.next = Some((number, place + 1));
            if questions == 0 {
                return;
            }
        }
    }

    /// Whether it is time for another walk.
    fn begins(&mut self, tables: &mut Tables, now: u64) -> bool {
        let is_new = tables.generation() != self.known;
        let is_due = now >= self.began[0].saturating_add(self.hertz / WALKS);
        // What is new waits for nothing but for all PMDs to know of it.
        if is_new && !tables.is_settled() || !is_new && !is_due {
            return false;
        }
        if is_due {
            tables.age(now);
        }
        self.began = [now, self.began[0]];
        (self.compares, self.coming) = (is_new && tables.is_settled(), tables.generation());
        self.next = Some((0, 0));
        true
    }

    /// Whether rules say of the packets of `flow` something else by now, or look at more of them.
    /// Those that came since the last walk count for the rules that they met.
    fn is_outdated<O>(&self, flow: &Megaflow, pmd: &mut Pmd<O>, tables: &Tables) -> bool {
        let more = pmd.counted.get_mut(flow.place as usize);
        let more = more.map_or((0, 0), |counted| counted.take(flow));
        if !self.compares && more.0 == 0 {
            return false;
        }
        let mut met = Met(Vec::new());
        let said = translate(tables.world(), &flow.key, &mut met);
        met.0.iter().for_each(|rule| tables.rules().hit(*rule, more));
        let differs = said.program.fingerprint() != flow.actions || !flow.mask.covers(&said.mask);
        self.compares && differs
    }

    fn end(&mut self) {
        if self.compares {
            self.known = self.coming;
        }
        self.next = None;
    }

    /// Has `flow` removed if it should be. False if the PMD has no room for the order.
    fn look_at<O: Orders>(
        &mut self,
        flow: &Megaflow,
        pmd: &mut Pmd<O>,
        tables: &mut Tables,
        now: u64,
    ) -> bool {
        if flow.used >= self.began[1] {
            note_source(flow, tables);
        }
        let is_idle = now.saturating_sub(flow.used) > self.max_idle;
        let is_outdated = self.is_outdated(flow, pmd, tables);
        if !is_idle && !is_outdated {
            return true;
        }
        let sent = pmd.handle.orders.send(Order::Remove { place: flow.place, name: flow.name });
        self.removed += u64::from(sent.is_ok());
        sent.is_ok()
    }
}

/// Rules that a packet met.
struct Met(Vec<u32, RESUBMITS>);

impl Trace for Met {
    fn met(&mut self, _: u8, rule: Option<&View<'_>>) {
        if let Some(rule) = rule {
            let _there_is_a_place_for_each_look_up = self.0.push(rule.number);
        }
    }
}

/// Whoever sends the packets of a flow that looks at who sends them was heard.
fn note_source(flow: &Megaflow, tables: &mut Tables) {
    if Id::EthSrc.seen(&flow.mask) != Id::EthSrc.most() {
        return;
    }
    let control = Id::VlanTci.get(&flow.key) as u16;
    let vlan = if control & vlan::PRESENT != 0 { control & vlan::ID } else { 0 };
    let mac = Id::EthSrc.get(&flow.key) as u64;
    let port = tables.world().network.whole(flow.key.port());
    tables.hear(Station { mac, vlan, port }, flow.used);
}

/// Learns what PMDs noted.
fn hear<O>(pmds: &mut [Pmd<O>], tables: &mut Tables, now: u64) {
    let notes = pmds.iter_mut().flat_map(|pmd| core::iter::from_fn(|| pmd.handle.notes.take()));
    tables.learn(notes, now);
}

#[cfg(test)]
mod tests;
