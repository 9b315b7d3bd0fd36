//! `capture`: frames that PMDs keep, in memory that is lent to them.
//!
//! All PMDs keep frames, since the queue of a port may move. Once one has all that were asked for, or
//! `capture stop` was said, the others are asked for what they have; when all memory is back, the
//! frames can be shown as often as anybody likes, until the next capture begins.

use core::fmt::{self, Write};

use dataplane::capture::{self, Captured, Wish};
use dataplane::{Order, rules};
use handover::{Inbox, Sender};
use heapless::String;

use super::job::Job;
use super::{Control, Orders, Pmd};
use crate::command::Capture;
use crate::shell::LINE;
use crate::show::CaptureJob;

/// The control core's ends of what captures go to a PMD and come back by.
pub struct Lending {
    /// To the PMD.
    pub lent: Sender<&'static mut capture::Capture>,
    /// From it.
    pub back: Inbox<&'static mut capture::Capture>,
    /// Memory that is not lent, and what was captured last.
    pub home: Option<&'static mut capture::Capture>,
}

impl Lending {
    /// How many frames were captured last; none while they are being captured.
    pub fn count(&self) -> usize {
        self.home.as_ref().map_or(0, |capture| capture.count())
    }

    /// The frame with this `index` of those; none beyond the last.
    pub fn frame(&self, index: usize) -> Option<Captured<'_>> {
        self.home.as_ref()?.frame(index)
    }
}

/// The last capture that was asked for.
pub(super) struct Captures {
    pub(super) asked: Option<Asked>,
    stage: Stage,
}

/// What a capture is about.
pub struct Asked {
    /// Its port.
    pub port: u16,
    /// What was said of its frames.
    pub matching: String<LINE>,
    /// Its number, and what PMDs know.
    pub wish: Wish,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// All memory is here.
    Home,
    /// PMDs keep frames.
    Lent,
    /// They are asked for what they have: bit i says that PMD i was told.
    Asked(u64),
}

impl Captures {
    pub(super) const NONE: Self = Self { asked: None, stage: Stage::Home };

    fn number(&self) -> u32 {
        self.asked.as_ref().map_or(0, |asked| asked.wish.number)
    }

    /// Takes memory back. The number of frames once all is here.
    fn step<O: Orders>(&mut self, pmds: &mut [Pmd<O>]) -> Option<usize> {
        if self.stage == Stage::Home {
            return None;
        }
        for pmd in pmds.iter_mut() {
            let Some(capture) = pmd.handle.captures.back.take() else { continue };
            if capture.is_full() && self.stage == Stage::Lent {
                self.stage = Stage::Asked(0);
            }
            pmd.handle.captures.home = Some(capture);
        }
        let Stage::Asked(mut told) = self.stage else { return None };
        let out = |pmd: &Pmd<O>| pmd.handle.captures.home.is_none();
        for (place, pmd) in pmds.iter_mut().enumerate().filter(|(_, pmd)| out(pmd)) {
            let order = Order::EndCapture(self.number());
            if told >> place & 1 == 0 && pmd.handle.orders.send(order).is_ok() {
                told |= 1 << place;
            }
        }
        self.stage = Stage::Asked(told);
        if pmds.iter().any(out) {
            return None;
        }
        self.stage = Stage::Home;
        Some(pmds.iter().map(|pmd| pmd.handle.captures.count()).sum())
    }
}

impl<O: Orders> Control<'_, O> {
    /// Has PMDs keep frames.
    pub(super) fn capture(&mut self, wanted: Capture<'_>) -> fmt::Result {
        let Capture { port, matching, frames, snaplen } = wanted;
        if self.captures.stage != Stage::Home {
            return self.capture_is_under_way();
        }
        let filter = match rules::parse_filter(matching) {
            Ok(filter) => filter,
            Err(fault) => return writeln!(self.output, "error: MATCH: {fault}"),
        };
        let Some(like) = capture::like(port, &filter, self.tables.world().network) else {
            return writeln!(self.output, "error: there is no port {port} that frames come in by");
        };
        let snaplen = if snaplen == 0 { u16::MAX } else { snaplen };
        let number = self.captures.number() + 1;
        let wish = Wish { number, like, snaplen, frames };
        let matching = String::try_from(matching).unwrap_or_default();
        self.captures =
            Captures { asked: Some(Asked { port, matching, wish }), stage: Stage::Lent };
        for Pmd { handle, .. } in self.pmds.iter_mut() {
            let Some(capture) = handle.captures.home.take() else { continue };
            capture.begin(&wish);
            // What was lent before is back, so there is room.
            handle.captures.home = handle.captures.lent.send(capture).err();
        }
        Ok(())
    }

    /// Takes back what PMDs are done with, and tells when all is here.
    pub(super) fn step_captures(&mut self) {
        let Some(frames) = self.captures.step(self.pmds) else { return };
        let Some(asked) = &self.captures.asked else { return };
        let frames = frames.min(asked.wish.frames.into());
        let Asked { port, wish: Wish { number, .. }, .. } = asked;
        self.aside.line(format_args!(
            "capture {number}: ended: port={port} frames={frames} (capture show)"
        ));
    }

    pub(super) fn stop_capture(&mut self) -> fmt::Result {
        match self.captures.stage {
            Stage::Home => writeln!(self.output, "error: no capture is under way"),
            Stage::Lent => {
                self.captures.stage = Stage::Asked(0);
                Ok(())
            }
            Stage::Asked(_) => Ok(()),
        }
    }

    pub(super) fn show_capture(&mut self) -> fmt::Result {
        match (&self.captures.asked, self.captures.stage) {
            (None, _) => writeln!(self.output, "error: nothing was captured (capture PORT N)"),
            (Some(_), Stage::Home) => {
                self.job = Some(Job::Capture(CaptureJob::new()));
                Ok(())
            }
            (Some(_), _) => self.capture_is_under_way(),
        }
    }

    fn capture_is_under_way(&mut self) -> fmt::Result {
        let number = self.captures.number();
        writeln!(self.output, "error: capture {number} is under way (capture stop ends it)")
    }
}
