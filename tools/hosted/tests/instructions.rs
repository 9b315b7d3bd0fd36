//! What metrics and supervision cost in instructions, held to their bounds: the same loop over the
//! same ports, recorded and not, counted by callgrind. And what a packet costs on each path, held to
//! what was recorded. Without valgrind every test is skipped and
//! says so; `cargo xtask test` installs it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

use hosted::callgrind::{self, Counting, MOST_FULL, MOST_IDLE};
use hosted::{Path as Way, Recording, Setup, Shape};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use qemu::find;

/// What metrics and supervision may add to an iteration of `shape`, in instructions.
struct Bound {
    name: &'static str,
    shape: Shape,
    most: f64,
}

const BOUNDS: [Bound; 2] = [
    Bound {
        name: "metrics_and_supervision_add_few_instructions_to_an_idle_iteration",
        shape: Shape::Idle,
        most: MOST_IDLE,
    },
    Bound {
        name: "metrics_and_supervision_add_few_instructions_to_two_full_bursts",
        shape: Shape::Full,
        most: MOST_FULL,
    },
];

/// Instructions of a packet on a path, as they were recorded.
struct Recorded {
    name: &'static str,
    setup: Setup,
    instructions: f64,
}

/// What figures may differ from those recorded by, as a part of them.
const DIFFERENCE: f64 = 0.02;

const PACKETS: [Recorded; 5] = [
    Recorded {
        name: "a_packet_by_in_port_costs_what_was_recorded",
        setup: Setup::new(Way::InPort, 1),
        instructions: 119.9,
    },
    Recorded {
        name: "an_exact_match_costs_what_was_recorded",
        setup: Setup::new(Way::Emc, 1024),
        instructions: 338.1,
    },
    Recorded {
        name: "a_megaflow_in_the_third_of_four_subtables_costs_what_was_recorded",
        setup: Setup { masks: 4, ..Setup::new(Way::Megaflow, 1024) },
        instructions: 676.7,
    },
    Recorded {
        name: "a_way_into_a_tunnel_costs_what_was_recorded",
        setup: Setup::new(Way::Encap, 1024),
        instructions: 425.7,
    },
    Recorded {
        name: "a_way_out_of_a_tunnel_costs_what_was_recorded",
        setup: Setup::new(Way::Decap, 1024),
        instructions: 790.2,
    },
];

fn main() -> ExitCode {
    let added = BOUNDS.map(|bound| Trial::ignorable_test(bound.name, move || check(&bound)));
    let packets =
        PACKETS.map(|recorded| Trial::ignorable_test(recorded.name, move || compare(&recorded)));
    let trials = added.into_iter().chain(packets).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Whether a packet costs what was recorded.
fn compare(recorded: &Recorded) -> Result<Completion, Failed> {
    let Some(valgrind) = find::program(callgrind::PROGRAM) else { return Ok(skipped()) };
    let Recorded { setup, instructions, .. } = recorded;
    let counting = Counting { valgrind, program: program()? };
    let counted = counting.of_packet(setup).map_err(|error| Failed::from(format!("{error:#}")))?;
    let text = format!("{}: {counted:.1} instructions, {instructions} recorded", setup.path.name());
    eprintln!("\n{text}");
    if (counted / instructions - 1.0).abs() <= DIFFERENCE {
        Ok(Completion::Completed)
    } else {
        Err(format!("{text}: a change that is meant so records the new figure").into())
    }
}

fn skipped() -> Completion {
    let reason = "SKIPPED: no valgrind to count instructions with";
    eprintln!("\n{reason}");
    Completion::ignored_with(reason)
}

fn check(bound: &Bound) -> Result<Completion, Failed> {
    let Some(valgrind) = find::program(callgrind::PROGRAM) else { return Ok(skipped()) };
    let Bound { shape, most, .. } = *bound;
    let counting = Counting { valgrind, program: program()? };
    let count = |recording| {
        counting.instructions(shape, recording).map_err(|error| Failed::from(format!("{error:#}")))
    };
    let (off, on) = (count(Recording::OFF)?, count(Recording::ARMED)?);
    let added = on - off;
    let text = format!("{}: {off:.1} instructions, recorded {on:.1}: {added:+.1}", shape.name());
    eprintln!("\n{text}; at most {most:+.0}");
    if added <= most {
        Ok(Completion::Completed)
    } else {
        Err(format!("{text}, {most:+.0} are allowed").into())
    }
}

/// The program that iterates, built once, into the folder that this test was built into.
fn program() -> Result<PathBuf, Failed> {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = folder.parent().unwrap_or(folder);
    let built =
        PROGRAM.get_or_init(|| callgrind::build(target).map_err(|error| format!("{error:#}")));
    built.clone().map_err(Failed::from)
}
