//! Where the time of an iteration went: one bar of its rooms.

use maud::{Markup, html};
use perf::report::Quotient;
use perf::{Iteration, Room};

use super::chart::{WIDTH, px};

/// Each room of `iteration` that took any time, with its cycles, most first.
pub(super) fn of(iteration: &Iteration) -> Vec<(Room, u64)> {
    let rooms = Room::ALL.into_iter().map(|room| (room, iteration.room(room)));
    let mut rooms: Vec<_> = rooms.filter(|(_, cycles)| *cycles > 0).collect();
    rooms.sort_by_key(|(_, cycles)| std::cmp::Reverse(*cycles));
    rooms
}

/// A bar of them, and what each took.
pub(super) fn draw(iteration: &Iteration) -> Markup {
    let rooms = of(iteration);
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
