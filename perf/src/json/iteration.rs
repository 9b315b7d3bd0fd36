//! Iterations and milliseconds as rows.

use serde::Serialize;

use super::values::{FlagNames, Moment, ReasonNames};
use crate::iteration::Iteration;
use crate::milliseconds::Millisecond;
use crate::room::Room;
use crate::time::Timebase;

/// An iteration.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Row {
    iteration: u64,
    start: Moment,
    duration_ns: u64,
    cycles_tsc: u64,
    rx_packets: u32,
    rx_batches: u32,
    tx_packets: u32,
    dropped_packets: u32,
    tx_dropped_packets: u32,
    rx_fill_max_packets: u32,
    deepest_queue: Option<u16>,
    upcalls: u32,
    lost_upcalls: u32,
    reasons: ReasonNames,
    flags: FlagNames,
    rooms: Rooms,
}

impl Row {
    /// What `iteration` holds, where it is known in which rooms time was spent, or not.
    pub(super) fn of(iteration: &Iteration, base: &Timebase, has_rooms: bool) -> Self {
        Self {
            iteration: iteration.number,
            start: Moment::of(iteration.start, base),
            duration_ns: base.nanos(iteration.cycles),
            cycles_tsc: iteration.cycles,
            rx_packets: iteration.packets,
            rx_batches: iteration.batches,
            tx_packets: iteration.sent,
            dropped_packets: iteration.dropped,
            tx_dropped_packets: iteration.tx_dropped,
            rx_fill_max_packets: iteration.fill,
            deepest_queue: (iteration.fill > 0).then_some(iteration.deepest),
            upcalls: iteration.upcalls,
            lost_upcalls: iteration.lost,
            reasons: ReasonNames(iteration.reasons),
            flags: FlagNames(iteration.flags),
            rooms: Rooms::of(iteration, has_rooms),
        }
    }
}

/// Cycles of each room, where they are known: of upcalls always, because they are always timed.
#[derive(Clone, Copy, Debug, Serialize)]
struct Rooms {
    rx_cycles_tsc: Option<u64>,
    parse_cycles_tsc: Option<u64>,
    cache_cycles_tsc: Option<u64>,
    classifier_cycles_tsc: Option<u64>,
    upcall_cycles_tsc: u64,
    act_cycles_tsc: Option<u64>,
    tx_cycles_tsc: Option<u64>,
    again_cycles_tsc: Option<u64>,
    housekeeping_cycles_tsc: Option<u64>,
}

impl Rooms {
    fn of(iteration: &Iteration, has_rooms: bool) -> Self {
        let known = |room| has_rooms.then(|| iteration.room(room));
        Self {
            rx_cycles_tsc: known(Room::Rx),
            parse_cycles_tsc: known(Room::Parse),
            cache_cycles_tsc: known(Room::Cache),
            classifier_cycles_tsc: known(Room::Classifier),
            upcall_cycles_tsc: iteration.room(Room::Upcall),
            act_cycles_tsc: known(Room::Act),
            tx_cycles_tsc: known(Room::Tx),
            again_cycles_tsc: known(Room::Again),
            housekeeping_cycles_tsc: known(Room::Housekeeping),
        }
    }
}

/// A millisecond.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct MillisecondRow {
    start_boot_ms: u64,
    iterations: u64,
    cycles_tsc: u64,
    busy_cycles_tsc: u64,
    rx_packets: u64,
    rx_batches: u64,
    tx_packets: u64,
    dropped_packets: u64,
    tx_dropped_packets: u64,
    nic_lost_packets: Option<u64>,
    upcalls: u64,
    upcall_cycles_tsc: u64,
    rx_fill_max_packets: u64,
    deepest_iteration: Option<u64>,
    last_iteration: Option<u64>,
}

impl MillisecondRow {
    /// What `record` holds, and what NICs lost, where that is known.
    pub(super) fn of(record: &Millisecond, nic_lost: Option<u64>) -> Self {
        Self {
            start_boot_ms: record.number,
            iterations: record.iterations,
            cycles_tsc: record.cycles,
            busy_cycles_tsc: record.busy_cycles,
            rx_packets: record.packets,
            rx_batches: record.batches,
            tx_packets: record.sent,
            dropped_packets: record.dropped,
            tx_dropped_packets: record.tx_dropped,
            nic_lost_packets: nic_lost,
            upcalls: record.upcalls,
            upcall_cycles_tsc: record.upcall_cycles,
            rx_fill_max_packets: record.fill,
            deepest_iteration: (record.fill > 0).then_some(record.deepest),
            last_iteration: (record.iterations > 0).then_some(record.last),
        }
    }
}
