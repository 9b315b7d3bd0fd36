//! Dates of the Gregorian calendar and seconds since 1970, in UTC, leap seconds left out.

use core::fmt::{self, Display, Formatter};

const DAY: u64 = 86_400;
/// Days of 400 years, after which the calendar repeats.
const ERA: u64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const BEFORE_1970: u64 = 719_468;

/// A date and a time of day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Date {
    /// 1970 and later.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

impl Date {
    /// The date that is `seconds` after 1970-01-01T00:00:00Z.
    pub fn from_unix(seconds: u64) -> Self {
        // Years begin with March, so that the odd day of a leap year is the last.
        let days = seconds / DAY + BEFORE_1970;
        let (era, of_era) = (days / ERA, days % ERA);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let of_day = seconds % DAY;
        Self {
            year: (era * 400 + year + u64::from(month >= 10)) as u16,
            month: (if month < 10 { month + 3 } else { month - 9 }) as u8,
            day: (of_year - (153 * month + 2) / 5 + 1) as u8,
            hour: (of_day / 3600) as u8,
            minute: (of_day / 60 % 60) as u8,
            second: (of_day % 60) as u8,
        }
    }

    /// Seconds from 1970-01-01T00:00:00Z to it; none if there is no such date, or it is earlier.
    pub fn to_unix(self) -> Option<u64> {
        let Self { year, month, day, hour, minute, second } = self;
        if year < 1970 || !(1..=12).contains(&month) || day == 0 {
            return None;
        }
        let year = u64::from(year) - u64::from(month <= 2);
        let march_is_0 = (u64::from(month) + 9) % 12;
        let of_year = (153 * march_is_0 + 2) / 5 + u64::from(day) - 1;
        let of_era = year % 400 * 365 + year % 400 / 4 - year % 400 / 100 + of_year;
        let days = year / 400 * ERA + of_era - BEFORE_1970;
        let of_day = u64::from(hour) * 3600 + u64::from(minute) * 60 + u64::from(second);
        let seconds = days * DAY + of_day;
        (Self::from_unix(seconds) == self).then_some(seconds)
    }
}

/// As ISO 8601 writes it, without the zone.
impl Display for Date {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second } = self;
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_dates_are_what_they_are() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00"),
            (951_782_400, "2000-02-29T00:00:00"),
            (1_795_478_400, "2026-11-24T00:00:00"),
            (4_107_542_399, "2100-02-28T23:59:59"),
            (4_107_542_400, "2100-03-01T00:00:00"),
        ] {
            assert_eq!(Date::from_unix(seconds).to_string(), date);
            assert_eq!(Date::from_unix(seconds).to_unix(), Some(seconds));
        }
    }

    #[test]
    fn there_is_no_such_date() {
        let date = |year, month, day, hour| Date { year, month, day, hour, ..Date::default() };
        for none in [
            date(2026, 2, 29, 0),
            date(2026, 0, 1, 0),
            date(2026, 13, 1, 0),
            date(2026, 4, 31, 0),
            date(2026, 4, 0, 0),
            date(1969, 12, 31, 0),
            date(2026, 1, 1, 24),
        ] {
            assert_eq!(none.to_unix(), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn a_date_leads_back_to_its_seconds(seconds in 0..253_402_300_800_u64) {
            prop_assert_eq!(Date::from_unix(seconds).to_unix(), Some(seconds));
        }
    }
}
