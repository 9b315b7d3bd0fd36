//! Rows of milliseconds.

use core::fmt::{self, Display, Formatter};

use crate::milliseconds::Millisecond;

/// The titles above [`MillisecondRow`]s.
pub const MILLISECOND_TITLES: &str = "   ms                  iterations   cycles/it    Kpps         \
    cycles/pkt   pkts/batch   vhost qlen   upcalls      cycles/upcall  drops        nic lost";

/// A millisecond in the columns of Open vSwitch's millisecond history, and the frames that were
/// dropped in it and those that NICs lost. Quotients are whole numbers, rounded down, and 0 where
/// nothing was counted; the fill is the highest that any iteration met.
#[derive(Clone, Copy, Debug)]
pub struct MillisecondRow<'a> {
    /// What the PMD did.
    pub record: &'a Millisecond,
    /// Frames that its NICs lost, where they can tell and were sampled.
    pub nic_lost: Option<u64>,
}

impl Display for MillisecondRow<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Millisecond { number, iterations, cycles, busy_cycles, packets, .. } = *self.record;
        let Millisecond { batches, fill, upcalls, upcall_cycles, dropped, .. } = *self.record;
        let each = |sum: u64, count| sum.checked_div(count).unwrap_or(0);
        write!(out, "   {number:<17}   {iterations:<11}  {:<11}  ", each(cycles, iterations))?;
        write!(out, "{packets:<11}  {:<11}  ", each(busy_cycles, packets))?;
        write!(out, "{:<11}  {fill:<11}  {upcalls:<11}  ", each(packets, batches))?;
        write!(out, "{:<13}  {dropped:<11}  ", each(upcall_cycles, upcalls))?;
        match self.nic_lost {
            Some(frames) => write!(out, "{frames}"),
            None => out.write_str("n/a"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_under_their_titles() {
        let busy = Millisecond {
            number: 61_234,
            iterations: 500,
            cycles: 2_500_000,
            busy_cycles: 2_000_000,
            packets: 4_000,
            batches: 200,
            dropped: 7,
            upcalls: 2,
            upcall_cycles: 90_001,
            fill: 64,
            ..Millisecond::default()
        };
        let empty = Millisecond { number: 61_233, ..Millisecond::default() };
        let rows = [
            MillisecondRow { record: &busy, nic_lost: Some(3) },
            MillisecondRow { record: &empty, nic_lost: None },
        ];
        let text = format!("{MILLISECOND_TITLES}\n{}\n{}", rows[0], rows[1]);
        let expected = "
   ms                  iterations   cycles/it    Kpps         cycles/pkt   pkts/batch   \
vhost qlen   upcalls      cycles/upcall  drops        nic lost
   61234               500          5000         4000         500          20           \
64           2            45000          7            3
   61233               0            0            0            0            0            \
0            0            0              0            n/a";
        assert_eq!(text, &expected[1..]);
    }
}
