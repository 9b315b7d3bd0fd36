//! `hwlat`: cores that do nothing but look at their clocks, on request of the control core.
//!
//! A core with a PMD is asked by an order. Until there are PMDs, and where there is none, cores wait here.

use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use kernel::isolation::PATIENCE;
use perf::Timebase;
use perf::gaps::{self, Outcome, Wish};
use spin::Mutex;

use crate::arch::{cores, power, tsc};
use crate::pmds::Tsc;

/// What a core has to do with a test: nothing, it is asked to be tested, or it is being tested.
const NOTHING: u8 = 0;
const ASKED: u8 = 1;
const TESTED: u8 = 2;

static WISH: Mutex<Option<(Wish, Timebase)>> = Mutex::new(None);
static IS_OVER: AtomicBool = AtomicBool::new(false);
static SEATS: [Seat; cores::MAX] = [const { Seat::new() }; cores::MAX];

/// A core's.
struct Seat {
    state: AtomicU8,
    /// It sleeps, and an NMI wakes it.
    sleeps: AtomicBool,
    outcome: Mutex<Last>,
}

/// What came of the last test. An `Option` in its place would begin with another number than 0 and fill
/// 28 KiB of the image.
#[derive(Clone, Copy)]
#[repr(u8)]
#[expect(clippy::large_enum_variant, reason = "it stays where it is")]
enum Last {
    None = 0,
    Some(Outcome) = 1,
}

impl Seat {
    const fn new() -> Self {
        let (state, sleeps) = (AtomicU8::new(NOTHING), AtomicBool::new(false));
        Self { state, sleeps, outcome: Mutex::new(Last::None) }
    }

    /// Goes from one state to another, if it was in that.
    fn turn(&self, from: u8, to: u8) -> bool {
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

/// Asks all cores but the first for a test. Those with a PMD are to call [`serve`] then.
pub(crate) fn start(wish: Wish, base: Timebase) {
    *WISH.lock() = Some((wish, base));
    IS_OVER.store(false, Ordering::Relaxed);
    for seat in others() {
        *seat.outcome.lock() = Last::None;
        seat.state.store(ASKED, Ordering::Release);
    }
}

/// Has cores that are tested stop that, and others not begin.
pub(crate) fn end() {
    IS_OVER.store(true, Ordering::Relaxed);
    for seat in others() {
        let _or_it_has_begun = seat.turn(ASKED, NOTHING);
    }
}

/// Whether no core is tested, or is to be. Wakes those that sleep.
pub(crate) fn is_over() -> bool {
    let is_asleep = |seat: &Seat| {
        seat.sleeps.load(Ordering::Relaxed) && seat.state.load(Ordering::Relaxed) == ASKED
    };
    for core in (1..).zip(others()).filter_map(|(core, seat)| is_asleep(seat).then_some(core)) {
        // One that was just falling asleep is woken the next time.
        let _where_it_is_does_not_matter = cores::where_is(core);
    }
    others().all(|seat| seat.state.load(Ordering::Acquire) == NOTHING)
}

/// What came of the last test of `core`.
pub(crate) fn outcome(core: usize) -> Option<Outcome> {
    match *SEATS.get(core)?.outcome.lock() {
        Last::None => None,
        Last::Some(outcome) => Some(outcome),
    }
}

/// Tests the core that runs this, if it is asked for.
pub(crate) fn serve() {
    let seat = &SEATS[cores::core_id() % cores::MAX];
    if !seat.turn(ASKED, TESTED) {
        return;
    }
    let wanted = *WISH.lock();
    if let Some((wish, base)) = wanted {
        let is_over = || IS_OVER.load(Ordering::Relaxed);
        let outcome = gaps::test(&wish, &base, &Tsc(cores::this()), is_over);
        *seat.outcome.lock() = Last::Some(outcome);
    }
    seat.state.store(NOTHING, Ordering::Release);
}

/// What a core without a PMD does for good: it sleeps, and is tested.
pub(crate) fn sleep_between() -> ! {
    SEATS[cores::core_id() % cores::MAX].sleeps.store(true, Ordering::Relaxed);
    loop {
        serve();
        power::sleep_deaf();
    }
}

/// Tests all cores but the first before there are PMDs, and waits for that.
pub(crate) fn at_boot(wish: Wish, base: Timebase) {
    start(wish, base);
    tsc::wait_until(wish.micros + PATIENCE, is_over);
    end();
}

fn others() -> impl Iterator<Item = &'static Seat> {
    SEATS.iter().take(cores::count()).skip(1)
}
