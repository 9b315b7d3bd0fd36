//! Numbers in at most five characters, and times.

use perf::calendar::Date;

/// Three digits that count, with k, M, G or T for thousands; `-` for what is not known.
pub(super) fn short(number: impl Into<Option<f64>>) -> String {
    let Some(mut number) = number.into().filter(|number| number.is_finite()) else {
        return "-".to_owned();
    };
    for suffix in ["", "k", "M", "G", "T"] {
        match number {
            0.0 if suffix.is_empty() => return "0".to_owned(),
            ..9.995 => return format!("{number:.2}{suffix}"),
            ..99.95 => return format!("{number:.1}{suffix}"),
            ..999.5 => return format!("{number:.0}{suffix}"),
            _ => number /= 1000.0,
        }
    }
    ">999T".to_owned()
}

/// A count: whole while it is short.
pub(super) fn count(number: u64) -> String {
    if number < 100_000 { number.to_string() } else { short(number as f64) }
}

/// A share in per cent, in at most four characters.
pub(super) fn percent(share: Option<f64>) -> String {
    match share {
        None => "-".to_owned(),
        Some(0.0) => "0".to_owned(),
        Some(99.95..) => "100".to_owned(),
        Some(share) => format!("{share:.1}"),
    }
}

/// Hours, minutes and seconds of nanoseconds.
pub(super) fn uptime(nanos: u64) -> String {
    let (tenths, seconds) = (nanos / 100_000_000 % 10, nanos / 1_000_000_000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hours}:{minutes:02}:{seconds:02}.{tenths}")
}

/// Day and time of nanoseconds since 1970, in UTC.
pub(super) fn day(nanos: u64) -> String {
    let Date { year, month, day, hour, minute, second } = Date::from_unix(nanos / 1_000_000_000);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        let shown = [0.0, 0.36, 9.99, 10.0, 326.4, 999.9, 1234.0, 14_880_952.0, 1e18].map(short);
        let expected = ["0", "0.36", "9.99", "10.0", "326", "1.00k", "1.23k", "14.9M", ">999T"];
        assert_eq!(shown, expected);
        assert_eq!((short(None), short(f64::INFINITY)), ("-".into(), "-".into()));
    }

    #[test]
    fn counts_are_whole_while_they_are_short() {
        assert_eq!([99_999, 100_000].map(count), ["99999", "100k"]);
    }

    #[test]
    fn shares_say_100_only_of_all_but_nothing() {
        let shown = [None, Some(0.0), Some(0.04), Some(99.9), Some(99.96)].map(percent);
        assert_eq!(shown, ["-", "0", "0.0", "99.9", "100"]);
    }

    #[test]
    fn times_are_told_as_people_do() {
        assert_eq!(uptime(3_725_960_000_000), "1:02:05.9");
        assert_eq!(day(1_795_478_400_000_000_000), "2026-11-24 00:00:00 UTC");
    }
}
