//! Where the time of an iteration went: one bar of its rooms.

use maud::{Markup, html};
use perf::report::Quotient;
use perf::{Iteration, Room};

use super::chart::{WIDTH, px};

/// Each room of `iteration` that took any time, with its cycles, most first.
pub(super) fn of(iteration: &Iteration) -> Vec<(Room, u64)> {
    let others = Room::ALL.into_iter().filter(|room| *room != Room::Rx);
    let mut rooms: Vec<_> = others.map(|room| (room, iteration.room(room))).collect();
    // `Iteration::room` takes it that sums fit; what a recording says need not.
    let sum = rooms.iter().fold(0_u64, |sum, (_, cycles)| sum.saturating_add(*cycles));
    rooms.push((Room::Rx, iteration.cycles.saturating_sub(sum)));
    rooms.retain(|(_, cycles)| *cycles > 0);
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
