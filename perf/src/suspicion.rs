//! What makes an iteration suspicious.

mod reasons;

use crate::iteration::{Flags, Iteration};

pub use reasons::{REASONS, Reason, Reasons};

/// Flags of an iteration that are reasons by themselves.
const TROUBLES: [(Flags, Reasons); 8] = [
    (Flags::TX_FULL, Reasons::TX_FULL),
    (Flags::STARVED, Reasons::POOL_LOW),
    (Flags::LOST_UPCALL, Reasons::LOST_UPCALL),
    (Flags::STORM, Reasons::STORM),
    (Flags::OVERSLEPT, Reasons::OVERSLEEP),
    (Flags::LOOKUP_BUDGET, Reasons::LOOKUP_BUDGET),
    (Flags::NMI, Reasons::STOLEN),
    (Flags::MACHINE_CHECK, Reasons::STOLEN),
];

/// Flags that say that time was stolen from an iteration that took too long.
const STOLEN: Flags =
    Flags::SMI.and(Flags::STEAL).and(Flags::NMI).and(Flags::MACHINE_CHECK).and(Flags::GAP);

/// What a PMD compares each iteration with. The maximum of a number stands for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Whether iterations are recorded.
    pub record: bool,
    /// Whether the clock is read at every doorway.
    pub rooms: bool,
    /// More cycles than this are suspicious.
    pub cycles: u64,
    /// This fill, or more, is suspicious.
    pub fill: u32,
    /// More cycles for each frame than this are suspicious, fractions left out.
    pub per_packet: u64,
    /// So many upcalls, or more, are suspicious.
    pub upcalls: u32,
    /// A sleep that lasts longer than asked for by more cycles than this is suspicious.
    pub oversleep: u64,
    /// Flags that are suspicious by themselves, and that of upcalls, which have to be looked at.
    pub troubles: Flags,
    /// Whether stolen time is a reason.
    pub stolen: bool,
    /// Whether frames that a NIC lost are a reason. For the control core.
    pub watches_losses: bool,
    /// Iterations kept before a suspicious one.
    pub before: u16,
    /// Iterations kept after a suspicious one.
    pub after: u16,
}

impl Limits {
    /// Limits that nothing exceeds.
    pub const NEVER: Self = Self {
        record: true,
        rooms: true,
        cycles: u64::MAX,
        fill: u32::MAX,
        per_packet: u64::MAX,
        upcalls: u32::MAX,
        oversleep: u64::MAX,
        troubles: Flags::UPCALL,
        stolen: false,
        watches_losses: false,
        before: 0,
        after: 0,
    };

    /// The flags that are suspicious where `reasons` are watched, and that of upcalls.
    pub(crate) fn troubles(reasons: Reasons) -> Flags {
        let watched = TROUBLES.iter().filter(|(_, reason)| reasons.has(*reason));
        watched.fold(Flags::UPCALL, |flags, (flag, _)| flags.and(*flag))
    }

    /// Whether `iteration`, which took `per_packet` cycles for each packet, rounded down, has to be
    /// looked at: there is a reason to suspect it, or it had upcalls.
    #[inline]
    pub(crate) fn stands_out(&self, iteration: &Iteration, per_packet: u64) -> bool {
        let is_slow = iteration.cycles > self.cycles;
        let is_full = iteration.fill >= self.fill;
        let is_troubled = iteration.flags.meets(self.troubles);
        is_slow | is_full | is_troubled | (per_packet > self.per_packet)
    }

    /// All reasons that `iteration` is suspicious for.
    pub fn judge(&self, iteration: &Iteration) -> Reasons {
        let is_slow = iteration.cycles > self.cycles;
        let is_full = iteration.fill >= self.fill;
        let was_robbed = is_slow && self.stolen && iteration.flags.meets(STOLEN);
        let measured = [
            (is_slow, Reasons::DURATION),
            (is_full, Reasons::FILL),
            (self.is_laborious(iteration), Reasons::PER_PACKET),
            (was_robbed, Reasons::STOLEN),
        ];
        let measured = measured.into_iter().filter(|(holds, _)| *holds);
        let reasons = measured.fold(Reasons::none(), |all, (_, one)| all.and(one));
        let troubles = iteration.flags.only(self.troubles);
        if troubles.is_empty() { reasons } else { reasons.and(reasons_of(troubles)) }
    }

    fn is_laborious(&self, iteration: &Iteration) -> bool {
        let per_packet = iteration.cycles.checked_div(iteration.packets.into());
        per_packet.is_some_and(|cycles| cycles > self.per_packet)
    }
}

/// The reasons that `troubles` are.
#[cold]
fn reasons_of(troubles: Flags) -> Reasons {
    let present = TROUBLES.iter().filter(|(flag, _)| troubles.has(*flag));
    present.fold(Reasons::none(), |all, (_, reason)| all.and(*reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { cycles: 250, fill: 128, per_packet: 100, ..Limits::NEVER }
    }

    fn judged(limits: Limits, iteration: Iteration) -> Reasons {
        let reasons = limits.judge(&iteration);
        let per_packet = iteration.cycles.checked_div(iteration.packets.into()).unwrap_or(0);
        assert_eq!(limits.stands_out(&iteration, per_packet), !reasons.is_empty(), "{iteration:?}");
        reasons
    }

    fn took(cycles: u64) -> Iteration {
        Iteration { cycles, ..Iteration::default() }
    }

    fn met(fill: u32) -> Iteration {
        Iteration { fill, packets: 32, ..Iteration::default() }
    }

    #[test]
    fn duration_is_suspicious_strictly_above_its_limit() {
        assert!(judged(limits(), took(250)).is_empty());
        assert_eq!(judged(limits(), took(251)), Reasons::DURATION);
    }

    #[test]
    fn fill_is_suspicious_at_its_limit() {
        assert!(judged(limits(), met(127)).is_empty());
        assert_eq!(judged(limits(), met(128)), Reasons::FILL);
    }

    #[test]
    fn cycles_per_packet_are_suspicious_strictly_above_their_limit() {
        let limits = Limits { cycles: u64::MAX, ..limits() };
        let busy = |cycles| Iteration { packets: 3, ..took(cycles) };
        assert!(judged(limits, busy(302)).is_empty());
        assert_eq!(judged(limits, busy(303)), Reasons::PER_PACKET);
        assert!(judged(limits, took(u64::MAX)).is_empty());
    }

    #[test]
    fn every_reason_that_holds_is_kept() {
        let watched = Limits { troubles: Limits::troubles(Reasons::all()), ..limits() };
        let mut iteration = Iteration { cycles: 251, packets: 1, fill: 128, ..met(128) };
        iteration.flags.set(Flags::TX_FULL.and(Flags::STARVED));
        let reasons = judged(watched, iteration);
        assert_eq!(reasons.names().to_string(), "duration+fill+tx-full+pool-low+per-packet");
        assert_eq!(
            Reasons::DURATION.and(Reasons::FILL).to_string(),
            "excessive total cycles, vhost RX queue full"
        );
    }

    #[test]
    fn a_trouble_that_is_not_watched_is_no_reason() {
        let limits = Limits { troubles: Limits::troubles(Reasons::TX_FULL), ..limits() };
        let mut iteration = took(1);
        iteration.flags.set(Flags::STARVED);
        assert!(judged(limits, iteration).is_empty());
        iteration.flags.set(Flags::TX_FULL);
        assert_eq!(judged(limits, iteration), Reasons::TX_FULL);
    }

    #[test]
    fn stolen_time_is_a_reason_where_it_made_an_iteration_long() {
        let limits = Limits { stolen: true, ..limits() };
        let mut iteration = took(250);
        iteration.flags.set(Flags::SMI);
        assert!(judged(limits, iteration).is_empty());
        iteration.cycles = 251;
        assert_eq!(judged(limits, iteration), Reasons::DURATION.and(Reasons::STOLEN));
    }
}
