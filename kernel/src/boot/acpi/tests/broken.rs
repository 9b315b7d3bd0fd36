//! Tables that are cut, changed or not where they should be: a line for each, and what is left is used.

use super::built::{fixed, processors};
use super::*;

fn fault(firmware: &Firmware, signature: &str) -> Option<Fault> {
    let (_, warnings) = firmware.read();
    warnings.iter().find(|warning| warning.table == signature).map(|warning| warning.fault)
}

/// Each line of the console is about another table.
fn reads(firmware: &Firmware, what: &str) {
    let (platform, warnings) = firmware.read();
    let mut tables: Vec<_> = warnings.iter().map(|warning| warning.table).collect();
    tables.dedup();
    assert_eq!(tables.len(), warnings.len(), "{what}: {warnings:?}");
    assert!(platform.nodes.count() <= NODES && platform.processors.enabled.len() <= PROCESSORS);
}

#[test]
fn no_change_of_any_byte_panics_or_warns_of_a_table_twice() {
    for (name, whole) in everyones() {
        let mut firmware = whole.clone();
        for place in 0..whole.bytes.len() {
            for value in [0, 1, 0x7f, !whole.bytes[place]] {
                firmware.bytes[place] = value;
                reads(&firmware, name);
            }
            firmware.bytes[place] = whole.bytes[place];
        }
    }
}

/// As above, where the checksum was made to fit: what is in the table is what counts.
#[test]
fn no_change_of_any_byte_of_a_table_that_sums_up_panics() {
    for (name, whole) in machines::all() {
        let tables: Vec<Vec<u8>> = tables_of(&whole);
        for (number, table) in tables.iter().enumerate() {
            for place in 36..table.len() {
                for value in [0, 1, 3, 0x7f, 0xff] {
                    let mut tables = tables.clone();
                    tables[number][place] = value;
                    tables[number] = sealed(tables[number].clone());
                    reads(&Firmware::with(&tables, 2), name);
                }
            }
        }
    }
}

/// The tables of `firmware`, which begin with the first byte of its memory.
fn tables_of(firmware: &Firmware) -> Vec<Vec<u8>> {
    let (mut tables, mut at) = (Vec::new(), AT);
    while at < firmware.root.address {
        let len = u32_at(firmware.bytes(at, 8).unwrap(), 4).unwrap() as usize;
        tables.push(firmware.bytes(at, len).unwrap().to_vec());
        at += len.next_multiple_of(16) as u64;
    }
    tables
}

#[test]
fn memory_that_ends_anywhere_loses_what_lies_behind() {
    for (name, whole) in machines::all() {
        for len in (0..whole.bytes.len()).step_by(7) {
            let mut firmware = whole.clone();
            firmware.bytes.truncate(len);
            reads(&firmware, name);
        }
    }
}

#[test]
fn a_root_that_is_nowhere_or_too_short_costs_one_line() {
    let firmware = Firmware::with(&[], 2);
    for address in [0, AT - 1, u64::MAX, u64::MAX - 10] {
        let root = AcpiRoot { address, ..firmware.root };
        assert_eq!(fault(&Firmware { root, ..firmware.clone() }, "RSDT"), Some(Fault::Unreadable));
    }
    let mut short = firmware.clone();
    short.bytes[4] = 35;
    assert_eq!(fault(&short, "RSDT"), Some(Fault::Length(35)));
}

#[test]
fn a_machine_without_any_table_misses_two() {
    let (_, warnings) = Firmware::with(&[], 2).read();
    assert_eq!(warnings.map_tables(), ["APIC", "FACP"]);
    assert_eq!(warnings[0].to_string(), "warning: the ACPI table APIC: there is none");
}

trait MapTables {
    fn map_tables(&self) -> Vec<&'static str>;
}

impl MapTables for Vec<Warning> {
    fn map_tables(&self) -> Vec<&'static str> {
        self.iter().map(|warning| warning.table).collect()
    }
}

#[test]
fn a_table_with_a_wrong_checksum_is_not_used_but_that_of_processors() {
    let (_, q35) = machines::all().into_iter().find(|(name, _)| *name == "q35").unwrap();
    let wrong: Vec<_> = tables_of(&q35)
        .into_iter()
        .map(|mut table| {
            table[9] ^= 1;
            table
        })
        .collect();
    let (platform, warnings) = Firmware::with(&wrong, 2).read();
    assert_eq!(platform.processors.enabled.len(), 4);
    assert!(
        platform.hpet.is_none() && platform.segments.is_empty() && platform.fixed == Fixed::USUAL
    );
    assert_eq!(warnings[0], Warning { table: "APIC", fault: Fault::ChecksumIgnored });
    assert!(warnings[1..].iter().all(|warning| warning.fault == Fault::Checksum));
    assert_eq!(warnings.map_tables(), ["APIC", "FACP", "MCFG", "HPET"]);
}

#[test]
fn of_two_tables_of_a_kind_the_one_that_is_whole_is_read() {
    let good = processors(&[vec![0, 8, 0, 5, 1, 0, 0, 0]]);
    let mut bad = processors(&[vec![0, 8, 0, 6, 1, 0, 0, 0]]);
    bad[9] ^= 0xff;
    let platform = Firmware::with(&[bad, good, fixed()], 2).platform();
    assert_eq!(*platform.processors.enabled, [5]);
}

#[test]
fn processors_before_a_broken_entry_are_used() {
    let core = |id| vec![0, 8, 0, id, 1, 0, 0, 0];
    for broken in
        [vec![0, 0, 0, 9, 1, 0, 0, 0], vec![0, 1, 0], vec![9, 8, 0, 0, 9, 0, 0, 0], vec![0, 200]]
    {
        let tables = [processors(&[core(0), core(1), broken, core(2)]), fixed()];
        let (platform, warnings) = Firmware::with(&tables, 2).read();
        assert_eq!(*platform.processors.enabled, [0, 1]);
        assert_eq!(warnings, [Warning { table: "APIC", fault: Fault::Entry(60) }]);
    }
}

#[test]
fn a_table_that_is_too_short_for_its_first_field_says_so() {
    for signature in ["APIC", "FACP", "MCFG", "SRAT", "HPET", "SPCR"] {
        let firmware = Firmware::with(&[table(signature, 2, &[])], 2);
        assert_eq!(fault(&firmware, signature), Some(Fault::Length(36)), "{signature}");
    }
}
