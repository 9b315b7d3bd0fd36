//! The room of upcalls: asks the rules about frames that no flow fits, and makes flows of the
//! answers.

use perf::recorder::Upcall;
use perf::{Clock, Flags, Recorder};

use crate::batch::{Batch, Verdict};
use crate::classifier::Wish;
use crate::ledger::{ACCOUNTS, Reason};
use crate::program::{Act, Program};
use crate::switch::{Note, Switch, list};
use crate::translate::{Translation, World, translate};

/// How many upcalls each port may have in a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limiter {
    /// 0 stands for any number.
    most: u32,
    left: [u32; ACCOUNTS],
}

impl Limiter {
    pub(crate) const fn new() -> Self {
        Self { most: 0, left: [0; ACCOUNTS] }
    }

    /// Each port may have so many from now on; any number if it is 0.
    pub(crate) fn set(&mut self, most: u32) {
        self.most = most;
        self.begin_second();
    }

    /// Another second begins.
    pub(crate) fn begin_second(&mut self) {
        self.left = [self.most; ACCOUNTS];
    }

    /// Whether `port` may have one more.
    fn allows(&mut self, port: u16) -> bool {
        let left = &mut self.left[usize::from(port) % ACCOUNTS];
        let allowed = self.most == 0 || *left > 0;
        *left = left.saturating_sub(1);
        allowed
    }
}

impl Switch {
    /// Settles every frame of `batch` that is open still. Returns the flows that were met by then,
    /// made by upcalls before, and the subtables looked at for them.
    #[cold]
    pub(crate) fn upcalls(
        &mut self,
        batch: &mut Batch,
        recorder: &mut Recorder,
        clock: &impl Clock,
    ) -> (u64, u64) {
        self.rules.acknowledge();
        self.network.acknowledge();
        recorder.begin_upcalls(clock);
        let (mut hits, mut lookups) = (0, 0);
        let now = recorder.latest();
        for i in batch.each_open() {
            // An upcall just now may have made the flow that this one needs.
            let (keys, flows) = (&batch.keys[..=i], &mut batch.flows[..=i]);
            let (open, probes) = self.classifier.search(list(&keys[i]), keys, 1 << i, flows);
            if open == 0 {
                let flow = batch.flows[i];
                let bytes = batch.frames[i].len() as u64;
                self.classifier.flows().hit(flow, (1, bytes), now);
                batch.settle(i, self.classifier.flows().verdict(flow));
                self.remember(batch, i, flow);
                (hits, lookups) = (hits + 1, lookups + probes);
                continue;
            }
            let (verdict, outcome) = self.ask(batch, i, now);
            batch.settle(i, verdict);
            recorder.upcall(outcome, clock);
        }
        if core::mem::take(&mut self.exhausted) {
            recorder.current.flags.set(Flags::LOOKUP_BUDGET);
        }
        (hits, lookups)
    }

    /// Asks the rules about frame `i`.
    fn ask(&mut self, batch: &Batch, i: usize, now: u64) -> (Verdict, Upcall) {
        let (key, frame) = (&batch.keys[i], &batch.frames[i]);
        if !self.limiter.allows(frame.port) {
            return (Verdict::Drop(Reason::UpcallLimit), Upcall::Lost);
        }
        let world = World { rules: self.rules.get(), network: self.network.get() };
        let translation = translate(world, key, &mut ());
        self.tell(&translation);
        let Some(verdict) = self.verdict(&translation.program) else {
            return (Verdict::Drop(Reason::ActionLimit), Upcall::Lost);
        };
        let wish = Wish {
            key,
            mask: &translation.mask,
            verdict,
            actions: translation.program.fingerprint(),
        };
        let evicted = self.classifier.evicted();
        let inserted = self.classifier.insert(list(key), &wish, now);
        self.exhausted |= self.classifier.evicted() != evicted;
        match inserted {
            Ok(flow) => {
                self.classifier.flows().hit(flow, (1, frame.len() as u64), now);
                self.remember(batch, i, flow);
                (verdict, Upcall::Done)
            }
            Err(_) => {
                // It is done to this frame, and to no other.
                if let Verdict::Run(program) = verdict {
                    let _one_for_each_frame = self.lent.push(program);
                }
                (verdict, Upcall::Lost)
            }
        }
    }

    /// The verdict that `program` amounts to; none if there is no place for it.
    fn verdict(&mut self, program: &Program) -> Option<Verdict> {
        match *program.acts.as_slice() {
            [Act::Output(port)] => Some(Verdict::Output(port)),
            [Act::Drop(reason)] => Some(Verdict::Drop(reason)),
            _ => self.programs.hold(program).map(Verdict::Run),
        }
    }

    /// Tells the control core who was heard, if that is news, and who should be known.
    fn tell(&mut self, translation: &Translation) {
        if let Some(address) = translation.wanted {
            // One that is lost is wanted again by another flow.
            let _asked = self.notes.send(Note::Wanted(address));
        }
        let Some(station) = translation.heard else { return };
        let known = self.network.get().addresses.find(station.mac, station.vlan);
        if known != Some(station.port) {
            // One that is lost is heard again when the flow is looked at again.
            let _heard = self.notes.send(Note::Heard(station));
        }
    }
}
