//! Configuration files that tests make of pieces.

use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;

/// Pieces that are right, at run time too on a machine that booted with these values.
const RIGHT: [&str; 10] = [
    "hostname=lab7",
    "ports=wan@00:03.0,00:04.0",
    "n_rxq=2",
    "log=dbg",
    "pmd-perf-log-us=1:7",
    "meter=1,pktps,band=type=drop,rate=1000",
    "in_port=0,actions=output:1",
    "forward=0:1",
    "# a comment",
    "",
];

/// Pieces that are wrong, or are with others or at run time.
const WRONG: [&str; 13] = [
    "ports=all",
    "ports=wan@",
    "ports=",
    "mgmt=wan,192.0.2.7/24",
    "pmd-perf-log-b=998",
    "nonsense",
    "actions=",
    " ",
    ",",
    ";",
    "#",
    "=",
    "é",
];

/// Any file of these: about half are wrong somewhere.
pub(crate) fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        30 => select(&RIGHT[..]).prop_map(|piece| piece.as_bytes().to_vec()),
        3 => select(&WRONG[..]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    let end = prop_oneof![30 => select(&["\n", "\r\n"][..]), 1 => select(&[" ", ""][..])];
    let lines = proptest::collection::vec((piece, end), 0..12);
    lines.prop_map(|lines| {
        lines.into_iter().flat_map(|(piece, end)| [piece, end.into()]).flatten().collect()
    })
}
