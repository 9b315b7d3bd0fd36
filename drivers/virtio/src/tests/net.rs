//! What a card that tells the truth and its driver do together.

use frame::{BURST, HEADROOM, OUTBOX, RxQueue, TxQueue};

use super::bench::{Bench, RX, TX};

fn numbered(number: u32) -> Vec<u8> {
    let mut bytes = vec![number as u8; 60 + number as usize % 1455];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    bytes
}

#[test]
fn frames_come_and_go_byte_for_byte_and_in_order() {
    for mut bench in Bench::each_started(256, 600) {
        let frames: Vec<Vec<u8>> = (0..200).map(numbered).collect();
        let mut wire = Vec::new();
        for chunk in frames.chunks(50) {
            assert!(chunk.iter().all(|bytes| bench.deliver(bytes)));
            while bench.poll().waiting > 0 || !bench.burst.is_empty() {
                bench.forward();
                bench.send();
                wire.append(&mut bench.transmit());
            }
        }
        assert!(wire == frames, "byte for byte");
        bench.census();
    }
}

#[test]
fn frames_flow_past_the_wrap_of_the_index() {
    for mut bench in Bench::each_started(256, 600) {
        let mut exchanges = 0;
        for number in 0..70_000_u32 {
            assert!(bench.deliver(&number.to_le_bytes()));
            if number % 32 == 31 {
                let polled = bench.poll();
                assert_eq!((polled.lies, polled.waiting, polled.starved), (0, 0, false));
                assert_eq!(bench.burst.len(), 32);
                bench.forward();
                assert_eq!(bench.send(), 32);
                let wire = bench.transmit();
                assert_eq!(wire[31], number.to_le_bytes());
            }
            if number == 1000 {
                exchanges = bench.pool.exchanges();
            }
        }
        assert_eq!(bench.pool.exchanges(), exchanges, "the store is not asked in steady state");
        bench.census();
    }
}

#[test]
fn a_poll_brings_a_burst_and_says_what_it_left() {
    for mut bench in Bench::each_started(256, 600) {
        assert!((0..80).all(|number| bench.deliver(&numbered(number))));
        for (received, waiting) in [(BURST, 48), (BURST, 16), (16, 0), (0, 0)] {
            assert_eq!(bench.poll().waiting, bench.told(waiting));
            assert_eq!(bench.received().len(), received);
        }
        bench.census();
    }
}

#[test]
fn a_poll_adds_to_what_the_burst_holds_and_never_more_than_fits() {
    for mut bench in Bench::each_started(256, 600) {
        assert!((0..40).all(|number| bench.deliver(&numbered(number))));
        while bench.burst.len() < 30 {
            let frame = bench.pool.take().unwrap();
            assert!(bench.burst.push(frame).is_ok());
        }
        assert_eq!(bench.poll().waiting, bench.told(38));
        assert_eq!(bench.burst.len(), BURST);
        assert_eq!(bench.poll().waiting, bench.told(38), "a full burst takes nothing");
        bench.census();
    }
}

#[test]
fn a_received_frame_has_the_whole_headroom_in_front() {
    for mut bench in Bench::each_started(256, 300) {
        bench.deliver(&numbered(1));
        bench.poll();
        assert_eq!(bench.burst[0].headroom(), HEADROOM);
        bench.census();
    }
}

#[test]
fn frames_may_be_empty_or_as_long_as_a_buffer() {
    for mut bench in Bench::each_started(256, 300) {
        for len in [0, 1, 13, 14, 1514, 1515, 1920] {
            assert!(bench.deliver(&vec![7; len]));
        }
        assert_eq!(bench.poll().lies, 0);
        let lengths: Vec<usize> = bench.received().iter().map(Vec::len).collect();
        assert_eq!(lengths, [0, 1, 13, 14, 1514, 1515, 1920]);
        bench.census();
    }
}

#[test]
fn an_empty_pool_leaves_frames_in_the_ring_and_costs_none() {
    for mut bench in Bench::each_started(16, 20) {
        assert!((0..10).all(|number| bench.deliver(&numbered(number))));
        let polled = bench.poll();
        assert_eq!((polled.waiting, polled.starved, polled.lies), (6, true, 0));
        bench.card.doorbells(0);
        assert_eq!(bench.poll().waiting, 6);
        assert_eq!(bench.card.doorbells(0), 0, "there is nothing new to look at");
        assert_eq!(bench.received().len(), 4);
        let polled = bench.poll();
        assert_eq!((polled.waiting, polled.starved), (2, true));
        assert_eq!(bench.received()[0], numbered(4), "in order");
        assert_eq!(bench.poll().waiting, 0);
        bench.census();
    }
}

#[test]
fn a_ring_that_could_not_be_filled_can_be_filled_later() {
    for mut bench in Bench::each_new(64, 64) {
        let mut held: Vec<_> = (0..40).map(|_| bench.pool.take().unwrap()).collect();
        assert_eq!(bench.rx.start(&mut bench.pool), 24);
        held.drain(..).for_each(|frame| bench.pool.put(frame));
        assert_eq!(bench.rx.start(&mut bench.pool), 64);
        assert_eq!(bench.rx.start(&mut bench.pool), 64, "and is full then");
        assert!((0..64).all(|number| bench.deliver(&numbered(number))));
        assert!(!bench.deliver(&numbered(64)));
        bench.census();
    }
}

#[test]
fn a_full_ring_leaves_the_rest_in_the_outbox() {
    for mut bench in Bench::each_started(64, 600) {
        bench.fill_outbox(100);
        assert_eq!(bench.send(), 64);
        assert_eq!((bench.outbox.len(), bench.tx.backlog()), (36, 64));
        assert_eq!(bench.send(), 0);
        let mut wire = bench.transmit();
        assert_eq!(bench.send(), 36);
        wire.append(&mut bench.transmit());
        let expected: Vec<_> = (0..100_u16).map(|number| number.to_le_bytes().to_vec()).collect();
        assert_eq!(wire, expected);
        bench.tx.reclaim(&mut bench.pool);
        assert_eq!(bench.tx.backlog(), 0);
        bench.census();
    }
}

#[test]
fn a_whole_outbox_fits_a_ring_of_its_size() {
    for mut bench in Bench::each_started(256, 600) {
        bench.fill_outbox(OUTBOX as u16);
        assert_eq!(bench.send(), OUTBOX);
        assert_eq!(bench.transmit().len(), OUTBOX);
        bench.census();
    }
}

#[test]
fn frames_that_were_sent_are_taken_back_once_there_is_more_than_a_burst() {
    for mut bench in Bench::each_started(256, 600) {
        bench.fill_outbox(33);
        bench.send();
        bench.transmit();
        assert_eq!(bench.tx.backlog(), 33);
        bench.send();
        assert_eq!(bench.tx.backlog(), 0);
        bench.census();
    }
}

#[test]
fn a_batch_rings_the_doorbell_once_and_idling_never() {
    for mut bench in Bench::each_started(256, 600) {
        assert_eq!(bench.card.doorbells(0), 1, "buffers to receive with");
        assert!((0..32).all(|number| bench.deliver(&numbered(number))));
        bench.poll();
        bench.forward();
        bench.send();
        assert_eq!((bench.card.doorbells(0), bench.card.doorbells(1)), (1, 1));
        bench.poll();
        bench.send();
        assert_eq!((bench.card.doorbells(0), bench.card.doorbells(1)), (0, 0));
        bench.census();
    }
}

#[test]
fn a_device_that_needs_no_doorbell_hears_none() {
    for mut bench in Bench::each_started(256, 600) {
        bench.card.doorbells(0);
        bench.card.ring(RX, |ring| ring.set_no_notify(true));
        bench.card.ring(TX, |ring| ring.set_no_notify(true));
        assert!((0..32).all(|number| bench.deliver(&numbered(number))));
        bench.poll();
        bench.forward();
        assert_eq!(bench.send(), 32);
        assert_eq!((bench.card.doorbells(0), bench.card.doorbells(1)), (0, 0));
        bench.card.ring(TX, |ring| ring.set_no_notify(false));
        bench.fill_outbox(1);
        bench.send();
        assert_eq!(bench.card.doorbells(1), 1);
        bench.census();
    }
}

#[test]
fn a_frame_without_room_for_the_header_is_put_back_and_counted() {
    for mut bench in Bench::each_started(256, 300) {
        for room in [11, 12] {
            let mut frame = bench.pool.take().unwrap();
            assert!(frame.copy_from(&numbered(0)) && frame.grow_front(HEADROOM - room));
            assert!(bench.outbox.push(frame).is_ok());
        }
        assert_eq!(bench.send(), 2);
        assert_eq!((bench.tx.unsendable(), bench.transmit().len()), (1, 1));
        bench.census();
    }
}

#[test]
fn a_ring_may_be_smaller_than_a_burst() {
    for mut bench in Bench::each_started(4, 100) {
        assert_eq!(bench.rx.capacity(), 4);
        for round in 0..20 {
            assert!((0..4).all(|number| bench.deliver(&numbered(4 * round + number))));
            assert!(!bench.deliver(&[]));
            assert_eq!(bench.poll().waiting, 0);
            bench.forward();
            assert_eq!(bench.send(), 4);
            assert_eq!(bench.transmit()[3], numbered(4 * round + 3));
        }
        bench.census();
    }
}
