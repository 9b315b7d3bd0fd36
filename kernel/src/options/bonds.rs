//! What values of `bond=` look like.

use dataplane::PORTS;
use dataplane::bond::{BONDS, Bond, FIRST, Mode};

use super::Options;
use super::values::number;

/// Bonds by number of their ports.
pub type Bonds = [Option<Bond>; BONDS];

/// `N,MODE,PORT,PORT...`, several with `+` between; no port in two.
pub(super) fn bond(options: &mut Options, text: &str) -> Option<()> {
    let mut bonds = [None; BONDS];
    let mut taken = 0;
    for one in text.split('+').filter(|_| text != "none") {
        let (own, rest) = one.split_once(',')?;
        let (mode, ports) = rest.split_once(',')?;
        let place = number(own)?.checked_sub(FIRST.into())?;
        let place: &mut Option<Bond> = bonds.get_mut(place as usize)?;
        let mode = Mode::NAMES.iter().position(|name| *name == mode)?;
        let members = members(ports, &mut taken)?;
        if place.replace(Bond::new(Mode::ALL[mode], members)).is_some() {
            return None;
        }
    }
    options.bonds = bonds;
    Some(())
}

/// The ports in `text`, none of which is in `taken`; they are by then.
fn members(text: &str, taken: &mut u16) -> Option<u16> {
    let mut members = 0;
    for word in text.split(',') {
        let port = number(word).filter(|port| (*port as usize) < PORTS)?;
        let bit = 1 << port;
        (*taken & bit == 0).then_some(())?;
        *taken |= bit;
        members |= bit;
    }
    Some(members)
}
