//! What metrics and supervision cost in instructions, held to their bounds: the same loop over the
//! same ports, recorded and not, counted by callgrind. Without valgrind every test is skipped and
//! says so; `cargo xtask test` installs it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

use hosted::callgrind::{self, Counting, MOST_FULL, MOST_IDLE};
use hosted::{Recording, Shape};
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

fn main() -> ExitCode {
    let trials = BOUNDS.map(|bound| Trial::ignorable_test(bound.name, move || check(&bound)));
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

fn check(bound: &Bound) -> Result<Completion, Failed> {
    let Some(valgrind) = find::program(callgrind::PROGRAM) else {
        let reason = "SKIPPED: no valgrind to count instructions with";
        eprintln!("\n{reason}");
        return Ok(Completion::ignored_with(reason));
    };
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
