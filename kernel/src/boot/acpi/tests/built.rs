//! What servers have and the emulator has not: consoles, several segments, processors in every state.

use serial::Place;

use super::*;

/// A table of processors with these entries.
pub(super) fn processors(entries: &[Vec<u8>]) -> Vec<u8> {
    let head = [0xfee0_0000_u32.to_le_bytes(), 1_u32.to_le_bytes()].concat();
    table("APIC", 4, &[head, entries.concat()].concat())
}

/// A processor with an xAPIC id.
fn local(id: u8, flags: u32) -> Vec<u8> {
    [&[0, 8, 0, id], &flags.to_le_bytes()[..]].concat()
}

/// A processor with an x2APIC id.
fn local_x2(id: u32, flags: u32) -> Vec<u8> {
    [&[9, 16, 0, 0], &id.to_le_bytes()[..], &flags.to_le_bytes(), &[0; 4]].concat()
}

/// A table of segments: group, first and last bus, base.
fn segments(entries: &[(u16, u8, u8, u64)]) -> Vec<u8> {
    let mut body = vec![0; 8];
    for (group, first, last, base) in entries {
        body.extend(base.to_le_bytes());
        body.extend(group.to_le_bytes());
        body.extend([*first, *last, 0, 0, 0, 0]);
    }
    table("MCFG", 1, &body)
}

/// A console at a generic address, with a code of its speed and, from revision 4 on, the speed itself.
fn console(revision: u8, kind: u8, address: ([u8; 4], u64), baud: (u8, u32)) -> Vec<u8> {
    let mut body = vec![kind, 0, 0, 0];
    body.extend(address.0);
    body.extend(address.1.to_le_bytes());
    body.extend([0; 6]);
    body.push(baud.0);
    body.resize(44, 0);
    body.extend(baud.1.to_le_bytes());
    body.resize(if revision < 4 { 44 } else { 54 }, 0);
    table("SPCR", revision, &body)
}

fn read_console(table: Vec<u8>) -> Option<Console> {
    Firmware::with(&[processors(&[local(0, 1)]), fixed(), table], 2).platform().console
}

/// The shortest table of hardware at fixed places, with nothing in it.
pub(super) fn fixed() -> Vec<u8> {
    table("FACP", 1, &[0; 80])
}

/// A processor's node, memory's node and a wide processor's.
fn nodes(revision: u8) -> Vec<u8> {
    let processor = |domain: u32, id: u8| {
        let [low, rest @ ..] = domain.to_le_bytes();
        [&[0, 16, low, id, 1, 0, 0, 0, 0][..], &rest, &[0; 4]].concat()
    };
    let wide = |domain: u32, id: u32| {
        let fields = [domain, id, 1, 0, 0].map(u32::to_le_bytes);
        [&[2, 24, 0, 0][..], fields.as_flattened()].concat()
    };
    let memory = |domain: u32, start: u64, len: u64, flags: u32| {
        let (start, len) = (start.to_le_bytes(), len.to_le_bytes());
        let ends = [&domain.to_le_bytes()[..], &[0; 2], &start, &len, &[0; 4]].concat();
        [&[1, 40][..], &ends, &flags.to_le_bytes(), &[0; 8]].concat()
    };
    let entries = [
        memory(0x105, 0x1_0000_0000, 1 << 30, 1),
        processor(0x207, 3),
        wide(0x105, 300),
        memory(0x207, 0, 1 << 30, 1),
        memory(0x105, 9 << 30, 0, 1),
        memory(0x999, 0, 1 << 30, 0),
    ];
    table("SRAT", revision, &[vec![0; 12], entries.concat()].concat())
}

/// As two sockets of 2017 list theirs: sockets by turns, places of absent ones with all bits set.
#[test]
fn places_of_absent_processors_are_counted_and_not_started() {
    let mut entries: Vec<_> = [0_u8, 0x40, 8, 0x48, 2, 0x42].map(|id| local(id, 1)).to_vec();
    entries.extend((0..58).map(|_| local(0xff, 0)));
    let server = Firmware::with(&[processors(&entries), fixed()], 2).platform();
    assert_eq!(*server.processors.enabled, [0, 0x40, 8, 0x48, 2, 0x42]);
    assert_eq!((server.processors.disabled, server.processors.spare), (58, 0));
}

#[test]
fn a_processor_may_have_a_wide_id_alone_or_both_and_is_one() {
    let entries = [local(0, 1), local_x2(0, 1), local_x2(2, 1), local_x2(300, 1), local_x2(302, 2)];
    let server = Firmware::with(&[processors(&entries), fixed()], 2).platform();
    assert_eq!(*server.processors.enabled, [0, 2, 300]);
    assert_eq!((server.processors.disabled, server.processors.spare), (0, 1));
}

#[test]
fn an_id_that_reaches_all_is_no_processors() {
    let entries = [local(0, 1), local(0xff, 1), local_x2(u32::MAX, 1)];
    let server = Firmware::with(&[processors(&entries), fixed()], 2).platform();
    assert_eq!((server.processors.enabled.len(), server.processors.disabled), (1, 2));
}

#[test]
fn more_processors_than_are_remembered_cost_a_warning() {
    let entries: Vec<_> = (0..300).map(|id| local_x2(id, 1)).collect();
    let (server, warnings) = Firmware::with(&[processors(&entries), fixed()], 2).read();
    assert_eq!(server.processors.enabled.len(), PROCESSORS);
    assert_eq!(warnings, [Warning { table: "APIC", fault: Fault::TooMany }]);
}

#[test]
fn several_segments_are_read_one_by_one() {
    let listed = [(0, 0, 0x7f, 0xe000_0000), (1, 0x10, 0xff, 0x40_0000_0000), (7, 0, 0, 1 << 40)];
    let tables = [processors(&[local(0, 1)]), fixed(), segments(&listed)];
    let found = Firmware::with(&tables, 2).platform().segments;
    let found: Vec<_> =
        found.iter().map(|it| (it.group, *it.buses.start(), *it.buses.end(), it.base)).collect();
    assert_eq!(found, listed);
}

#[test]
fn a_segment_in_pieces_or_told_twice_is_one() {
    let listed =
        [(0, 0, 0x7f, 1 << 32), (1, 0, 9, 1 << 40), (0, 0x80, 0xff, 1 << 32), (1, 0, 9, 1 << 40)];
    let tables = [processors(&[local(0, 1)]), fixed(), segments(&listed)];
    let found = Firmware::with(&tables, 2).platform().segments;
    assert_eq!(last_buses(found.iter())[..], [(0, 0xff), (1, 9)]);
}

#[test]
fn a_segment_that_cannot_be_ends_the_list() {
    for wrong in [(1, 9, 8, 1 << 32), (1, 0, 255, 0), (1, 0, 255, u64::MAX - 4096)] {
        let listed = [(0, 0, 255, 0xe000_0000), wrong, (2, 0, 255, 1 << 40)];
        let tables = [processors(&[local(0, 1)]), fixed(), segments(&listed)];
        let (server, warnings) = Firmware::with(&tables, 2).read();
        assert_eq!(server.segments.len(), 1);
        assert_eq!(warnings, [Warning { table: "MCFG", fault: Fault::Entry(60) }]);
    }
    let many: Vec<_> = (0..9).map(|group| (group, 0, 0, 1 << 32)).collect();
    let tables = [processors(&[local(0, 1)]), fixed(), segments(&many)];
    assert_eq!(Firmware::with(&tables, 2).read().1[0].fault, Fault::TooMany);
}

#[test]
fn a_console_at_a_port_has_the_speed_that_its_code_names() {
    let speeds = [(3, 9_600), (4, 19_200), (6, 57_600), (7, 115_200)];
    for (code, baud) in speeds {
        let place = Place::Port(0x2f8);
        let table = console(1, 0, ([1, 8, 0, 0], 0x2f8), (code, 0));
        assert_eq!(read_console(table), Some(Console { place, baud: Some(baud) }));
    }
    for code in [0, 1, 200] {
        let table = console(2, 0, ([1, 8, 0, 1], 0x3f8), (code, 9_600));
        assert_eq!(read_console(table).unwrap().baud, None, "it stays as it is");
    }
    let table = console(4, 0x12, ([1, 8, 0, 1], 0x3f8), (0, 38_400));
    assert_eq!(read_console(table).unwrap().baud, Some(38_400));
}

#[test]
fn a_console_in_memory_has_its_registers_as_far_apart_as_they_are_wide() {
    for (address, stride) in
        [([0, 8, 0, 1], 1), ([0, 32, 0, 3], 4), ([0, 16, 0, 0], 2), ([0, 32, 0, 0], 4)]
    {
        let table = console(2, 0, (address, 0xfe03_4000), (7, 0));
        let place = Place::Memory { address: 0xfe03_4000, stride };
        assert_eq!(
            read_console(table),
            Some(Console { place, baud: None }),
            "its clock is not known"
        );
    }
}

#[test]
fn a_console_that_is_off_or_no_16550_is_none() {
    for table in [
        console(2, 0, ([0, 8, 0, 1], 0), (7, 0)),
        console(2, 3, ([0, 32, 0, 3], 0x900_0000), (7, 0)),
        console(2, 0, ([1, 8, 0, 1], 0xfffd), (7, 0)),
        console(2, 0, ([0x7f, 8, 0, 1], 0x3f8), (7, 0)),
        console(2, 0, ([0, 64, 0, 4], 0xfe03_4000), (7, 0)),
    ] {
        assert_eq!(read_console(table), None);
    }
}

#[test]
fn nodes_are_numbered_as_processors_first_name_them() {
    let tables = [processors(&[local(0, 1)]), fixed(), nodes(3)];
    let nodes = Firmware::with(&tables, 2).platform().nodes;
    assert_eq!((nodes.of_processor(3), nodes.of_processor(300), nodes.of_processor(9)), (0, 1, 0));
    assert_eq!(pieces(&nodes, 0), [(0, 1 << 30)]);
    assert_eq!(pieces(&nodes, 1), [(0x1_0000_0000, 0x1_4000_0000)], "an empty piece is none");
    assert_eq!(nodes.count(), 2, "what is not enabled is no node");
}

/// Their upper bytes were reserved, and some firmware left rubbish in them.
#[test]
fn nodes_of_the_first_revision_have_one_byte() {
    let tables = [processors(&[local(0, 1)]), fixed(), nodes(1)];
    let nodes = Firmware::with(&tables, 2).platform().nodes;
    assert_eq!((nodes.of_processor(3), nodes.of_processor(300)), (0, 1));
}
