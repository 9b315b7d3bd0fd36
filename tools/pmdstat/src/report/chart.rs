//! Two axes, and what stands between them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use maud::{Markup, html};

/// Size of a picture, in its own units.
pub(super) const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 270.0;
/// What lies between axes.
const LEFT: f64 = 64.0;
const RIGHT: f64 = WIDTH - 20.0;
const TOP: f64 = 14.0;
pub(super) const BOTTOM: f64 = HEIGHT - 48.0;
/// Dots nearer than this lie on each other, and are one.
const CELL: f64 = 2.0;

/// An axis, with what is written along it.
pub(super) struct Axis {
    title: String,
    least: f64,
    most: f64,
    is_log: bool,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// One whose steps are ten times as much each, for all of `values` that are above 0.
    pub(super) fn log(title: &str, values: impl Iterator<Item = f64>) -> Self {
        let (least, most) = ends(values.filter(|value| *value > 0.0)).unwrap_or((1.0, 10.0));
        let first = least.log10().floor() as i32;
        let last = (most.log10().ceil() as i32).max(first + 1);
        let ticks = (first..=last).map(|power| 10_f64.powi(power));
        let ticks = ticks.map(|value| (value, short(value))).collect();
        let (least, most) = (10_f64.powi(first), 10_f64.powi(last));
        Self { title: title.into(), least, most, is_log: true, ticks }
    }

    /// One with equal steps, as far as `values` go.
    pub(super) fn linear(title: &str, values: impl Iterator<Item = f64>) -> Self {
        let (least, most) = ends(values).unwrap_or((0.0, 1.0));
        let step = step((most - least) / 6.0);
        let (first, last) = ((least / step).floor(), (most / step).floor() + 1.0);
        let count = (last - first) as u32;
        let ticks = (0..=count).map(|number| (first + f64::from(number)) * step);
        let ticks = ticks.map(|value| (value, short(value))).collect();
        Self { title: title.into(), least: first * step, most: last * step, is_log: false, ticks }
    }

    /// One with `count` places, of which those in `ticks` have a name.
    pub(super) fn places(title: &str, count: usize, ticks: Vec<(f64, String)>) -> Self {
        let most = count as f64 - 0.5;
        Self { title: title.into(), least: -0.5, most, is_log: false, ticks }
    }

    /// Where `value` stands, between 0 and 1.
    fn share(&self, value: f64) -> f64 {
        let scale = |value: f64| if self.is_log { value.max(self.least).log10() } else { value };
        let (least, most) = (scale(self.least), scale(self.most));
        ((scale(value) - least) / (most - least)).clamp(0.0, 1.0)
    }
}

/// A picture with two axes.
pub(super) struct Chart {
    pub(super) across: Axis,
    pub(super) up: Axis,
}

impl Chart {
    /// Where `value` stands from left to right.
    pub(super) fn x(&self, value: f64) -> f64 {
        LEFT + self.across.share(value) * (RIGHT - LEFT)
    }

    /// Where `value` stands from top to bottom.
    pub(super) fn y(&self, value: f64) -> f64 {
        BOTTOM - self.up.share(value) * (BOTTOM - TOP)
    }

    /// The picture of what `about` says, with `inside` between its axes.
    pub(super) fn draw(&self, about: &str, inside: &Markup) -> Markup {
        html! {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(about) {
                @for (value, name) in &self.up.ticks {
                    @let y = px(self.y(*value));
                    line.grid x1=(LEFT) x2=(RIGHT) y1=(y) y2=(y) {}
                    text.end x=(LEFT - 6.0) y=(y) dy="0.35em" { (name) }
                }
                @for (value, name) in &self.across.ticks {
                    @let x = px(self.x(*value));
                    line.grid x1=(x) x2=(x) y1=(BOTTOM) y2=(BOTTOM + 4.0) {}
                    text.middle x=(x) y=(BOTTOM + 18.0) { (name) }
                }
                text.middle x=((LEFT + RIGHT) / 2.0) y=(HEIGHT - 8.0) { (self.across.title) }
                text.middle x="14" y=((TOP + BOTTOM) / 2.0)
                    transform={ "rotate(-90 14 " ((TOP + BOTTOM) / 2.0) ")" } { (self.up.title) }
                (inside)
                line.axis x1=(LEFT) x2=(RIGHT) y1=(BOTTOM) y2=(BOTTOM) {}
                line.axis x1=(LEFT) x2=(LEFT) y1=(TOP) y2=(BOTTOM) {}
            }
        }
    }

    /// A dot for each of `points`, in the colours of `class`. Of dots that lie on each other one is drawn:
    /// a picture has room for some 10,000.
    pub(super) fn dots(&self, class: &str, points: impl Iterator<Item = (f64, f64)>) -> Markup {
        let cell = |place: f64| (place / CELL).round() as i32;
        let cells = points.map(|(x, y)| (cell(self.x(x)), cell(self.y(y))));
        let mut path = String::new();
        for (x, y) in cells.collect::<BTreeSet<_>>() {
            // Strings take all that is written. A step of no length is a dot by the style's round ends.
            let _ = write!(path, "M{} {}h0", f64::from(x) * CELL, f64::from(y) * CELL);
        }
        html! { path class={ "dots " (class) } d=(path) {} }
    }
}

/// A place in a picture, as it is written.
pub(super) fn px(place: f64) -> String {
    format!("{place:.1}")
}

/// A number with few digits: 1.5k for 1500.
fn short(number: f64) -> String {
    let (scaled, unit) = match number.abs() {
        1e12.. => return format!("{number:.0e}"),
        1e9.. => (number / 1e9, "G"),
        1e6.. => (number / 1e6, "M"),
        1e3.. => (number / 1e3, "k"),
        _ => (number, ""),
    };
    let digits = format!("{scaled:.3}");
    format!("{}{unit}", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// The least and the greatest of `values`, if there is any.
fn ends(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |ends, value| {
        let (least, most) = ends.unwrap_or((value, value));
        Some((value.min(least), value.max(most)))
    })
}

/// The next of 1, 2, 5, 10, ... that is not below `least`.
fn step(least: f64) -> f64 {
    let least = if least > 0.0 { least } else { 1.0 };
    let power = 10_f64.powf(least.log10().floor());
    let times = [1.0, 2.0, 5.0].into_iter().find(|times| times * power >= least);
    times.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_with_few_digits() {
        let numbers = [0.0, 0.01, 1.0, 1500.0, 2e6, 1e9, 1e15].map(short);
        assert_eq!(numbers, ["0", "0.01", "1", "1.5k", "2M", "1G", "1e15"]);
    }

    #[test]
    fn axes_hold_whatever_is_to_be_drawn() {
        for value in [0.0, 0.3, 1.0, 10.0, u64::MAX as f64] {
            let values = || [value, value / 3.0].into_iter();
            for axis in [Axis::log("", values()), Axis::linear("", values())] {
                let is_inside = |value| (0.0..=1.0).contains(&axis.share(value));
                assert!(values().all(is_inside) && axis.ticks.len() >= 2, "{value}");
            }
        }
    }

    #[test]
    fn dots_on_each_other_are_one() {
        let axis = || Axis::linear("", [0.0, 1000.0].into_iter());
        let chart = Chart { across: axis(), up: axis() };
        let many = (0..100_000).map(|number| (f64::from(number % 10), 500.0));
        let drawn = chart.dots("all", many).into_string().matches('M').count();
        assert!((1..10).contains(&drawn), "{drawn}");
    }
}
