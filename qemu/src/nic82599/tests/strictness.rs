//! What the card takes offence at.

use super::*;

#[test]
fn a_driver_that_goes_by_the_book_breaks_no_rule() {
    let mut bench = Bench::ready();
    bench.card.arrive(&frame(100));
    bench.hand_over(0, &frame(100), WHOLE | RS);
    bench.write(regs::TDT.at(0), 1);
    assert_eq!(bench.rules(), []);
    assert_eq!(bench.frame_at_peer(), Some(frame(100)));
}

#[test]
fn what_is_wrong_with_a_ring_is_noted() {
    let mut bench = Bench::new();
    bench.write(regs::RDBAL.at(0), 0x1040);
    bench.write(regs::RDLEN.at(0), 100);
    bench.write(regs::RDBAL.at(0), 0x40_0000);
    bench.write(regs::RDLEN.at(0), 128);
    bench.write(regs::DCA_RXCTRL.at(0), 0);
    bench.write(regs::RXDCTL.at(0), bits::DCTL_ENABLE);
    bench.write(regs::RDT.at(0), 7);
    bench.read(regs::RXDCTL.at(0));
    bench.read(regs::RXDCTL.at(0));
    bench.write(regs::RDT.at(0), 8);
    bench.write(regs::RDLEN.at(0), 256);
    let wanted = [
        Rule::RingBase,
        Rule::RingLength,
        Rule::InMemory,
        Rule::TailAfterEnable,
        Rule::TailInRing,
        Rule::RingStill,
    ];
    assert_eq!(bench.rules(), wanted);
}

#[test]
fn what_is_done_in_the_wrong_order_is_noted() {
    let mut bench = Bench::new();
    bench.write(regs::TDLEN.at(0), 128);
    bench.write(regs::TXDCTL.at(0), bits::DCTL_ENABLE);
    bench.write(regs::RXCTRL, bits::RXCTRL_RXEN);
    bench.write(regs::MRQC, 1);
    bench.write(regs::MTQC, 0);
    bench.write(regs::CORECTL, 1);
    let wanted = [
        Rule::TransmitDmaFirst,
        Rule::SecurityBlock,
        Rule::CrcStripAgrees,
        Rule::ModeWhileReceiving,
        Rule::RssAfterReset,
        Rule::Semaphore,
    ];
    assert_eq!(bench.rules(), wanted);
}

#[test]
fn what_is_wrong_with_an_access_is_noted() {
    let mut bench = Bench::new();
    assert_eq!(bench.card.read(0x1000, 8), u64::MAX);
    bench.write(regs::LINKS, 0);
    bench.write(regs::DTXMXSZRQ, 0x1000);
    bench.write(regs::CTRL, bits::CTRL_RST);
    bench.read(regs::RXCTRL);
    let wanted = [Rule::Width, Rule::ReadOnly, Rule::ReservedBits, Rule::ResetAwaited];
    assert_eq!(bench.rules(), wanted);
}

#[test]
fn what_is_wrong_with_descriptors_is_noted() {
    let mut bench = Bench::ready();
    bench.put(RX_RING, [0xFFFF_0000, 0, 1, 0]);
    bench.card.arrive(&frame(64));
    bench.hand_over(0, &frame(64), 3 << 20 | 1 << 29 | RS);
    bench.hand_over(1, &[0; 4], WHOLE & !(1 << 25));
    bench.write(regs::TDT.at(0), 2);
    bench.put(TX_RING + 32, [0, 0, 64 | WHOLE | 1 << 31, 64 << 14]);
    bench.write(regs::TDT.at(0), 3);
    let wanted = [
        Rule::FreshDescriptor,
        Rule::InMemory,
        Rule::ReportAtEnd,
        Rule::CrcInserted,
        // The first descriptor tells of 64 bytes, and four more came.
        Rule::PayloadLength,
        Rule::ContextGiven,
    ];
    assert_eq!(bench.rules(), wanted);
}

#[test]
fn a_card_that_is_no_bus_master_reaches_no_memory() {
    let mut bench = Bench::ready();
    bench.card.write_config(4, 2, 2);
    bench.card.arrive(&frame(64));
    assert_eq!(bench.words(RX_RING)[2], 0);
    assert_eq!(bench.rules()[0], Rule::BusMaster);
}
