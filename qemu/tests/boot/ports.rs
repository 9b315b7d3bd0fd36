//! Which network cards are taken, what is said of those that are not, and of cables.

use anyhow::{Context as _, Result, ensure};
use qemu::machine::Mac;
use serde_json::{Value, json};

use crate::rig::{BOOT_LIMIT, LIMIT, NOTHING, Rig, Session, starting};
use crate::sizes::{forwards, frame};
use crate::transcript;

crate::facts![
    without_ports_every_card_is_listed_with_the_line_to_type_and_none_is_touched,
    cards_are_taken_by_address_and_by_mac_in_the_order_said,
    where_a_missing_card_moves_other_ports_no_rule_holds,
    a_port_that_is_not_there_is_one_error_and_boot_goes_on,
    an_unknown_key_and_a_bad_value_are_an_error_line_each_and_boot_goes_on,
    a_machine_without_cards_says_so,
    a_machine_with_one_card_receives_and_drops,
    a_cable_that_is_out_at_boot_may_be_plugged_in_later,
    registers_of_a_card_of_virtio_are_told,
];

fn without_ports_every_card_is_listed_with_the_line_to_type_and_none_is_touched(
    rig: &Rig,
) -> Result<()> {
    rig.machine()?.wires(2)?.append("forward=0:1").boot(|session| {
        let shown = session.shown();
        for address in ["00:02.0", "00:03.0"] {
            let told = shown.iter().any(|line| line.contains(&format!("ports={address}")));
            ensure!(told, "no line to type for {address}: {shown:#?}");
        }
        transcript::compare("cards-not-taken", &shown)?;
        for card in 0..2 {
            let status = virtio_status(session, card)?;
            ensure!(status == json!([]), "card {card} was touched: {status}");
        }
        Ok(())
    })
}

/// What the driver of card number `card` has told the card about itself (virtio 1.1, 2.1).
fn virtio_status(session: &Session, card: usize) -> Result<Value> {
    let path = format!("/machine/peripheral/nic{card}/virtio-backend");
    let mut answer = session.qmp()?.execute("x-query-virtio-status", json!({ "path": path }))?;
    let statuses = answer.pointer_mut("/status/statuses").context("QEMU tells no status")?;
    Ok(statuses.take())
}

fn cards_are_taken_by_address_and_by_mac_in_the_order_said(rig: &Rig) -> Result<()> {
    let first = Mac::of_nic(0);
    let words = format!("ports=00:04.0,{first} forward=0:1");
    rig.machine()?.wires(3)?.append(&words).append(NOTHING).boot(|session| {
        let ports = session.ports()?;
        ensure!(ports.len() == 2, "{ports:#?}");
        ensure!(ports[0].starts_with("port 0: 00:04.0 "), "{ports:#?}");
        ensure!(ports[1].starts_with("port 1: 00:02.0 "), "{ports:#?}");
        ensure!(ports[1].contains(&first.to_string()), "{ports:#?}");
        let status = virtio_status(session, 1)?;
        ensure!(status == json!([]), "the card that was not named was touched: {status}");
        // Card 2 is port 0 and card 0 is port 1.
        session.wires.swap(0, 2);
        session.wires.swap(1, 2);
        forwards(session, &frame(60, None))
    })
}

fn where_a_missing_card_moves_other_ports_no_rule_holds(rig: &Rig) -> Result<()> {
    let words = "ports=00:1e.0,00:02.0,00:03.0 forward=1:2";
    rig.machine()?.wires(2)?.append(words).append(NOTHING).boot(|session| {
        let shown = session.shown();
        let moved = "error: ports: 00:02.0 is port 0 and was to be 1: ";
        ensure!(starting(&shown, moved).len() == 1, "{shown:#?}");
        ensure!(starting(&shown, "error: forward").is_empty(), "{shown:#?}");
        let unsaved = session.command("show config diff")?;
        let missing = "-table=0,in_port=1 actions=output:2";
        ensure!(unsaved.iter().any(|line| line == missing), "{unsaved:#?}");
        let rules = session.command("dump-flows")?;
        ensure!(rules.iter().all(|line| !line.contains("actions=")), "{rules:#?}");
        ensure!(session.ports()?.len() == 2, "the ports are there");
        Ok(())
    })
}

fn a_port_that_is_not_there_is_one_error_and_boot_goes_on(rig: &Rig) -> Result<()> {
    for absent in ["00:1e.0", "52:54:00:00:00:01"] {
        let words = format!("ports=00:02.0,{absent}");
        rig.machine()?.wires(2)?.append(&words).append(NOTHING).boot(|session| {
            let shown = session.shown();
            let errors = starting(&shown, "error: ");
            ensure!(errors.len() == 1 && errors[0].contains(absent), "{shown:#?}");
            let ports = session.ports()?;
            ensure!(ports.len() == 1, "{ports:#?}");
            Ok(())
        })?;
    }
    Ok(())
}

fn an_unknown_key_and_a_bad_value_are_an_error_line_each_and_boot_goes_on(rig: &Rig) -> Result<()> {
    let setup = rig.machine()?.wires(2)?.append(
        "ports=all forwrad=0:1 forward=0:99 pmd-perf-log-us=fast pmd-perf-log-b=-1 \
         pmd-perf-metrics=maybe pmd-cpu-mask=g console=ttyS9 nonsense",
    );
    setup.start(|session| {
        // By default any iteration that the host holds up is printed, and may be before the prompt.
        let lines = session.look_until(|shown| {
            let last = shown.iter().position(|line| line.starts_with("error: nonsense: "))?;
            Some(shown[..=last].to_vec())
        })?;
        let banner = lines.join("\n");
        let defaults = "metrics on, supervision on: 250 us, queue 128, 5 before, 5 after";
        ensure!(banner.contains(defaults), "not the defaults: {banner}");
        let errors: Vec<_> = lines.into_iter().filter(|it| it.starts_with("error: ")).collect();
        transcript::compare_exactly("bad-options", &errors)?;
        session.exit()
    })
}

fn a_machine_without_cards_says_so(rig: &Rig) -> Result<()> {
    rig.machine()?.append("ports=all forward=0:1").boot(|session| {
        transcript::compare("no-card", &session.shown())?;
        let line = session.one_line("show ports")?;
        ensure!(line.starts_with("no ports"), "{line:?}");
        let line = session.one_line("show ledger")?;
        ensure!(line.ends_with("exact=yes"), "{line:?}");
        session.exit()
    })
}

fn a_machine_with_one_card_receives_and_drops(rig: &Rig) -> Result<()> {
    let setup = rig.machine()?.wires(1)?.append("ports=all forward=0:1").append(NOTHING);
    setup.boot(|session| {
        transcript::compare("one-card", &session.shown())?;
        session.wires[0].send(&frame(60, None), LIMIT)?;
        session.ask_until("show ledger", |lines| {
            let ledger = qemu::reading::ledger(lines).ok()?;
            let port = ledger.ports.first()?;
            (ledger.is_exact && port.received == 1 && port.dropped == 1).then_some(())
        })
    })
}

fn a_cable_that_is_out_at_boot_may_be_plugged_in_later(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1").with(|machine| machine.paused = true);
    setup.start(|session| {
        let mut qmp = session.qmp()?;
        qmp.set_link(0, false)?;
        qmp.execute("cont", json!({}))?;
        session.boot(BOOT_LIMIT)?;
        let shown = session.look_until(|shown| {
            shown.iter().any(|line| line == "port 0: link down").then(|| shown.to_vec())
        })?;
        transcript::compare("cable-out", &shown)?;
        expect_link(session, "down")?;
        qmp.set_link(0, true)?;
        session.expect("port 0: link up", LIMIT)?;
        expect_link(session, "up")?;
        forwards(session, &frame(60, None))
    })
}

/// Waits until port 0 says that its link is `state`.
fn expect_link(session: &mut Session, state: &str) -> Result<()> {
    let wanted = format!(" link {state}, ");
    session.ask_until("show ports", |lines| {
        let line = starting(lines, "port 0: ").first()?.contains(&wanted);
        line.then_some(())
    })
}

fn registers_of_a_card_of_virtio_are_told(rig: &Rig) -> Result<()> {
    rig.wired()?.boot(|session| {
        let registers = session.command("show port 0 regs")?;
        // Acknowledged, driven, features agreed upon, at work (virtio 1.2, 2.1).
        for told in ["device_status 0x00014=0x0000000f", "queue_enable[1] 0x0001c=0x00000001"] {
            ensure!(registers.iter().any(|line| line == told), "no {told:?}: {registers:#?}");
        }
        let line = session.one_line("show port 0 counters")?;
        ensure!(line == "the card of port 0 does not tell any", "{line:?}");
        Ok(())
    })
}
