//! Messages that are well formed, and say what no machine would.

use perf::Room;
use perf::stream::{Draft, Kind, PAYLOAD, Table};
use proptest::array::{
    uniform2, uniform3, uniform4, uniform5, uniform6, uniform8, uniform14, uniform20,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde::Serialize;

use crate::recording::made::draft;

/// Rooms that a record of an iteration tells the cycles of: all but the first.
const _: () = assert!(Room::COUNT - 1 == 8, "suspects below have as many");

/// A message of any kind, as it is written.
pub(super) fn message() -> impl Strategy<Value = Draft> {
    let numbers = number();
    prop_oneof![
        1 => bytes().prop_map(|text| raw(Kind::Log, &text)),
        1 => greeting(),
        2 => (text(), text(), text()).prop_map(|fact| draft(Kind::Fact, &fact)),
        5 => suspect(),
        3 => rows(),
        2 => (number(), number(), number(), number(), any::<bool>())
            .prop_map(|whole| draft(Kind::Whole, &whole)),
        1 => (number(), numbers, text()).prop_map(|note| draft(Kind::Note, &note)),
        1 => (place(), vec(uniform14(number()), 0..3))
            .prop_map(|(core, all)| list(Kind::Milliseconds, &core, &all)),
        8 => (table(), place(), number(), place(), vec((place(), number()), 0..20))
            .prop_map(|(table, owner, at, first, all)| list(Kind::Amounts, &(table, owner, at, first), &all)),
        3 => (table(), place(), place(), vec(text(), 0..6))
            .prop_map(|(table, owner, first, all)| list(Kind::Names, &(table, owner, first), &all)),
        1 => vec((any::<u8>(), number()), 0..4).prop_map(|gaps| list(Kind::Gap, &(), &gaps)),
        1 => text().prop_map(|text| raw(Kind::Crash, text.as_bytes())),
    ]
}

/// Numbers at the ends of what there is, and small ones, by which messages belong together.
fn number() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![4 => 0..4_u64, 2 => Just(u64::MAX), 1 => u64::MAX - 3..=u64::MAX, 2 => any::<u64>()]
}

fn small() -> impl Strategy<Value = u32> + Clone {
    prop_oneof![3 => 0..4_u32, 1 => Just(u32::MAX), 1 => any::<u32>()]
}

fn place() -> impl Strategy<Value = u16> + Clone {
    prop_oneof![6 => 0..3_u16, 1 => 0..2000_u16, 1 => Just(u16::MAX), 1 => any::<u16>()]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

fn text() -> impl Strategy<Value = String> {
    let known =
        prop::sample::select(vec!["", "machine", "hypervisor", "received", "forwarded", "parked"]);
    prop_oneof![2 => known.prop_map(str::to_owned), 1 => "\\PC{0,12}", 1 => "[\0-\x1f<&\"]{0,8}"]
}

fn table() -> impl Strategy<Value = Table> {
    prop_oneof![
        2 => Just(Table::Counters),
        3 => Just(Table::Ledger),
        1 => Just(Table::Card),
        2 => (0..9_u8).prop_map(Table::Histogram),
        1 => any::<u8>().prop_map(Table::Histogram),
    ]
}

fn greeting() -> impl Strategy<Value = Draft> {
    let utc = option::of((uniform3(number()), small()));
    (place(), uniform20(any::<u8>()), uniform2(number()), utc, number())
        .prop_map(|greeting| draft(Kind::Greeting, &greeting))
}

fn suspect() -> impl Strategy<Value = Draft> {
    let counts = (uniform5(small()), uniform2(place()), uniform4(small()));
    let iteration = (uniform3(number()), counts, uniform8(number()));
    let loss = option::of(uniform3(number()));
    (number(), place(), iteration, any::<bool>(), uniform6(option::of(number())), loss)
        .prop_map(|suspect| draft(Kind::Suspect, &suspect))
}

fn rows() -> impl Strategy<Value = Draft> {
    let row = (uniform3(number()), uniform4(small()), number());
    (uniform3(number()), vec(row, 0..8)).prop_map(|(head, rows)| list(Kind::Rows, &head, &rows))
}

/// A payload that begins with `head`, and as many of `items` as there is room for.
fn list(kind: Kind, head: &impl Serialize, items: &[impl Serialize]) -> Draft {
    let mut draft = draft(kind, head);
    let _room = items.iter().try_for_each(|item| draft.add(item));
    draft
}

fn raw(kind: Kind, bytes: &[u8]) -> Draft {
    let mut draft = Draft::new(kind, PAYLOAD);
    draft.add_bytes(bytes);
    draft
}
