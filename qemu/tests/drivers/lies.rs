//! What the virtio driver makes of a card that lies, on QEMU's registers and rings in shared memory.

use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use frame::{RxQueue as _, TxQueue as _};
use qemu::machine::Netdev;
use qemu::run_directory::RunDirectory;
use virtio::{Lies, News, Why};

use crate::emulated::{any_emulator, emulate, until};
use crate::emulator::Emulator;
use crate::host::Host;
use crate::hostile::{Liar, Lie, frame};
use crate::port;
use crate::virtio::{Opened, open_on};

crate::facts![
    each_lie_about_split_rings_is_counted_by_its_kind_and_nothing_else_is_touched,
    each_lie_about_packed_rings_is_counted_by_its_kind_and_nothing_else_is_touched,
];

/// How often each lie is told.
const TIMES: u32 = 100;
/// Lies of one kind after which the driver resets the card, and resets before it is quarantined.
const CREDIT: u32 = 256 / 4;
const RESETS: u32 = 3;

/// Kinds of lies about rings of either kind.
const LIES: [Lie; 10] = [
    Lie::IdOutOfRange,
    Lie::RepeatedId,
    Lie::TooLong,
    Lie::Empty,
    Lie::TooShort,
    Lie::WrongHeader,
    Lie::Rewritten,
    Lie::SentIdOutOfRange,
    Lie::SentIdNotGiven,
    Lie::SentLate,
];
/// Those that only split rings have: a packed one has no index.
const OF_INDICES: [Lie; 3] = [Lie::IndexJumps, Lie::IndexGoesBack, Lie::StaleEntry];

fn each_lie_about_split_rings_is_counted_by_its_kind_and_nothing_else_is_touched() -> Result<()> {
    let all = LIES.into_iter().chain(OF_INDICES);
    all.into_iter().try_for_each(|lie| tell(lie, false).with_context(|| format!("{lie:?}")))
}

fn each_lie_about_packed_rings_is_counted_by_its_kind_and_nothing_else_is_touched() -> Result<()> {
    LIES.into_iter().try_for_each(|lie| tell(lie, true).with_context(|| format!("{lie:?}")))
}

/// What is counted of a lie that was told so often.
fn counted(lie: Lie) -> Lies {
    let (count, none) = (u64::from(TIMES), Lies::default());
    match lie {
        Lie::IdOutOfRange | Lie::SentIdOutOfRange => Lies { id_out_of_range: count, ..none },
        Lie::RepeatedId | Lie::SentIdNotGiven => Lies { id_not_given: count, ..none },
        Lie::TooLong => Lies { too_long: count, ..none },
        // An entry that nobody wrote is one of zeros.
        Lie::Empty | Lie::TooShort | Lie::StaleEntry => Lies { too_short: count, ..none },
        // Each leads to a reset, and the last to quarantine.
        Lie::IndexJumps | Lie::IndexGoesBack => Lies { index_jump: (RESETS + 1).into(), ..none },
        // The driver looks at no header, and waits for what it sent as long as it takes.
        Lie::WrongHeader | Lie::Rewritten | Lie::SentLate => none,
    }
}

/// What is done with a card that told this lie so often.
fn news(lie: Lie) -> Vec<News> {
    let why = match lie {
        Lie::IdOutOfRange => (0, virtio::Lie::IdOutOfRange),
        Lie::RepeatedId => (0, virtio::Lie::IdNotGiven),
        Lie::TooLong => (0, virtio::Lie::TooLong),
        Lie::Empty | Lie::TooShort | Lie::StaleEntry => (0, virtio::Lie::TooShort),
        Lie::IndexJumps | Lie::IndexGoesBack => (0, virtio::Lie::IndexJump),
        Lie::SentIdOutOfRange => (1, virtio::Lie::IdOutOfRange),
        Lie::SentIdNotGiven => (1, virtio::Lie::IdNotGiven),
        Lie::WrongHeader | Lie::Rewritten | Lie::SentLate => return Vec::new(),
    };
    let why = Why::Lied(why.0, why.1);
    let reset = [News::Reset(why), News::Works];
    if !is_last(lie) {
        return reset.into();
    }
    let resets = std::iter::repeat_n(reset, RESETS as usize).flatten();
    resets.chain([News::Quarantined(why)]).collect()
}

/// Whether the card is not used any more after its lies.
fn is_last(lie: Lie) -> bool {
    matches!(lie, Lie::IndexJumps | Lie::IndexGoesBack)
}

/// Has a card tell `lie` again and again, with the truth in between.
fn tell(lie: Lie, is_packed: bool) -> Result<()> {
    let mut bench = Bench::start(is_packed)?;
    let before = bench.host.memory.bytes();
    for number in 0..TIMES {
        if lie.is_of_sending() {
            bench.send(number)?;
        }
        until("buffer to lie about", || bench.liar.card().tell(lie, number).then_some(()))?;
        bench.hear(lie, number)?;
    }
    bench.judge(lie)?;
    bench.expect_untouched(&before)?;
    if is_last(lie) { Ok(()) } else { bench.expect_works(lie) }
}

/// A driver, and a card that lies to it.
struct Bench {
    liar: Liar,
    opened: Opened,
    host: Host,
    told: u64,
    news: Vec<News>,
    _emulator: Running,
}

impl Bench {
    fn start(is_packed: bool) -> Result<Self> {
        let run = RunDirectory::new()?;
        let socket = run.file("liar");
        let liar = Liar::start(&socket, is_packed)?;
        let device = "virtio-net-pci,disable-legacy=on,packed=on";
        let cable = Netdev::VhostUser { socket, pairs: 1 };
        let (emulator, mut host) = emulate(&any_emulator()?, device, cable, run)?;
        let opened = open_on(&mut host, 1)?;
        let (news, _emulator) = (Vec::new(), Running(emulator));
        let bench = Self { liar, opened, host, told: 0, news, _emulator };
        bench.wait_ready(1)?;
        Ok(bench)
    }

    /// Waits until the card was started so often, and has a full ring of buffers.
    fn wait_ready(&self, starts: u64) -> Result<()> {
        until("buffers of its queues", || {
            let mut card = self.liar.card();
            let has_started = card.is_ready() && card.starts() == starts;
            (has_started && card.buffers() == self.opened.rx.capacity() as usize).then_some(())
        })
    }

    /// Sends a frame, and has the card see it.
    fn send(&mut self, number: u32) -> Result<()> {
        let sent = frame(number);
        assert_eq!(port::send(self.opened.tx, [sent.as_slice()], self.host.pool), 1);
        let came = until("frame that was sent", || {
            Some(self.liar.card().look_at_sent()).filter(|came| !came.is_empty())
        })?;
        assert_eq!(came, [sent]);
        Ok(())
    }

    /// Has the driver find `lie`, and do what is to be done; then a frame comes.
    fn hear(&mut self, lie: Lie, number: u32) -> Result<()> {
        let is_known = lie.is_of_sending() || is_last(lie) && number > RESETS;
        let lies = if is_known { 0 } else { counted(lie).total().min(1) };
        let carried = matches!(lie, Lie::RepeatedId | Lie::WrongHeader | Lie::Rewritten);
        self.receive(lies, usize::from(carried))?;
        let news = self.opened.mend(&mut self.host)?;
        if news.contains(&News::Works) {
            let resets = self.opened.health().resets;
            self.wait_ready(1 + resets)?;
        }
        self.news.extend(news);
        if !self.opened.health().is_quarantined {
            assert!(self.liar.card().deliver(&frame(number)), "it has no buffers");
            assert_eq!(self.receive(0, 1)?, [frame(number)]);
        }
        Ok(())
    }

    /// Receives until so many lies more are told of and so many frames came.
    fn receive(&mut self, lies: u64, frames: usize) -> Result<Vec<Vec<u8>>> {
        let (mut came, wanted) = (Vec::new(), self.told + lies);
        until("lies and frames", || {
            let received = port::receive(self.opened.rx, self.host.pool);
            self.told += u64::from(received.refused.lies);
            came.extend(received.frames);
            (self.told == wanted && came.len() == frames).then_some(())
        })?;
        Ok(came)
    }

    /// Finds each lie in its place, and every frame in its own.
    fn judge(&mut self, lie: Lie) -> Result<()> {
        let Opened { rx, tx, .. } = &mut self.opened;
        let (mut about_received, mut about_sent) = (counted(lie), Lies::default());
        if lie.is_of_sending() {
            core::mem::swap(&mut about_received, &mut about_sent);
        }
        assert_eq!((rx.lies_by_kind(), tx.lies_by_kind()), (about_received, about_sent));
        assert_eq!((self.told, tx.lies()), (about_received.total(), about_sent.total()));
        assert_eq!(rx.refused().lies, 0, "each is told of once");
        assert_eq!(self.news, news(lie));
        // What it had when it was reset is counted, and the rest is the card's until it gives it back.
        let unsent = if about_sent.total() > 0 { CREDIT } else { 0 };
        let held = if lie.is_of_sending() { TIMES - unsent } else { 0 };
        assert_eq!((tx.unsent(), tx.backlog()), (unsent.into(), held));
        // A buffer that the card did not give back is not given to anybody else.
        let given = if is_last(lie) { 0 } else { rx.capacity() };
        self.host.census_beside((given + held) as usize);
        assert_eq!(self.liar.card().spoiled(), 0, "buffers that the card has are left alone");
        Ok(())
    }

    /// Finds all memory as it was `before`, but for what card and driver may write to.
    fn expect_untouched(&self, before: &[u8]) -> Result<()> {
        let mut after = self.host.memory.bytes();
        for (address, len) in self.liar.card().writes() {
            let range = address as usize..(address + len) as usize;
            after[range.clone()].copy_from_slice(&before[range]);
        }
        let changed = || after.iter().zip(before).position(|(after, before)| after != before);
        ensure!(after == before, "somebody wrote to {:#x?}", changed());
        Ok(())
    }

    /// Sends one more frame, and gets it back, with those that came late.
    fn expect_works(&mut self, lie: Lie) -> Result<()> {
        let held = self.opened.tx.backlog();
        self.send(TIMES)?;
        self.liar.card().give_back();
        let kept = if lie == Lie::SentLate { 0 } else { held };
        let Self { host, opened, .. } = self;
        until("end of what is sent", || {
            opened.tx.reclaim(host.pool);
            (opened.tx.backlog() == kept).then_some(())
        })
    }
}

/// A QEMU that ends with this, after everything that has a card of it.
pub(crate) struct Running(pub(crate) Rc<Emulator>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.end();
    }
}
