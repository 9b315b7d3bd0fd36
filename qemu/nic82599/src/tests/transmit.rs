//! What is sent, and what is reported of it.

use super::*;

#[test]
fn only_descriptors_with_rs_are_reported() {
    let mut bench = Bench::ready();
    for slot in 0..4 {
        bench.hand_over(slot, &frame(64), if slot % 2 == 1 { WHOLE | RS } else { WHOLE });
    }
    bench.write(regs::TDT.at(0), 4);
    let sent: Vec<_> = (0..4).map(|slot| bench.is_sent(slot)).collect();
    assert_eq!(sent, [false, true, false, true]);
    assert_eq!(bench.read(regs::TDH.at(0)), 4);
}

#[test]
fn with_a_threshold_descriptors_are_reported_together_or_in_time() {
    let mut bench = Bench::ready();
    bench.write(regs::TXDCTL.at(0), bits::DCTL_ENABLE | 4 << 16);
    (0..5).for_each(|slot| bench.hand_over(slot, &frame(64), WHOLE));
    bench.write(regs::TDT.at(0), 3);
    assert!(!bench.is_sent(0));
    bench.write(regs::TDT.at(0), 5);
    assert!((0..4).all(|slot| bench.is_sent(slot)) && !bench.is_sent(4));
    bench.card.tick();
    assert!(bench.is_sent(4));
}

#[test]
fn a_cable_that_is_full_or_out_keeps_the_ring_and_goes_on_later() {
    let mut bench = Bench::ready();
    bench.card.plug(false);
    (0..3).for_each(|slot| bench.hand_over(slot, &frame(64), WHOLE | RS));
    bench.write(regs::TDT.at(0), 3);
    assert!(!bench.is_sent(1));
    assert_eq!(bench.read(regs::LINKS), bits::LINKS_SERIAL);
    bench.card.plug(true);
    assert!(bench.is_sent(2));
    let received = bits::LINKS_SERIAL | bits::LINKS_LIGHT | bits::LINKS_LOCK;
    assert_eq!(bench.read(regs::LINKS), received);
    assert_eq!(bench.read(regs::LINKS), 0x7000_0000 | received);
}

#[test]
fn a_tag_is_taken_off_and_put_in() {
    let mut bench = Bench::ready();
    bench.write(regs::RXDCTL.at(0), bits::DCTL_ENABLE | bits::RXDCTL_VME);
    let mut tagged = frame(64);
    tagged.splice(12..12, [0x81, 0x00, 0x00, 0x05]);
    bench.card.arrive(&tagged);
    let [_, _, status, length] = bench.words(RX_RING);
    assert_eq!((length, status & 8), (5 << 16 | 64, 8));
    // A context with the tag, then a frame with VLE.
    bench.put(TX_RING, [5 << 16 | 14 << 9, 0, 2 << 20 | 1 << 29, 0]);
    bench.hand_over(1, &frame(64), WHOLE | 1 << 30);
    bench.write(regs::TDT.at(0), 2);
    assert_eq!(bench.frame_at_peer(), Some(tagged));
}
