//! What a card may say that is not true, and that it is counted and not followed.

use frame::TxQueue;

use super::bench::{Bench, RX, TX};
use super::ring;
use crate::Lies;

/// A card with split rings, and one with packed ones.
fn benches() -> impl Iterator<Item = Bench> {
    Bench::each_started(64, 300)
}

fn split() -> Bench {
    Bench::started(64, 300)
}

fn packed() -> Bench {
    Bench::of_kind(true, 64, 300)
}

/// The device can still be received from and sent by, with `lost` fewer buffers than it had.
fn still_works(mut bench: Bench, lost: usize) {
    let mut delivered = 0;
    while bench.deliver(&[delivered as u8; 60]) {
        delivered += 1;
    }
    assert_eq!(delivered, 64 - lost);
    for number in (0..delivered).step_by(32) {
        assert_eq!(bench.poll().lies, 0);
        assert_eq!(bench.received()[0], [number as u8; 60]);
    }
    bench.fill_outbox(1);
    assert_eq!(bench.send(), 1);
    assert_eq!(bench.transmit().len(), 1);
    bench.census();
}

#[test]
fn an_id_out_of_range_is_counted() {
    let ids = [64, 255, 256, 65_535, 65_536, u32::MAX].map(|id| (id, false));
    // Ids of packed rings have 16 bits.
    for (id, is_packed) in ids.into_iter().chain([64, 255, 256, 65_535].map(|id| (id, true))) {
        let mut bench = Bench::of_kind(is_packed, 64, 300);
        let _lost = bench.next_offer();
        bench.use_rx(id, 72);
        let polled = bench.poll();
        assert_eq!((polled.lies, polled.waiting, bench.burst.len()), (1, 0, 0));
        let expected = Lies { id_out_of_range: 1, ..Lies::default() };
        assert_eq!(bench.rx.lies_by_kind(), expected, "{id}");
        still_works(bench, 1);
    }
}

#[test]
fn an_id_that_comes_twice_in_a_poll_is_counted_once_as_a_lie() {
    for mut bench in benches() {
        let offer = bench.next_offer().unwrap();
        let _lost = bench.next_offer();
        bench.use_rx(offer.id.into(), 72);
        bench.use_rx(offer.id.into(), 72);
        assert_eq!(bench.poll().lies, 1);
        assert_eq!(bench.received().len(), 1);
        let expected = Lies { id_not_given: 1, ..Lies::default() };
        assert_eq!(bench.rx.lies_by_kind(), expected);
        assert_eq!(bench.poll().lies, 0, "it is told once");
        still_works(bench, 1);
    }
}

#[test]
fn an_id_that_was_never_given_is_counted() {
    for mut bench in Bench::each_new(64, 300) {
        let mut held: Vec<_> = (0..290).map(|_| bench.pool.take().unwrap()).collect();
        assert_eq!(bench.rx.start(&mut bench.pool), 10);
        held.drain(..).for_each(|frame| bench.pool.put(frame));
        bench.use_rx(10, 72);
        assert_eq!(bench.poll().lies, 1);
        assert_eq!(bench.rx.lies_by_kind(), Lies { id_not_given: 1, ..Lies::default() });
        bench.census();
    }
}

#[test]
fn a_length_that_cannot_be_is_counted_and_the_buffer_given_again() {
    let short = |count| Lies { too_short: count, ..Lies::default() };
    let long = |count| Lies { too_long: count, ..Lies::default() };
    let cases =
        [(0, short(1)), (11, short(1)), (12 + 1921, long(1)), (9012, long(1)), (u32::MAX, long(1))];
    let each = cases.into_iter().flat_map(|case| [(case, false), (case, true)]);
    for ((len, expected), is_packed) in each {
        let mut bench = Bench::of_kind(is_packed, 64, 300);
        let offer = bench.next_offer().unwrap();
        bench.use_rx(offer.id.into(), len);
        assert_eq!(bench.poll().lies, 1, "{len}");
        assert!(bench.burst.is_empty());
        assert_eq!(bench.rx.lies_by_kind(), expected, "{len}");
        still_works(bench, 0);
    }
}

#[test]
fn truth_between_lies_is_received() {
    for mut bench in benches() {
        bench.deliver(b"one");
        bench.use_rx(1000, 0);
        bench.deliver(b"two");
        let offer = bench.next_offer().unwrap();
        bench.use_rx(offer.id.into(), 3);
        bench.deliver(b"three");
        let polled = bench.poll();
        assert_eq!((polled.lies, polled.waiting), (2, 0));
        assert_eq!(bench.received(), [&b"one"[..], b"two", b"three"]);
        assert_eq!(bench.rx.lies_by_kind().total(), 2);
        bench.census();
    }
}

#[test]
fn an_index_that_jumps_stops_receiving_for_good() {
    for distance in [65, 1000, u16::MAX] {
        let mut bench = split();
        bench.deliver(b"one");
        assert_eq!(bench.poll().lies, 0);
        bench.card.ring(RX, |ring| ring.jump(distance));
        let polled = bench.poll();
        assert_eq!((polled.lies, polled.waiting, bench.burst.len()), (1, 0, 1));
        let expected = Lies { index_jump: 1, ..Lies::default() };
        assert_eq!(bench.rx.lies_by_kind(), expected, "{distance}");
        bench.card.ring(RX, |ring| ring.jump(distance.wrapping_neg()));
        bench.deliver(b"two");
        assert_eq!(bench.poll(), Default::default(), "whatever it says now");
        assert_eq!(bench.burst.len(), 1);
        bench.census();
    }
}

#[test]
fn an_index_that_jumps_within_the_ring_brings_old_entries_that_are_found_out() {
    let mut bench = split();
    bench.card.ring(RX, |ring| ring.jump(64));
    assert_eq!(bench.poll().waiting, 32);
    assert_eq!(bench.poll().waiting, 0);
    assert_eq!(bench.rx.lies_by_kind().total(), 64, "entries of zeros: id 0, length 0");
    assert!(bench.burst.is_empty());
    bench.census();
}

#[test]
fn a_queue_to_which_as_many_lies_were_told_as_a_quarter_of_its_ring_is_stopped() {
    for mut bench in benches() {
        let offer = bench.next_offer().unwrap();
        for told in 1..=16 {
            bench.use_rx(64, 72);
            bench.keep_house();
            assert_eq!(bench.poll().lies, 1, "lie {told}");
        }
        bench.keep_house();
        bench.use_rx(offer.id.into(), 72);
        assert_eq!(bench.poll(), Default::default(), "nor is what may be true believed any more");
        bench.fill_outbox(16);
        assert_eq!(bench.send(), 16, "its other queues go on");
        for told in 1..=16 {
            bench.card.ring(TX, |ring| ring.put(64, 0));
            bench.tx.reclaim(&mut bench.pool);
            assert_eq!(bench.tx.lies(), told);
        }
        bench.keep_house();
        bench.fill_outbox(1);
        assert_eq!(bench.send(), 0);
        bench.census();
    }
}

#[test]
fn a_sent_frame_that_comes_back_twice_is_counted() {
    for mut bench in benches() {
        bench.fill_outbox(2);
        bench.send();
        let first = bench.card.ring(TX, |ring| ring.next()).unwrap();
        bench.card.ring(TX, |ring| ring.put(first.id.into(), 0));
        bench.card.ring(TX, |ring| ring.put(first.id.into(), 0));
        bench.tx.reclaim(&mut bench.pool);
        assert_eq!((bench.tx.backlog(), bench.tx.lies()), (1, 1));
        assert_eq!(bench.tx.lies_by_kind(), Lies { id_not_given: 1, ..Lies::default() });
        bench.census();
    }
}

#[test]
fn a_sent_frame_that_never_was_is_counted() {
    for mut bench in benches() {
        bench.fill_outbox(1);
        bench.send();
        bench.card.ring(TX, |ring| ring.put(64, 0));
        bench.tx.reclaim(&mut bench.pool);
        assert_eq!(bench.tx.lies_by_kind(), Lies { id_out_of_range: 1, ..Lies::default() });
        assert_eq!(bench.tx.backlog(), 1, "the device may still read it");
        bench.census();
    }
}

#[test]
fn an_index_that_jumps_stops_sending_for_good() {
    let mut bench = split();
    bench.fill_outbox(3);
    bench.send();
    bench.card.ring(TX, |ring| ring.jump(4));
    bench.tx.reclaim(&mut bench.pool);
    assert_eq!(bench.tx.lies_by_kind(), Lies { index_jump: 1, ..Lies::default() });
    bench.fill_outbox(1);
    assert_eq!(bench.send(), 0);
    assert_eq!((bench.outbox.len(), bench.tx.backlog()), (1, 3));
    bench.census();
}

#[test]
fn a_packed_descriptor_that_the_device_never_had_stops_sending_for_good() {
    let mut bench = packed();
    bench.fill_outbox(3);
    bench.send();
    assert_eq!(bench.transmit().len(), 3);
    bench.card.ring(TX, |ring| ring.put(0, 0));
    bench.tx.reclaim(&mut bench.pool);
    assert_eq!((bench.tx.backlog(), bench.tx.lies()), (0, 0), "what it had is taken first");
    bench.tx.reclaim(&mut bench.pool);
    assert_eq!(bench.tx.lies_by_kind(), Lies { index_jump: 1, ..Lies::default() });
    bench.fill_outbox(1);
    assert_eq!((bench.send(), bench.outbox.len()), (0, 1));
    bench.census();
}

#[test]
fn a_packed_descriptor_that_the_device_never_had_stops_receiving_for_good() {
    let mut bench = Bench::each_new(64, 300).last().unwrap();
    bench.use_rx(0, 72);
    assert_eq!(bench.poll().lies, 1);
    assert_eq!(bench.rx.lies_by_kind(), Lies { index_jump: 1, ..Lies::default() });
    bench.rx.start(&mut bench.pool);
    assert_eq!(bench.poll(), Default::default(), "whatever it says now");
    bench.census();
}

#[test]
fn whatever_flags_a_packed_descriptor_has_it_was_used_or_it_was_not() {
    for flags in 0..=0xFFFF {
        let mut bench = Bench::of_kind(true, 2, 10);
        let offer = bench.next_offer().unwrap();
        ring::write(offer.address, &[0; 72]);
        bench.card.ring(RX, |ring| ring.put_tag(offer.id, flags));
        let polled = bench.poll();
        let is_used = flags & ring::USED != 0;
        assert_eq!((polled.lies, bench.received().len()), (0, usize::from(is_used)), "{flags:#x}");
        bench.census();
    }
}

#[test]
fn a_packed_ring_whose_flags_are_all_set_at_once_is_found_out() {
    let mut bench = packed();
    bench.card.ring(RX, |ring| ring.jump(64));
    bench.poll();
    bench.poll();
    // In each of the two polls the first says id 0 and no length, the others say it again.
    let expected = Lies { too_short: 2, id_not_given: 62, ..Lies::default() };
    assert_eq!(bench.rx.lies_by_kind(), expected);
    assert!(bench.burst.is_empty());
    bench.census();
}
