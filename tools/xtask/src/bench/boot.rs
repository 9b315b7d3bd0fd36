//! `cargo xtask bench boot`.

use std::path::Path;
use std::time::{Duration, Instant};

use ::qemu::cost;
use ::qemu::guest::Guest;
use ::qemu::machine::{Machine, Nic};
use ::qemu::run_directory::RunDirectory;
use ::qemu::wire::Wire;
use anyhow::{Context as _, Result, bail};

use super::bounds::{CLEAN_BUILD, FIRST_FRAME, PER_FRAME, PER_IDLE};
use super::{Figure, effect};
use crate::image;
use crate::install::{self, Consent};
use ::qemu::frames::Frames;

/// How long the image may take to its first frame, or its prompt.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// From one frame offered to a booting image to the next.
const OFFER_EVERY: Duration = Duration::from_millis(1);

/// Boots of which the median counts.
pub(super) const BOOTS: usize = 5;

/// Measures everything; the clean build only if asked.
///
/// # Errors
///
/// QEMU is missing, the image does not build or does not behave.
pub(super) fn measure(consent: Consent, clean_build: bool) -> Result<Vec<Figure>> {
    let program = install::qemu(consent, &[])?;
    let image = image::build()?;
    eprintln!("counting instructions ...");
    let cost = cost::measure(&program, &image)?;
    eprintln!("counted {} full batches", cost.full_iterations);
    let mut figures = vec![
        Figure::new(PER_FRAME, cost.per_frame, "instructions"),
        Figure::new(PER_IDLE, cost.per_idle, "instructions"),
    ];
    eprintln!("booting {} times ...", 2 * BOOTS);
    figures.push(Figure::new(FIRST_FRAME, first_frame(&program, &image)?, "s"));
    figures.extend(effect::measure(&program, &image)?);
    if clean_build {
        figures.push(Figure::new(CLEAN_BUILD, clean(&program)?, "s"));
    }
    Ok(figures)
}

fn first_frame(program: &Path, image: &Path) -> Result<f64> {
    let times: Result<Vec<_>> = (0..BOOTS).map(|_| boot_to_first_frame(program, image)).collect();
    Ok(median(times?))
}

/// The one in the middle, in seconds.
pub(super) fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, Duration::as_secs_f64)
}

fn boot_to_first_frame(program: &Path, image: &Path) -> Result<Duration> {
    let begin = Instant::now();
    let (guest, wires) = start(program, image, "ports=all forward=0:1")?;
    until_out(&wires, begin).with_context(|| format!("booting{}", guest.remarks()))
}

/// Starts a machine with two cards, whose image is told `words`.
pub(super) fn start(program: &Path, image: &Path, words: &str) -> Result<(Guest, [Wire; 2])> {
    let run = RunDirectory::new()?;
    let wires = Wire::pair(&run)?;
    let mut machine = Machine::new(image);
    machine.append = words.split(' ').map(str::to_owned).collect();
    machine.nics = wires.iter().map(|wire| Nic::new(wire.netdev())).collect();
    Ok((Guest::start(program, machine, run, None)?, wires))
}

/// Offers frames to the first card until one leaves by the second, and returns the time since `start`.
pub(super) fn until_out(wires: &[Wire; 2], start: Instant) -> Result<Duration> {
    let mut buffer = [0; 2048];
    for frame in Frames::sized(0, 64) {
        // Before its driver runs the card takes some frames or none; all are alike to us.
        let _ = wires[0].send(&frame, OFFER_EVERY);
        if wires[1].receive(&mut buffer, OFFER_EVERY)?.is_some() {
            return Ok(start.elapsed());
        }
        if start.elapsed() > LIMIT {
            break;
        }
    }
    bail!("no frame came out within {LIMIT:?}")
}

fn clean(program: &Path) -> Result<f64> {
    let target = RunDirectory::new()?;
    let start = Instant::now();
    let image = image::build_into(target.path())?;
    let mut guest = Guest::start(program, Machine::new(&image), RunDirectory::new()?, None)?;
    guest.boot(LIMIT)?;
    Ok(start.elapsed().as_secs_f64())
}
