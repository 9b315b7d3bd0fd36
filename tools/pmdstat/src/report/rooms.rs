//! Where the time of an iteration went: one bar of its rooms.

use maud::{Markup, html};
use perf::Iteration;
use perf::report::Quotient;

use super::chart::{WIDTH, px};
use crate::recording::cause::rooms_of;

/// A bar of them, and what each took.
pub(super) fn draw(iteration: &Iteration) -> Markup {
    let rooms = rooms_of(iteration);
    let scale = WIDTH / iteration.cycles.max(1) as f64;
    let ends = rooms.iter().scan(0.0, |end, (room, cycles)| {
        let width = (*cycles as f64 * scale).min(WIDTH - *end);
        let begin = *end;
        *end += width;
        Some((*room, begin, width))
    });
    html! {
        svg.rooms viewBox={ "0 0 " (WIDTH) " 16" } role="img" aria-label="rooms of the trigger" {
            @for (room, begin, width) in ends {
                rect.{ "room" (room as usize) } x=(px(begin)) width=(px(width)) y="0" height="16" {
                    title { (room.name()) }
                }
            }
        }
        p.legend {
            "Rooms:"
            @for (room, cycles) in &rooms {
                " " span.{ "key room" (*room as usize) } {} " " (room.name()) " " (cycles)
                " (" (Quotient::percent(*cycles, iteration.cycles)) " %)"
            }
        }
    }
}
