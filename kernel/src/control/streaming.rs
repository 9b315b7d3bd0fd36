//! The stream, as the control core feeds it.

use core::fmt::{self, Arguments, Write};

use perf::Settings;
use perf::stream::LINE;

use super::{Control, Orders};
use crate::logs::Levels;
use crate::machine::Machine;
use crate::management::Speaker;
use crate::stream::{Way, World};

/// Seconds after the last key in which the console's line is left to whoever typed it.
const QUIET: u64 = 30;

impl<'a, O: Orders> Control<'a, O> {
    /// Has the stream go by this `way`; `build` is the image's build id.
    pub fn set_stream(&mut self, way: Way, build: [u8; 20]) {
        self.stream.go(way, build);
    }

    /// Tells listeners of the stream that `name` of what it is `about` is `value`.
    pub fn tell_fact(&mut self, about: &str, name: &str, value: Arguments<'_>) {
        self.stream.tell(about, name, value);
    }

    /// Has the stream tell of events again: of these numbers, or of all that are kept.
    pub(super) fn send_events(&mut self, numbers: Option<(u64, u64)>) -> fmt::Result {
        let (first, last) = numbers.unwrap_or((0, u64::MAX));
        let mut kept = self.events.kept(first..=last);
        let range = kept.next().map(|low| (low, kept.fold((low, 1), |(_, n), high| (high, n + 1))));
        match range {
            _ if !self.stream.is_heard() => {
                writeln!(self.output, "error: nobody hears the stream (boot option stream=)")
            }
            None => writeln!(self.output, "error: no such event is kept (show events lists all)"),
            Some((first, (last, count))) => {
                self.stream.send_again((first, last));
                writeln!(self.output, "send-events: {first} to {last}, {count} of them")
            }
        }
    }

    /// Bytes of the stream that wait for its own line. Say with [`Self::stream_sent`] how many it took.
    pub fn stream_unsent(&self) -> &[u8] {
        self.stream.unsent()
    }

    /// Forgets `count` bytes that the stream's own line took.
    pub fn stream_sent(&mut self, count: usize) {
        self.stream.sent(count);
    }

    /// Hands the settings of each PMD that are others than at the last look to `changed`.
    pub fn watch_settings(&mut self, mut changed: impl FnMut(usize, &Settings)) {
        for pmd in self.pmds.iter_mut().filter(|pmd| pmd.seen != pmd.settings) {
            pmd.seen = pmd.settings;
            changed(pmd.handle.core, &pmd.settings);
        }
    }

    /// Has logs be written as `text` says.
    pub(super) fn set_logs(&mut self, levels: &Levels, text: &str) -> fmt::Result {
        let Some(chosen) = levels.chosen().with(text) else {
            return writeln!(
                self.output,
                "error: vlog/set: {text}: not off, err, warn, info or dbg behind a module of vlog/list, any, or none"
            );
        };
        levels.choose(&chosen);
        Ok(())
    }

    /// What says the stream to whoever listens on the network.
    pub fn speaker<'c, M: Machine>(
        &'c mut self,
        machine: &'c M,
    ) -> impl Speaker + use<'c, 'a, O, M> {
        Voice { control: self, machine }
    }

    /// Makes frames for the stream's own line.
    pub(super) fn feed_stream(&mut self, machine: &impl Machine) {
        let Self { stream, events, pmds, base, .. } = self;
        stream.fill(&mut World { events, pmds, base, machine });
    }

    /// Writes a frame on the console's line, where the stream shares that and nobody is in the middle
    /// of a line. False if there was none.
    pub(super) fn tell_stream(&mut self, machine: &impl Machine) -> Result<bool, fmt::Error> {
        if !self.stream.is_shared() || !self.shell.is_empty() {
            return Ok(false);
        }
        let quiet = self.base.hertz.saturating_mul(QUIET);
        let is_quiet = self.heard > 0 && machine.now() < self.heard.saturating_add(quiet);
        let Self { stream, events, pmds, base, .. } = self;
        let mut world = World { events, pmds, base, machine };
        let Some(line) = stream.line(&mut world, is_quiet) else { return Ok(false) };
        self.make_place()?;
        writeln!(self.output, "{line}")?;
        Ok(true)
    }
}

/// The control core as it speaks to those who listen on the network.
struct Voice<'c, 'a, O, M> {
    control: &'c mut Control<'a, O>,
    machine: &'c M,
}

impl<O: Orders, M: Machine> Speaker for Voice<'_, '_, O, M> {
    fn greet(&mut self) {
        self.control.stream.greet();
    }

    fn next(&mut self, line: &mut [u8; LINE]) -> Option<usize> {
        let Control { stream, events, pmds, base, .. } = &mut *self.control;
        stream.frame(&mut World { events, pmds, base, machine: self.machine }, true, line)
    }
}
