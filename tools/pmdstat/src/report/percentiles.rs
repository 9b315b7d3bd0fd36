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
    let heading = Heading { core: core.into(), node: 0, now, duration, base };
    format!("{heading}{}", Overall { counted, duration, hertz })
}

fn picture(counted: &Snapshot) -> Markup {
    let curves = CURVES.map(|(of, class)| (of, class, points(counted, of)));
    let all = curves.iter().flat_map(|(_, _, points)| points).map(|point| point.value);
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

/// A percentile: where it stands, and in words.
struct Point {
    place: f64,
    value: f64,
    told: String,
}

/// The percentiles of a quantity; none without samples. One beyond all buckets is above Open vSwitch's last
/// wall, and not below the others.
fn points(counted: &Snapshot, of: Quantity) -> Vec<Point> {
    let distribution = counted.of(of);
    let values = PERCENTILES.iter().filter_map(|(share, _)| distribution.percentile(*share));
    let known = values.clone().filter(|value| *value < u64::MAX).max().unwrap_or(0);
    let wall = of.layout().last_wall();
    let point = |(place, value): (u32, u64)| {
        let is_known = value < u64::MAX;
        let told = if is_known { value.to_string() } else { format!(">{wall}") };
        let value = if is_known { value } else { known.max(wall + 1) };
        Point { place: place.into(), value: value as f64, told }
    };
    (0..).zip(values).map(point).collect()
}

fn curve(chart: &Chart, of: Quantity, class: &str, points: &[Point]) -> Markup {
    let spot = |point: &Point| (px(chart.x(point.place)), px(chart.y(point.value)));
    let line: Vec<_> = points.iter().map(spot).map(|(x, y)| format!("{x} {y}")).collect();
    html! {
        polyline class={ "curve " (class) } points=(line.join(" ")) {}
        @for point in points {
            @let (x, y) = spot(point);
            circle class=(class) cx=(x) cy=(y) r="3.5" { title { (of.title()) " " (point.told) } }
        }
    }
}
