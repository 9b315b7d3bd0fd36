//! How frames are spread over queues, and what a slow queue does to the others.

use std::collections::HashSet;

use anyhow::{Context as _, Result};
use nic82599::registers as regs;

use crate::card::Bench;
use crate::flows::{FLOWS, Flow};
use crate::port::Port;

crate::facts![
    frames_are_spread_over_all_queues_and_both_directions_of_a_flow_meet,
    the_table_of_queues_is_what_the_card_spreads_by,
    a_queue_without_descriptors_drops_alone_and_what_it_drops_is_counted_as_its_own,
    every_queue_sends,
    no_line_of_memory_is_of_two_queues,
];

/// Has a frame come in, and the queue that gives it.
fn queue_of(bench: &mut Bench, port: &mut Port, frame: &[u8]) -> Result<usize> {
    bench.card.arrive(frame);
    let mut queues = 0..port.rx.len();
    let gives = |queue: &usize| port.receive(*queue, bench.host.pool).frames == [frame];
    queues.find(gives).context("no queue gives the frame")
}

fn frames_are_spread_over_all_queues_and_both_directions_of_a_flow_meet() -> Result<()> {
    for pairs in [1, 3, 4, 16] {
        let mut bench = Bench::new()?;
        let mut port = bench.start(pairs)?;
        let mut counts = vec![0; pairs];
        for flow in 0..FLOWS {
            let there = queue_of(&mut bench, &mut port, &Flow::new(flow).frame()?)?;
            let back = queue_of(&mut bench, &mut port, &Flow::new(flow).back().frame()?)?;
            assert_eq!(there, back, "{pairs} queues, flow {flow}");
            counts[there] += 2;
        }
        let share = 2 * u64::from(FLOWS) / pairs as u64;
        assert!(counts.iter().all(|it| share / 3 < *it && *it < 2 * share + 2), "{counts:?}");
        assert_eq!(bench.card.statistics().received_by_queue, counts);
        assert_eq!(port.counts("QPRC"), counts);
        bench.end(port)?;
    }
    Ok(())
}

/// The hash of the card's model stands by itself: it gives the values that Microsoft publishes. Here it
/// is made once more, in another way, for the key that the driver chose.
fn the_table_of_queues_is_what_the_card_spreads_by() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(16)?;
    let key: Vec<u8> =
        (0..10).flat_map(|word| bench.card.peek(regs::RSSRK.at(word)).to_le_bytes()).collect();
    let table: Vec<u8> =
        (0..32).flat_map(|word| bench.card.peek(regs::RETA.at(word)).to_le_bytes()).collect();
    for number in 0..FLOWS {
        let flow = Flow::new(number);
        let entry = toeplitz(&key, &flow.hashed()) % 128;
        let queue = queue_of(&mut bench, &mut port, &flow.frame()?)?;
        assert_eq!(queue, usize::from(table[entry as usize]), "flow {number}");
    }
    bench.end(port)
}

/// Toeplitz' hash: the key moves on by a bit with each bit of the input.
fn toeplitz(key: &[u8], input: &[u8]) -> u32 {
    let bits = |bytes: &[u8]| -> Vec<bool> {
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 != 0)).collect()
    };
    let (key, input) = (bits(key), bits(input));
    let window = |at: usize| key[at..at + 32].iter().fold(0, |sum, bit| sum << 1 | u32::from(*bit));
    let ones = input.iter().enumerate().filter(|(_, bit)| **bit);
    ones.fold(0, |hash, (at, _)| hash ^ window(at))
}

fn a_queue_without_descriptors_drops_alone_and_what_it_drops_is_counted_as_its_own() -> Result<()> {
    const PAIRS: usize = 4;
    const ROUNDS: u64 = 20;
    let mut bench = Bench::new()?;
    let mut port = bench.start(PAIRS)?;
    let frames: Vec<Vec<u8>> =
        (0..FLOWS).map(|flow| Flow::new(flow).frame()).collect::<Result<_>>()?;
    let mut received = [0; PAIRS];
    for _ in 0..ROUNDS {
        for frame in &frames {
            bench.card.arrive(frame);
        }
        // Queue 1 is not looked at.
        for queue in [0, 2, 3] {
            received[queue] += port.receive(queue, bench.host.pool).frames.len() as u64;
        }
    }
    let dropped = port.counts("QPRDC");
    assert_eq!(
        bench.card.statistics().no_descriptor_by_queue,
        dropped[..2],
        "the card's own books"
    );
    assert!(dropped[1] > 0 && [dropped[0], dropped[2], dropped[3]] == [0; 3], "{dropped:?}");
    assert_eq!((port.card.missed(), port.count("MPC")), (dropped[1], 0));
    received[1] = port.receive(1, bench.host.pool).frames.len() as u64;
    assert_eq!(received[1], 511, "as many as its ring holds");
    assert_eq!(received.iter().sum::<u64>() + dropped[1], ROUNDS * frames.len() as u64);
    for frame in &frames {
        queue_of(&mut bench, &mut port, frame)?;
    }
    assert_eq!(port.card.missed(), dropped[1], "it goes on as before");
    bench.end(port)
}

fn every_queue_sends() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(16)?;
    for queue in 0..16 {
        let frame = Flow::new(queue as u16).frame()?;
        let count = port.send(queue, vec![frame.as_slice(); 1 + queue], bench.host.pool);
        assert_eq!(bench.sent(count)?, vec![frame; 1 + queue]);
    }
    let counts: Vec<u64> = (1..=16).collect();
    assert_eq!(bench.card.statistics().sent_by_queue, counts);
    assert_eq!(port.counts("QPTC"), counts);
    bench.end(port)
}

/// The lines of all rings, as the card knows where they are: those of two queues may be written by two
/// cores.
fn no_line_of_memory_is_of_two_queues() -> Result<()> {
    const LINE: u64 = 64;
    const PAIRS: u32 = 16;
    let mut bench = Bench::new()?;
    let port = bench.start(PAIRS as usize)?;
    let mut lines = HashSet::new();
    for queue in 0..PAIRS {
        for (low, high, length) in
            [(regs::RDBAL, regs::RDBAH, regs::RDLEN), (regs::TDBAL, regs::TDBAH, regs::TDLEN)]
        {
            let peek = |bank: regs::Bank| u64::from(bench.card.peek(bank.at(queue)));
            let (start, length) = (peek(high) << 32 | peek(low), peek(length));
            assert_eq!((start % LINE, length), (0, 512 * 16));
            let is_new = (start..start + length).step_by(LINE as usize).all(|it| lines.insert(it));
            assert!(is_new, "queue {queue} has lines of another");
        }
    }
    assert_eq!(lines.len() as u32, PAIRS * 2 * 512 * 16 / LINE as u32);
    bench.end(port)
}
