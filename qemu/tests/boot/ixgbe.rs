//! Intel's 82599 as the model outside QEMU plays it, which drivers of others run on too.

use anyhow::{Context as _, Result, bail, ensure};
use nic82599::{Device, Fault, ModuleKind, registers as regs};
use qemu::seats::{Seats, check_emulator};

use crate::carry::carry_both_ways;
use crate::links::drops_while_down;
use crate::nictest::{FRAMES as LOOPED, expect_pass};
use crate::rig::{LIMIT, Rig, Session, Setup, Skipped};
use crate::rings::expect_rings;
use crate::sizes::{JUMBO, forwards, forwards_jumbo, frame};

/// Frames into each port: the rings wrap ten times.
const FRAMES: usize = 5_000;
/// Boots until something that a busy machine may keep from being so has to be so.
const BOOTS: usize = 5;

crate::facts![
    frames_go_both_ways_over_cards_that_find_nothing_to_complain_of,
    frames_of_every_length_leave_as_they_came,
    rings_have_as_many_descriptors_as_was_asked_for,
    jumbo_frames_leave_as_they_came,
    a_link_that_goes_and_comes_is_told,
    frames_for_a_link_that_is_down_are_dropped_for_that_reason,
    a_card_whose_reset_never_ends_is_named_and_the_other_is_a_port,
    a_card_whose_nvm_is_damaged_says_so_and_is_used_all_the_same,
    a_port_without_a_link_says_why_and_holds_nothing_up,
    a_module_that_is_plugged_in_later_carries_frames,
    registers_and_counters_are_told_as_the_card_has_them,
    cards_get_back_what_they_send_and_nothing_of_it_reaches_a_wire,
];

/// Has `check` look at a machine with two cards of the model, of which the first has `faults`; the image is
/// told these words, too.
fn on_cards(
    rig: &Rig,
    (words, faults): (&str, &[Fault]),
    check: impl FnOnce(&mut Session, &[Device]) -> Result<()>,
) -> Result<()> {
    if let Err(reason) = check_emulator(rig.program()) {
        bail!(Skipped(format!("{reason:#}")));
    }
    let mut setup: Setup = rig.wired()?.append("forward=0:1").append(words);
    let seats = Seats::take(&mut setup.machine.nics, |index, options| {
        options.is_lossless = true;
        if index == 0 {
            options.faults = faults.to_vec();
        }
    })?;
    let checked = setup.boot(|session| check(session, seats.devices()));
    checked.with_context(|| format!("what the cards complain of: {}", seats.complaints()))
}

/// Has nothing been done to the cards that their datasheet forbids.
fn expect_no_violation(devices: &[Device]) -> Result<()> {
    devices.iter().try_for_each(|device| {
        let violations = device.violations();
        ensure!(violations.is_empty(), "{violations:#?}");
        Ok(())
    })
}

fn frames_go_both_ways_over_cards_that_find_nothing_to_complain_of(rig: &Rig) -> Result<()> {
    on_cards(rig, ("", &[]), |session, devices| {
        let ports = session.ports()?;
        let is_told = |line: &String| line.contains(" ixgbe 52:54:00:ba:5e:0");
        ensure!(ports.iter().all(is_told) && ports.len() == 2, "{ports:#?}");
        carry_both_ways(session, FRAMES)?;
        expect_no_violation(devices)
    })
}

fn frames_of_every_length_leave_as_they_came(rig: &Rig) -> Result<()> {
    on_cards(rig, ("", &[]), |session, devices| {
        // Shorter ones are padded on the wire.
        for length in (60..=1514).step_by(31).chain([1513, 1514]) {
            forwards(session, &frame(length, None))?;
        }
        forwards(session, &frame(1518, Some([0x81, 0x00])))?;
        expect_no_violation(devices)
    })
}

fn rings_have_as_many_descriptors_as_was_asked_for(rig: &Rig) -> Result<()> {
    on_cards(rig, ("n_rxq_desc=4096,1:256 n_txq_desc=1024,1:128", &[]), |session, devices| {
        for (port, rings) in [(4096, 1024), (256, 128)].into_iter().enumerate() {
            let lengths =
                (devices[port].peek(regs::RDLEN.at(0)), devices[port].peek(regs::TDLEN.at(0)));
            ensure!(lengths == (16 * rings.0, 16 * rings.1), "port {port}: {lengths:?} bytes");
            expect_rings(session, port, rings)?;
        }
        carry_both_ways(session, FRAMES)?;
        expect_no_violation(devices)
    })
}

fn jumbo_frames_leave_as_they_came(rig: &Rig) -> Result<()> {
    on_cards(rig, (JUMBO, &[]), |session, devices| {
        forwards_jumbo(session)?;
        expect_no_violation(devices)
    })
}

fn a_link_that_goes_and_comes_is_told(rig: &Rig) -> Result<()> {
    on_cards(rig, ("", &[]), |session, devices| {
        for up in [false, true, false, true] {
            devices[0].set_link(up);
            let told = if up { " link up, " } else { " link down, " };
            session.ask_until("show ports", |lines| {
                lines.first().is_some_and(|line| line.contains(told)).then_some(())
            })?;
        }
        forwards(session, &frame(60, None))?;
        expect_no_violation(devices)
    })
}

fn frames_for_a_link_that_is_down_are_dropped_for_that_reason(rig: &Rig) -> Result<()> {
    on_cards(rig, ("", &[]), |session, devices| {
        drops_while_down(session, &mut |is_up| {
            devices[1].set_link(is_up);
            Ok(())
        })?;
        expect_no_violation(devices)
    })
}

fn a_card_whose_reset_never_ends_is_named_and_the_other_is_a_port(rig: &Rig) -> Result<()> {
    on_cards(rig, ("", &[Fault::ResetNeverEnds]), |session, _| {
        let shown = session.shown();
        let told = "error: port 00:02.0: it cannot be set up: StuckInReset";
        ensure!(shown.iter().any(|line| line == told), "{shown:#?}");
        let ports = session.ports()?;
        ensure!(ports.len() == 1 && ports[0].contains(" 00:03.0 ixgbe "), "{ports:#?}");
        Ok(())
    })
}

fn a_card_whose_nvm_is_damaged_says_so_and_is_used_all_the_same(rig: &Rig) -> Result<()> {
    // On a busy machine the NVM may take longer than the driver waits: then another boot may tell.
    let mut is_read = false;
    for _ in 0..BOOTS {
        on_cards(rig, ("", &[Fault::NvmSectionDamaged]), |session, devices| {
            let answer = session.command("show port 0")?;
            is_read = !answer.iter().any(|line| line == "  NVM checksum not read");
            if is_read { tells_of_damage(session, &answer, devices) } else { Ok(()) }
        })?;
        if is_read {
            return Ok(());
        }
    }
    bail!("the NVM was not read in {BOOTS} boots")
}

/// It was told at boot, `answer` tells the same, and frames pass.
fn tells_of_damage(session: &mut Session, answer: &[String], devices: &[Device]) -> Result<()> {
    let shown = session.shown();
    let told = shown.iter().find_map(|line| line.strip_prefix("error: port 00:02.0: "));
    let told = told.and_then(|line| line.strip_suffix("; it is used all the same"));
    let told = told.with_context(|| format!("nothing is told: {shown:#?}"))?;
    ensure!(told.starts_with("NVM checksum wrong: stored 0x"), "{told}");
    ensure!(answer.contains(&format!("  {told}")), "{told}: {answer:#?}");
    (60..70).try_for_each(|length| forwards(session, &frame(length, None)))?;
    expect_no_violation(devices)
}

fn a_port_without_a_link_says_why_and_holds_nothing_up(rig: &Rig) -> Result<()> {
    let faults = [
        (Fault::CageEmpty, "no module in the cage"),
        (Fault::ModuleUnknown, "module not supported"),
        (Fault::NoLock, "light but no lock"),
    ];
    for (fault, why) in faults {
        on_cards(rig, ("", &[fault]), |session, devices| {
            tells(session, why)?;
            expect_no_violation(devices)
        })?;
    }
    on_cards(rig, ("", &[Fault::ModuleStuck]), |session, devices| {
        devices[0].set_link(false);
        let answer = tells(session, "no light")?;
        ensure!(answer.iter().any(|line| line == "  over module"), "{answer:#?}");
        devices[0].heal();
        let answer = session.command("show port 0")?;
        let module = "  over module 10GBASE-SR, Intel Corp, FTLX8571D3BCV-IT";
        ensure!(answer.iter().any(|line| line == module), "{answer:#?}");
        ensure!(session.command("show port 1")?[2].starts_with("  link up, 10000 Mb/s, "));
        expect_no_violation(devices)
    })
}

/// Waits until port 0 is said to be down, and has it tell `why` once more.
fn tells(session: &mut Session, why: &str) -> Result<Vec<String>> {
    session.look_until(|shown| {
        shown.iter().any(|line| line.ends_with(&format!("port 0: link down: {why}"))).then_some(())
    })?;
    let answer = session.command("show port 0")?;
    let told = format!("  link down: {why}, resets=1");
    ensure!(answer.contains(&told), "no {told:?}: {answer:#?}");
    Ok(answer)
}

fn a_module_that_is_plugged_in_later_carries_frames(rig: &Rig) -> Result<()> {
    on_cards(rig, ("", &[]), |session, devices| {
        forwards(session, &frame(60, None))?;
        for (kind, part) in
            [(ModuleKind::Copper, "XDACBL3M"), (ModuleKind::Optics, "FTLX8571D3BCV-IT")]
        {
            devices[0].pull_module();
            session.expect("port 0: link down: no module in the cage", LIMIT)?;
            devices[0].plug_module(kind);
            session.expect("port 0: link up", LIMIT)?;
            let answer = session.command("show port 0")?;
            ensure!(answer.iter().any(|line| line.ends_with(part)), "no {part}: {answer:#?}");
            forwards(session, &frame(60, None))?;
        }
        expect_no_violation(devices)
    })
}

fn registers_and_counters_are_told_as_the_card_has_them(rig: &Rig) -> Result<()> {
    on_cards(rig, ("", &[]), |session, devices| {
        (60..70).try_for_each(|length| forwards(session, &frame(length, None)))?;
        let registers = session.command("show port 1 regs")?;
        for (name, register) in [("HLREG0", regs::HLREG0), ("TDT[0]", regs::TDT.at(0))] {
            let value = devices[1].peek(register);
            let told = format!("{name} {:#07x}={value:#010x}", register.0);
            ensure!(registers.contains(&told), "no {told:?}: {registers:#?}");
        }
        for (port, told) in [(0, "QPRC[0] 10"), (0, "GPRC 10"), (1, "QPTC[0] 10")] {
            let counters = session.command(&format!("show port {port} counters"))?;
            ensure!(counters.iter().any(|line| line == told), "no {told:?}: {counters:#?}");
        }
        expect_no_violation(devices)
    })
}

fn cards_get_back_what_they_send_and_nothing_of_it_reaches_a_wire(rig: &Rig) -> Result<()> {
    on_cards(rig, (&format!("test=nictest:{LOOPED}"), &[]), |session, devices| {
        (0..2).try_for_each(|number| expect_pass(session, number))?;
        let answer = session.command("nictest 1")?;
        let (head, verdict) = (&answer[0], answer.last());
        ensure!(head.contains(" 8086:10fb, subsystem ") && head.contains(", NVM 0x"), "{head}");
        ensure!(verdict.is_some_and(|line| line == "nictest port 1: PASS"), "{answer:#?}");
        // Frames keep their order: what was looped would come out before this one.
        session.ask_until("show ports", |lines| {
            (lines.iter().filter(|line| line.contains(" link up, ")).count() == 2).then_some(())
        })?;
        (60..160).try_for_each(|length| forwards(session, &frame(length, None)))?;
        expect_no_violation(devices)
    })
}
