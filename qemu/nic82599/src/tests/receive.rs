//! What is received, and what descriptors and counters say of it.

use super::*;

#[test]
fn a_received_frame_has_its_length_its_checks_and_its_bytes() {
    let mut bench = Bench::ready();
    bench.card.arrive(&frame(100));
    let [kind, _, status, length] = bench.words(RX_RING);
    assert_eq!(bench.bytes(BUFFERS, 100), frame(100));
    assert_eq!(length, 100);
    // DD, EOP, UDP, L4, IP, and taken by UPE alone.
    assert_eq!(status, 0xF3);
    assert_eq!(kind, 1 << 4 | 1 << 9);
    assert_eq!(bench.read(regs::RDH.at(0)), 1);
}

#[test]
fn a_legacy_descriptor_is_written_back_as_one() {
    let mut bench = Bench::new();
    bench.set_up_receive(0, 2);
    bench.start_receive();
    bench.write(regs::RDT.at(0), SLOTS - 1);
    bench.card.arrive(&frame(100));
    assert_eq!(bench.words(RX_RING), [BUFFERS, 0, 100, 0xF3]);
}

#[test]
fn a_frame_longer_than_its_buffer_takes_several_descriptors() {
    let mut bench = Bench::ready();
    bench.write(regs::HLREG0, 0x0801_0407);
    bench.write(regs::MAXFRS, 9018 << 16);
    let long: Vec<u8> = (0..2500_u32).map(|i| i as u8).collect();
    bench.card.arrive(&long);
    let lengths: Vec<_> =
        (0..4).map(|slot| bench.words(RX_RING + slot * 16)).map(|it| (it[3], it[2] & 3)).collect();
    assert_eq!(lengths, [(1024, 1), (1024, 1), (452, 3), (0, 0)]);
    assert_eq!(bench.bytes(BUFFERS + BUFFER, 1024), long[1024..2048]);
}

#[test]
fn a_queue_that_drops_counts_and_one_that_does_not_holds_up() {
    let mut bench = Bench::ready();
    for _ in 0..SLOTS {
        bench.card.arrive(&frame(100));
    }
    assert_eq!(bench.read(regs::QPRC.at(0)), SLOTS - 1);
    assert_eq!(bench.read(regs::QPRDC.at(0)), 0);
    bench.post(0, 7);
    bench.write(regs::RDT.at(0), 0);
    assert_eq!(bench.read(regs::QPRC.at(0)), 1);
    bench.write(regs::SRRCTL.at(0), ADVANCED | 1 | bits::SRRCTL_DROP_EN);
    bench.card.arrive(&frame(100));
    assert_eq!(bench.read(regs::QPRDC.at(0)), 1);
    assert_eq!(bench.read(regs::QPRDC.at(0)), 0);
    assert_eq!(bench.card.statistics.no_descriptor, 1);
}

#[test]
fn a_full_packet_buffer_misses_and_gprc_counts_all_the_same() {
    let mut bench = Bench::ready();
    bench.write(regs::RXPBSIZE.at(0), 2 << 10);
    for _ in 0..SLOTS + 3 {
        bench.card.arrive(&frame(1000));
    }
    assert_eq!(bench.read(regs::MPC.at(0)), 2);
    assert_eq!(bench.read(regs::GPRC), SLOTS + 3);
    assert_eq!(bench.read(regs::GORCL), (SLOTS + 3) * 1004);
}

#[test]
fn rss_spreads_by_the_table_and_tells_its_hash() {
    let mut bench = Bench::new();
    for queue in 0..4 {
        bench.set_up_receive(queue, ADVANCED | 2);
    }
    (0..10).for_each(|word| bench.write(regs::RSSRK.at(word), 0x5A6D_5A6D));
    (0..32).for_each(|word| bench.write(regs::RETA.at(word), 0x0302_0100));
    bench.write(regs::RXCSUM, bits::RXCSUM_PCSD);
    bench.write(regs::MRQC, 1 | 1 << 22);
    bench.start_receive();
    (0..4).for_each(|queue| bench.write(regs::RDT.at(queue), SLOTS - 1));
    bench.card.arrive(&frame(100));
    let filled: Vec<_> =
        (0..4).filter(|queue| bench.words(RX_RING + queue * 0x100)[2] & 1 != 0).collect();
    let [kind, hash, ..] = bench.words(RX_RING + filled[0] * 0x100);
    assert_eq!((filled.len(), kind & 0xF), (1, 7));
    assert_eq!(filled[0], hash & 3);
    assert_eq!(bench.rules(), []);
}

#[test]
fn a_frame_is_taken_by_its_address_and_no_other() {
    let mut bench = Bench::ready();
    bench.write(regs::FCTRL, 0);
    let mut own = frame(64);
    own[..6].copy_from_slice(&[2, 0, 0, 0, 0, 1]);
    bench.card.arrive(&own);
    bench.card.arrive(&frame(64));
    let mut all = frame(64);
    all[..6].fill(0xFF);
    bench.card.arrive(&all);
    assert_eq!(bench.card.statistics.received, 1);
    assert_eq!(bench.card.statistics.filtered, 2);
    // Taken by the exact address: the status has no PIF.
    assert_eq!(bench.words(RX_RING)[2] & 0x80, 0);
    assert_eq!(bench.rules(), [Rule::FilterWhileReceiving]);
}
