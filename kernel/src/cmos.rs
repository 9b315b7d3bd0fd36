//! What the registers of a CMOS clock mean (Motorola MC146818A datasheet, "Time, calendar and
//! alarm locations" and "Register B").

use perf::calendar::Date;

const IS_BINARY: u8 = 1 << 2; // of the mode; else two decimal digits
const IS_24_HOURS: u8 = 1 << 1; // of the mode; else twelve, and twelve again
const IS_AFTERNOON: u8 = 1 << 7; // of the hour, where it goes to twelve
/// The century where no register tells, or tells nonsense.
const CENTURY: u8 = 20;
/// A clock that shows a year before this one stood still without a battery.
const YEAR_MIN: u16 = 2020;

/// The registers as they were read, which is to say in the format that `mode` chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registers {
    /// Register B.
    pub mode: u8,
    /// Seconds.
    pub second: u8,
    /// Minutes.
    pub minute: u8,
    /// Hours.
    pub hour: u8,
    /// Day of the month.
    pub day: u8,
    /// Month.
    pub month: u8,
    /// Year of the century.
    pub year: u8,
    /// Century, where a register holds it.
    pub century: Option<u8>,
}

impl Registers {
    /// What they say, if that can be. The parts are numbers, but not checked for being a moment.
    pub fn date(&self) -> Option<Date> {
        let number = |register| number(self.mode, register);
        let century = self.century.and_then(number).unwrap_or(0).max(CENTURY);
        let year = u16::from(century) * 100 + u16::from(number(self.year).filter(|&it| it < 100)?);
        let date = Date {
            year,
            month: number(self.month)?,
            day: number(self.day)?,
            hour: self.hour()?,
            minute: number(self.minute)?,
            second: number(self.second)?,
        };
        (year >= YEAR_MIN).then_some(date)
    }

    fn hour(&self) -> Option<u8> {
        if self.mode & IS_24_HOURS != 0 {
            return number(self.mode, self.hour);
        }
        let hour = number(self.mode, self.hour & !IS_AFTERNOON);
        let hour = hour.filter(|hour| (1..=12).contains(hour))? % 12;
        Some(if self.hour & IS_AFTERNOON != 0 { hour + 12 } else { hour })
    }
}

/// The number in `register`; none if its format has no such number.
pub fn number(mode: u8, register: u8) -> Option<u8> {
    let (tens, ones) = (register >> 4, register & 0xf);
    match mode & IS_BINARY != 0 {
        true => Some(register),
        false => (tens < 10 && ones < 10).then_some(tens * 10 + ones),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-24 22:59:58.
    const DECIMAL: Registers = Registers {
        mode: IS_24_HOURS,
        second: 0x58,
        minute: 0x59,
        hour: 0x22,
        day: 0x24,
        month: 0x11,
        year: 0x26,
        century: Some(0x20),
    };
    const MOMENT: Date = Date { year: 2026, month: 11, day: 24, hour: 22, minute: 59, second: 58 };

    #[test]
    fn decimal_digits_are_read() {
        assert_eq!(DECIMAL.date(), Some(MOMENT));
    }

    #[test]
    fn binary_numbers_are_read() {
        let binary = Registers {
            mode: IS_24_HOURS | IS_BINARY,
            second: 58,
            minute: 59,
            hour: 22,
            day: 24,
            month: 11,
            year: 26,
            century: Some(20),
        };
        assert_eq!(binary.date(), Some(MOMENT));
    }

    #[test]
    fn noon_and_midnight_are_twelve_on_a_clock_of_twelve_hours() {
        let hour = |hour| Registers { mode: 0, hour, ..DECIMAL }.date().map(|date| date.hour);
        let at_midnight = (hour(0x12), hour(0x01), hour(0x11));
        assert_eq!(at_midnight, (Some(0), Some(1), Some(11)));
        let at_noon = (hour(0x92), hour(0x81), hour(0x91));
        assert_eq!(at_noon, (Some(12), Some(13), Some(23)));
        assert_eq!((hour(0x00), hour(0x13), hour(0x80)), (None, None, None));
    }

    #[test]
    fn without_a_century_it_is_this_one() {
        for century in [None, Some(0), Some(0x19), Some(0xff)] {
            assert_eq!(Registers { century, ..DECIMAL }.date(), Some(MOMENT), "{century:?}");
        }
        let next = Registers { century: Some(0x21), ..DECIMAL };
        assert_eq!(next.date().map(|date| date.year), Some(2126));
    }

    #[test]
    fn a_clock_that_lost_its_battery_says_nothing() {
        assert_eq!(Registers { year: 0x00, ..DECIMAL }.date(), None);
        assert_eq!(Registers { year: 0x19, ..DECIMAL }.date(), None);
    }

    #[test]
    fn what_is_no_digit_says_nothing() {
        assert_eq!(Registers { minute: 0x5a, ..DECIMAL }.date(), None);
        assert_eq!(Registers { month: 0xff, ..DECIMAL }.date(), None);
    }

    proptest! {
        #[test]
        fn whatever_is_read_becomes_a_moment_or_nothing(registers: [u8; 7], century: Option<u8>) {
            let [mode, second, minute, hour, day, month, year] = registers;
            let read = Registers { mode, second, minute, hour, day, month, year, century };
            let seconds = read.date().and_then(|date| date.to_unix());
            prop_assert!(seconds.is_none_or(|seconds| seconds >= 1_577_836_800));
        }
    }
}
