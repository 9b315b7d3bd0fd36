//! Resets, waits, and what can be made to go wrong.

use super::super::faults::Faults;
use super::super::sfp::ModuleKind;
use super::*;

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

#[test]
fn a_cage_and_what_comes_out_of_it_are_as_they_are_to_be() {
    let links = |fault: Option<Fault>| {
        let mut bench = Bench::ready();
        bench.write(regs::ESDP, bits::ESDP_SDP2);
        bench.card.faults = Faults::default();
        fault.into_iter().for_each(|fault| bench.card.faults.add(fault));
        bench.card.look_at_link();
        bench.read(regs::LINKS);
        let (links, cage) = (bench.read(regs::LINKS), bench.read(regs::ESDP) & bits::ESDP_SDP2);
        let is_up = links & bits::LINKS_UP != 0;
        (links & bits::LINKS_LIGHT != 0, links & bits::LINKS_LOCK != 0, is_up, cage != 0)
    };
    assert_eq!(links(None), (true, true, true, true));
    assert_eq!(links(Some(Fault::CageEmpty)), (false, false, false, false));
    assert_eq!(links(Some(Fault::NoLock)), (true, false, false, true));
    assert_eq!(links(Some(Fault::ModuleUnknown)), (true, false, false, true));
}

#[test]
fn a_module_that_comes_later_has_no_lock_before_it_has_its_settings_and_the_link_started_over() {
    let mut bench = Bench::ready();
    bench.write(regs::SW_FW_SYNC, bits::SW_FW_SYNC_MAC);
    let (optics, copper) = ([0x0120, 0x0231, 0x0342], [0x0150, 0x0261, 0x0372, 0x0483]);
    assert!(is_up(&mut bench, &[], 0), "firmware has seen to the first one");
    bench.card.pull_module();
    bench.card.plug_module(ModuleKind::Copper);
    assert!(!is_up(&mut bench, &[], bits::AUTOC_RESTART), "no settings");
    assert!(!is_up(&mut bench, &optics, bits::AUTOC_RESTART), "those of another one");
    assert!(!is_up(&mut bench, &copper, 0), "no restart");
    assert!(is_up(&mut bench, &[], bits::AUTOC_RESTART));
}

/// Whether there is a link once these settings and AUTOC were written.
fn is_up(bench: &mut Bench, settings: &[u32], restart: u32) -> bool {
    settings.iter().for_each(|word| bench.write(regs::CORECTL, *word));
    bench.write(regs::AUTOC, bits::AUTOC_10G_SERIAL | restart);
    bench.read(regs::LINKS);
    bench.read(regs::LINKS) & bits::LINKS_UP != 0
}
