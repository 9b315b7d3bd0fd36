//! How long iterations took, from the start of the machine on.

use maud::{Markup, html};
use perf::Iteration;

use super::chart::{Axis, Chart};
use super::suspects;
use crate::recording::Boot;

/// Those of `boot`.
pub(super) fn section(boot: &Boot) -> Markup {
    let base = boot.base();
    let point = move |iteration: &Iteration| {
        let seconds = base.nanos_since_boot(iteration.start) as f64 / 1e9;
        (seconds, base.nanos(iteration.cycles) as f64 / 1000.0)
    };
    let around = || suspects::around(boot).map(point);
    let suspicious = || suspects::of(boot).map(|found| point(&found.suspect.iteration));
    let all = || around().chain(suspicious());
    let chart = Chart {
        across: Axis::linear("time since boot, s", all().map(|(seconds, _)| seconds)),
        up: Axis::log("duration, us", all().map(|(_, micros)| micros)),
    };
    html! {
        h3 { "Duration over time" }
        @if all().next().is_none() {
            p.none { "No single iteration was recorded: there is nothing to draw." }
        } @else {
            figure.durations {
                (chart.draw("duration of iterations over time", &html! {
                    (chart.dots("around", around()))
                    (chart.dots("suspect", suspicious()))
                }))
                (legend(suspicious().count(), around().count()))
            }
        }
    }
}

/// What the colours of dots mean, and how many there are.
pub(super) fn legend(suspicious: usize, around: usize) -> Markup {
    html! {
        p.legend {
            span.key.suspect {} " " (suspicious) " suspicious iterations " span.key.around {} " " (around)
            " iterations in the rows around and at them. Of dots that lie on each other, within two units of the "
            "picture, one is drawn; none is left out otherwise."
        }
    }
}
