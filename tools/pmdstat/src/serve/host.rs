//! What is known of one machine by its line: the last copies, and counts of what came and what did not.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use perf::stream::{Kind, Message};
use perf::suspicion::{REASONS, Reasons};

use super::trust::Trust;
use crate::exposition::{self, Exposition, Labels, Told, metrics};
use crate::logs::BuildId;
use crate::recording::{Boot, Copies, Heard, Listener, Recording};
use crate::source::{Happening, Source};

/// Numbers of all tables together that are believed: 31 PMDs and 16 cards have a fourth of that.
const NUMBERS: usize = 1 << 20;
/// Facts and names, and pairs of core and reason, that are believed.
const WORDS: usize = 1 << 14;

/// A machine and its line.
pub(super) struct Host {
    source: Source,
    is_open: bool,
    opened: u64,
    /// When the last frame came.
    heard: Option<Now>,
    listener: Listener,
    trust: Trust,
    /// Of the last start only, and of that what is told.
    recording: Recording,
    starts: u64,
    /// By core and number of the reason.
    reasons: BTreeMap<(u16, usize), u64>,
}

/// A moment: what durations are taken from, and seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) instant: Instant,
    pub(super) unix: Duration,
}

impl Now {
    /// That of the call.
    pub(super) fn read() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { instant: Instant::now(), unix }
    }
}

impl Host {
    /// One that has said nothing yet.
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            is_open: false,
            opened: 0,
            heard: None,
            listener: Listener::new(),
            trust: Trust::default(),
            recording: Recording::default(),
            starts: 0,
            reasons: BTreeMap::new(),
        }
    }

    /// Keeps what happened on the line.
    pub(super) fn take(&mut self, happening: Happening, now: Now) {
        match happening {
            Happening::Attached => {
                // What it said meanwhile is not missing: nobody listened.
                (self.listener, self.trust) = (Listener::new(), Trust::default());
                (self.is_open, self.heard) = (true, None);
                self.opened += 1;
            }
            Happening::Detached(_) => self.is_open = false,
            Happening::Bytes(bytes) => {
                let mut listener = std::mem::replace(&mut self.listener, Listener::new());
                listener.hear(&bytes, &mut |heard| self.hear(heard, now));
                self.listener = listener;
            }
        }
    }

    fn hear(&mut self, heard: Heard<'_>, now: Now) {
        if matches!(heard, Heard::Message(_) | Heard::Unknown) {
            self.heard = Some(now);
        }
        if self.trust.admits(&heard) && !matches!(heard, Heard::Text(_)) {
            self.count(&heard);
            let starts = self.recording.boots.len();
            self.recording.take(heard);
            if self.recording.boots.len() > starts {
                self.starts += 1;
                self.trust.doubt();
            }
            self.forget();
        }
    }

    /// Counts why an iteration was suspicious.
    fn count(&mut self, heard: &Heard<'_>) {
        let Heard::Message(Message::Suspect(suspect)) = heard else { return };
        for reason in suspect.iteration.reasons.each() {
            *self.reasons.entry((suspect.core, reason.is.first())).or_default() += 1;
        }
    }

    /// Forgets what is not told. What says more than any machine has is no machine: all of it is forgotten.
    fn forget(&mut self) {
        let boots = &mut self.recording.boots;
        boots.drain(..boots.len().saturating_sub(1));
        let Some(boot) = boots.last_mut() else { return };
        boot.logs.clear();
        boot.milliseconds.clear();
        boot.crash.clear();
        boot.events.clear();
        boot.copies.values_mut().for_each(Copies::forget_old);
        let numbers: usize = boot.copies.values().map(Copies::len).sum();
        let words = boot.facts.len() + boot.names.values().map(Vec::len).sum::<usize>();
        if numbers + boot.copies.len() > NUMBERS || words + boot.names.len() > WORDS {
            boots.clear();
            self.trust = Trust::default();
        }
        if self.reasons.len() > WORDS {
            self.reasons.clear();
        }
    }

    /// Whether the line is open.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether it is known who speaks, and somebody did lately.
    pub(super) fn is_up(&self, now: Now, silence: Duration) -> bool {
        let heard = self.heard.map(|heard| now.instant.saturating_duration_since(heard.instant));
        self.is_open && self.trust.is_known() && heard.is_some_and(|ago| ago <= silence)
    }

    /// What it is called: by the user, else by itself.
    pub(super) fn name(&self) -> &str {
        let own = self.fact("hostname").filter(|_| !self.source.is_named());
        own.filter(|name| !name.is_empty()).unwrap_or(&self.source.name)
    }

    /// What its line is called, which no other is.
    pub(super) fn line(&self) -> &str {
        &self.source.name
    }

    /// Adds all samples of it as `host`. What the machine itself counted is told only while it is up: numbers
    /// that stand still would say that nothing happens there.
    pub(super) fn add(&self, host: &str, is_up: bool, page: &mut Exposition) {
        self.add_line(host, is_up, page);
        if let Some(boot) = self.boot().filter(|_| is_up) {
            self.add_identity(boot, host, page);
            exposition::machine(boot, Told::Whole, host, page);
        }
        self.add_reasons(host, page);
    }

    fn add_line(&self, host: &str, is_up: bool, page: &mut Exposition) {
        let Recording { missing, damaged, unknown, .. } = self.recording;
        let labels = &Labels::of(host);
        page.family(&metrics::UP).add(labels, u8::from(is_up));
        page.family(&metrics::OPEN).add(labels, u8::from(self.is_open));
        page.family(&metrics::OPENED).add(labels, self.opened);
        page.family(&metrics::MISSING).add(labels, missing);
        page.family(&metrics::DAMAGED).add(labels, damaged);
        page.family(&metrics::UNKNOWN).add(labels, unknown);
        page.family(&metrics::STARTS).add(labels, self.starts);
        if let Some(heard) = self.heard {
            page.family(&metrics::HEARD).add(labels, heard.unix.as_secs_f64());
        }
    }

    fn add_identity(&self, boot: &Boot, host: &str, page: &mut Exposition) {
        let labels = Labels::of(host);
        let build = boot.build().unwrap_or(BuildId([0; 20]));
        let mut info = labels.clone().and("build", build);
        for name in ["version", "hostname", "cpu", "hypervisor"] {
            info = info.and(name, self.fact(name).unwrap_or_default());
        }
        page.family(&metrics::INFO).add(&info, 1);
        page.family(&metrics::HERTZ).add(&labels, boot.base().hertz);
        if let Some(hypervisor) = self.fact("hypervisor") {
            // What the kernel calls QEMU's own processor; under KVM it says KVM.
            page.family(&metrics::EMULATED).add(&labels, u8::from(hypervisor == "QEMU"));
        }
        for (kind, count) in unsent(boot) {
            page.family(&metrics::UNSENT).add(&labels.clone().and("kind", kind), count);
        }
    }

    /// Zeros too, so that the first of a kind is seen as one more.
    fn add_reasons(&self, host: &str, page: &mut Exposition) {
        let cores = self.boot().into_iter().flat_map(Boot::cores);
        let zeros = cores.flat_map(|core| (0..Reasons::COUNT).map(move |reason| (core, reason)));
        let mut counts: BTreeMap<_, _> = zeros.map(|key| (key, 0)).collect();
        counts.extend(self.reasons.iter().map(|(key, count)| (*key, *count)));
        for ((core, reason), count) in counts {
            let labels = Labels::of(host).and("core", core).and("reason", REASONS[reason].name);
            page.family(&metrics::REASONS).add(&labels, count);
        }
    }

    fn boot(&self) -> Option<&Boot> {
        self.recording.boots.last()
    }

    fn fact(&self, name: &str) -> Option<&str> {
        let key = ("machine".to_owned(), name.to_owned());
        self.boot()?.facts.get(&key).map(String::as_str)
    }
}

/// What a machine did not send, by kind. It tells only of those of which there are any.
fn unsent(boot: &Boot) -> impl Iterator<Item = (&'static str, u64)> {
    let kinds = [
        (Kind::Suspect, "event"),
        (Kind::Log, "log"),
        (Kind::Amounts, "amounts"),
        (Kind::Milliseconds, "milliseconds"),
    ];
    kinds.map(|(kind, name)| (name, boot.gaps.get(&(kind as u8)).copied().unwrap_or(0))).into_iter()
}
