//! What names a NIC: its place on the PCI bus, or its MAC address.

use core::fmt::{self, Display, Formatter};

use pci_types::PciAddress;

/// The address that a NIC has on Ethernet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// The address that `text` tells as six pairs of hexadecimal digits with colons between.
    pub fn parse(text: &str) -> Option<Self> {
        Self::of_pairs(text.split(':'))
    }

    /// The address that these six pairs of hexadecimal digits tell.
    pub(crate) fn of_pairs<'t>(mut pairs: impl Iterator<Item = &'t str>) -> Option<Self> {
        let mut bytes = [0; 6];
        for byte in &mut bytes {
            let pair = pairs.next().filter(|pair| pair.len() == 2)?;
            *byte = hex(pair)?.try_into().ok()?;
        }
        pairs.next().is_none().then_some(Self(bytes))
    }
}

impl From<Mac> for u64 {
    /// The number that its bytes are, the first of them the highest.
    fn from(Mac([a, b, c, d, e, f]): Mac) -> Self {
        Self::from_be_bytes([0, 0, a, b, c, d, e, f])
    }
}

impl Display for Mac {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

/// A place on the PCI bus, as users write it: `00:02.0`, with the segment before it unless that
/// is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub PciAddress);

impl Place {
    /// The place that `text` tells as `BUS:DEVICE.FUNCTION` or `SEGMENT:BUS:DEVICE.FUNCTION`.
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, function) = text.rsplit_once('.')?;
        let (rest, device) = rest.rsplit_once(':')?;
        let (segment, bus) = rest.rsplit_once(':').unwrap_or(("0", rest));
        let segment = hex(segment)?.try_into().ok()?;
        let bus = hex(bus)?.try_into().ok()?;
        let device = hex(device).filter(|&device| device < 32)? as u8;
        let function = hex(function).filter(|&function| function < 8)? as u8;
        Some(Self(PciAddress::new(segment, bus, device, function)))
    }
}

impl Display for Place {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self(address) = self;
        if address.segment() != 0 {
            write!(out, "{:04x}:", address.segment())?;
        }
        write!(out, "{:02x}:{:02x}.{}", address.bus(), address.device(), address.function())
    }
}

/// What a user named a NIC by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nic {
    /// Where it is.
    At(Place),
    /// Who it is.
    Named(Mac),
}

impl Display for Nic {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(place) => place.fmt(out),
            Self::Named(mac) => mac.fmt(out),
        }
    }
}

impl Nic {
    /// The NIC that `text` names, by place or by MAC address.
    pub fn parse(text: &str) -> Option<Self> {
        Place::parse(text).map(Self::At).or_else(|| Mac::parse(text).map(Self::Named))
    }

    /// Whether the NIC at `place` with the address `mac` is meant.
    pub fn is(&self, place: Place, mac: Mac) -> bool {
        match *self {
            Self::At(wanted) => wanted == place,
            Self::Named(wanted) => wanted == mac,
        }
    }
}

/// The number that `digits` tell, all of them hexadecimal, at most eight.
fn hex(digits: &str) -> Option<u32> {
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    hexadecimal.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Option<String> {
        Place::parse(text).map(|place| place.to_string())
    }

    #[test]
    fn places_are_read_with_and_without_a_segment() {
        assert_eq!(place("00:02.0").as_deref(), Some("00:02.0"));
        assert_eq!(place("0000:00:02.0").as_deref(), Some("00:02.0"));
        assert_eq!(place("0001:af:1f.7").as_deref(), Some("0001:af:1f.7"));
        assert_eq!(place("0:2.0").as_deref(), Some("00:02.0"));
    }

    #[test]
    fn what_no_bus_has_is_no_place() {
        for text in
            ["", ".", ":.", "00:20.0", "00:02.8", "100:02.0", "00:02", "00:+2.0", "10000:00:02.0"]
        {
            assert_eq!(place(text), None, "{text}");
        }
    }

    #[test]
    fn macs_have_six_pairs() {
        let mac = Mac::parse("52:54:00:12:34:Fe");
        assert_eq!(mac, Some(Mac([0x52, 0x54, 0, 0x12, 0x34, 0xfe])));
        assert_eq!(mac.map(|mac| mac.to_string()).as_deref(), Some("52:54:00:12:34:fe"));
        for text in ["", "52:54:00:12:34", "52:54:00:12:34:56:78", "2:54:00:12:34:56", "é:"] {
            assert_eq!(Mac::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_nic_is_meant_by_either_of_its_names() {
        let (here, mac) = (Place(PciAddress::new(0, 0, 2, 0)), Mac([2, 0, 0, 0, 0, 1]));
        let meant = |text| Nic::parse(text).is_some_and(|nic| nic.is(here, mac));
        assert!(meant("00:02.0") && meant("02:00:00:00:00:01"));
        assert!(!meant("00:03.0") && !meant("02:00:00:00:00:02") && !meant("eth0"));
    }
}
