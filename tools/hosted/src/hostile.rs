//! Input of any kind: each of these takes bytes, and panics if what comes of them is wrong. They are
//! called by a fuzzer (tools/fuzz) and by properties.

mod stream;
mod wires;

use std::cell::RefCell;
use std::sync::LazyLock;

use dataplane::key::Key;
use dataplane::program::Act;
use dataplane::rules;
use dataplane::translate::translate;
use dataplane::{LARGEST, SMALLEST, VLAN_TAG, extract};

use crate::setup::{Path, Setup};
use wires::{Bench, Expected};

/// Rules that send packets here and there by what is in them, and change nothing.
const RULES: [&str; 12] = [
    "priority=90,in_port=0,tcp,tp_dst=80,actions=1,2",
    "priority=80,in_port=0,udp,nw_src=10.0.0.0/9,actions=resubmit(,1)",
    "priority=70,ip,nw_frag=later,actions=drop",
    "priority=60,dl_vlan=5,actions=in_port",
    "priority=50,ipv6,ipv6_dst=fd00::/16,actions=resubmit(,1),2",
    "priority=40,arp,arp_tpa=10.0.0.1,actions=flood",
    "priority=30,in_port=1,icmp6,icmp_type=135,actions=0",
    "priority=20,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,actions=flood",
    "priority=10,in_port=2,actions=0",
    "table=1,priority=9,udp,tp_dst=53,actions=2",
    "table=1,priority=8,dl_src=02:00:00:00:00:01,actions=1",
    "table=1,priority=7,ip,nw_tos=32,actions=0",
];

/// A usual frame, and one in a tunnel.
static PLAIN: LazyLock<Vec<u8>> = LazyLock::new(|| Setup::new(Path::Emc, 1).traffic(0).0);
static TUNNELLED: LazyLock<Vec<u8>> = LazyLock::new(|| Setup::new(Path::Decap, 1).traffic(0).0);

/// Bytes of the longest frame that is made: more than any that is taken.
const LONGEST: usize = 1600;

/// A frame makes the same key whatever the key was before, and layers begin inside it.
pub fn frame(bytes: &[u8]) {
    let (mut key, mut other) = (Key::ZERO, Key::ZERO);
    extract(bytes, 7, &mut key);
    (0..dataplane::key::WORDS).for_each(|word| other[word] = !0);
    extract(bytes, 7, &mut other);
    assert_eq!((key, key.layers), (other, other.layers), "{bytes:x?}");
    let (network, transport) = (key.layers.network, key.layers.transport);
    assert!(usize::from(network) <= bytes.len() && usize::from(transport) <= bytes.len());
    assert!(transport == 0 || network < transport, "{bytes:x?}");
}

/// What a line or a file holds is frames, text or damage, and behind it a stream is found again.
pub fn stream(bytes: &[u8]) {
    stream::check(bytes);
}

/// A rule that is read is written so that it is read as the same; what is wrong is inside the text.
pub fn rule(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match rules::parse(text) {
        Ok(rule) => {
            let written = rule.view().to_string();
            let again = rules::parse(&written).map(|rule| rule.view().to_string());
            assert_eq!(again.as_ref(), Ok(&written), "{text:?}");
        }
        Err(fault) => {
            assert!((1..=text.len() + 1).contains(&fault.column), "{text:?}: {fault}");
        }
    }
    let _any_text_is_a_filter_or_none = rules::parse_filter(text);
    if let Ok((number, setting)) = rules::parse_meter(text) {
        let again = rules::parse_meter(&format!("meter={number} {setting}"));
        assert_eq!(again, Ok((number, setting)), "{text:?}");
    }
}

/// Frames go where a walk over all rules sends them, whatever flows others made before.
pub fn packets(bytes: &[u8]) {
    thread_local!(static BENCH: RefCell<Bench> = RefCell::new(Bench::new(&RULES, None)));
    BENCH.with_borrow_mut(|bench| {
        let mut expected = Expected::default();
        for (port, frame) in frames(bytes) {
            expected.add(port, &frame, outputs(bench, port, &frame));
            bench.send(port, frame);
        }
        bench.check(&expected);
    });
}

/// What comes out of a tunnel was in it.
pub fn tunnel(bytes: &[u8]) {
    const SETUP: Setup = Setup::new(Path::Decap, 1);
    thread_local!(static BENCH: RefCell<Bench> = RefCell::new(Bench::new(&[], Some(&SETUP))));
    BENCH.with_borrow_mut(|bench| {
        let mut frame = TUNNELLED.clone();
        mutate(&mut frame, bytes);
        bench.send(0, frame.clone());
        for out in bench.take_all() {
            let is_in =
                out.len() <= frame.len() && frame.windows(out.len()).any(|part| part == out);
            assert!(is_in, "{out:x?} of {frame:x?}");
        }
    });
}

/// By which ports a walk over all rules sends `frame`.
fn outputs(bench: &Bench, port: u16, frame: &[u8]) -> Vec<u16> {
    let is_tagged = matches!(frame.get(12..14), Some([0x81, 0x00] | [0x88, 0xa8]));
    let most = if is_tagged { LARGEST + VLAN_TAG } else { LARGEST };
    if !(SMALLEST..=most).contains(&frame.len()) {
        return Vec::new();
    }
    let mut key = Key::ZERO;
    extract(frame, port, &mut key);
    let said = translate(bench.world(), &key, &mut ());
    let acts = said.program.acts.iter();
    acts.filter_map(|act| if let Act::Output(port) = act { Some(*port) } else { None }).collect()
}

/// Frames that `bytes` say: a port, which usual packet, and what is changed in it.
fn frames(bytes: &[u8]) -> impl Iterator<Item = (u16, Vec<u8>)> {
    const CHUNK: usize = 24;
    bytes.chunks(CHUNK).take(32).map(|chunk| {
        let (first, rest) = chunk.split_first().unwrap_or((&0, &[]));
        let mut frame = if first & 4 == 0 { PLAIN.clone() } else { TUNNELLED.clone() };
        if first & 8 != 0 {
            frame.splice(12..12, [0x81, 0, 0, 5]);
        }
        mutate(&mut frame, rest);
        (u16::from(first & 3) % 3, frame)
    })
}

/// Changes `frame` as `bytes` say: three for each change, where and to what; the last one or two say
/// how long it is.
fn mutate(frame: &mut Vec<u8>, bytes: &[u8]) {
    let (changes, rest) = bytes.as_chunks::<3>();
    for [place, value, kind] in changes {
        let place = usize::from(*place) % frame.len();
        frame[place] = if kind & 1 == 0 { *value } else { frame[place] ^ value };
    }
    match *rest {
        [length] => frame.truncate(usize::from(length).max(1)),
        [low, high] => {
            let length = usize::from(low) + usize::from(high) * 8 + 1;
            frame.resize(length.min(LONGEST), high);
        }
        _ => {}
    }
}
