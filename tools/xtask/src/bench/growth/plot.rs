//! The plot.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::Measured;

/// Pixels of the whole, which has a panel for each curve, two beside each other.
const SIZE: (u32, u32) = (960, 1020);
const PANELS: (usize, usize) = (3, 2);
/// Pixels of labels beside and below each panel.
const LABELS: (u32, u32) = (52, 44);

/// Draws `all` into `file`.
///
/// # Errors
///
/// It cannot be written.
pub(super) fn write(all: &[Measured], file: &Path) -> Result<()> {
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(|error| anyhow!("{error}"))?;
    for (panel, measured) in area.split_evenly(PANELS).iter().zip(all) {
        draw(panel, measured)
            .map_err(|error| anyhow!("cannot draw {}: {error}", file.display()))?;
    }
    area.present().map_err(|error| anyhow!("cannot write {}: {error}", file.display()))
}

/// Draws one curve: what grows from left to right, each step ten times or twice as much; cycles upwards.
fn draw<'a>(
    panel: &DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
    Measured { curve, points }: &Measured,
) -> Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>> {
    let most = points.iter().map(|(_, cycles)| *cycles).fold(0.0, f64::max);
    let steps = points.len() as i32 - 1;
    let label = |step: &i32| points.get(*step as usize).map_or(String::new(), |(at, _)| short(*at));
    let mut chart = ChartBuilder::on(panel)
        .caption(curve.name(), ("sans-serif", 17))
        .margin(12)
        .margin_right(28)
        .x_label_area_size(LABELS.1)
        .y_label_area_size(LABELS.0)
        .build_cartesian_2d(0..steps, 0.0..most * 1.15)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(points.len())
        .x_desc(curve.name())
        .y_desc("cycles a packet")
        .x_label_formatter(&label)
        .y_label_formatter(&|cycles| format!("{cycles:.0}"))
        .label_style(("sans-serif", 13))
        .draw()?;
    let all = (0..).zip(points.iter().map(|(_, cycles)| *cycles));
    chart.draw_series(LineSeries::new(all.clone(), BLUE.stroke_width(2)))?;
    chart.draw_series(all.map(|point| Circle::new(point, 3, BLUE.filled())))?;
    Ok(())
}

/// 1k for 1000, 1M for a million.
fn short(number: u32) -> String {
    match number {
        1_000_000.. => format!("{}M", number / 1_000_000),
        1000.. => format!("{}k", number / 1000),
        _ => number.to_string(),
    }
}
