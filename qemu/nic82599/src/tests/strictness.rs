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

/// Numbers of no pattern, the same at every run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }
}

#[test]
fn a_driver_that_writes_anything_anywhere_does_not_end_the_card() {
    let mut bench = Bench::ready();
    let mut noise = Noise(1);
    let banks = [regs::RDBAL, regs::RDLEN, regs::RDH, regs::RDT, regs::TDLEN, regs::TDH, regs::TDT];
    for round in 0..600 {
        let register = match noise.next() % 4 {
            0 => Register(noise.next() % (regs::SPACE / 4) * 4),
            _ => banks[noise.next() as usize % banks.len()].at(noise.next() % 2),
        };
        let value = noise.next() >> (noise.next() % 32);
        bench.write(register, value);
        bench.read(register);
        let descriptor = std::array::from_fn(|_| noise.next());
        bench.put(TX_RING + noise.next() % SLOTS * 16, descriptor);
        if round % 16 == 0 {
            bench.card.arrive(&frame(64 + (noise.next() % 1000) as usize));
            bench.card.tick();
            while bench.card.transmitter.is_blocked() && bench.frame_at_peer().is_some() {}
        }
        if round % 100 == 0 {
            bench.set_up_transmit(0);
        }
    }
    assert!(!bench.rules().is_empty());
}
