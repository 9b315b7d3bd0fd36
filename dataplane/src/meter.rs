//! Meters: rates that packets of rules may not exceed together, on whichever PMD they come
//! (OpenFlow 1.3, 5.7). The only lines that several PMDs write.
//!
//! A band lets packets pass as long as they do not run ahead of its rate by more than its burst
//! (the generic cell rate algorithm, ITU-T I.371, in the form of a virtual scheduling time): one
//! number for each band, replaced by compare-and-exchange, and no lock.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

/// Meters that there are at most; numbers begin with 1.
pub const METERS: usize = 256;
/// Bands of a meter at most.
pub const BANDS: usize = 8;
/// Fractional bits of times, and of the time that one unit takes.
const TIME: u32 = 4;
const UNIT: u32 = 32;
/// Exchanges that are tried before a packet passes: others passed meanwhile.
const TRIES: usize = 16;

/// What a rate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Thousands of bits a second.
    Kbps,
    /// Packets a second.
    Pktps,
}

/// A rate, and how far it may be run ahead of; both in the meter's unit, the burst in thousands of
/// bits or in packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// The rate; 0 for no band.
    pub rate: u32,
    /// The burst; 0 for what the rate brings in a second.
    pub burst: u32,
}

/// A meter as it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What rates count.
    pub unit: Unit,
    /// Its bands.
    pub bands: [Rate; BANDS],
}

/// One band: the time that a unit takes, the time that the burst takes, and the time at which all
/// units that passed would be through.
#[derive(Default)]
struct Band {
    unit: AtomicU64,
    burst: AtomicU64,
    through: AtomicU64,
}

/// A meter.
#[derive(Default)]
#[repr(align(64))]
pub struct Meter {
    /// 0 for none, else the unit and one.
    kind: AtomicU64,
    rates: [AtomicU64; BANDS],
    bands: [Band; BANDS],
    passed: AtomicU64,
    dropped: AtomicU64,
}

impl Meter {
    /// Sets it, by a clock that counts `hertz` in a second; or takes it away.
    pub fn set(&self, setting: Option<&Setting>, hertz: u64) {
        self.kind.store(0, Relaxed);
        let Some(Setting { unit, bands }) = setting else { return };
        for ((place, own), rate) in self.rates.iter().zip(&self.bands).zip(bands) {
            place.store(u64::from(rate.rate) << 32 | u64::from(rate.burst), Relaxed);
            let thousand = if *unit == Unit::Kbps { 1000 } else { 1 };
            let burst = if rate.burst == 0 { rate.rate } else { rate.burst };
            let each = (u128::from(hertz) << UNIT).checked_div(u128::from(rate.rate) * thousand);
            let each = u64::try_from(each.unwrap_or(0)).unwrap_or(u64::MAX);
            own.unit.store(each, Relaxed);
            own.burst.store(time(u64::from(burst) * thousand as u64, each), Relaxed);
            own.through.store(0, Relaxed);
        }
        self.kind.store(1 + *unit as u64, Relaxed);
    }

    /// How it is set, how many packets passed and how many were dropped; none if it is not.
    pub fn get(&self) -> Option<(Setting, u64, u64)> {
        let unit = match self.kind.load(Relaxed) {
            0 => return None,
            1 => Unit::Kbps,
            _ => Unit::Pktps,
        };
        let rate = |place: &AtomicU64| {
            let both = place.load(Relaxed);
            Rate { rate: (both >> 32) as u32, burst: both as u32 }
        };
        let bands = core::array::from_fn(|band| rate(&self.rates[band]));
        let (passed, dropped) = (self.passed.load(Relaxed), self.dropped.load(Relaxed));
        Some((Setting { unit, bands }, passed, dropped))
    }

    /// Whether a packet of so many `bytes` may pass at `now`. One that is not set lets all pass.
    pub(crate) fn passes(&self, bytes: usize, now: u64) -> bool {
        let units = match self.kind.load(Relaxed) {
            0 => return true,
            1 => bytes as u64 * 8,
            _ => 1,
        };
        // What one band drops is not to count against the others.
        let (now, several) = (now << TIME, self.bands[1].unit.load(Relaxed) != 0);
        let may = !several || self.bands.iter().all(|band| band.may_pass(units, now));
        let exceeded = !may || self.bands.iter().any(|band| !band.passes(units, now));
        let count = if exceeded { &self.dropped } else { &self.passed };
        count.fetch_add(1, Relaxed);
        !exceeded
    }
}

/// How long so many units take, where one takes `each`.
fn time(units: u64, each: u64) -> u64 {
    let time = (u128::from(units) * u128::from(each)) >> (UNIT - TIME);
    u64::try_from(time).unwrap_or(u64::MAX)
}

impl Band {
    /// How long so many units take; none if there is no such band.
    fn time(&self, units: u64) -> Option<u64> {
        match self.unit.load(Relaxed) {
            0 => None,
            unit => Some(time(units, unit)),
        }
    }

    fn may_pass(&self, units: u64, now: u64) -> bool {
        let Some(time) = self.time(units) else { return true };
        let after = self.through.load(Relaxed).max(now).saturating_add(time);
        after - now <= self.burst.load(Relaxed)
    }

    fn passes(&self, units: u64, now: u64) -> bool {
        let Some(time) = self.time(units) else { return true };
        let mut before = self.through.load(Relaxed);
        for _ in 0..TRIES {
            let after = before.max(now).saturating_add(time);
            if after - now > self.burst.load(Relaxed) {
                return false;
            }
            match self.through.compare_exchange_weak(before, after, Relaxed, Relaxed) {
                Ok(_) => return true,
                Err(other) => before = other,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERTZ: u64 = 1_000_000;

    fn meter(unit: Unit, bands: &[(u32, u32)]) -> Meter {
        let mut setting = Setting { unit, bands: [Rate::default(); BANDS] };
        for (place, &(rate, burst)) in setting.bands.iter_mut().zip(bands) {
            *place = Rate { rate, burst };
        }
        let meter = Meter::default();
        meter.set(Some(&setting), HERTZ);
        assert_eq!(meter.get(), Some((setting, 0, 0)));
        meter
    }

    /// Packets of `bytes` that pass, of so many that come each microsecond.
    fn passed(meter: &Meter, bytes: usize, micros: core::ops::Range<u64>) -> usize {
        micros.filter(|now| meter.passes(bytes, *now)).count()
    }

    #[test]
    fn packets_pass_at_the_rate_and_the_burst_ahead_of_it() {
        let meter = meter(Unit::Pktps, &[(1000, 50)]);
        assert_eq!(passed(&meter, 60, 0..1), 1);
        assert!((149..=150).contains(&(passed(&meter, 60, 1..100_000) + 1)));
        assert!((99..=101).contains(&passed(&meter, 60, 100_000..200_000)));
        // A pause of a second fills the burst, and no more.
        assert!((149..=151).contains(&passed(&meter, 60, 1_200_000..1_300_000)));
        let (_, passed, dropped) = meter.get().unwrap();
        assert_eq!(passed + dropped, 300_000);
    }

    #[test]
    fn bits_count_where_the_rate_is_of_bits() {
        let meter = meter(Unit::Kbps, &[(8000, 8)]);
        // A thousand bytes a millisecond, and a thousand ahead.
        assert!((100..=102).contains(&passed(&meter, 1000, 0..100_000)));
        assert!((1000..=1020).contains(&passed(&meter, 100, 100_000..200_000)));
    }

    #[test]
    fn the_narrowest_of_several_bands_holds() {
        let meter = meter(Unit::Pktps, &[(5000, 1), (1000, 1), (9000, 1)]);
        assert!((99..=101).contains(&passed(&meter, 60, 0..100_000)));
    }

    #[test]
    fn a_burst_of_0_is_what_a_second_brings() {
        let meter = meter(Unit::Pktps, &[(100, 0)]);
        assert!((100..=101).contains(&passed(&meter, 60, 0..1_000)));
    }

    #[test]
    fn a_meter_that_is_not_set_lets_all_pass() {
        let meter = meter(Unit::Pktps, &[(1, 1)]);
        meter.set(None, HERTZ);
        assert_eq!((passed(&meter, 60, 0..100), meter.get()), (100, None));
    }

    #[test]
    fn cores_that_share_a_meter_share_its_rate() {
        let meter: &Meter = Box::leak(Box::new(meter(Unit::Pktps, &[(1000, 10)])));
        let run = |_| std::thread::spawn(move || passed(meter, 60, 0..100_000));
        let threads: Vec<_> = (0..2).map(run).collect();
        let passed: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert!((109..=112).contains(&passed), "{passed}");
    }
}
