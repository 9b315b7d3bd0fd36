//! The card, driven by hand: what it moves, what it writes back, and what it takes offence at.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::cable::Cable;
use super::card::Card;
use super::config::Config;
use super::faults::{Fault, Lie};
use super::memory::{Memory, tests::played};
use super::registers::{self as regs, Register, bits};
use super::violations::Rule;
use crate::frames::Frames;
use crate::machine::Mac;
use crate::run_directory::RunDirectory;

const RX_RING: u32 = 0x1000;
const TX_RING: u32 = 0x2000;
const BUFFERS: u32 = 0x1_0000;
const BUFFER: u32 = 0x1000;
const SLOTS: u32 = 8;
const ADVANCED: u32 = 1 << 25;

/// Command bits of an advanced data descriptor: type, DEXT, IFCS, EOP.
const WHOLE: u32 = 3 << 20 | 1 << 29 | 1 << 25 | 1 << 24;
const RS: u32 = 1 << 27;

/// A card, and the other end of its cable.
struct Bench {
    card: Card,
    peer: UnixDatagram,
    _run: RunDirectory,
}

impl Bench {
    /// A card that is bus master and has nothing set up.
    fn new() -> Self {
        let run = RunDirectory::new().unwrap();
        let peer = UnixDatagram::bind(run.file("peer")).unwrap();
        peer.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let cable = Cable::open(&run.file("own"), &run.file("peer")).unwrap();
        let config = Config::new(true);
        let mut card = Card::new(Mac([2, 0, 0, 0, 0, 1]), config, Some(cable), 0);
        card.set_memory(vec![played(0, 1 << 20)]);
        card.write_config(4, 6, 2);
        Self { card, peer, _run: run }
    }

    /// The same with both directions of queue 0 running, by the book.
    fn ready() -> Self {
        let mut bench = Self::new();
        bench.set_up_receive(0, ADVANCED | 1);
        bench.set_up_transmit(0);
        bench.start_receive();
        bench.write(regs::RDT.at(0), SLOTS - 1);
        bench
    }

    fn write(&mut self, register: Register, value: u32) {
        self.card.write(register.0.into(), value.into(), 4);
    }

    fn read(&mut self, register: Register) -> u32 {
        self.card.read(register.0.into(), 4) as u32
    }

    fn set_up_receive(&mut self, queue: u32, srrctl: u32) {
        let ring = RX_RING + queue * 0x100;
        for slot in 0..SLOTS {
            self.post(queue, slot);
        }
        self.write(regs::RDBAL.at(queue), ring);
        self.write(regs::RDLEN.at(queue), SLOTS * 16);
        self.write(regs::SRRCTL.at(queue), srrctl);
        self.write(regs::DCA_RXCTRL.at(queue), 0);
        self.write(regs::RXDCTL.at(queue), bits::DCTL_ENABLE);
        self.read(regs::RXDCTL.at(queue));
        assert_ne!(self.read(regs::RXDCTL.at(queue)) & bits::DCTL_ENABLE, 0);
    }

    fn post(&mut self, queue: u32, slot: u32) {
        let buffer = BUFFERS + (queue * SLOTS + slot) * BUFFER;
        self.put(RX_RING + queue * 0x100 + slot * 16, [buffer, 0, 0, 0]);
    }

    fn start_receive(&mut self) {
        self.write(regs::FCTRL, bits::FCTRL_UPE | bits::FCTRL_BAM);
        self.write(regs::RDRXCTL, bits::RDRXCTL_CRCSTRIP);
        self.write(regs::SECRXCTRL, bits::SECRXCTRL_DIS);
        assert_eq!(self.read(regs::SECRXSTAT), bits::SECRXSTAT_RDY);
        self.write(regs::RXCTRL, bits::RXCTRL_RXEN);
        self.write(regs::SECRXCTRL, 0);
    }

    fn set_up_transmit(&mut self, queue: u32) {
        self.write(regs::DMATXCTL, 0x8100 << 16 | bits::DMATXCTL_TE);
        self.write(regs::TDBAL.at(queue), TX_RING);
        self.write(regs::TDLEN.at(queue), SLOTS * 16);
        self.write(regs::TXDCTL.at(queue), bits::DCTL_ENABLE);
        self.read(regs::TXDCTL.at(queue));
        assert_ne!(self.read(regs::TXDCTL.at(queue)) & bits::DCTL_ENABLE, 0);
    }

    fn put(&self, address: u32, words: [u32; 4]) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.memory().write(address.into(), &bytes).unwrap();
    }

    fn words(&self, address: u32) -> [u32; 4] {
        let bytes = self.bytes(address, 16);
        std::array::from_fn(|i| u32::from_le_bytes(bytes[4 * i..4 * i + 4].try_into().unwrap()))
    }

    fn bytes(&self, address: u32, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.memory().read(address.into(), &mut bytes).unwrap();
        bytes
    }

    fn memory(&self) -> &Memory {
        &self.card.memory
    }

    /// Puts a frame into transmit descriptor `slot`.
    fn hand_over(&self, slot: u32, frame: &[u8], command: u32) {
        let buffer = BUFFERS + 0x8_0000 + slot * BUFFER;
        self.memory().write(buffer.into(), frame).unwrap();
        let length = frame.len() as u32;
        self.put(TX_RING + slot * 16, [buffer, 0, length | command, length << 14]);
    }

    fn is_sent(&self, slot: u32) -> bool {
        self.words(TX_RING + slot * 16)[3] & 1 != 0
    }

    fn frame_at_peer(&self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 1 << 16];
        let length = self.peer.recv(&mut buffer).ok()?;
        buffer.truncate(length);
        Some(buffer)
    }

    fn rules(&self) -> Vec<Rule> {
        self.card.violations.first().iter().map(|it| it.rule).collect()
    }
}

fn frame(size: usize) -> Vec<u8> {
    Frames::sized(0, size).next().unwrap()
}

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
    assert_eq!(bench.read(regs::LINKS), 0);
    bench.card.plug(true);
    assert!(bench.is_sent(2));
    assert_eq!(bench.read(regs::LINKS), 0);
    assert_eq!(bench.read(regs::LINKS), 0x7000_0000);
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

#[test]
fn a_reset_shows_once_and_loads_the_address() {
    let mut bench = Bench::ready();
    bench.write(regs::RAL.at(0), 0);
    bench.write(regs::CTRL, bits::CTRL_RST | bits::CTRL_LRST);
    assert_ne!(bench.read(regs::CTRL) & bits::CTRL_RST, 0);
    assert_eq!(bench.read(regs::CTRL) & bits::CTRL_RST, 0);
    assert_eq!(bench.read(Register(0x5400)), 2);
    assert_eq!(bench.read(Register(0xA204)), 0x8000_0100);
    assert_eq!(bench.read(regs::RDLEN.at(0)), 0);
}

#[test]
fn waits_that_are_to_fail_fail() {
    let mut bench = Bench::new();
    for fault in [
        Fault::ResetNeverEnds,
        Fault::ReceiveEnableNeverSets,
        Fault::TransmitEnableNeverSets,
        Fault::AutoReadNeverDone,
        Fault::DmaInitNeverDone,
        Fault::GioMasterStuck,
        Fault::SecurityBlockNeverReady,
    ] {
        bench.card.faults.add(fault);
    }
    bench.write(regs::SECRXCTRL, bits::SECRXCTRL_DIS);
    bench.write(regs::RXDCTL.at(0), bits::DCTL_ENABLE);
    bench.write(regs::TXDCTL.at(0), bits::DCTL_ENABLE);
    bench.write(regs::CTRL, bits::CTRL_GIO_DIS);
    for _ in 0..3 {
        assert_ne!(bench.read(regs::CTRL) & bits::CTRL_RST, 0);
        assert_ne!(bench.read(regs::STATUS) & bits::STATUS_GIO, 0);
        assert_eq!(bench.read(regs::RXDCTL.at(0)) & bits::DCTL_ENABLE, 0);
        assert_eq!(bench.read(regs::TXDCTL.at(0)) & bits::DCTL_ENABLE, 0);
        assert_eq!(bench.read(regs::EEC) & 1 << 9, 0);
        assert_eq!(bench.read(regs::RDRXCTL) & bits::RDRXCTL_DMAIDONE, 0);
        assert_eq!(bench.read(regs::SECRXSTAT), 0);
    }
}

#[test]
fn descriptors_lie_as_often_as_they_are_to() {
    let mut bench = Bench::ready();
    for lie in [Lie::LengthBeyondBuffer, Lie::NoEndOfPacket, Lie::ErrorBits] {
        bench.card.faults.add(Fault::Lies { lie, count: 1 });
    }
    (0..4).for_each(|_| bench.card.arrive(&frame(64)));
    let told: Vec<_> = (0..4)
        .map(|slot| bench.words(RX_RING + slot * 16))
        .map(|it| (it[3], it[2] & 3, it[2] >> 29))
        .collect();
    assert_eq!(told, [(1024 + 64, 3, 0), (64, 1, 0), (64, 3, 1), (64, 3, 0)]);
}

#[test]
fn a_card_that_was_pulled_out_reads_all_ones_and_the_link_flaps_when_read() {
    let mut bench = Bench::ready();
    bench.card.faults.add(Fault::LinkFlaps { readings: 2 });
    let up: Vec<_> = (0..8).map(|_| bench.read(regs::LINKS) & bits::LINKS_UP != 0).collect();
    assert_eq!(up, [false, false, false, false, true, false, false, false]);
    bench.card.faults.add(Fault::SurpriseRemoval { after: 1 });
    assert_ne!(bench.read(regs::RXCTRL), u32::MAX);
    assert_eq!(bench.read(regs::RXCTRL), u32::MAX);
}

#[test]
fn descriptors_that_stall_go_on_when_the_fault_is_taken_back() {
    let mut bench = Bench::ready();
    bench.card.faults.add(Fault::TransmitStalls);
    bench.hand_over(0, &frame(64), WHOLE | RS);
    bench.write(regs::TDT.at(0), 1);
    bench.card.tick();
    assert!(!bench.is_sent(0));
    bench.card.faults.clear();
    bench.card.tick();
    assert!(bench.is_sent(0));
}
