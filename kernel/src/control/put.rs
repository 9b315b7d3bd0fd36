//! Files that programs send by the console: configuration, applied whole or not at all.
//!
//! A file comes in pieces, each a command, and is checked when it is whole ([`crate::config`]). Rules in it take
//! the place of all; without a rule those that there are stay. A key that changes at boot only may be in it with
//! the value that holds.

use core::fmt::{self, Display, Formatter, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use perf::Settings;

use super::job::{Job, UNSETTLED};
use super::pmd::named;
use super::{Control, Orders, Policy};
use crate::config::{Counts, Fault, Faults, File};
use crate::logs::{Chosen, Levels};
use crate::options::{Said, When};

/// Bytes of a file at most.
pub const FILE: usize = 64 * 1024;

/// A file that is coming in.
pub(super) struct Put<'a> {
    memory: &'a mut [u8],
    /// Bytes that are there, and that there will be; its checksum.
    have: usize,
    len: usize,
    crc: u32,
}

/// Why a piece is not taken.
enum Refused {
    TooLong(usize),
    /// A piece that begins here was expected.
    Elsewhere(usize),
    NoBase64,
    /// It goes on behind the end.
    Behind(usize),
    /// So many bytes of so many are there.
    Incomplete(usize, usize),
    Garbled,
    NoText(usize),
}

impl<'a> Put<'a> {
    /// Nothing so far, with room for as many bytes as `memory` has.
    pub(super) fn new(memory: &'a mut [u8]) -> Self {
        Self { memory, have: 0, len: 0, crc: 0 }
    }

    fn begin(&mut self, len: usize, crc: u32) -> Result<(), Refused> {
        if len > self.memory.len() {
            return Err(Refused::TooLong(self.memory.len()));
        }
        (self.have, self.len, self.crc) = (0, len, crc);
        Ok(())
    }

    /// Takes the piece at `offset`. One that was taken already is taken again.
    fn add(&mut self, offset: usize, base64: &str) -> Result<(), Refused> {
        if offset > self.have {
            return Err(Refused::Elsewhere(self.have));
        }
        let room = &mut self.memory[offset..self.len];
        let count = STANDARD.decode_slice(base64, room).map_err(|error| match error {
            base64::DecodeSliceError::DecodeError(_) => Refused::NoBase64,
            base64::DecodeSliceError::OutputSliceTooSmall => Refused::Behind(self.len),
        })?;
        self.have = offset + count;
        Ok(())
    }

    /// The file, if all of it is there and right.
    fn text(&self) -> Result<&str, Refused> {
        let Self { have, len, crc, .. } = *self;
        if have < len {
            return Err(Refused::Incomplete(have, len));
        }
        let bytes = &self.memory[..len];
        if crc32fast::hash(bytes) != crc {
            return Err(Refused::Garbled);
        }
        core::str::from_utf8(bytes).map_err(|error| Refused::NoText(error.valid_up_to()))
    }
}

impl Display for Refused {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(most) => write!(out, "a file has {most} bytes at most"),
            Self::Elsewhere(have) => write!(out, "the next piece begins at {have}"),
            Self::NoBase64 => write!(out, "the piece is no base64"),
            Self::Behind(len) => write!(out, "the file ends at {len} (put begin says where)"),
            Self::Incomplete(have, len) => write!(out, "{have} bytes of {len} are there"),
            Self::Garbled => write!(out, "its checksum is another; nothing is changed"),
            Self::NoText(at) => write!(out, "byte {at} is no UTF-8; nothing is changed"),
        }
    }
}

/// What of the policy was last said by a file, at boot or since.
pub(super) struct Saved {
    pub(super) settings: Settings,
    pub(super) log: Chosen,
}

impl<O: Orders> Control<'_, O> {
    pub(super) fn put_begin(&mut self, len: usize, crc: u32) -> fmt::Result {
        let begun = self.put.begin(len, crc);
        self.tell_refusal(begun)
    }

    pub(super) fn put_piece(&mut self, offset: usize, base64: &str) -> fmt::Result {
        let added = self.put.add(offset, base64);
        self.tell_refusal(added)
    }

    fn tell_refusal(&mut self, taken: Result<(), Refused>) -> fmt::Result {
        taken.or_else(|refused| writeln!(self.output, "error: {refused}"))
    }

    /// Has the file that came in applied as soon as all PMDs know of the last change of rules, or in a
    /// second given up.
    pub(super) fn put_apply(&mut self, now: u64) -> fmt::Result {
        self.job = Some(Job::Put(now.saturating_add(self.base.hertz)));
        Ok(())
    }

    /// Applies it, if that can be, or says why not. False once all is said.
    pub(super) fn apply_put(&mut self, levels: &Levels, is_late: bool) -> Result<bool, fmt::Error> {
        let Self { put, output: out, tables, policy, saved, pmds, .. } = self;
        let text = match put.text() {
            Ok(text) => text,
            Err(refused) => return writeln!(out, "error: {refused}").map(|()| false),
        };
        let mut faults = Faults::default();
        let file = File::read(text.as_bytes(), &mut faults);
        file.iter().for_each(|file| refuse(file, &policy.said, &mut faults));
        let Some(file) = file.filter(|_| faults.count() == 0) else { return tell(&faults, out) };
        if file.has_rules() {
            match tables.replace(|set, managed| file.fill(set, managed)) {
                None if !is_late => return Ok(true),
                None => return writeln!(out, "{UNSETTLED}").map(|()| false),
                Some(Err(full)) => {
                    faults.add(full.fault());
                    return tell(&faults, out);
                }
                Some(Ok(())) => {}
            }
        }
        file.meters().for_each(|(number, setting)| tables.set_saved_meter(number, &setting));
        let Counts { settings, meters, rules } = file.counts;
        pmds.iter_mut().for_each(|pmd| pmd.obey(&file.said, &file.options.perf.of(pmd.core())));
        saved.obey(&file, policy);
        if file.says("log") {
            levels.choose(&file.options.log);
        }
        writeln!(out, "put: lines applied: rules={rules} meters={meters} settings={settings}")?;
        Ok(false)
    }
}

impl Saved {
    /// Notes what `file` says of keys that change at run time, and has it hold where there is no PMD.
    fn obey(&mut self, file: &File<'_>, policy: &mut Policy) {
        for setting in named(&file.said) {
            setting.copy(&file.options.perf.general, &mut policy.settings);
            setting.copy(&file.options.perf.general, &mut self.settings);
        }
        if file.says("log") {
            self.log = file.options.log;
        }
    }
}

/// Notes each key in `file` that would need a boot: another value of it was `said`.
fn refuse<'t>(file: &File<'t>, said: &Said<'_>, faults: &mut Faults<'t>) {
    let at_boot = file.said.iter().filter(|(key, _)| key.when() == When::Boot);
    for (key, value) in at_boot.filter(|(key, value)| !key.is_same(Some(value), said.of(*key))) {
        let place = file.place(key.name()).unwrap_or((1, 1));
        faults.add(Fault::at_boot(place, key, value));
    }
}

fn tell(faults: &Faults<'_>, out: &mut impl Write) -> Result<bool, fmt::Error> {
    writeln!(out, "{faults}; nothing is changed").map(|()| false)
}
