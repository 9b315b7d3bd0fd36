//! The watchdog of iBASE's IB700 and others like it: two I/O ports, and a step for every two seconds.
//! Nothing tells whether it is there, so that it is used only where somebody says so.

use crate::Ports;

/// Any write stops it.
const STOP: u16 = 0x441;
/// A write of a step starts it, and has its time begin anew.
const START: u16 = 0x443;

/// Seconds that it can wait; step 0 stands for the longest, each further one for two less.
const SHORTEST: u32 = 2;
const LONGEST: u32 = 30;

/// The chip.
pub struct Ib700<P> {
    ports: P,
}

impl<P: Ports> Ib700<P> {
    /// The chip, if there is one behind its ports.
    pub const fn new(ports: P) -> Self {
        Self { ports }
    }

    pub(crate) fn start(&self, seconds: u32) -> u32 {
        let seconds = seconds.clamp(SHORTEST, LONGEST).next_multiple_of(2);
        self.ports.write8(START, ((LONGEST - seconds) / 2) as u8);
        seconds
    }

    pub(crate) fn stop(&self) {
        self.ports.write8(STOP, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Watchdog;
    use crate::played::{Chip, Write};

    #[test]
    fn seconds_are_even_and_no_fewer_than_were_asked_for_up_to_30() {
        for (wanted, can, step) in [(0, 2, 14), (2, 2, 14), (5, 6, 12), (30, 30, 0), (99, 30, 0)] {
            let played = Chip::default();
            assert_eq!(Ib700::new(played.clone()).start(wanted), can);
            assert_eq!(played.writes(), [Write::Port(START, step)]);
        }
    }

    #[test]
    fn it_is_fed_with_its_time_and_stopped() {
        let played = Chip::default();
        let dog: Watchdog<Chip, Chip, Chip> = Watchdog::Ib700(Ib700::new(played.clone()));
        assert_eq!(dog.start(9), Ok(10));
        dog.feed(10);
        dog.stop();
        assert_eq!(
            played.writes(),
            [Write::Port(START, 10), Write::Port(START, 10), Write::Port(STOP, 0)]
        );
    }
}
