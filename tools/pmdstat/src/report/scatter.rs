//! What a packet costs, by how many came together.

use maud::{Markup, html};
use perf::Iteration;

use super::chart::{Axis, Chart};
use super::{durations, suspects};
use crate::recording::Boot;

/// Iterations of `boot` that received packets.
pub(super) fn section(boot: &Boot) -> Markup {
    let around = || suspects::around(boot).filter_map(point);
    let suspicious = || suspects::of(boot).filter_map(|found| point(&found.suspect.iteration));
    let all = || around().chain(suspicious());
    let chart = Chart {
        across: Axis::log("packets in the iteration", all().map(|(packets, _)| packets)),
        up: Axis::log("cycles/packet", all().map(|(_, cycles)| cycles)),
    };
    html! {
        h3 { "Packets and what each costs" }
        @if all().next().is_none() {
            p.none { "No iteration of an event received packets: there is nothing to draw." }
        } @else {
            figure.scatter {
                (chart.draw("cycles per packet by packets per iteration", &html! {
                    (chart.dots("around", around()))
                    (chart.dots("suspect", suspicious()))
                }))
                (durations::legend(suspicious().count(), around().count()))
            }
        }
    }
}

fn point(iteration: &Iteration) -> Option<(f64, f64)> {
    let packets = f64::from(iteration.packets);
    (packets > 0.0).then(|| (packets, iteration.cycles as f64 / packets))
}
