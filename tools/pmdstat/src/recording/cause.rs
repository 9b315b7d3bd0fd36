//! What a suspicious iteration probably suffered from, and where its time went.

use perf::report::Quotient;
use perf::stream::Suspect;
use perf::{Flags, Iteration, Room};

/// What an iteration with a flag suffered from, those that explain most first.
const CAUSES: [(Flags, &str); 13] = [
    (Flags::INJECTED, "the command `stall`"),
    (Flags::MACHINE_CHECK, "a machine check"),
    (Flags::NMI, "an NMI that the kernel did not send"),
    (Flags::SMI, "the firmware, by a system management interrupt"),
    (Flags::STEAL, "the hypervisor, which ran something else"),
    (Flags::BACKWARDS, "a clock that went backwards"),
    (Flags::LOST_UPCALL, "a slow path that failed for a frame"),
    (Flags::STORM, "very many frames for the slow path"),
    (Flags::LOOKUP_BUDGET, "packets that needed too many look-ups"),
    (Flags::STARVED, "a pool that ran out of frames"),
    (Flags::TX_FULL, "a transmit ring without room"),
    (Flags::OVERSLEPT, "a sleep that lasted too long"),
    (Flags::SPEED, "a core's clock that changed its speed"),
];

/// What an iteration suffered from.
enum Cause {
    /// What a flag stands for.
    Told(&'static str),
    /// No room had work that explains it.
    Outside,
    /// The room that took most, and how many cycles.
    Room(Room, u64),
}

/// What `suspect` probably suffered from, if anything says so.
pub(crate) fn of(suspect: &Suspect) -> Option<String> {
    Some(match found(suspect)? {
        Cause::Told(words) => words.to_owned(),
        Cause::Outside => {
            "something outside of the PMD took the time; no room had work that explains it".into()
        }
        Cause::Room(room, cycles) => {
            let share = Quotient::percent(cycles, suspect.iteration.cycles);
            format!("the room {}, which took {share} % of its time", room.name())
        }
    })
}

/// The same in few words.
pub(crate) fn brief(suspect: &Suspect) -> Option<String> {
    Some(match found(suspect)? {
        Cause::Told(words) => words.to_owned(),
        Cause::Outside => "something outside of the PMD".to_owned(),
        Cause::Room(room, cycles) => {
            let share = Quotient::percent(cycles, suspect.iteration.cycles);
            format!("the room {} ({share} %)", room.name())
        }
    })
}

fn found(suspect: &Suspect) -> Option<Cause> {
    let iteration = &suspect.iteration;
    if let Some((_, words)) = CAUSES.iter().find(|(flag, _)| iteration.flags.has(*flag)) {
        return Some(Cause::Told(words));
    }
    if iteration.flags.has(Flags::GAP) {
        return Some(Cause::Outside);
    }
    let most = rooms_of(iteration).first().copied().filter(|_| suspect.has_rooms);
    most.map(|(room, cycles)| Cause::Room(room, cycles))
}

/// Each room of `iteration` that took any time, with its cycles, most first.
pub(crate) fn rooms_of(iteration: &Iteration) -> Vec<(Room, u64)> {
    let rooms = Room::ALL.into_iter().map(|room| (room, iteration.room(room)));
    let mut rooms: Vec<_> = rooms.filter(|(_, cycles)| *cycles > 0).collect();
    rooms.sort_by_key(|(_, cycles)| std::cmp::Reverse(*cycles));
    rooms
}
