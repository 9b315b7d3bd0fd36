//! The console's serial port: which, and how fast.

use serial::Place;

use super::Options;
use super::values::number;
use crate::boot::acpi;

/// The highest rate of a PC's serial port. Others are parts of it.
const FASTEST: u32 = 115_200;

/// What `console=` takes.
pub(super) const WORDS: &str = "auto, ttyS0 to ttyS3, io,PORT, mmio,ADDRESS or mmio32,ADDRESS, \
     then nothing, ,keep or ,BAUD, a part of 115200";

/// A serial console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Console {
    /// Where it is; none if the firmware is to say.
    pub place: Option<Place>,
    /// How fast it is.
    pub speed: Speed,
}

/// How fast a console is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// Nobody said so.
    Usual,
    /// As firmware left it.
    Kept,
    /// Symbols in a second.
    Baud(u32),
}

impl Console {
    /// The firmware's.
    pub const AUTO: Self = Self { place: None, speed: Speed::Usual };

    /// Where it is, and symbols in a second, or none to keep them, where the firmware `told` of its own.
    /// Who tells nothing of a chip in memory is to keep it as it is: its clock may be any.
    pub fn settled(self, told: Option<acpi::Console>) -> (Place, Option<u32>) {
        let usual = |place| acpi::Console {
            place,
            baud: matches!(place, Place::Port(_)).then_some(FASTEST),
        };
        let acpi::Console { place, baud } =
            self.place.map(usual).or(told).unwrap_or(usual(Place::COM1));
        match self.speed {
            Speed::Usual => (place, baud),
            Speed::Kept => (place, None),
            Speed::Baud(baud) => (place, Some(baud)),
        }
    }
}

pub(super) fn console(options: &mut Options, text: &str) -> Option<()> {
    // Linux's word for a place that is no ttyS.
    let mut words = text.strip_prefix("uart,").unwrap_or(text).split(',');
    let place = match words.next()? {
        "auto" => None,
        "ttyS0" => Some(Place::COM1),
        "ttyS1" => Some(Place::COM2),
        "ttyS2" => Some(Place::COM3),
        "ttyS3" => Some(Place::COM4),
        "io" => Some(Place::Port(port(words.next()?)?)),
        "mmio" => Some(Place::Memory { address: hexadecimal(words.next()?)?, stride: 1 }),
        "mmio32" => Some(Place::Memory { address: hexadecimal(words.next()?)?, stride: 4 }),
        _ => return None,
    };
    let speed = words.next().map_or(Some(Speed::Usual), speed)?;
    words.next().is_none().then_some(())?;
    options.console = Console { place, speed };
    Some(())
}

/// A speed, maybe with the only parity and length of characters that there are.
fn speed(text: &str) -> Option<Speed> {
    if text == "keep" {
        return Some(Speed::Kept);
    }
    let baud = number(text.strip_suffix("n8").unwrap_or(text))?;
    (FASTEST.checked_rem(baud) == Some(0)).then_some(Speed::Baud(baud))
}

/// A port with seven behind it.
fn port(text: &str) -> Option<u16> {
    let port = u16::try_from(hexadecimal(text)?).ok()?;
    (1..=u16::MAX - 7).contains(&port).then_some(port)
}

fn hexadecimal(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x")?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| u64::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Console> {
        let mut options = Options::default();
        console(&mut options, text).map(|()| options.console)
    }

    fn settled(text: &str, told: Option<acpi::Console>) -> (Place, Option<u32>) {
        parsed(text).unwrap().settled(told)
    }

    const BMC: acpi::Console = acpi::Console { place: Place::COM2, baud: Some(57_600) };

    #[test]
    fn the_console_is_the_firmwares_unless_told_otherwise() {
        assert_eq!(settled("auto", Some(BMC)), (Place::COM2, Some(57_600)));
        assert_eq!(settled("auto,9600", Some(BMC)), (Place::COM2, Some(9_600)));
        assert_eq!(settled("ttyS0", Some(BMC)), (Place::COM1, Some(115_200)));
        assert_eq!(settled("auto", None), (Place::COM1, Some(115_200)));
    }

    #[test]
    fn a_speed_is_kept_where_the_firmware_or_the_user_says_so() {
        let kept = acpi::Console { place: Place::COM2, baud: None };
        assert_eq!(settled("auto", Some(kept)), (Place::COM2, None));
        assert_eq!(settled("ttyS1,keep", Some(BMC)), (Place::COM2, None));
    }

    #[test]
    fn a_chip_in_memory_keeps_its_speed_unless_one_is_named() {
        let place = Place::Memory { address: 0xfe03_4000, stride: 4 };
        assert_eq!(settled("mmio32,0xfe034000", None), (place, None));
        assert_eq!(settled("uart,mmio32,0xfe034000,115200n8", Some(BMC)), (place, Some(115_200)));
    }

    #[test]
    fn any_port_may_be_named_as_linux_does() {
        assert_eq!(settled("uart,io,0x2e8,9600n8", None), (Place::COM4, Some(9_600)));
        assert_eq!(settled("ttyS2", None), (Place::COM3, Some(115_200)));
    }

    #[test]
    fn what_is_no_console_is_refused() {
        for text in [
            "",
            "tty0",
            "ttyS4",
            "ttyS0,",
            "ttyS0,0",
            "ttyS0,115201",
            "ttyS0,9600e7",
            "ttyS0,9600,",
            "io",
            "io,3f8",
            "io,0x",
            "io,0x0",
            "io,0xfff9",
            "io,0x10000",
            "mmio,0xg",
            "mmio64,0x10",
            "auto,keep,keep",
            "uart",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
