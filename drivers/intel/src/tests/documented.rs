//! docs/bring-up.md lists the numbers of the cards that this crate drives.

use std::collections::BTreeMap;

use bus::pci::{PciAddress, Seen};

use crate::Family;

const DOCUMENT: &str = include_str!("../../../../docs/bring-up.md");

/// The driver of this device number of Intel's.
fn driver(device: u16) -> Option<String> {
    let address = PciAddress::new(0, 0, 0, 0);
    let seen = Seen { address, vendor: 0x8086, device, class: 2, subclass: 0 };
    Family::of(&seen).map(|family| family.name().to_owned())
}

#[test]
fn the_numbers_in_the_document_are_those_that_are_driven() {
    let mut told = BTreeMap::new();
    for row in DOCUMENT.lines().filter(|row| row.contains("| 8086 |")) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, _, devices, driver] = cells[..] else { panic!("{row}") };
        for device in devices.split(' ') {
            let device = u16::from_str_radix(device, 16).unwrap();
            assert_eq!(told.insert(device, driver.to_owned()), None, "{device:04x} stands twice");
        }
    }
    let driven = (0..=u16::MAX).filter_map(|device| Some((device, driver(device)?)));
    assert_eq!(told, driven.collect());
}
