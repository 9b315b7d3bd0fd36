//! Every metric: its name, its kind, and what it tells.

use std::fmt::{self, Display, Formatter};

use perf::Quantity;

/// A metric.
#[derive(Debug)]
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) help: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Display for Kind {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        })
    }
}

const fn of(kind: Kind, name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind, help }
}

const fn counts(name: &'static str, help: &'static str) -> Metric {
    of(Kind::Counter, name, help)
}

const fn shows(name: &'static str, help: &'static str) -> Metric {
    of(Kind::Gauge, name, help)
}

const fn samples(name: &'static str, help: &'static str) -> Metric {
    of(Kind::Histogram, name, help)
}

/// The line of a machine, and who it is.
pub(crate) static UP: Metric = shows(
    "barecore_up",
    "Whether the line is open, who speaks is known, and a frame came lately (1) or not (0).",
);
pub(crate) static OPEN: Metric = shows("barecore_line_open", "Whether the line is open.");
pub(crate) static HEARD: Metric = shows(
    "barecore_line_heard_timestamp_seconds",
    "When the last frame came, in seconds since 1970.",
);
pub(crate) static OPENED: Metric =
    counts("barecore_line_opened_total", "How often the line was opened.");
pub(crate) static MISSING: Metric = counts(
    "barecore_line_missing_frames_total",
    "Frames that are missing by their numbers while the line was open.",
);
pub(crate) static DAMAGED: Metric =
    counts("barecore_line_damaged_frames_total", "Frames that came damaged.");
pub(crate) static UNKNOWN: Metric = counts(
    "barecore_line_unknown_frames_total",
    "Frames that are of a later version of the stream than this one.",
);
pub(crate) static STARTS: Metric =
    counts("barecore_starts_total", "Starts of the machine that were heard of.");
pub(crate) static UNSENT: Metric = counts(
    "barecore_unsent_total",
    "What the machine did not send, because the line was slower: events, or messages of the other kinds.",
);
pub(crate) static REASONS: Metric = counts(
    "barecore_suspicious_reasons_total",
    "Reasons of suspicious iterations that were heard of; an iteration counts for each of its own.",
);
pub(crate) static INFO: Metric =
    shows("barecore_build_info", "Which image runs, on what; always 1.");
pub(crate) static HERTZ: Metric =
    shows("barecore_tsc_hertz", "Counts of the time-stamp counter in a second.");
pub(crate) static EMULATED: Metric = shows(
    "barecore_clock_emulated",
    "Whether an emulator makes the time, so that durations say nothing of hardware (1) or not (0).",
);

/// What PMDs counted that this version has no metric for.
pub(crate) static OTHER: Metric =
    counts("barecore_other_total", "What later versions count, by its name.");
/// Frames that wait.
pub(crate) static PARKED: Metric =
    shows("barecore_parked_packets", "Frames that wait in outboxes.");
/// Frames that were dropped.
pub(crate) static DROPPED: Metric = counts(
    "barecore_port_dropped_packets_total",
    "Frames that came in by the port, and copies of them, that were dropped.",
);
/// What cards counted.
pub(crate) static CARDS: Metric =
    counts("barecore_card_total", "What the card of the port counted, by its own names.");

/// What ledgers say of frames that were not dropped, by the names there.
pub(crate) static PORTS: [(&str, Metric); 6] = [
    (
        "received",
        counts("barecore_port_received_packets_total", "Frames that came in by the port."),
    ),
    (
        "received_bytes",
        counts("barecore_port_received_bytes_total", "Bytes of frames that came in by the port."),
    ),
    (
        "copied",
        counts("barecore_port_copied_packets_total", "Copies of frames that came in by the port."),
    ),
    (
        "forwarded",
        counts(
            "barecore_port_forwarded_packets_total",
            "Frames that came in by the port, and copies of them, that a transmit ring took.",
        ),
    ),
    (
        "sent",
        counts("barecore_port_sent_packets_total", "Frames that the port's transmit rings took."),
    ),
    (
        "sent_bytes",
        counts(
            "barecore_port_sent_bytes_total",
            "Bytes of frames that the port's transmit rings took.",
        ),
    ),
];

/// What PMDs count: `barecore_`, the name in the stream, `_total`.
pub(crate) static COUNTERS: [Metric; 26] = [
    counts("barecore_phwol_hits_total", "Passes settled by what the NIC already knew of the flow."),
    counts(
        "barecore_simple_hits_total",
        "Passes settled by rules that look at nothing but the port.",
    ),
    counts("barecore_emc_hits_total", "Passes settled by the exact-match cache."),
    counts("barecore_smc_hits_total", "Passes settled by the signature cache."),
    counts("barecore_megaflow_hits_total", "Passes settled by the classifier."),
    counts("barecore_miss_upcalls_total", "Passes settled by an upcall that succeeded."),
    counts("barecore_lost_upcalls_total", "Passes whose upcall failed."),
    counts(
        "barecore_subtable_lookups_total",
        "Subtables looked at for the passes that the classifier settled.",
    ),
    counts("barecore_rx_packets_total", "Frames received, runts included."),
    counts("barecore_recirculations_total", "Further passes of frames received before."),
    counts("barecore_tx_packets_total", "Frames that transmit rings took."),
    counts("barecore_tx_batches_total", "Flushes of a port that sent at least one frame."),
    counts(
        "barecore_idle_cycles_tsc_total",
        "Cycles of iterations in which no frame was received or sent.",
    ),
    counts(
        "barecore_busy_cycles_tsc_total",
        "Cycles of iterations in which a frame was received or sent.",
    ),
    counts("barecore_upcall_cycles_tsc_total", "Cycles inside upcalls."),
    counts("barecore_sleep_iterations_total", "Iterations with a sleep."),
    counts("barecore_sleep_cycles_tsc_total", "Cycles slept."),
    counts("barecore_busy_iterations_total", "Iterations in which a frame was received or sent."),
    counts("barecore_rx_batches_total", "Polls that brought frames."),
    counts("barecore_dropped_packets_total", "Frames dropped, for whatever reason."),
    counts(
        "barecore_tx_dropped_packets_total",
        "Frames dropped because a transmit ring had no room for them.",
    ),
    counts("barecore_upcalls_total", "Upcalls, those that failed too."),
    counts(
        "barecore_rx_fill_packets_total",
        "Sum of the highest fill of a receive ring in each recorded iteration.",
    ),
    counts(
        "barecore_unrecorded_iterations_total",
        "Iterations that ended while nothing was recorded.",
    ),
    counts(
        "barecore_suspicious_iterations_total",
        "Suspicious iterations, whether they were kept and sent or not.",
    ),
    counts(
        "barecore_suppressed_iterations_total",
        "Suspicious iterations that were not kept, because too many were waiting.",
    ),
];

/// That of what is called `name` in the stream.
pub(crate) fn counter(name: &str) -> Option<&'static Metric> {
    COUNTERS.iter().find(|metric| {
        let own = metric.name.strip_prefix("barecore_");
        own.and_then(|own| own.strip_suffix("_total")) == Some(name)
    })
}

/// By number of the quantity. Called as in docs/json.md, but for two that counters are called.
static HISTOGRAMS: [Metric; Quantity::COUNT] = [
    samples("barecore_iteration_cycles_tsc", "Cycles of an iteration."),
    samples("barecore_iteration_rx_packets", "Packets that an iteration received."),
    samples(
        "barecore_packet_cycles_tsc",
        "Cycles of an iteration for each packet, of iterations that received any.",
    ),
    samples("barecore_batch_rx_packets", "Packets of a poll that brought any."),
    samples("barecore_fill_rx_packets", "Fill of the fullest receive ring that an iteration met."),
    samples("barecore_iteration_upcalls", "Upcalls of an iteration."),
    samples("barecore_per_upcall_cycles_tsc", "Cycles of an upcall."),
    samples(
        "barecore_poll_to_doorbell_cycles_tsc",
        "Cycles from the poll that brought a burst to the doorbell of the transmit ring.",
    ),
];

/// That of `quantity`.
pub(crate) fn histogram(quantity: Quantity) -> &'static Metric {
    &HISTOGRAMS[quantity as usize]
}
