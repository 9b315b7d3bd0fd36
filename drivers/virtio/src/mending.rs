//! What is done with a card that lies or needs a reset: it is reset and set up again while it runs.
//!
//! Nothing here waits. [`Net::tend`] looks after the card and does one step at a time:
//!
//! 1. The card may not master the bus any more, and is reset.
//! 2. Once it says that this is done, its queues are called back. Each belongs to a PMD, which
//!    puts the frames that the card had back into its pool as soon as it keeps house.
//! 3. Once all have, the card is set up as before, with the same rings, and told what to receive.
//! 4. Its queues go on.
//!
//! A card that is reset too often, or cannot be, is quarantined: it may never master the bus again, and its
//! queues are called back for good. Frames come back only after that right was taken away, so they are
//! nobody's but ours even if the card does not do as it is told.

use core::fmt::{self, Display, Formatter};

use bus::pci::ConfigRegionAccess;
use bus::{Clock, Mmio};
use heapless::Deque;

use crate::Error;
use crate::books::Lie;
use crate::control::ANSWER;
use crate::net::Net;
use crate::transport::{RESET, State};

/// Resets within [`PERIOD`] milliseconds at most. In the place of the next the card is quarantined.
const RESETS: usize = 3;
const PERIOD: u32 = 60_000;
/// Milliseconds that queues may take to give up what they have. PMDs keep house every 1024 iterations, and
/// may sleep 10 ms after each.
const RECALL: u32 = 60_000;

/// Why a card was reset or quarantined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It said that it needs a reset (2.1), or had one that nobody here asked for.
    NeedsReset,
    /// It lied too often to a queue, counted from 0: receiving ones are even. Most lies were of this
    /// kind, or one was an index that jumped.
    Lied(u16, Lie),
    /// It answers no more.
    Gone,
    /// Its queues did not give up what they have.
    NotGivenUp,
    /// It cannot be set up again.
    Failed(Error),
}

impl Display for Why {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeedsReset => out.write_str("it needed a reset"),
            Self::Lied(queue, lie) => {
                let kind = if queue % 2 == 0 { "rx" } else { "tx" };
                write!(out, "lies to {kind} queue {} ({})", queue / 2, lie.words())
            }
            Self::Gone => out.write_str("it answers no more"),
            Self::NotGivenUp => out.write_str("its queues were not given up"),
            Self::Failed(error) => write!(out, "it cannot be set up again: {error:?}"),
        }
    }
}

/// Something that was done with a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It is being reset.
    Reset(Why),
    /// It works again.
    Works,
    /// It will not be used any more.
    Quarantined(Why),
}

/// How a card fared since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// How often it was reset.
    pub resets: u64,
    /// Why it was reset or quarantined last.
    pub why: Option<Why>,
    /// It will not be used any more.
    pub is_quarantined: bool,
}

/// What is being done with a card, and what was.
pub(crate) struct Care {
    stage: Stage,
    health: Health,
    /// When it was reset, the latest times last, in nanoseconds.
    times: Deque<u64, RESETS>,
}

/// A step, and when it began.
#[derive(Clone, Copy)]
enum Stage {
    Works,
    /// It was told to reset itself.
    Resets(u64),
    /// Its queues were called back.
    Recalled(u64),
    /// It was given this of its commands.
    Obeys(usize, u64),
    Quarantined,
}

impl Care {
    pub(crate) const NONE: Self = Self {
        stage: Stage::Works,
        health: Health { resets: 0, why: None, is_quarantined: false },
        times: Deque::new(),
    };

    /// Whether the card may be reset at `now`, which is noted then.
    fn may_reset(&mut self, now: u64) -> bool {
        let oldest = if self.times.is_full() { self.times.pop_front() } else { None };
        let may = oldest.is_none_or(|time| is_over(time, now, PERIOD));
        let _there_is_room = self.times.push_back(now);
        may
    }
}

impl<A: ConfigRegionAccess, M: Mmio> Net<'_, A, M> {
    /// Looks after the card, which was started, and does the next thing that has to be done with it. Call
    /// it now and then, and soon again while it [is urgent](Self::is_urgent). It never waits.
    pub fn tend(&mut self, clock: &impl Clock) -> Option<News> {
        let now = clock.now();
        match self.care.stage {
            Stage::Works => {
                let why = self.trouble()?;
                Some(self.reset(why, now))
            }
            Stage::Resets(since) => {
                if !self.transport.is_reset() {
                    return self.give_up_after(since, now, RESET, Why::Failed(Error::StuckInReset));
                }
                self.owner.call_back();
                self.go_on_to(Stage::Recalled(now))
            }
            Stage::Recalled(since) => {
                if !self.owner.is_back() {
                    return self.give_up_after(since, now, RECALL, Why::NotGivenUp);
                }
                match self.set_up_again() {
                    Ok(()) => self.command(0, now),
                    Err(error) => Some(self.quarantine(Why::Failed(error))),
                }
            }
            Stage::Obeys(number, since) => match self.outcome() {
                None => {
                    let why = Why::Failed(Error::CommandRefused);
                    self.give_up_after(since, now, ANSWER, why)
                }
                Some(Ok(())) => self.command(number + 1, now),
                Some(Err(error)) => Some(self.quarantine(Why::Failed(error))),
            },
            Stage::Quarantined => None,
        }
    }

    /// Whether the card is neither being reset nor quarantined.
    pub fn is_working(&self) -> bool {
        matches!(self.care.stage, Stage::Works)
    }

    /// Whether the card is to be tended now: it is being reset, or a queue asks for that. Asks nothing of
    /// the card.
    pub fn is_urgent(&self) -> bool {
        match self.care.stage {
            Stage::Works => self.owner.asked().is_some(),
            Stage::Quarantined => false,
            _ => true,
        }
    }

    /// How the card fared.
    pub fn health(&self) -> Health {
        self.care.health
    }

    /// What is wrong with the card, if anything is.
    fn trouble(&self) -> Option<Why> {
        let asked = self.owner.asked();
        let lied = asked.and_then(|(queue, why)| Some((queue as u16, Lie::of_code(why)?)));
        match (lied, self.transport.state()) {
            (_, State::Gone) => Some(Why::Gone),
            (Some((queue, lie)), _) => Some(Why::Lied(queue, lie)),
            (None, State::NeedsReset) => Some(Why::NeedsReset),
            (None, State::Works) => None,
        }
    }

    fn reset(&mut self, why: Why, now: u64) -> News {
        if why == Why::Gone || !self.care.may_reset(now) {
            return self.quarantine(why);
        }
        self.bus_master.withhold();
        self.transport.begin_reset();
        self.care.stage = Stage::Resets(now);
        self.care.health.resets += 1;
        self.care.health.why = Some(why);
        News::Reset(why)
    }

    /// Its frames come back once it can reach no memory; what it wrote before has arrived when one of
    /// its registers is read.
    fn quarantine(&mut self, why: Why) -> News {
        self.bus_master.withhold();
        self.transport.begin_reset();
        let _whether_or_not = self.transport.is_reset();
        self.owner.call_back();
        self.care.stage = Stage::Quarantined;
        self.care.health.why = Some(why);
        self.care.health.is_quarantined = true;
        News::Quarantined(why)
    }

    fn give_up_after(&mut self, since: u64, now: u64, limit: u32, why: Why) -> Option<News> {
        is_over(since, now, limit).then(|| self.quarantine(why))
    }

    fn go_on_to(&mut self, stage: Stage) -> Option<News> {
        self.care.stage = stage;
        None
    }

    /// Gives the card its command with this `number`; it works if there is none.
    fn command(&mut self, number: usize, now: u64) -> Option<News> {
        if self.begin_command(number) {
            return self.go_on_to(Stage::Obeys(number, now));
        }
        self.owner.lend_again();
        self.care.stage = Stage::Works;
        Some(News::Works)
    }
}

/// Whether more than so many milliseconds passed.
fn is_over(since: u64, now: u64, milliseconds: u32) -> bool {
    now.saturating_sub(since) > u64::from(milliseconds) * 1_000_000
}
