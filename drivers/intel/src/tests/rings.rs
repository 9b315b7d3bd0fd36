//! What rings do with frames.

use frame::{BURST, Refused, TxQueue};

use super::bench::{Bench, N, Told, numbered};
use crate::flavour::{DONE, END};

use crate::ring::{BLOCK, Sizes};

const GOOD: u64 = DONE | END;

#[test]
fn frames_are_received_in_order_as_long_as_they_were_on_the_wire() {
    let mut bench = Bench::started(2048);
    let wire: Vec<Vec<u8>> = (0..3000).map(|n| [numbered(n), vec![7; n.into()]].concat()).collect();
    let wire: Vec<Vec<u8>> =
        wire.into_iter().map(|bytes| bytes[..bytes.len().min(1522)].to_vec()).collect();
    for bytes in &wire {
        assert!(bench.deliver(bytes, GOOD));
        let polled = bench.poll();
        assert_eq!(polled, Told::default());
        assert_eq!(bench.received(), std::slice::from_ref(bytes));
    }
    bench.census();
}

#[test]
fn the_ring_is_started_with_all_but_one_descriptor_and_refilled_in_blocks() {
    let mut bench = Bench::new(2048);
    assert_eq!(bench.rx.start(&mut bench.pool), N as u32);
    assert_eq!(bench.receives.tail.0.get().0 as usize, N - 1);
    let started = bench.receives.tail.0.get().1;
    for number in 0..4 * BLOCK as u16 {
        bench.deliver(&numbered(number), GOOD);
        bench.poll();
        bench.received();
    }
    let written = bench.receives.tail.0.get().1 - started;
    assert_eq!(written, 3, "the fourth block is given with the next poll");
    bench.poll();
    assert_eq!(bench.receives.tail.0.get().0 as usize, 4 * BLOCK - 1);
    bench.census();
}

#[test]
fn a_burst_is_whole_and_what_waits_behind_it_is_estimated_from_below() {
    for waiting in [0, 1, 31, 32, 100, 200, 479] {
        let mut bench = Bench::started(2048);
        let delivered = (0..BURST + waiting).filter(|_| bench.deliver(&[9; 60], GOOD)).count();
        let waiting = delivered - BURST;
        let polled = bench.poll();
        let estimate = polled.waiting as usize;
        assert_eq!(bench.received().len(), BURST);
        assert!(estimate <= waiting && 2 * estimate >= waiting, "{estimate}: {waiting}");
        bench.census();
    }
}

#[test]
fn a_ring_that_the_device_has_filled_is_emptied_and_no_more() {
    let mut bench = Bench::started(2048);
    let mut delivered = 0;
    while bench.deliver(&numbered(delivered), GOOD) {
        delivered += 1;
    }
    assert_eq!(usize::from(delivered), N - 1);
    let mut received = Vec::new();
    while bench.poll() != Told::default() || !bench.burst.is_empty() {
        received.extend(bench.received());
    }
    let expected: Vec<Vec<u8>> = (0..delivered).map(numbered).collect();
    assert_eq!(received, expected);
    bench.census();
}

#[test]
fn without_frames_to_replace_them_none_are_taken_and_later_all_are() {
    let mut bench = Bench::started(N + 8);
    (0..100).for_each(|number| assert!(bench.deliver(&numbered(number), GOOD)));
    let polled = bench.poll();
    assert_eq!((bench.burst.len(), polled.starved), (BURST, false));
    assert_eq!(bench.poll(), Told { starved: true, ..Told::default() });
    assert_eq!(bench.received().len(), BURST);
    let mut rest = 0;
    for _ in 0..5 {
        bench.poll();
        rest += bench.received().len();
    }
    assert_eq!(rest, 100 - BURST);
    bench.census();
}

#[test]
fn what_is_no_frame_is_refused_once_and_by_its_reason() {
    const CRC: u64 = 1 << 24;
    let cases: [(&[(usize, u64)], Refused); 6] = [
        (&[(60, GOOD | CRC)], Refused { damaged: 1, ..Refused::default() }),
        (&[(1900, DONE), (1900, DONE), (9, GOOD)], Refused { oversize: 1, ..Refused::default() }),
        (&[(1900, DONE), (60, GOOD | CRC)], Refused { damaged: 1, ..Refused::default() }),
        (&[(0, GOOD)], Refused { lies: 1, ..Refused::default() }),
        (&[(1921, GOOD)], Refused { lies: 1, ..Refused::default() }),
        (&[(0xffff, GOOD)], Refused { lies: 1, ..Refused::default() }),
    ];
    for (parts, refused) in cases {
        let mut bench = Bench::started(2048);
        for (len, status) in parts {
            let (place, _) = bench.receives.next().unwrap();
            bench.receives.write_back(place, (*len as u64) << 32 | status);
        }
        bench.deliver(&numbered(5), GOOD);
        assert_eq!(bench.poll(), Told { refused, ..Told::default() });
        assert_eq!(bench.received(), [numbered(5)], "{parts:?}");
        bench.census();
    }
}

#[test]
fn what_is_sent_is_on_the_wire_in_order_by_one_write_a_batch() {
    let mut bench = Bench::started(2048);
    for round in 0..50_u32 {
        bench.fill_outbox(31);
        assert_eq!(bench.send(), 31);
        assert_eq!(bench.sends.tail.0.get().1, round + 1);
        assert_eq!(bench.transmit(), (0..31).map(numbered).collect::<Vec<_>>());
    }
    assert!(bench.tx.backlog() as usize <= 2 * BURST + 31);
    bench.census();
}

#[test]
fn a_full_ring_takes_no_more_until_the_device_has_sent_a_block() {
    let mut bench = Bench::started(2048);
    bench.fill_outbox(256);
    assert_eq!(bench.send(), 256);
    bench.fill_outbox(256);
    assert_eq!(bench.send(), 255, "one descriptor stays empty");
    assert_eq!((bench.send(), bench.outbox.len()), (0, 1));
    assert_eq!(bench.transmit().len(), N - 1);
    assert_eq!(bench.send(), 1);
    assert_eq!(bench.tx.backlog(), (BLOCK - 1 + 1) as u32, "the last block is not whole");
    bench.census();
}

#[test]
fn a_device_that_reports_late_keeps_its_frames() {
    let mut bench = Bench::started(2048);
    bench.fill_outbox(64);
    bench.send();
    bench.tx.reclaim(&mut bench.pool);
    assert_eq!(bench.tx.backlog(), 64);
    bench.transmit();
    bench.tx.reclaim(&mut bench.pool);
    assert_eq!(bench.tx.backlog(), 0);
    bench.census();
}

#[test]
fn frames_that_are_too_short_for_a_card_are_padded_by_zeros() {
    let mut bench = Bench::started(2048);
    let mut frame = bench.pool.take().unwrap();
    assert!(frame.copy_from(&[0xff; 1500]) && frame.fill(14));
    assert!(bench.outbox.push(frame).is_ok());
    bench.send();
    assert_eq!(bench.transmit(), [[[0xff; 14].as_slice(), &[0; 46]].concat()]);
    bench.census();
}

#[test]
fn rings_of_every_size_go_round_and_lose_no_frame() {
    for size in [64, 128, 1024, 4096] {
        let mut bench = Bench::of(Sizes::new(size, 4160 - size.min(4096)), 2 * size + 2048);
        assert_eq!(bench.rx.start(&mut bench.pool), size as u32);
        for number in 0..5 * size as u16 {
            assert!(bench.deliver(&numbered(number), GOOD));
            assert_eq!(bench.poll(), Told::default());
            bench.forward();
            assert_eq!(bench.send(), 1);
            assert_eq!(bench.transmit(), [numbered(number)]);
        }
        assert_eq!(bench.receives.head, (5 * size) % size);
        bench.census();
    }
}

#[test]
fn the_smallest_ring_takes_what_it_has_room_for_and_the_rest_later() {
    let mut bench = Bench::of(Sizes::new(64, 64), 512);
    bench.fill_outbox(100);
    assert_eq!((bench.send(), bench.send()), (63, 0));
    assert_eq!(bench.transmit().len(), 63);
    // The one block that is whole is reported.
    assert_eq!((bench.send(), bench.transmit().len()), (32, 32));
    assert_eq!((bench.send(), bench.transmit().len()), (5, 5));
    bench.census();
}
