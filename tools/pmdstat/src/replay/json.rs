//! A replay as lines of JSON.

use std::io::{self, Write};

use perf::events::{Accounts, Loss, Part};
use perf::settings::TABLE;
use perf::suspicion::REASONS;
use perf::{Counter, Iteration, Quantity, Settings, Snapshot, Timebase};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::{Figures, Report, Told};
use crate::json::{Line, Record, Whole, reason_names};

const SCHEMA: &str = "barecore.replay";
const VERSION: u32 = 1;

/// Writes JSON.
pub(super) struct Json<W>(pub(super) W);

impl<W: Write> Json<W> {
    fn line(&mut self, kind: &'static str, content: impl Serialize) -> io::Result<()> {
        Line { schema: SCHEMA, schema_version: VERSION, kind, content }.write(&mut self.0)
    }
}

#[derive(Serialize)]
struct Begin {
    tsc_hz: Whole,
    start_tsc: Whole,
    settings: SettingsByKey,
}

struct SettingsByKey(Settings);

impl Serialize for SettingsByKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let value = |setting: &perf::settings::Setting| setting.value(&self.0).to_string();
        to.collect_map(TABLE.iter().map(|setting| (setting.key, value(setting))))
    }
}

#[derive(Serialize)]
struct Event {
    event: Whole,
    core: usize,
    suspects: Vec<Suspect>,
    /// Iterations of the window that were not recorded.
    missing_iterations: Whole,
    /// Newest first.
    rows: Vec<Record>,
}

#[derive(Serialize)]
struct Suspect {
    reasons: Vec<&'static str>,
    #[serde(flatten)]
    iteration: Record,
    #[serde(skip_serializing_if = "Option::is_none")]
    nic_loss: Option<NicLoss>,
    window_cut: bool,
}

#[derive(Serialize)]
struct NicLoss {
    frames: Whole,
    from_tsc: Whole,
    to_tsc: Whole,
}

impl From<Loss> for NicLoss {
    fn from(Loss { frames, between: [from, to] }: Loss) -> Self {
        Self { frames: Whole(frames), from_tsc: Whole(from), to_tsc: Whole(to) }
    }
}

impl Event {
    fn of(told: &Told<'_>) -> Self {
        let record = |iteration: &Iteration| Record::of(iteration, told.base, told.has_rooms);
        let suspect = |part: &Part| Suspect {
            reasons: reason_names(part.suspect().reasons),
            iteration: record(part.suspect()),
            nic_loss: part.loss().map(NicLoss::from),
            window_cut: part.is_cut(),
        };
        Self {
            event: Whole(told.event.number()),
            core: told.event.core(),
            suspects: told.event.parts().map(suspect).collect(),
            missing_iterations: Whole(told.event.parts().map(Part::missing).sum()),
            rows: told.event.rows().map(record).collect(),
        }
    }
}

#[derive(Serialize)]
struct Narrowed {
    event: Whole,
    rows: Whole,
    from_iteration: Whole,
}

#[derive(Serialize)]
struct Fates {
    triggers: Whole,
    dumped: Whole,
    suppressed: Whole,
    suppressed_by_reason: Suppressed,
    pending: Whole,
}

/// Those reasons only for which anything was suppressed.
struct Suppressed(Accounts);

impl Serialize for Suppressed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let counts = REASONS.iter().zip(self.0.suppressed);
        let some = counts.filter(|(_, count)| *count > 0);
        to.collect_map(some.map(|(reason, count)| (reason.name, Whole(count))))
    }
}

#[derive(Serialize)]
struct Statistics<'a> {
    core: usize,
    from_tsc: Whole,
    to_tsc: Whole,
    duration_tsc: Whole,
    duration_us: Whole,
    iterations: Whole,
    idle_iterations: Whole,
    #[serde(flatten)]
    counters: Counters<'a>,
    histograms: Vec<Histogram>,
}

/// What a trace tells of what a PMD counts.
struct Counters<'a>(&'a Snapshot);

const COUNTERS: [(&str, Counter); 12] = [
    ("busy_tsc", Counter::BusyCycles),
    ("idle_tsc", Counter::IdleCycles),
    ("sleep_iterations", Counter::SleepIterations),
    ("sleep_tsc", Counter::SleepCycles),
    ("rx_packets", Counter::Recv),
    ("rx_batches", Counter::Batches),
    ("tx_packets", Counter::SentPackets),
    ("dropped", Counter::Dropped),
    ("tx_dropped", Counter::TxDropped),
    ("upcalls", Counter::Upcalls),
    ("lost_upcalls", Counter::Lost),
    ("upcall_tsc", Counter::UpcallCycles),
];

impl Serialize for Counters<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(COUNTERS.len()))?;
        for (name, counter) in COUNTERS {
            map.serialize_entry(name, &Whole(self.0.count(counter)))?;
        }
        map.end()
    }
}

/// Samples of one quantity in Open vSwitch's bins.
#[derive(Serialize)]
struct Histogram {
    quantity: &'static str,
    /// Upper bounds of all bins but the last, inclusive.
    bounds: &'static [u32],
    /// Samples in each bin.
    samples: Vec<Whole>,
}

impl Histogram {
    fn of(quantity: Quantity, counted: &Snapshot) -> Self {
        let samples = counted.of(quantity).bins().map(Whole).to_vec();
        Self { quantity: quantity.title(), bounds: &quantity.layout().walls, samples }
    }
}

impl<W: Write> Report for Json<W> {
    fn begin(&mut self, settings: &Settings, base: &Timebase) -> io::Result<()> {
        let settings = SettingsByKey(*settings);
        let (tsc_hz, start_tsc) = (Whole(base.hertz), Whole(base.boot));
        self.line("settings", Begin { tsc_hz, start_tsc, settings })
    }

    fn event(&mut self, told: &Told<'_>) -> io::Result<()> {
        self.line("event", Event::of(told))
    }

    fn narrowed(&mut self, event: u64, rows: u64, iteration: u64) -> io::Result<()> {
        let (event, rows, from_iteration) = (Whole(event), Whole(rows), Whole(iteration));
        self.line("narrowed", Narrowed { event, rows, from_iteration })
    }

    fn accounts(&mut self, accounts: &Accounts) -> io::Result<()> {
        let fates = Fates {
            triggers: Whole(accounts.triggers),
            dumped: Whole(accounts.dumped),
            suppressed: Whole(accounts.suppressed_in_all()),
            suppressed_by_reason: Suppressed(*accounts),
            pending: Whole(accounts.pending),
        };
        self.line("accounts", fates)
    }

    fn figures(&mut self, figures: &Figures<'_>) -> io::Result<()> {
        let Figures { counted, between: [from, to], base, core, recorded } = *figures;
        let shown = &Quantity::ALL[..if recorded { perf::report::COLUMNS } else { 0 }];
        let statistics = Statistics {
            core,
            from_tsc: Whole(from),
            to_tsc: Whole(to),
            duration_tsc: Whole(to - from),
            duration_us: Whole(base.micros(to - from)),
            iterations: Whole(counted.iterations),
            idle_iterations: Whole(counted.idle_iterations()),
            counters: Counters(counted),
            histograms: shown.iter().map(|of| Histogram::of(*of, counted)).collect(),
        };
        self.line("statistics", statistics)
    }
}
