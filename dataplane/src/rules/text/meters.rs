//! Meters as text: `meter=1,pktps,burst,band=type=drop,rate=100,burst_size=10` (ovs-ofctl(8)).

use core::fmt::{self, Display, Formatter};

use super::cursor::Cursor;
use super::{Expected, Fault};
use crate::meter::{BANDS, METERS, Rate, Setting, Unit};

const WORD: Expected =
    Expected::Words("meter=, kbps, pktps, burst, stats, band=, type=drop, rate= or burst_size=");
const NUMBER: Expected = Expected::Words("meter=, and a number that is not 0");
const BAND: Expected = Expected::Words("type=drop first: a band begins with it");
const RATE: Expected = Expected::Words("rate=, not 0, in each band");

/// What was read of a meter.
struct Reading {
    number: Option<u32>,
    unit: Unit,
    bands: heapless::Vec<Rate, BANDS>,
}

/// The number of the meter that `text` describes, and how it is to be set.
///
/// # Errors
///
/// What is wrong with the first word that is.
pub fn parse_meter(text: &str) -> Result<(u32, Setting), Fault> {
    let mut cursor = Cursor::new(text);
    let mut reading = Reading { number: None, unit: Unit::Kbps, bands: heapless::Vec::new() };
    loop {
        cursor.skip_separators();
        if cursor.is_at_end() {
            break;
        }
        reading.word(&mut cursor)?;
    }
    let number = reading.number.ok_or(cursor.fault(NUMBER))?;
    if reading.bands.is_empty() || reading.bands.iter().any(|band| band.rate == 0) {
        return Err(cursor.fault(RATE));
    }
    let mut bands = [Rate::default(); BANDS];
    bands.iter_mut().zip(&reading.bands).for_each(|(place, band)| *place = *band);
    Ok((number, Setting { unit: reading.unit, bands }))
}

/// The number of a meter: `meter=1`. None for `meter=all` and for nothing.
///
/// # Errors
///
/// Where it is none of these.
pub fn parse_meter_number(text: &str) -> Result<Option<u32>, Fault> {
    let mut cursor = Cursor::new(text);
    cursor.skip_separators();
    if cursor.is_at_end() || text.trim_ascii() == "meter=all" {
        return Ok(None);
    }
    cursor.expect("meter=")?;
    let number = number(&mut cursor)?;
    if cursor.is_at_end() {
        Ok(Some(number))
    } else {
        Err(cursor.fault(Expected::Words("the end")))
    }
}

fn number(cursor: &mut Cursor<'_>) -> Result<u32, Fault> {
    let fault = cursor.fault(NUMBER);
    let number = cursor.number(METERS as u64)? as u32;
    if number == 0 { Err(fault) } else { Ok(number) }
}

impl Reading {
    /// Passes one word and what belongs to it.
    fn word(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        let start = cursor.clone();
        match cursor.name() {
            "meter" if cursor.eat("=") => self.number = Some(number(cursor)?),
            "kbps" => self.unit = Unit::Kbps,
            "pktps" => self.unit = Unit::Pktps,
            // Both go without saying here.
            "burst" | "stats" => {}
            "band" | "bands" if cursor.eat("=") => {}
            "type" if cursor.eat("=") => {
                cursor.expect("drop")?;
                let full = cursor.fault(Expected::Words("8 bands at most"));
                self.bands.push(Rate::default()).map_err(|_| full)?;
            }
            "rate" if cursor.eat("=") => self.band(&start)?.rate = amount(cursor)?,
            "burst_size" if cursor.eat("=") => self.band(&start)?.burst = amount(cursor)?,
            _ => return Err(start.fault(WORD)),
        }
        Ok(())
    }

    /// The band that is being read, which the word at `cursor` needs.
    fn band(&mut self, cursor: &Cursor<'_>) -> Result<&mut Rate, Fault> {
        self.bands.last_mut().ok_or(cursor.fault(BAND))
    }
}

fn amount(cursor: &mut Cursor<'_>) -> Result<u32, Fault> {
    Ok(cursor.number(u32::MAX.into())? as u32)
}

impl Display for Setting {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(if self.unit == Unit::Kbps {
            "kbps burst bands="
        } else {
            "pktps burst bands="
        })?;
        let bands = self.bands.iter().filter(|band| band.rate > 0).enumerate();
        bands.into_iter().try_for_each(|(place, Rate { rate, burst })| {
            let blank = if place > 0 { " " } else { "" };
            write!(out, "{blank}type=drop rate={rate} burst_size={burst}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meters_are_read_and_written_alike() {
        for (text, written) in [
            (
                "meter=7,pktps,burst,stats,band=type=drop,rate=100,burst_size=10",
                "pktps burst bands=type=drop rate=100 burst_size=10",
            ),
            (
                "meter=7 kbps bands=type=drop rate=4 type=drop rate=0x10 burst_size=2",
                "kbps burst bands=type=drop rate=4 burst_size=0 type=drop rate=16 burst_size=2",
            ),
        ] {
            let (number, setting) = parse_meter(text).unwrap();
            assert_eq!((number, setting.to_string().as_str()), (7, written));
            assert_eq!(parse_meter(&format!("meter=7 {setting}")), Ok((7, setting)));
        }
    }

    #[test]
    fn what_is_wrong_with_a_meter_is_told_with_its_column() {
        for (text, fault) in [
            (
                "pktps,band=type=drop,rate=1",
                "column 28: expected meter=, and a number that is not 0",
            ),
            ("meter=0", "column 7: expected meter=, and a number that is not 0"),
            ("meter=257", "column 7: expected a number from 0 to 256"),
            ("meter=1,kbps", "column 13: expected rate=, not 0, in each band"),
            ("meter=1,rate=5", "column 9: expected type=drop first: a band begins with it"),
            ("meter=1,band=type=dscp_remark", "column 19: expected drop"),
        ] {
            assert_eq!(parse_meter(text).unwrap_err().to_string(), fault, "{text}");
        }
        assert!(parse_meter("meter=1,what").unwrap_err().to_string().contains("burst_size="));
    }

    #[test]
    fn a_number_or_all_are_told_apart() {
        assert_eq!(parse_meter_number("meter=9"), Ok(Some(9)));
        assert_eq!(parse_meter_number(""), Ok(None));
        assert_eq!(parse_meter_number("meter=all"), Ok(None));
        assert!(parse_meter_number("meter=9,").is_err());
        assert!(parse_meter_number("9").is_err());
    }
}
