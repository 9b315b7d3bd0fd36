//! What one PMD decides with: caches, classifier, and what upcalls ask.

use frame::BURST;
use handover::{Reader, Sender};
use heapless::Vec;

use crate::batch::{Batch, Verdict, Way};
use crate::classifier::{self, Classifier, LISTS};
use crate::emc::{Emc, Entry, INVERSE_PROBABILITY, PLACES, Rare};
use crate::field::Id;
use crate::flow::Flows;
use crate::hash::Seeds;
use crate::key::Key;
use crate::ledger::Reason;
use crate::meter::Meter;
use crate::network::{Network, Station};
use crate::program::{Place, Programs};
use crate::rules::RuleSet;
use crate::simple::{self, Simple};
use crate::smc::{self, Smc};
use crate::upcall::Limiter;

/// Something that a PMD tells the control core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// This station was heard on another port than before, or for the first time.
    Heard(Station),
    /// The address on Ethernet of this neighbor should be known and is not.
    Wanted(u128),
}

/// Memory of a [`Switch`]. All of it is its PMD's own, but that others may read flows.
pub struct Memory {
    /// What simple flows met.
    pub simple: &'static mut [simple::Entry; simple::PLACES],
    /// Keys that were met lately, and their rare words.
    pub emc: (&'static mut [Entry; PLACES], &'static mut [Rare; PLACES]),
    /// Signatures of many more; none where they are not to be kept.
    pub smc: Option<&'static mut [smc::Bucket; smc::BUCKETS]>,
    /// Flows, and the masks that they share.
    pub flows: Flows,
    /// How flows are found.
    pub classifier: classifier::Memory,
    /// What flows do.
    pub programs: &'static mut [Place],
}

/// Whom a switch asks and tells.
pub struct Contacts {
    /// The rules.
    pub rules: Reader<RuleSet>,
    /// What upcalls know besides.
    pub network: Reader<Network>,
    /// Where the control core is told.
    pub notes: Sender<Note>,
    /// Rates that all PMDs share.
    pub meters: &'static [Meter],
}

/// What one PMD decides with.
pub struct Switch {
    simple: Simple,
    pub(crate) emc: Emc,
    pub(crate) smc: Smc,
    pub(crate) classifier: Classifier,
    pub(crate) programs: Programs,
    pub(crate) rules: Reader<RuleSet>,
    pub(crate) network: Reader<Network>,
    pub(crate) notes: Sender<Note>,
    pub(crate) meters: &'static [Meter],
    /// Programs of frames that no flow could be made for.
    pub(crate) lent: Vec<u32, BURST>,
    pub(crate) limiter: Limiter,
    /// An upcall pushed a subtable out.
    pub(crate) exhausted: bool,
    /// When another second begins.
    second: u64,
    hertz: u64,
    pub(crate) seeds: Seeds,
}

/// How many frames were settled, by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    /// By flows that look at little more than the port.
    pub(crate) simple: u64,
    /// By the exact-match cache.
    pub(crate) emc: u64,
    /// By the signature cache.
    pub(crate) smc: u64,
    /// By the classifier.
    pub(crate) megaflow: u64,
    /// Subtables that the classifier looked at for those.
    pub(crate) lookups: u64,
    /// Frames that came again.
    pub(crate) again: u64,
}

impl Settled {
    /// Adds frames that the classifier settled, and the subtables looked at for them.
    pub(crate) fn add(&mut self, (megaflow, lookups): (u64, u64)) {
        self.megaflow += megaflow;
        self.lookups += lookups;
    }
}

impl Switch {
    /// A switch that knows no flow yet, on a core whose clock counts `hertz` in a second.
    pub fn new(memory: Memory, contacts: Contacts, seeds: Seeds, hertz: u64) -> Self {
        let Contacts { rules, network, notes, meters } = contacts;
        let (entries, rare) = memory.emc;
        Self {
            simple: Simple::new(memory.simple, seeds.other(4)),
            emc: Emc::new(entries, rare, seeds.other(1), INVERSE_PROBABILITY),
            smc: Smc::new(memory.smc),
            classifier: Classifier::new(memory.flows, memory.classifier, seeds.other(2)),
            programs: Programs::new(memory.programs),
            rules,
            network,
            notes,
            meters,
            lent: Vec::new(),
            limiter: Limiter::new(),
            exhausted: false,
            second: 0,
            hertz,
            seeds: seeds.other(3),
        }
    }

    /// Has one key in `inverse` inserted into the exact-match cache, and allows each port so many
    /// `upcalls` in a second, any number if it is 0.
    pub fn configure(&mut self, inverse: u32, upcalls: u32) {
        self.emc.set_inverse(inverse);
        self.limiter.set(upcalls);
    }

    /// How flows of frames of `port` are found. What runs a program has to be looked at.
    #[inline]
    pub(crate) fn way(&self, port: u16) -> Way {
        let list = port_list(port);
        if let Some(flow) = self.classifier.whole(list) {
            let verdict = self.classifier.flows().verdict(flow);
            if !matches!(verdict, Verdict::Run(_)) {
                return Way::Whole(flow, verdict);
            }
        }
        if self.classifier.is_simple(list) { Way::Simple } else { Way::Caches }
    }

    /// The room of caches: settles frames that are like frames that came lately.
    #[inline]
    pub(crate) fn look_up(&mut self, batch: &mut Batch, settled: &mut Settled, now: u64) {
        match batch.way {
            Way::Whole(flow, verdict) => settled.simple += self.whole(batch, (flow, verdict), now),
            Way::Simple => settled.simple += self.simple(batch, now),
            Way::Caches => self.caches(batch, settled, now),
        }
    }

    /// Settles frames that the exact-match cache knows, or the signature cache.
    #[inline(never)]
    pub(crate) fn caches(&mut self, batch: &mut Batch, settled: &mut Settled, now: u64) {
        settled.emc += self.cache(batch, now);
        if batch.open != 0 && self.smc.is_on() {
            settled.smc += self.signatures(batch, now);
        }
    }

    /// Settles all frames of a batch that need no look: all meet `flow`.
    #[inline]
    fn whole(&self, batch: &mut Batch, (flow, verdict): (u32, Verdict), now: u64) -> u64 {
        let mut bytes = batch.bytes;
        if batch.open.count_ones() as usize != batch.frames.len() {
            bytes = batch.each_open().map(|i| batch.frames[i].len() as u64).sum();
        }
        let frames = u64::from(batch.settle_all(verdict));
        self.classifier.flows().hit(flow, (frames, bytes), now);
        frames
    }

    /// Settles frames that simple match knows.
    #[cold]
    #[inline(never)]
    fn simple(&self, batch: &mut Batch, now: u64) -> u64 {
        // Packets in these are not told apart by a hash that nobody made.
        batch.keys.iter_mut().for_each(|key| key.hash = 0);
        self.settle_known(batch, now, |key, flows| self.simple.find(key, flows))
    }

    /// Settles frames whose keys were met lately.
    // As a function it costs a packet out of a tunnel 1 % more.
    #[inline(always)]
    fn cache(&mut self, batch: &mut Batch, now: u64) -> u64 {
        if !self.emc.is_on() {
            return 0;
        }
        let open = batch.each_open();
        for i in open {
            self.emc.hash(&mut batch.keys[i]);
        }
        self.settle_known(batch, now, |key, flows| self.emc.find(key, flows))
    }

    /// Settles frames whose flows `find` knows by their keys, and returns how many.
    #[inline]
    fn settle_known(
        &self,
        batch: &mut Batch,
        now: u64,
        find: impl Fn(&Key, &Flows) -> Option<u32>,
    ) -> u64 {
        let flows = self.classifier.flows();
        let mut run = Run::new(flows, now);
        let mut found = 0;
        for i in batch.each_open() {
            let Some(flow) = find(&batch.keys[i], flows) else { continue };
            run.add(flow, batch.frames[i].len());
            batch.settle(i, run.verdict);
            found += 1;
        }
        run.end();
        found
    }

    /// The same for those whose signatures are known.
    #[cold]
    #[inline(never)]
    fn signatures(&mut self, batch: &mut Batch, now: u64) -> u64 {
        for i in batch.each_open() {
            if !self.emc.is_on() {
                self.emc.hash(&mut batch.keys[i]);
            }
            self.smc.prefetch(batch.keys[i].hash);
        }
        let mut found = 0;
        for i in batch.each_open() {
            let fits = |flow| self.classifier.fits(flow, &batch.keys[i]);
            if let Some(flow) = self.smc.find(batch.keys[i].hash, fits) {
                batch.flows[i] = flow;
                found |= 1 << i;
            }
        }
        self.meet(batch, found, now)
    }

    /// The room of the classifier: searches flows for all frames that are open, together.
    pub(crate) fn classify(&mut self, batch: &mut Batch, now: u64) -> (u64, u64) {
        let (mut hits, mut lookups) = (0, 0);
        let mut rest = batch.open;
        while rest != 0 {
            let list = list(&batch.keys[rest.trailing_zeros() as usize]);
            let alike = batch.each_open().filter(|i| rest >> i & 1 == 1);
            let alike = alike.filter(|i| self::list(&batch.keys[*i]) == list);
            let together = alike.fold(0, |set, i| set | 1 << i);
            let frames = batch.frames.len();
            let (keys, flows) = (&batch.keys[..frames], &mut batch.flows[..frames]);
            let (open, probes) = self.classifier.search(list, keys, together, flows);
            lookups += probes;
            hits += self.meet(batch, together & !open, now);
            rest &= !together;
        }
        (hits, lookups)
    }

    /// Settles the frames `found`, by the flows that were found.
    fn meet(&mut self, batch: &mut Batch, found: u32, now: u64) -> u64 {
        if matches!(batch.way, Way::Simple) {
            return self.meet_simple(batch, found, now);
        }
        let flows = self.classifier.flows();
        let mut run = Run::new(flows, now);
        for i in batch.each_open().filter(|i| found >> i & 1 == 1) {
            let flow = batch.flows[i];
            run.add(flow, batch.frames[i].len());
            batch.settle(i, run.verdict);
            self.emc.insert_maybe(&batch.keys[i], flow, flows);
            self.smc.insert(batch.keys[i].hash, flow);
        }
        run.end();
        found.count_ones().into()
    }

    /// The same for frames that simple match is to know.
    #[cold]
    #[inline(never)]
    fn meet_simple(&mut self, batch: &mut Batch, found: u32, now: u64) -> u64 {
        let flows = *self.classifier.flows();
        for i in batch.each_open().filter(|i| found >> i & 1 == 1) {
            let flow = batch.flows[i];
            flows.hit(flow, (1, batch.frames[i].len() as u64), now);
            batch.settle(i, flows.verdict(flow));
            self.remember(batch, i, flow);
        }
        found.count_ones().into()
    }

    /// Has caches know that frame `i` met `flow`.
    pub(crate) fn remember(&mut self, batch: &Batch, i: usize, flow: u32) {
        let (key, flows) = (&batch.keys[i], self.classifier.flows());
        if !matches!(batch.way, Way::Simple) {
            self.emc.insert_maybe(key, flow, flows);
            self.smc.insert(key.hash, flow);
        } else if self.classifier.is_flow_simple(flow) {
            self.simple.insert(key, flow, flows);
        }
    }

    /// What is to be done now and then: sees what was published last, removes flows that were pushed
    /// out, and each second ranks subtables.
    pub(crate) fn keep_house(&mut self, now: u64) {
        self.rules.acknowledge();
        self.network.acknowledge();
        self.sweep();
        if now >= self.second {
            self.second = now.saturating_add(self.hertz);
            self.classifier.rank();
            self.limiter.begin_second();
        }
    }

    /// Removes the flow at `place`, if that is its name.
    pub(crate) fn remove(&mut self, place: u32, name: u64) {
        if let Some(Verdict::Run(program)) = self.classifier.remove(place, name) {
            self.programs.release(program);
        }
    }

    /// Gives back what was lent to frames that are gone.
    pub(crate) fn give_back(&mut self) {
        while let Some(program) = self.lent.pop() {
            self.programs.release(program);
        }
    }

    fn sweep(&mut self) {
        let Self { classifier, programs, .. } = self;
        classifier.sweep(|verdict| {
            if let Verdict::Run(program) = verdict {
                programs.release(program);
            }
        });
    }
}

/// The list of subtables that packets of `key` meet.
#[inline]
pub(crate) fn list(key: &Key) -> usize {
    let again = Id::RecircId.get(key) != 0;
    port_list(key.port()) + if again { LISTS / 2 } else { 0 }
}

/// The list of subtables that packets meet that have just come in by `port`.
#[inline]
fn port_list(port: u16) -> usize {
    usize::from(port) % (LISTS / 2)
}

/// Frames in a row that met the same flow: counted together.
struct Run<'a> {
    flows: &'a Flows,
    flow: u32,
    /// What is done with packets of that flow.
    verdict: Verdict,
    frames: u64,
    bytes: u64,
    now: u64,
}

impl<'a> Run<'a> {
    #[inline]
    fn new(flows: &'a Flows, now: u64) -> Self {
        let (flow, verdict) = (u32::MAX, Verdict::Drop(Reason::NoRule));
        Self { flows, flow, verdict, frames: 0, bytes: 0, now }
    }

    #[inline]
    fn add(&mut self, flow: u32, bytes: usize) {
        if flow != self.flow {
            self.end();
            (self.flow, self.verdict) = (flow, self.flows.verdict(flow));
        }
        self.frames += 1;
        self.bytes += bytes as u64;
    }

    #[inline]
    fn end(&mut self) {
        let (frames, bytes) = (core::mem::take(&mut self.frames), core::mem::take(&mut self.bytes));
        if frames > 0 {
            self.flows.hit(self.flow, (frames, bytes), self.now);
        }
    }
}
