//! Rows of single iterations, and what is said of a suspicious one.

use core::fmt::{self, Display, Formatter};

use crate::iteration::{Flags, Iteration};
use crate::report::{Moment, Quotient};
use crate::room::Room;
use crate::time::Timebase;

/// The titles above [`Row`]s.
pub const ROW_TITLES: &str = "   iter                cycles       packets      cycles/pkt   \
    pkts/batch   vhost qlen   upcalls      cycles/upcall";

/// The line between a [`Suspect`] and the rows around it.
pub const NEIGHBOURHOOD: &str = "Neighborhood of suspicious iteration:";

/// An iteration in the columns of Open vSwitch's iteration history. Quotients are whole numbers,
/// rounded down, and 0 where nothing was counted; all cycles of the iteration count.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a>(pub &'a Iteration);

impl Display for Row<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Iteration { number, cycles, packets, batches, fill, upcalls, .. } = *self.0;
        let per_packet = cycles.checked_div(packets.into()).unwrap_or(0);
        let per_batch = packets.checked_div(batches).unwrap_or(0);
        let per_upcall = self.0.room(Room::Upcall).checked_div(upcalls.into()).unwrap_or(0);
        write!(out, "   {number:<17}   {cycles:<11}  {packets:<11}  {per_packet:<11}  ")?;
        write!(out, "{per_batch:<11}  {fill:<11}  {upcalls:<11}  {per_upcall}")
    }
}

/// The line that announces a suspicious iteration: why, which, how long, where.
#[derive(Clone, Copy, Debug)]
pub struct Suspect<'a> {
    /// The iteration.
    pub iteration: &'a Iteration,
    /// The core that it ran on.
    pub core: usize,
    /// The number of the event that it belongs to.
    pub event: u64,
    /// What explains the time-stamp counter.
    pub base: &'a Timebase,
}

impl Display for Suspect<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Iteration { start, flags, .. } = *self.iteration;
        self.announce(out)?;
        write!(out, " {}{}", Moment { count: start, base: self.base }, FlagNames(flags, " "))
    }
}

impl Suspect<'_> {
    /// The same without the moment, for a line that carries that otherwise.
    pub fn brief(&self) -> impl Display {
        fmt::from_fn(|out| {
            self.announce(out)?;
            write!(out, "{}", FlagNames(self.iteration.flags, " "))
        })
    }

    fn announce(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Iteration { number, cycles, reasons, .. } = *self.iteration;
        let Self { core, event, base, .. } = *self;
        let micros = base.micros(cycles);
        write!(out, "Suspicious iteration ({reasons}): iter={number} duration={micros} us ")?;
        write!(out, "core={core} event={event}")
    }
}

/// What took time from an iteration, each name behind a separator.
#[derive(Clone, Copy, Debug)]
pub struct FlagNames(pub Flags, pub &'static str);

impl Display for FlagNames {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let held = Flags::NAMES.iter().filter(|(flag, _)| self.0.has(*flag));
        held.into_iter().try_for_each(|(_, name)| write!(out, "{}{name}", self.1))
    }
}

/// The line that says in which rooms an iteration spent its cycles. Rooms without any are left
/// out, but for the first.
#[derive(Clone, Copy, Debug)]
pub struct Rooms<'a>(pub &'a Iteration);

impl Display for Rooms<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "rooms of iteration {}:", self.0.number)?;
        let entered = |room: &Room| *room == Room::Rx || self.0.room(*room) > 0;
        for (position, room) in Room::ALL.into_iter().filter(entered).enumerate() {
            let cycles = self.0.room(room);
            let share = Quotient::percent(cycles, self.0.cycles);
            out.write_str(if position > 0 { "," } else { "" })?;
            write!(out, " {} {cycles} ({share} %)", room.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suspicion::Reasons;

    fn busy() -> Iteration {
        Iteration {
            number: 1_234_567,
            cycles: 9_800,
            packets: 31,
            batches: 2,
            fill: 40,
            upcalls: 3,
            rooms: [1000, 0, 0, 700, 0, 0, 0, 10],
            reasons: Reasons::DURATION.and(Reasons::FILL),
            ..Iteration::default()
        }
    }

    #[test]
    fn rows_stand_under_their_titles() {
        let idle = Iteration { number: 1_234_566, cycles: 640, ..Iteration::default() };
        let text = format!("{ROW_TITLES}\n{}\n{}", Row(&busy()), Row(&idle));
        let expected = "
   iter                cycles       packets      cycles/pkt   pkts/batch   vhost qlen   \
upcalls      cycles/upcall
   1234567             9800         31           316          15           40           \
3            233
   1234566             640          0            0            0            0            \
0            0";
        assert_eq!(text, &expected[1..]);
    }

    #[test]
    fn a_suspect_is_announced_in_one_line() {
        let mut iteration = busy();
        let base = Timebase::new(1_000_000, 0);
        let line = |iteration: &Iteration| {
            Suspect { iteration, core: 1, event: 7, base: &base }.to_string()
        };
        assert_eq!(
            line(&iteration),
            "Suspicious iteration (excessive total cycles, vhost RX queue full): iter=1234567 \
             duration=9800 us core=1 event=7 tsc=0 boot_ns=0 utc=n/a"
        );
        iteration.reasons = Reasons::DURATION;
        iteration.flags.set(Flags::INJECTED);
        assert_eq!(
            line(&iteration),
            "Suspicious iteration (excessive total cycles): iter=1234567 duration=9800 us core=1 \
             event=7 tsc=0 boot_ns=0 utc=n/a injected"
        );
    }

    #[test]
    fn rooms_tell_their_cycles_and_share() {
        assert_eq!(
            Rooms(&busy()).to_string(),
            "rooms of iteration 1234567: rx 8090 (83 %), parse 1000 (10 %), upcall 700 (7 %), \
             housekeeping 10 (0 %)"
        );
        let nothing = Iteration::default();
        assert_eq!(Rooms(&nothing).to_string(), "rooms of iteration 0: rx 0 (0 %)");
    }
}
