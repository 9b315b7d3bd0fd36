//! Records of a recording as flat rows: the keys of JSON, and the titles of CSV. Units are in the names, as
//! docs/json.md has them.

use perf::{Iteration, Millisecond, Room, Timebase};
use serde::{Serialize, Serializer};

/// The largest whole number below which readers that know only floating point keep all.
const EXACT: u64 = 1 << 53;

/// A number that is a string where such readers would change it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exact(pub(super) u64);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0 <= EXACT { to.serialize_u64(self.0) } else { to.collect_str(&self.0) }
    }
}

/// A count of the time-stamp counter, always a string.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count(pub(super) u64);

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// Something told in words.
#[derive(Debug, Serialize)]
pub(super) struct Fact<'a> {
    pub(super) start: usize,
    pub(super) about: &'a str,
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

/// A suspicious iteration, or what an operator noted down.
#[derive(Debug, Serialize)]
pub(super) struct Event<'a> {
    pub(super) start: usize,
    pub(super) event: Exact,
    pub(super) core_id: Option<u16>,
    pub(super) iteration: Option<Exact>,
    pub(super) start_tsc: Count,
    pub(super) start_boot_ns: Exact,
    pub(super) duration_ns: Option<Exact>,
    pub(super) cycles_tsc: Option<Exact>,
    pub(super) rx_packets: Option<u32>,
    pub(super) rx_batches: Option<u32>,
    pub(super) tx_packets: Option<u32>,
    pub(super) dropped_packets: Option<u32>,
    pub(super) tx_dropped_packets: Option<u32>,
    pub(super) rx_fill_max_packets: Option<u32>,
    pub(super) upcalls: Option<u32>,
    pub(super) lost_upcalls: Option<u32>,
    pub(super) reasons: Option<String>,
    pub(super) flags: Option<String>,
    pub(super) rx_cycles_tsc: Option<Exact>,
    pub(super) parse_cycles_tsc: Option<Exact>,
    pub(super) cache_cycles_tsc: Option<Exact>,
    pub(super) classifier_cycles_tsc: Option<Exact>,
    pub(super) upcall_cycles_tsc: Option<Exact>,
    pub(super) act_cycles_tsc: Option<Exact>,
    pub(super) tx_cycles_tsc: Option<Exact>,
    pub(super) again_cycles_tsc: Option<Exact>,
    pub(super) housekeeping_cycles_tsc: Option<Exact>,
    pub(super) note: Option<&'a str>,
    pub(super) is_whole: bool,
}

/// An iteration around an event.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    start: usize,
    event: Exact,
    core_id: Option<u16>,
    iteration: Exact,
    start_tsc: Count,
    start_boot_ns: Exact,
    duration_ns: Exact,
    cycles_tsc: Exact,
    rx_packets: u32,
    rx_batches: u32,
    rx_fill_max_packets: u32,
    upcalls: u32,
    upcall_cycles_tsc: Exact,
}

/// A millisecond of a core.
#[derive(Debug, Serialize)]
pub(super) struct MillisecondRow {
    start: usize,
    core_id: u16,
    start_boot_ms: Exact,
    iterations: Exact,
    cycles_tsc: Exact,
    busy_cycles_tsc: Exact,
    rx_packets: Exact,
    rx_batches: Exact,
    tx_packets: Exact,
    dropped_packets: Exact,
    tx_dropped_packets: Exact,
    upcalls: Exact,
    upcall_cycles_tsc: Exact,
    rx_fill_max_packets: Exact,
}

/// A number of a copy that is not 0.
#[derive(Debug, Serialize)]
pub(super) struct Counted<'a> {
    pub(super) start: usize,
    pub(super) table: &'static str,
    pub(super) core_id: Option<u16>,
    pub(super) port: Option<String>,
    pub(super) at_tsc: Count,
    pub(super) at_boot_ns: Exact,
    pub(super) name: &'a str,
    pub(super) count: Exact,
}

impl Row {
    pub(super) fn of(
        start: usize,
        (event, core_id): (u64, Option<u16>),
        iteration: &Iteration,
        base: &Timebase,
    ) -> Self {
        Self {
            start,
            event: Exact(event),
            core_id,
            iteration: Exact(iteration.number),
            start_tsc: Count(iteration.start),
            start_boot_ns: Exact(base.nanos_since_boot(iteration.start)),
            duration_ns: Exact(base.nanos(iteration.cycles)),
            cycles_tsc: Exact(iteration.cycles),
            rx_packets: iteration.packets,
            rx_batches: iteration.batches,
            rx_fill_max_packets: iteration.fill,
            upcalls: iteration.upcalls,
            upcall_cycles_tsc: Exact(iteration.room(Room::Upcall)),
        }
    }
}

impl MillisecondRow {
    pub(super) fn of(start: usize, core_id: u16, record: &Millisecond) -> Self {
        Self {
            start,
            core_id,
            start_boot_ms: Exact(record.number),
            iterations: Exact(record.iterations),
            cycles_tsc: Exact(record.cycles),
            busy_cycles_tsc: Exact(record.busy_cycles),
            rx_packets: Exact(record.packets),
            rx_batches: Exact(record.batches),
            tx_packets: Exact(record.sent),
            dropped_packets: Exact(record.dropped),
            tx_dropped_packets: Exact(record.tx_dropped),
            upcalls: Exact(record.upcalls),
            upcall_cycles_tsc: Exact(record.upcall_cycles),
            rx_fill_max_packets: Exact(record.fill),
        }
    }
}
