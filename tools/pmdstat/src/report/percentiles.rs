//! Percentiles of what each PMD counted, each step upwards ten times as much.

use maud::{Markup, html};
use perf::report::{Heading, Overall, Percentiles};
use perf::{PERCENTILES, Quantity, Snapshot};

use super::chart::{Axis, Chart, px};
use crate::recording::Boot;

/// What is drawn: a quantity, and the class of its colour.
const CURVES: [(Quantity, &str); 3] =
    [(Quantity::Cycles, "room0"), (Quantity::PerPacket, "room2"), (Quantity::PerUpcall, "room4")];

/// Those of each PMD of `boot`.
pub(super) fn section(boot: &Boot) -> Markup {
    let counted = boot.cores().filter_map(|core| Some((core, boot.snapshot(core)?)));
    let counted: Vec<_> = counted.collect();
    html! {
        h3 { "Percentiles" }
        @if counted.is_empty() { p.none { "No statistics of a PMD were recorded." } }
        @for (core, snapshot) in &counted {
            h4 { "PMD on core " (core) }
            (picture(snapshot))
            pre { (Percentiles(snapshot)) }
            details { summary { "All that it counted" } pre { (overall(boot, *core, snapshot)) } }
        }
    }
}

fn overall(boot: &Boot, core: u16, counted: &Snapshot) -> String {
    let base = &boot.base();
    let (now, duration, hertz) = (counted.at, base.since_boot(counted.at), base.hertz);
    let heading = Heading { core: core.into(), now, duration, base };
    format!("{heading}{}", Overall { counted, duration, hertz })
}

fn picture(counted: &Snapshot) -> Markup {
    let curves = CURVES.map(|(of, class)| (of, class, points(counted, of)));
    let all = curves.iter().flat_map(|(_, _, points)| points).map(|(_, value)| *value);
    let places = (0..).zip(PERCENTILES);
    let names = places.map(|(place, (_, name))| (f64::from(place), name.to_owned()));
    let chart = Chart {
        across: Axis::places("share of samples", PERCENTILES.len(), names.collect()),
        up: Axis::log("cycles", all),
    };
    let drawn = || curves.iter().filter(|(_, _, points)| !points.is_empty());
    let inside =
        html! { @for (of, class, points) in drawn() { (curve(&chart, *of, class, points)) } };
    html! {
        figure.percentiles {
            (chart.draw("percentiles", &inside))
            p.legend {
                @for (of, class, _) in drawn() { span.{ "key " (class) } {} " " (of.title()) " " }
                "(cycles up to which so many of all samples lie, within 1/32)"
            }
        }
    }
}

/// Where the percentiles of a quantity stand; nowhere without samples.
fn points(counted: &Snapshot, of: Quantity) -> Vec<(f64, f64)> {
    let distribution = counted.of(of);
    let values = PERCENTILES.iter().filter_map(|(share, _)| distribution.percentile(*share));
    // Of a sample beyond the last bucket no more is known than that.
    let drawn = values.map(|value| value.min(of.layout().greatest() + 1) as f64);
    (0..).map(f64::from).zip(drawn).collect()
}

fn curve(chart: &Chart, of: Quantity, class: &str, points: &[(f64, f64)]) -> Markup {
    let places = points.iter().map(|(place, value)| (px(chart.x(*place)), px(chart.y(*value))));
    let line: Vec<_> = places.map(|(x, y)| format!("{x} {y}")).collect();
    html! {
        polyline class={ "curve " (class) } points=(line.join(" ")) {}
        @for (place, value) in points {
            circle class=(class) cx=(px(chart.x(*place))) cy=(px(chart.y(*value))) r="3.5" {
                title { (of.title()) " " (told(of, *value)) }
            }
        }
    }
}

/// A percentile in words.
fn told(of: Quantity, value: f64) -> String {
    let greatest = of.layout().greatest();
    if value > greatest as f64 { format!(">{greatest}") } else { value.to_string() }
}
