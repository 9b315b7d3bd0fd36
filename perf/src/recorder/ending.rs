//! What is done once an iteration is over: it is counted, sampled, judged and stored.

use super::{Clock, Recorder, reciprocal};
use crate::counters::Counter;
use crate::history::Pin;
use crate::iteration::{Flags, Iteration};
use crate::marks::Mark;
use crate::metrics::Metrics;
use crate::quantity::Quantity;
use crate::room::Room;
use crate::samples::Late;
use crate::stolen::Readings;

/// Iterations with at most so many packets are the ones to be quick with.
const FEW: u32 = 127;

impl Recorder {
    /// Ends the iteration under way and begins the next.
    #[inline]
    pub fn end(&mut self, clock: &impl Clock) {
        if self.current.start >= self.sums.next {
            self.sums.close(self.metrics, self.current.start);
        }
        self.advance(clock.now());
        self.current.cycles = self.latest.wrapping_sub(self.current.start);
        if clock.interruptions() != self.looks.interruptions {
            let flags = self.looks.interrupted(clock);
            self.current.flags.set(flags);
        }
        if self.current.flags.is_empty() {
            self.end_idle(clock);
        } else {
            self.end_busy(clock);
        }
        self.metrics.set_ended(self.current.number);
        self.current.number += 1;
        self.current.start = self.latest;
    }

    /// Nothing is to be said of it but its length.
    #[inline]
    fn end_idle(&mut self, clock: &impl Clock) {
        let cycles = self.current.cycles;
        self.metrics.counters.add(Counter::IdleCycles, cycles);
        if !self.recording {
            return self.metrics.counters.add(Counter::Unrecorded, 1);
        }
        self.metrics.samples.add_late(Late::Cycles, cycles);
        if cycles >= self.idle_limit {
            self.end_outstanding(clock);
            self.current.clear();
        } else {
            self.writer.write_idle(&self.current);
        }
    }

    #[inline]
    fn end_busy(&mut self, clock: &impl Clock) {
        self.count();
        if self.current.flags.meets(Flags::RARITIES) {
            self.count_rarities();
        }
        if self.recording {
            let per_packet = self.sample();
            if self.limits.stands_out(&self.current, per_packet) {
                self.end_outstanding(clock);
            } else {
                self.writer.write(&self.current);
            }
        } else {
            self.metrics.counters.add(Counter::Unrecorded, 1);
        }
        self.polled.1 = 0;
        self.current.clear();
    }

    #[inline]
    fn count(&self) {
        let (counters, current) = (&self.metrics.counters, &self.current);
        if !current.is_busy() {
            counters.add(Counter::IdleCycles, current.cycles);
            return;
        }
        counters.add(Counter::BusyCycles, current.cycles);
        counters.add(Counter::BusyIterations, 1);
        counters.add(Counter::Recv, current.packets.into());
        counters.add(Counter::SentPackets, current.sent.into());
        counters.add(Counter::Batches, current.batches.into());
    }

    /// Counts what few iterations have.
    #[cold]
    #[inline(never)]
    fn count_rarities(&self) {
        let (counters, current) = (&self.metrics.counters, &self.current);
        counters.add(Counter::Dropped, current.dropped.into());
        counters.add(Counter::TxDropped, current.tx_dropped.into());
        counters.add(Counter::Upcalls, current.upcalls.into());
        counters.add(Counter::Lost, current.lost.into());
        counters.add(Counter::Miss, (current.upcalls - current.lost).into());
        counters.add(Counter::UpcallCycles, current.room(Room::Upcall));
    }

    /// Samples what is not 0, and returns the cycles for each packet. Samples of 0 are those
    /// iterations that no bucket holds.
    #[inline(always)]
    fn sample(&mut self) -> u64 {
        self.metrics.samples.add_late(Late::Cycles, self.current.cycles);
        let packets = self.current.packets;
        // One comparison settles that there are any, and that they are mostly few.
        match packets.wrapping_sub(1) {
            0..FEW => self.sample_packets(packets),
            _ => self.sample_none_or_many(packets),
        }
    }

    #[cold]
    #[inline(never)]
    fn sample_none_or_many(&mut self, packets: u32) -> u64 {
        if packets > 0 { self.sample_packets(packets) } else { 0 }
    }

    #[inline(always)]
    fn sample_packets(&mut self, packets: u32) -> u64 {
        let Metrics { samples, counters, .. } = self.metrics;
        let Iteration { cycles, fill, .. } = self.current;
        samples.add_small(Quantity::Packets, packets);
        samples.add_small(Quantity::Fill, fill);
        counters.add(Counter::Fill, fill.into());
        self.sums.deepen(&self.current);
        let per_packet = reciprocal::divide(cycles, packets);
        samples.add_late(Late::PerPacket, per_packet);
        per_packet
    }

    /// Does what few iterations need, and stores the one under way: samples its upcalls, and where
    /// it is suspicious, notes that and has its window kept. What needs no clock is compiled with this
    /// crate for speed, whatever this is compiled for.
    #[cold]
    #[inline(never)]
    fn end_outstanding(&mut self, clock: &impl Clock) {
        if self.is_suspicious() {
            if self.looks.is_due(self.latest) {
                let readings = self.look(clock);
                self.note(&readings);
            } else {
                self.note(&Readings::NONE);
            }
        }
        self.writer.write(&self.current);
    }

    #[inline(never)]
    fn is_suspicious(&self) -> bool {
        if self.current.upcalls > 0 {
            self.metrics.samples.add_small(Quantity::Upcalls, self.current.upcalls);
        }
        !self.limits.judge(&self.current).is_empty()
    }

    #[inline(never)]
    fn note(&mut self, readings: &Readings) {
        if self.has_gap() {
            self.current.flags.set(Flags::GAP);
        }
        self.current.reasons = self.limits.judge(&self.current);
        self.mark(readings);
    }

    /// Whether it took too long although no room had work that explains it: polling alone is
    /// never slow.
    fn has_gap(&self) -> bool {
        let Iteration { flags, .. } = self.current;
        let is_known = self.rooms || flags.is_empty();
        is_known && !flags.has(Flags::INJECTED) && self.current.room(Room::Rx) > self.limits.cycles
    }

    fn mark(&mut self, readings: &Readings) {
        let Iteration { number, reasons, .. } = self.current;
        let marks = &self.metrics.marks;
        let Some(entry) = marks.entry() else { return marks.suppress(reasons) };
        match self.writer.pin(number, self.limits.before, self.limits.after) {
            Pin::Refused => marks.suppress(reasons),
            Pin::Kept { first, last, cut } => {
                self.window = self.window.max(last);
                let readings = *readings;
                marks.post(entry, &Mark { number, first, last, reasons, cut, readings });
            }
        }
    }
}
