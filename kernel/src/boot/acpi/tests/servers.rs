//! What is read of real servers' tables, old and new: many sockets, memory that is not everywhere, consoles that are off.

use super::*;

macro_rules! server {
    ($name:literal) => {
        ($name, Firmware::with(&split(include_bytes!(concat!("machines/", $name, ".tables"))), 2))
    };
}

/// All of them.
pub(super) fn all() -> [(&'static str, Firmware); 9] {
    [
        server!("poweredge-r820"),
        server!("primergy"),
        server!("proliant-dl165-g7"),
        server!("proliant-dl360-g5"),
        server!("proliant-dl360-g7"),
        server!("quanta-x10e-9n"),
        server!("supermicro-h8dgu"),
        server!("supermicro-h8qg6"),
        server!("supermicro-x8dtt"),
    ]
}

fn platform(wanted: &str) -> Platform {
    let (_, firmware) = all().into_iter().find(|(name, _)| *name == wanted).unwrap();
    firmware.platform()
}

/// How many enabled processors each node has.
fn processors(platform: &Platform) -> Vec<usize> {
    let ids = &platform.processors.enabled;
    let on = |node| ids.iter().filter(|id| platform.nodes.of_processor(**id) == node).count();
    (0..platform.nodes.count() as u8).map(on).collect()
}

#[test]
fn all_have_a_clock_and_mapped_pci_and_none_names_a_console() {
    for (name, firmware) in all() {
        let platform = firmware.platform();
        let buses = if name == "proliant-dl360-g7" { 0..=63 } else { 0..=255 };
        assert_eq!(*platform.segments, [Segment { group: 0, buses, base: 0xe000_0000 }], "{name}");
        assert_eq!(platform.hpet, Some(0xfed0_0000), "{name}");
        assert!(platform.fixed.pm_timer.is_some(), "{name}");
        // Those that have the table have an address of 0 in it.
        assert_eq!(platform.console, None, "{name}");
    }
}

#[test]
fn processors_that_are_listed_and_absent_are_counted_apart() {
    for (name, enabled, disabled) in [
        ("poweredge-r820", 80, 16),
        ("primergy", 8, 0),
        ("proliant-dl165-g7", 16, 16),
        ("proliant-dl360-g5", 8, 0),
        ("proliant-dl360-g7", 16, 16),
        ("quanta-x10e-9n", 8, 0),
        ("supermicro-h8dgu", 24, 8),
        ("supermicro-h8qg6", 64, 0),
        ("supermicro-x8dtt", 16, 8),
    ] {
        let processors = platform(name).processors;
        let counted = (processors.enabled.len(), processors.disabled, processors.spare);
        assert_eq!(counted, (enabled, disabled, 0), "{name}");
    }
}

/// The firmware of an Opteron begins with id 16 or 32: those below are the I/O APICs'.
#[test]
fn the_first_processor_need_not_be_number_0() {
    assert_eq!(platform("supermicro-h8dgu").processors.enabled[0], 16);
    assert_eq!(platform("supermicro-h8qg6").processors.enabled[0], 32);
}

#[test]
fn sockets_are_nodes_and_two_dies_in_one_are_two() {
    assert_eq!(processors(&platform("poweredge-r820")), [20; 4]);
    assert_eq!(processors(&platform("proliant-dl360-g7")), [8; 2]);
    assert_eq!(processors(&platform("proliant-dl165-g7")), [4; 4]);
    assert_eq!(processors(&platform("supermicro-h8qg6")), [8; 8]);
    assert_eq!(processors(&platform("primergy")), [8], "without the table all is one node");
}

/// Two of four sockets' dies have no memory in their slots.
#[test]
fn a_node_may_have_processors_and_no_memory() {
    let h8dgu = platform("supermicro-h8dgu");
    assert_eq!(processors(&h8dgu), [6; 4]);
    let first = [(0, 0xa_0000), (0x10_0000, 0xe000_0000), (0x1_0000_0000, 0x9_2000_0000)];
    assert_eq!(pieces(&h8dgu.nodes, 0), first);
    assert_eq!((pieces(&h8dgu.nodes, 1), pieces(&h8dgu.nodes, 2)), (vec![], vec![]));
    assert_eq!(pieces(&h8dgu.nodes, 3), [(0x9_2000_0000, 0x12_2000_0000)]);
}

#[test]
fn the_hole_below_4_gib_may_be_in_any_node() {
    let dl165 = platform("proliant-dl165-g7");
    let second = [(0x8000_0000, 0xc000_0000), (0x1_0000_0000, 0x1_c000_0000)];
    assert_eq!(pieces(&dl165.nodes, 1), second);
}
