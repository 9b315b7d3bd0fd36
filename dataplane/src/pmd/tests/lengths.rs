//! Ports whose frames are of different length.

use super::*;

/// Ethernet and an MTU of 9000.
const JUMBO: usize = 9014;

/// A long frame and a short one.
fn long_and_short() -> [Vec<u8>; 2] {
    [frame(1, JUMBO), frame(2, 1514)]
}

/// A PMD over a port of long frames and others of ordinary ones.
fn bench(rules: &[&str]) -> Bench {
    Bench::carrying(&[JUMBO, LARGEST, JUMBO], rules, 64, 5)
}

#[test]
fn long_frames_pass_between_ports_that_both_carry_them() {
    let mut bench = bench(&["in_port=0,actions=2"]);
    let frames = [long_and_short().to_vec(), vec![frame(3, JUMBO + 1)]].concat();
    frames.iter().for_each(|frame| bench.send(0, frame.clone()));
    bench.run(1);
    assert_eq!(bench.gone(2), frames[..2]);
    assert_eq!(bench.account(0).dropped[Reason::Oversize as usize], 1);
    assert_eq!(bench.account(0).unaccounted(), 0);
    assert_eq!(bench.frames_at_home(), FRAMES);
}

#[test]
fn what_a_port_does_not_carry_is_dropped_on_its_way_out_alone() {
    let mut bench = bench(&["in_port=0,actions=1"]);
    long_and_short().into_iter().for_each(|frame| bench.send(0, frame));
    bench.run(1);
    assert_eq!(bench.gone(1), [frame(2, 1514)]);
    let account = bench.account(0);
    assert_eq!((account.forwarded, account.dropped[Reason::TxOversize as usize]), (1, 1));
    assert_eq!((account.unaccounted(), bench.account(1).sent_bytes), (0, 1514));
    assert_eq!(bench.frames_at_home(), FRAMES);
}

#[test]
fn copies_of_a_long_frame_leave_by_those_ports_that_carry_it() {
    let mut bench = bench(&["in_port=0,actions=1,2"]);
    bench.send(0, frame(1, JUMBO));
    bench.run(1);
    assert_eq!((bench.gone(1).len(), bench.gone(2)), (0, vec![frame(1, JUMBO)]));
    let account = bench.account(0);
    assert_eq!((account.copied, account.dropped[Reason::TxOversize as usize]), (1, 1));
    assert_eq!(account.unaccounted(), 0);
    assert_eq!(bench.frames_at_home(), FRAMES);
}

#[test]
fn a_vlan_tag_makes_the_largest_frame_no_longer_than_may_be() {
    let mut bench = bench(&["in_port=0,actions=push_vlan:0x8100,output:2"]);
    bench.send(0, frame(1, JUMBO));
    bench.run(1);
    assert_eq!(bench.gone(2).iter().map(Vec::len).collect::<Vec<_>>(), [JUMBO + 4]);
}
