//! What is read of QEMU's machines, table by table.

use core::ops::Range;

use super::*;
use crate::boot::ranges::of_kind;
use crate::boot::{Kind, Region};

macro_rules! machine {
    ($name:literal) => {
        Firmware::with(&split(include_bytes!(concat!("machines/", $name, ".tables"))), 0)
    };
}

macro_rules! map {
    ($name:literal) => {
        map(include_str!(concat!("machines/", $name, ".map")))
    };
}

/// All of them.
pub(super) fn all() -> [(&'static str, Firmware); 9] {
    [
        ("pc", machine!("pc")),
        ("pc-8g", machine!("pc-8g")),
        ("q35", machine!("q35")),
        ("q35-nohpet", machine!("q35-nohpet")),
        ("q35-numa", machine!("q35-numa")),
        ("q35-64g", machine!("q35-64g")),
        ("q35-hotplug", machine!("q35-hotplug")),
        ("q35-x2apic", machine!("q35-x2apic")),
        ("microvm", machine!("microvm")),
    ]
}

/// A memory map, a region in each line: start, length, kind.
fn map(text: &str) -> Vec<Region> {
    let number = |word: &str| u64::from_str_radix(word.trim_start_matches("0x"), 16).unwrap();
    let region = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        Region::of_e820(number(words[0]), number(words[1]), words[2].parse().unwrap())
    };
    text.lines().map(region).collect()
}

/// What of `regions` is memory for our use.
fn usable(regions: &[Region]) -> Vec<Range<u64>> {
    of_kind(regions, Kind::Usable).iter().cloned().collect()
}

#[test]
fn an_old_pc_has_a_processor_and_two_timers_and_no_mapped_pci() {
    let pc = machine!("pc").platform();
    assert_eq!(*pc.processors.enabled, [0]);
    assert_eq!((pc.hpet, pc.fixed.pm_timer), (Some(0xfed0_0000), Some(0x608)));
    assert!(pc.segments.is_empty() && pc.console.is_none() && pc.fixed.reset.is_none());
    assert!(pc.fixed.has_cmos_clock);
    assert_eq!(*machine!("pc-8g").platform().processors.enabled, [0, 1]);
}

#[test]
fn a_q35_has_mapped_pci_and_a_register_to_reset_it() {
    let q35 = machine!("q35").platform();
    assert_eq!(*q35.processors.enabled, [0, 1, 2, 3]);
    assert_eq!(*q35.segments, [Segment { group: 0, buses: 0..=255, base: 0xb000_0000 }]);
    assert_eq!(q35.fixed.reset, Some((Register::Port(0xcf9), 0x0f)));
    assert_eq!((q35.fixed.pm_timer, q35.fixed.century), (Some(0x608), Some(0x32)));
    assert_eq!((q35.nodes.count(), q35.nodes.of_processor(3)), (1, 0));
}

#[test]
fn a_machine_without_an_hpet_has_the_other_timer() {
    let q35 = machine!("q35-nohpet").platform();
    assert_eq!((q35.hpet, q35.fixed.pm_timer), (None, Some(0x608)));
}

#[test]
fn a_microvm_has_neither_timer_and_is_no_pc() {
    let microvm = machine!("microvm").platform();
    assert_eq!(*microvm.processors.enabled, [0, 1]);
    assert_eq!((microvm.hpet, microvm.fixed.pm_timer), (None, None));
    assert!(matches!(microvm.fixed.reset, Some((Register::Memory(_), _))), "{:?}", microvm.fixed);
}

#[test]
fn processors_that_can_be_plugged_in_later_do_not_count_as_enabled() {
    let q35 = machine!("q35-hotplug").platform();
    let processors = &q35.processors;
    assert_eq!(*processors.enabled, [0, 1]);
    assert_eq!(processors.disabled + processors.spare, 4);
}

#[test]
fn processors_beyond_the_xapics_ids_are_listed_with_wide_ids() {
    let q35 = machine!("q35-x2apic").platform();
    assert_eq!(*q35.processors.enabled, [0, 1, 2, 4], "three cores take two bits");
    assert_eq!(q35.processors.disabled + q35.processors.spare, 284);
}

#[test]
fn two_nodes_have_their_processors_and_their_memory() {
    let q35 = machine!("q35-numa").platform();
    let nodes = &q35.nodes;
    assert_eq!(nodes.count(), 2);
    let of = |id: &u32| nodes.of_processor(*id);
    assert_eq!(q35.processors.enabled.iter().map(of).collect::<Vec<_>>(), [0, 0, 0, 0, 1, 1, 1, 1]);
    assert_eq!(pieces(nodes, 0), [(0, 0xa_0000), (0x10_0000, 0x1000_0000)]);
    assert_eq!(pieces(nodes, 1), [(0x1000_0000, 0x2000_0000)]);
}

#[test]
fn memory_of_a_node_goes_on_behind_the_hole_below_4_gib() {
    let nodes = machine!("q35-64g").platform().nodes;
    assert_eq!(
        pieces(&nodes, 0),
        [(0, 0xa_0000), (0x10_0000, 0x8000_0000), (0x1_0000_0000, 0x8_8000_0000)]
    );
    assert_eq!(pieces(&nodes, 1), [(0x8_8000_0000, 0x10_8000_0000)]);
}

#[test]
fn maps_leave_out_firmware_and_the_hole_below_4_gib() {
    assert_eq!(usable(&map!("pc")), [0..0x9_f000, 0x10_0000..0x7fe_0000]);
    assert_eq!(usable(&map!("microvm")), [0..0x9_f000, 0x10_0000..0x2000_0000]);
    let above = 0x1_0000_0000..0x2_4000_0000;
    assert_eq!(usable(&map!("pc-8g")), [0..0x9_f000, 0x10_0000..0xbffe_0000, above]);
    let above = 0x1_0000_0000..0x10_8000_0000;
    assert_eq!(usable(&map!("q35-64g")), [0..0x9_f000, 0x10_0000..0x7ffd_f000, above]);
    assert_eq!(usable(&map!("q35")), usable(&map!("q35-numa")));
}

/// The map of a PRIMERGY CX2550 M2 with BIOS R1.8.0, as Linux prints it (ends are the last byte).
#[test]
fn a_map_with_many_holes_keeps_every_piece() {
    const MAP: [(u64, u64, u32); 15] = [
        (0, 0x9_bfff, 1),
        (0x9_c000, 0x9_ffff, 2),
        (0xe_0000, 0xf_ffff, 2),
        (0x10_0000, 0x760f_1fff, 1),
        (0x760f_2000, 0x7767_8fff, 2),
        (0x7767_9000, 0x776d_afff, 3),
        (0x776d_b000, 0x7b85_ffff, 4),
        (0x7b86_0000, 0x7bd2_7fff, 2),
        (0x7bd2_8000, 0x7bd2_8fff, 1),
        (0x7bd2_9000, 0x7bd4_efff, 2),
        (0x7bd4_f000, 0x7bff_ffff, 1),
        (0x7c00_0000, 0x8fff_ffff, 2),
        (0xfed1_c000, 0xfed4_4fff, 2),
        (0xff00_0000, 0xffff_ffff, 2),
        (0x1_0000_0000, 0x40_7fff_ffff, 1),
    ];
    let regions: Vec<Region> = MAP
        .iter()
        .map(|&(start, last, kind)| Region::of_e820(start, last + 1 - start, kind))
        .collect();
    let pieces = [
        0..0x9_c000,
        0x10_0000..0x760f_2000,
        0x7bd2_8000..0x7bd2_9000,
        0x7bd4_f000..0x7c00_0000,
        0x1_0000_0000..0x40_8000_0000,
    ];
    assert_eq!(usable(&regions), pieces);
    assert_eq!(of_kind(&regions, Kind::Acpi).len(), 1, "tables and what is kept for sleep touch");
}
