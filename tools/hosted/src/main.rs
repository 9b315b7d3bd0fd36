//! Measures what recording costs the PMD loop. `cargo xtask bench perf` builds it, runs it and
//! holds its figures against their bounds; standard output has one figure a line.

#![forbid(unsafe_code)]

use clap::{Args, Parser, Subcommand, ValueEnum};
use hosted::{
    Figure, Path, Recording, Rig, Setup, Shape, Steps, compare, dump, growth, mark, paths, peer,
    urgency,
};

/// Measures what recording costs the PMD loop.
#[derive(Debug, Parser)]
#[command(name = "hosted", version)]
struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Runs iterations and nothing else, for a program that counts instructions.
    Count(Count),
    /// Kinds of recording in turn: what each adds to an iteration, in cycles.
    Compare(Compare),
    /// What a packet costs on each path through the dataplane.
    Paths(Rounds),
    /// How what a packet costs grows with flows, subtables, rules and ports.
    Growth(Rounds),
    /// What a packet costs, in turn with other dataplanes: for each line that is read a turn.
    Peer(Peer),
    /// What marking a suspicious iteration costs.
    Mark(Rounds),
    /// What a reader that copies everything 250 times a second costs.
    Dump(Dump),
}

#[derive(Debug, Args)]
struct Count {
    /// What each iteration finds.
    #[arg(long)]
    shape: Shape,
    #[command(flatten)]
    way: Way,
    /// Whether iterations are recorded.
    #[arg(long, default_value = "on")]
    metrics: Switch,
    /// Whether time is charged to rooms.
    #[arg(long, default_value = "on")]
    rooms: Switch,
    /// Whether iterations are compared with limits.
    #[arg(long, default_value = "on")]
    armed: Switch,
    /// How many.
    #[arg(long)]
    iterations: u64,
}

#[derive(Debug, Args)]
struct Peer {
    #[command(flatten)]
    way: Way,
    /// Frames that each poll brings.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(0..=32))]
    burst: u32,
}

#[derive(Debug, Args)]
struct Way {
    /// The way that frames take through the dataplane.
    #[arg(long, default_value = "in-port")]
    path: Path,
    /// Flows of each port.
    #[arg(long, default_value_t = 1)]
    flows: u32,
    /// Masks that flows are shared out among, on the path of megaflows.
    #[arg(long, default_value_t = 1)]
    masks: u16,
}

impl Way {
    fn setup(&self) -> Setup {
        Setup { masks: self.masks, ..Setup::new(self.path, self.flows) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Debug, Args)]
struct Compare {
    #[command(flatten)]
    shapes: Shapes,
    /// Flows that the frames of a port are of.
    #[arg(long, default_value_t = 1)]
    flows: u16,
    #[command(flatten)]
    rounds: Rounds,
}

#[derive(Debug, Args)]
struct Dump {
    #[command(flatten)]
    shapes: Shapes,
    /// Windows with a reader, and without, that are measured.
    #[arg(long, default_value_t = 150)]
    rounds: usize,
    /// Iterations that a copy holds, the latest: as many as a report shows at most. The history may
    /// hold some more, which are about to be overwritten.
    #[arg(long, default_value_t = 4096)]
    iterations: u64,
}

#[derive(Debug, Args)]
struct Shapes {
    /// What iterations find; all shapes in turn if none is named.
    #[arg(long)]
    shape: Option<Shape>,
}

#[derive(Debug, Args)]
struct Rounds {
    /// Blocks of each kind that are measured.
    #[arg(long, default_value_t = 300)]
    rounds: usize,
}

fn main() {
    match Options::parse().verb {
        Verb::Count(count) => count.run(),
        Verb::Compare(compare) => compare.run(),
        Verb::Paths(Rounds { rounds }) => measure(|| paths::costs(rounds)),
        Verb::Growth(Rounds { rounds }) => measure(|| growth::costs(rounds)),
        Verb::Peer(Peer { way, burst }) => {
            // Whoever started it is gone if nobody listens.
            let _over = peer::serve(&way.setup(), burst);
        }
        Verb::Mark(Rounds { rounds }) => measure(|| mark::marking(rounds)),
        Verb::Dump(dump) => dump.run(),
    }
}

/// Prints what `figures` measures, undisturbed as far as this process may say so.
fn measure(figures: impl FnOnce() -> Vec<Figure>) {
    urgency::raise();
    figures().iter().for_each(|figure| println!("{figure}"));
}

impl Count {
    fn run(&self) {
        let is_on = |switch| switch == Switch::On;
        let (metrics, rooms) = (is_on(self.metrics), is_on(self.rooms));
        let recording = Recording { metrics, rooms, armed: is_on(self.armed) };
        let mut rig = Rig::with(recording, &self.way.setup());
        let clock = Steps::default();
        rig.enter(self.shape, &clock);
        rig.run(self.iterations, &clock);
    }
}

impl Compare {
    fn run(&self) {
        let Rounds { rounds } = self.rounds;
        measure(|| vec![compare::clock(rounds)]);
        self.shapes.each(|shape| compare::recording(shape, rounds, self.flows));
    }
}

impl Dump {
    fn run(&self) {
        self.shapes.each(|shape| dump::reading(shape, self.rounds, self.iterations));
    }
}

impl Shapes {
    fn each(&self, figures: impl Fn(Shape) -> Vec<Figure>) {
        let shapes = self.shape.map_or(Shape::ALL.to_vec(), |shape| vec![shape]);
        shapes.into_iter().for_each(|shape| measure(|| figures(shape)));
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_options_do_not_contradict_each_other() {
        Options::command().debug_assert();
    }

    #[test]
    fn switches_are_on_unless_they_are_turned_off() {
        let words = ["hosted", "count", "--shape", "2x32", "--rooms", "off", "--iterations", "7"];
        let Verb::Count(count) = Options::parse_from(words).verb else { panic!("another verb") };
        assert_eq!((count.shape, count.iterations), (Shape::Full, 7));
        let switches = [count.metrics, count.rooms, count.armed];
        assert_eq!(switches, [Switch::On, Switch::Off, Switch::On]);
    }
}
