//! What happened around the worst events: a bar for each iteration, and the rooms of the worst of them.

use std::collections::BTreeMap;

use maud::{Markup, html};
use perf::Iteration;
use perf::report::{Quotient, Suspect};

use super::chart::{Axis, BOTTOM, Chart, px};
use super::rooms;
use super::suspects::{self, Found};
use crate::recording::Boot;

/// Events that are drawn.
const EVENTS: usize = 12;
/// Iterations that are drawn to either side of the trigger.
const NEIGHBOURS: usize = 24;
/// Names below bars, to either side of the trigger.
const NAMES: usize = 3;

/// The worst events of `boot`.
pub(super) fn section(boot: &Boot) -> Markup {
    let worst = suspects::of_each_event(suspects::of(boot));
    let shown = worst.len().min(EVENTS);
    html! {
        h3 { "Around the worst events" }
        @if worst.is_empty() {
            p.none { "No iteration was suspicious: there is no event to draw." }
        } @else {
            p.note {
                "The " (shown) " of " (worst.len()) " events with the longest iterations. t = 0 is the start of the "
                "trigger, the longest suspicious iteration of the event. Iterations stand side by side in their "
                "order, at most " (NEIGHBOURS) " to either side of the trigger; their height is how long they took, "
                "each step ten times as long."
            }
            @for found in &worst[..shown] { (one(found)) }
        }
    }
}

fn one(found: &Found<'_>) -> Markup {
    let (boot, suspect) = (found.boot, found.suspect);
    let (core, event) = (suspect.core.into(), suspect.event);
    let line = Suspect { iteration: &suspect.iteration, core, event, base: &boot.base() };
    html! {
        figure.timeline {
            figcaption { (line) }
            (bars(found))
            @if suspect.has_rooms { (rooms::draw(&suspect.iteration)) }
            @else { p.legend { "In which rooms its time was spent is not known." } }
        }
    }
}

fn bars(found: &Found<'_>) -> Markup {
    let iterations = neighbours(found);
    let chart = chart(found, &iterations);
    let inside = html! {
        @for (place, iteration) in iterations.iter().enumerate() {
            @let (left, right) = (chart.x(place as f64 - 0.4), chart.x(place as f64 + 0.4));
            @let top = chart.y(micros(found, iteration)).min(BOTTOM - 1.0);
            rect class=(class(found, iteration)) x=(px(left)) width=(px(right - left))
                y=(px(top)) height=(px(BOTTOM - top)) { title { (told(found, iteration)) } }
        }
    };
    chart.draw(&format!("iterations around event {}", found.number()), &inside)
}

/// The trigger of an event and those iterations that are nearest to it, in their order.
fn neighbours<'a>(found: &Found<'a>) -> Vec<&'a Iteration> {
    let mut all: BTreeMap<u64, &Iteration> = BTreeMap::new();
    all.extend(found.event.rows.iter().map(|row| (row.number, row)));
    let suspects = found.event.suspects.iter().filter(|other| other.core == found.suspect.core);
    all.extend(suspects.map(|suspect| (suspect.iteration.number, &suspect.iteration)));
    let trigger = found.suspect.iteration.number;
    let before = all.range(..trigger).rev().take(NEIGHBOURS).map(|(_, iteration)| *iteration);
    let mut near: Vec<_> = before.collect();
    near.reverse();
    near.extend(all.range(trigger..).take(NEIGHBOURS + 1).map(|(_, iteration)| *iteration));
    near
}

fn chart(found: &Found<'_>, iterations: &[&Iteration]) -> Chart {
    let trigger = found.suspect.iteration.number;
    let place = iterations.iter().position(|iteration| iteration.number == trigger).unwrap_or(0);
    let apart = (iterations.len() / (2 * NAMES)).max(1);
    let named = (place % apart..iterations.len()).step_by(apart);
    let ticks = named.map(|place| (place as f64, when(found, iterations[place]))).collect();
    let lengths = iterations.iter().map(|iteration| micros(found, iteration));
    Chart {
        across: Axis::places("start of the iteration: t, us", iterations.len(), ticks),
        up: Axis::log("duration, us", lengths),
    }
}

fn class(found: &Found<'_>, iteration: &Iteration) -> &'static str {
    match iteration.number == found.suspect.iteration.number {
        true => "trigger",
        false if !iteration.reasons.is_empty() => "suspect",
        false => "around",
    }
}

fn micros(found: &Found<'_>, iteration: &Iteration) -> f64 {
    found.boot.base().nanos(iteration.cycles) as f64 / 1000.0
}

/// Microseconds from the start of the trigger to that of `iteration`.
fn when(found: &Found<'_>, iteration: &Iteration) -> String {
    let apart = iteration.start.wrapping_sub(found.suspect.iteration.start).cast_signed();
    let nanos = found.boot.base().nanos(apart.unsigned_abs());
    let sign = if apart < 0 { "-" } else { "" };
    // Near the trigger less than a microsecond counts; far from it, whole ones are many digits already.
    match nanos {
        0 => "0".into(),
        1..100_000 => format!("{sign}{:.2}", Quotient::of(nanos, 1000_u64)),
        _ => format!("{sign}{}", nanos / 1000),
    }
}

fn told(found: &Found<'_>, iteration: &Iteration) -> String {
    let Iteration { number, cycles, packets, fill, upcalls, .. } = iteration;
    let t = when(found, iteration);
    format!(
        "iteration {number}: t = {t} us, {cycles} cycles, {packets} packets, fill {fill}, {upcalls} upcalls"
    )
}
