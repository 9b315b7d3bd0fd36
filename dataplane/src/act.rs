//! The room that carries out verdicts.

use frame::{Frame, LocalPool};

use crate::batch::{Batch, Verdict};
use crate::books::Books;
use crate::extract::extract;
use crate::hash::Seeds;
use crate::key::{Key, Layers};
use crate::ledger::Reason;
use crate::meter::Meter;
use crate::outboxes::Outboxes;
use crate::parse::SMALLEST;
use crate::program::{Act, Headers, Program, Programs};
use crate::{bond, rewrite, tunnel};

/// What verdicts are carried out with.
pub(crate) struct Hands<'a> {
    pub(crate) outboxes: &'a mut Outboxes,
    pub(crate) pool: &'a mut LocalPool,
    pub(crate) books: &'a mut Books,
    pub(crate) programs: &'a Programs,
    /// What connections are told apart by.
    pub(crate) seeds: Seeds,
    /// Rates that packets may not exceed, and the time.
    pub(crate) meters: &'static [Meter],
    pub(crate) now: u64,
    /// Frames that are to come again.
    pub(crate) again: &'a mut Batch,
}

impl Hands<'_> {
    /// Moves each frame of `batch`, none of which is open, to where its verdict sends it: an outbox,
    /// or back to the pool.
    #[inline(never)]
    pub(crate) fn act(&mut self, batch: &mut Batch) {
        let arrived = batch.frames.len() as u64;
        // All frames of a batch came in by the same port, those that come again too.
        let from = batch.frames.first().map_or(batch.port, |frame| frame.port);
        self.again.largest = batch.largest;
        let all_wait = match batch.common() {
            Some(Verdict::Output(port)) => self.outboxes.send_all(port, batch),
            Some(Verdict::Run(program)) => self.run_on_all(batch, program),
            _ => false,
        };
        if all_wait {
            self.books.account(from).forwarded += arrived;
        } else {
            self.act_on_each(batch);
        }
    }

    /// Carries `program` out on all frames of `batch` if it is about a tunnel and nothing else.
    /// Whether all wait for their way out by then; those that are left in the batch do not.
    #[inline]
    fn run_on_all(&mut self, batch: &mut Batch, program: u32) -> bool {
        let Some(program) = self.programs.get(program) else { return false };
        match *program.acts.as_slice() {
            [Act::Encapsulate { headers, port }] => {
                let headers = program.headers.get(usize::from(headers));
                headers.is_some_and(|headers| self.encapsulate_all(batch, headers, port))
            }
            [Act::Decapsulate] => {
                for (frame, key) in batch.frames.drain(..).zip(&batch.keys) {
                    self.decapsulate(frame, key, key.layers);
                }
                false
            }
            _ => false,
        }
    }

    /// Sends all frames of `batch` into a tunnel. False, and nothing was done, if a frame or their way
    /// out has no room. The headers of a tunnel have no VLAN tag.
    #[inline]
    fn encapsulate_all(&mut self, batch: &mut Batch, headers: &Headers, port: u16) -> bool {
        let len = usize::from(headers.len);
        let frames = batch.frames.len();
        let Some(largest) = self.outboxes.has_room(port, frames) else { return false };
        let fits = |frame: &Frame| frame.headroom() >= len && frame.len() + len <= largest;
        if !batch.frames.iter().all(fits) {
            return false;
        }
        for (frame, key) in batch.frames.iter_mut().zip(&batch.keys) {
            let _fits = tunnel::push(frame, headers, self.seeds.connection(key));
        }
        batch.bytes += (frames * len) as u64;
        batch.largest = largest;
        self.outboxes.send_all(port, batch)
    }

    fn act_on_each(&mut self, batch: &mut Batch) {
        let decided = batch.verdicts.iter().zip(&batch.keys);
        for (frame, (&verdict, key)) in batch.frames.drain(..).zip(decided) {
            match batch.shared.unwrap_or(verdict) {
                Verdict::Output(port) => self.output(frame, port),
                Verdict::Drop(reason) => self.drop(frame, reason),
                Verdict::Run(program) => match self.programs.get(program) {
                    Some(program) => self.run(frame, key, program),
                    None => self.drop(frame, Reason::ActionLimit),
                },
            }
        }
    }

    /// Carries out `program` on `frame` of this `key`.
    fn run(&mut self, mut frame: Frame, key: &Key, program: &Program) {
        let Some((last, acts)) = program.acts.split_last() else {
            return self.drop(frame, Reason::RuleDrop);
        };
        let mut layers = key.layers;
        for act in acts {
            if act.ends() {
                if let Some(copy) = self.copy(&frame) {
                    self.end(copy, (key, layers), program, act);
                }
            } else if let Err(reason) = self.change(&mut frame, &mut layers, act) {
                return self.drop(frame, reason);
            }
        }
        self.end(frame, (key, layers), program, last);
    }

    /// Ends `frame`, of this key and with headers there by now, as `act` of `program` says.
    fn end(&mut self, frame: Frame, (key, layers): (&Key, Layers), program: &Program, act: &Act) {
        match *act {
            Act::Output(port) => self.output(frame, port),
            Act::Balance { .. } | Act::Encapsulate { .. } => {
                let hash = self.seeds.connection(key);
                self.end_by_hash(frame, hash, program, act);
            }
            Act::Decapsulate => self.decapsulate(frame, key, layers),
            Act::Drop(reason) => self.drop(frame, reason),
            Act::Set { .. } | Act::PushVlan { .. } | Act::PopVlan | Act::Meter(_) => {
                self.drop(frame, Reason::RuleDrop);
            }
        }
    }

    /// Ends `frame`, of a connection of this `hash`, where it depends on that how.
    #[inline]
    fn end_by_hash(&mut self, frame: Frame, hash: u32, program: &Program, act: &Act) {
        match *act {
            Act::Encapsulate { headers, port } => match program.headers.get(usize::from(headers)) {
                Some(headers) => self.encapsulate(frame, hash, headers, port),
                None => self.drop(frame, Reason::TunnelPush),
            },
            Act::Balance { members, enabled } => match bond::choose(members, enabled, hash) {
                Some(port) => self.output(frame, port),
                None => self.drop(frame, Reason::Bond),
            },
            _ => self.drop(frame, Reason::RuleDrop),
        }
    }

    /// Does to `frame` what does not end it.
    fn change(&self, frame: &mut Frame, layers: &mut Layers, act: &Act) -> Result<(), Reason> {
        match *act {
            Act::Set { field, value, mask } => {
                let [value, mask] = [value, mask].map(u128::from_be_bytes);
                rewrite::set(frame, *layers, field, value, mask);
            }
            Act::PushVlan { kind, control } => {
                let pushed = rewrite::push_vlan(frame, layers, kind, control);
                return pushed.then_some(()).ok_or(Reason::TxOversize);
            }
            Act::PopVlan => rewrite::pop_vlan(frame, layers),
            Act::Meter(number) => {
                let meter = self.meters.get((number as usize).wrapping_sub(1));
                let passes = meter.is_none_or(|meter| meter.passes(frame.len(), self.now));
                return passes.then_some(()).ok_or(Reason::Meter);
            }
            Act::Output(_)
            | Act::Balance { .. }
            | Act::Encapsulate { .. }
            | Act::Decapsulate
            | Act::Drop(_) => {}
        }
        Ok(())
    }

    fn encapsulate(&mut self, mut frame: Frame, hash: u32, headers: &Headers, port: u16) {
        if tunnel::push(&mut frame, headers, hash) {
            self.output(frame, port);
        } else {
            self.drop(frame, Reason::TunnelPush);
        }
    }

    /// Has `frame` come again without the headers of its tunnel.
    fn decapsulate(&mut self, mut frame: Frame, outer: &Key, layers: Layers) {
        let vni = tunnel::pop(&mut frame, outer.kind(), layers);
        let Some(vni) = vni.filter(|_| frame.len() >= SMALLEST) else {
            return self.drop(frame, Reason::TunnelPop);
        };
        let place = self.again.frames.len();
        let len = frame.len() as u64;
        if let Err(frame) = self.again.frames.push(frame) {
            return self.drop(frame, Reason::RecircLimit);
        }
        let key = &mut self.again.keys[place];
        extract(self.again.frames[place].bytes(), tunnel::UNKNOWN, key);
        tunnel::tell(key, outer, vni);
        self.again.open |= 1 << place;
        self.again.bytes += len;
    }

    #[inline]
    fn output(&mut self, frame: Frame, port: u16) {
        let from = frame.port;
        match self.outboxes.send(port, frame) {
            Ok(()) => self.books.account(from).forwarded += 1,
            Err((frame, reason)) => self.drop(frame, reason),
        }
    }

    /// A copy of `frame`. Where there is no empty frame to copy it to, none, and the one that
    /// would have been is accounted for.
    fn copy(&mut self, frame: &Frame) -> Option<Frame> {
        self.books.account(frame.port).copied += 1;
        let Some(mut copy) = self.pool.take() else {
            self.books.dropped(frame.port, Reason::NoBuffer, 1);
            return None;
        };
        copy.port = frame.port;
        copy.copy_from(frame.bytes());
        Some(copy)
    }

    fn drop(&mut self, frame: Frame, reason: Reason) {
        discard(frame, reason, self.pool, self.books);
    }
}

/// Puts `frame` back into `pool`, for `reason`.
#[cold]
pub(crate) fn discard(frame: Frame, reason: Reason, pool: &mut LocalPool, books: &mut Books) {
    books.dropped(frame.port, reason, 1);
    pool.put(frame);
}
