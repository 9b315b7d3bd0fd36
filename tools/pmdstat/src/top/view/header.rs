//! The first lines: who it is, where in time it is looked at, how it was heard.

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::Screen;
use super::number::{day, short, uptime};
use super::theme::Tone;
use crate::top::figures::Machine;
use crate::top::state::{Pace, State};

/// Lines.
pub(super) const HEIGHT: u16 = 3;

type Piece = (String, Tone);

pub(super) fn draw(screen: &Screen<'_>, area: Rect, buffer: &mut Buffer) {
    let machine = &screen.figures.machine;
    let lines = [
        (who(screen.name, machine), clock(machine)),
        (place(screen.state, machine), whose(machine)),
        (heard(screen), None),
    ];
    for (row, (left, right)) in area.rows().zip(lines) {
        let styled = |(text, tone): Piece| Span::styled(text, screen.theme.style(tone));
        Line::from_iter(left.into_iter().map(styled)).render(row, buffer);
        let right = Line::from_iter(right.map(styled));
        let width = u16::try_from(right.width() + 1).unwrap_or(u16::MAX).min(row.width);
        let place = Rect { x: row.right() - width, width, ..row };
        if right.width() > 0 {
            // What stands under it gives way.
            Span::raw(" ".repeat(width.into())).render(place, buffer);
            right.alignment(Alignment::Right).render(place, buffer);
        }
    }
}

fn who(name: &str, machine: &Machine) -> Vec<Piece> {
    let mut pieces = vec![(name.to_owned(), Tone::Strong)];
    match &machine.build {
        Some(build) => pieces.push((format!("  build {build}"), Tone::Plain)),
        None => pieces.push(("  it did not say who it is so far".to_owned(), Tone::Warning)),
    }
    pieces.extend(machine.cpu.iter().map(|cpu| (format!("  {cpu}"), Tone::Plain)));
    pieces
}

fn clock(machine: &Machine) -> Option<Piece> {
    Some((day(machine.clock?), Tone::Plain))
}

/// Whose the times are, where they are not a machine's of its own.
fn whose(machine: &Machine) -> Option<Piece> {
    // What the kernel calls QEMU's own processor; under KVM it says KVM.
    match machine.hypervisor.as_deref()? {
        "none" => None,
        "QEMU" => Some(("an emulator's times".to_owned(), Tone::Warning)),
        name => Some((format!("a virtual machine's times ({name})"), Tone::Warning)),
    }
}

fn place(state: &State, machine: &Machine) -> Vec<Piece> {
    let speed = state.speed;
    let (mode, tone) = match (state.pace, state.is_live) {
        (Pace::Following, _) => ("LIVE".to_owned(), Tone::Good),
        (Pace::Playing, _) => (format!("REPLAY x{speed}"), Tone::Good),
        (Pace::Paused, true) => ("PAUSED".to_owned(), Tone::Warning),
        (Pace::Paused, false) => (format!("PAUSED x{speed}"), Tone::Warning),
    };
    let mut pieces = vec![(mode, tone), (format!("  up {}", uptime(machine.up)), Tone::Plain)];
    if let (start, count @ 2..) = machine.start {
        pieces.push((format!(", start {start} of {count}"), Tone::Plain));
    }
    let age = if machine.is_late { Tone::Bad } else { Tone::Plain };
    pieces.push(match (machine.interval, machine.age) {
        (Some(over), Some(old)) => {
            (format!("  rates over {} s, {} s old", short(over), short(old)), age)
        }
        _ => ("  no rates so far".to_owned(), Tone::Warning),
    });
    pieces
}

fn heard(screen: &Screen<'_>) -> Vec<Piece> {
    let machine = &screen.figures.machine;
    let counted = |name: &str, count: u64| {
        let tone = if count > 0 { Tone::Warning } else { Tone::Plain };
        (format!("{name} {count}  "), tone)
    };
    let mut pieces: Vec<Piece> =
        machine.crash.iter().map(|line| (format!("CRASHED: {line}  "), Tone::Bad)).collect();
    pieces.push(("frames ".to_owned(), Tone::Plain));
    pieces.push(counted("missing", machine.lost.missing));
    pieces.push(counted("damaged", machine.lost.damaged));
    pieces.push(counted("not sent", machine.not_sent));
    pieces.push((format!("events {}  ", screen.figures.event_count), Tone::Plain));
    pieces.extend(screen.figures.balance.map(|balance| match balance.is_exact {
        true => (format!("ledger exact, in flight {}", balance.parked), Tone::Plain),
        false => ("ledger WRONG".to_owned(), Tone::Bad),
    }));
    pieces
}
