//! QEMU's own virtio network card.

use std::iter;

use anyhow::{Context as _, Result, anyhow};
use bus::Dma;
use frame::{RxQueue as _, TxQueue as _};
use qemu::frames::Frames;
use qemu::machine::Mac;
use virtio::{Health, Net, NetRx, NetTx, News, Why};

use crate::bus::{Bus as _, Config, Registers};
use crate::emulated::{Emulated, any_emulator, flood, received, until};
use crate::emulator::place;
use crate::host::Host;
use crate::port;
use crate::siblings::frame;

crate::facts![
    it_is_brought_up_again_and_again,
    frames_of_every_length_pass,
    both_rings_wrap,
    its_link_is_seen,
    frames_wait_while_its_ring_is_full_and_none_is_lost,
    a_card_that_says_that_it_needs_a_reset_is_set_up_again_and_no_frame_is_lost,
    the_same_with_packed_rings,
    a_card_that_needs_too_many_resets_is_quarantined_and_no_frame_is_lost,
];

/// QEMU's name of the card.
const DEVICE: &str = "virtio-net-pci,disable-legacy=on";
/// What it is told about the kind of its rings.
const RINGS_SPLIT: &str = "packed=off";
const RINGS_PACKED: &str = "packed=on";
/// Where the length of a descriptor stands, of either kind, and how far it is from one to the next.
const LENGTH: u64 = 8;
const STEP: u64 = 16;
/// Bits of the status register (virtio 1.2, 2.1).
const NEEDS_RESET: u64 = 0x40;

type Card = Net<'static, Config, Registers>;

/// A card with its pairs of queues, which hold frames and so are never dropped: that is counted.
pub(crate) struct Opened {
    card: Card,
    /// The first pair, and all others.
    pub(crate) rx: &'static mut NetRx<Registers>,
    pub(crate) tx: &'static mut NetTx<Registers>,
    pub(crate) more: Vec<Pair>,
}

/// A pair of queues.
pub(crate) type Pair = (&'static mut NetRx<Registers>, &'static mut NetTx<Registers>);

fn emulated() -> Result<Emulated> {
    Emulated::new(&any_emulator()?, DEVICE)
}

/// Has `check` look at a card with split rings, and at one with packed ones.
fn with_rings_of_each_kind(check: fn(Emulated) -> Result<()>) -> Result<()> {
    [RINGS_SPLIT, RINGS_PACKED].into_iter().try_for_each(|rings| {
        let emulated = Emulated::new(&any_emulator()?, &format!("{DEVICE},{rings}"))?;
        check(emulated).context(rings)
    })
}

fn open(emulated: &mut Emulated) -> Result<Opened> {
    open_on(&mut emulated.host, 1)
}

/// Opens the card of `host` with so many pairs of queues.
pub(crate) fn open_on(host: &mut Host, pairs: usize) -> Result<Opened> {
    let failed = |error| anyhow!("it cannot be opened: {error:?}");
    let memory = |len| Dma::new(host.memory.carve(len, 64), host.memory.translation());
    let (function, mut map) = (host.function(place(0)), host.map());
    let mut card =
        Card::open(&function, &mut map, Box::leak(Box::default()), &host.time).map_err(failed)?;
    let mut more: Vec<Pair> = (0..pairs)
        .map(|_| {
            let (rx, tx) = card.add_pair(&mut map, memory(Card::MEMORY)).map_err(failed)?;
            Ok((Box::leak(Box::new(rx)), Box::leak(Box::new(tx))) as Pair)
        })
        .collect::<Result<_>>()?;
    card.start(&mut map, memory(Card::CONTROL_MEMORY), &host.time).map_err(failed)?;
    for (rx, _) in &mut more {
        rx.start(host.pool);
    }
    let (rx, tx) = more.remove(0);
    Ok(Opened { card, rx, tx, more })
}

fn it_is_brought_up_again_and_again() -> Result<()> {
    with_rings_of_each_kind(is_brought_up)
}

fn is_brought_up(mut emulated: Emulated) -> Result<()> {
    for _ in 0..3 {
        let mut opened = open(&mut emulated)?;
        assert_eq!(opened.card.mac(), Some(Mac::of_nic(0).0));
        assert!(opened.card.is_link_up());
        let frame = frame(60, 1);
        emulated.arrive(&frame)?;
        assert_eq!(received(&mut opened.rx, 1, emulated.host.pool)?, [frame]);
    }
    Ok(())
}

fn frames_of_every_length_pass() -> Result<()> {
    with_rings_of_each_kind(passes_every_length)
}

fn passes_every_length(mut emulated: Emulated) -> Result<()> {
    let mut opened = open(&mut emulated)?;
    let lengths = (60..=1514).step_by(23).chain([1513, 1514]);
    for frame in lengths.map(|length| frame(length, length)) {
        emulated.arrive(&frame)?;
        assert_eq!(received(&mut opened.rx, 1, emulated.host.pool)?, [frame.as_slice()]);
        assert_eq!(port::send(&mut opened.tx, [frame.as_slice()], emulated.host.pool), 1);
        assert_eq!(emulated.sent(1)?, [frame]);
    }
    Ok(())
}

fn both_rings_wrap() -> Result<()> {
    with_rings_of_each_kind(wraps)
}

fn wraps(mut emulated: Emulated) -> Result<()> {
    let mut opened = open(&mut emulated)?;
    let (mut frames, mut count) = (Frames::mixed(0), 0);
    for round in 0..70 {
        let batch: Vec<Vec<u8>> = frames.by_ref().take(1 + round).collect();
        batch.iter().try_for_each(|frame| emulated.arrive(frame))?;
        assert_eq!(received(&mut opened.rx, batch.len(), emulated.host.pool)?, batch);
        let sent = port::send(&mut opened.tx, batch.iter().map(Vec::as_slice), emulated.host.pool);
        assert_eq!(emulated.sent(sent)?, batch);
        count += batch.len();
    }
    assert!(count > 4 * 256);
    until("end of what is sent", || {
        opened.tx.reclaim(emulated.host.pool);
        (opened.tx.backlog() == 0).then_some(())
    })?;
    assert_eq!(opened.tx.lies(), 0);
    Ok(())
}

fn its_link_is_seen() -> Result<()> {
    with_rings_of_each_kind(sees_its_link)
}

fn sees_its_link(mut emulated: Emulated) -> Result<()> {
    let mut opened = open(&mut emulated)?;
    let mut qmp = emulated.emulator.qmp()?;
    for is_up in [false, true, false, true] {
        qmp.set_link(0, is_up)?;
        until("change of the link", || (opened.card.is_link_up() == is_up).then_some(()))?;
    }
    let frame = frame(60, 1);
    emulated.arrive(&frame)?;
    assert_eq!(received(&mut opened.rx, 1, emulated.host.pool)?, [frame]);
    Ok(())
}

fn frames_wait_while_its_ring_is_full_and_none_is_lost() -> Result<()> {
    with_rings_of_each_kind(lets_frames_wait)
}

/// QEMU keeps what finds no buffer.
fn lets_frames_wait(mut emulated: Emulated) -> Result<()> {
    let mut opened = open(&mut emulated)?;
    let frames: Vec<Vec<u8>> = Frames::mixed(0).take(1000).collect();
    assert_eq!(flood(&mut emulated, &mut opened.rx, &frames)?, frames);
    Ok(())
}

fn a_card_that_says_that_it_needs_a_reset_is_set_up_again_and_no_frame_is_lost() -> Result<()> {
    is_set_up_again(emulated()?)
}

fn the_same_with_packed_rings() -> Result<()> {
    is_set_up_again(Emulated::new(&any_emulator()?, &format!("{DEVICE},{RINGS_PACKED}"))?)
}

fn is_set_up_again(mut emulated: Emulated) -> Result<()> {
    let mut opened = open(&mut emulated)?;
    let level = emulated.host.level();
    let mut frames = Frames::mixed(0);
    for _ in 0..3 {
        passes(&mut emulated, &mut opened, &mut frames)?;
        break_down(&mut emulated, &mut opened)?;
        let news = mend(&mut emulated, &mut opened)?;
        assert_eq!(news, [News::Reset(Why::NeedsReset), News::Works]);
        assert_eq!(emulated.host.level(), level);
    }
    passes(&mut emulated, &mut opened, &mut frames)?;
    assert_eq!((opened.rx.lies_by_kind().total(), opened.tx.lies()), (0, 0));
    Ok(())
}

fn a_card_that_needs_too_many_resets_is_quarantined_and_no_frame_is_lost() -> Result<()> {
    let mut emulated = emulated()?;
    let level = emulated.host.level();
    let mut opened = open(&mut emulated)?;
    for _ in 0..3 {
        break_down(&mut emulated, &mut opened)?;
        mend(&mut emulated, &mut opened)?;
    }
    break_down(&mut emulated, &mut opened)?;
    let news = mend(&mut emulated, &mut opened)?;
    assert_eq!(news, [News::Quarantined(Why::NeedsReset)]);
    assert_eq!((emulated.host.level(), opened.card.is_link_up()), (level, false));
    let command = emulated.emulator.read_config(place(0), 0x04);
    assert_eq!(command & 1 << 2, 0, "it does not master the bus");
    Ok(())
}

/// Frames come in and go out, and all are taken back.
fn passes(emulated: &mut Emulated, opened: &mut Opened, frames: &mut Frames) -> Result<()> {
    let batch: Vec<Vec<u8>> = frames.take(300).collect();
    for batch in batch.chunks(30) {
        batch.iter().try_for_each(|frame| emulated.arrive(frame))?;
        assert_eq!(received(&mut opened.rx, batch.len(), emulated.host.pool)?, batch);
        let sent = port::send(&mut opened.tx, batch.iter().map(Vec::as_slice), emulated.host.pool);
        assert_eq!(emulated.sent(sent)?, batch);
    }
    until("end of what is sent", || {
        opened.tx.reclaim(emulated.host.pool);
        (opened.tx.backlog() == 0).then_some(())
    })
}

/// Has QEMU find buffers without a byte in the card's receive ring, when a frame comes for them: that
/// is an error, it says, after which its card needs a reset.
fn break_down(emulated: &mut Emulated, opened: &mut Opened) -> Result<()> {
    let register = |name, queue| {
        let mut all = (0..).map_while(|index| opened.card.register(index));
        let found = all.find(|it| (it.name, it.number) == (name, queue));
        found.map(|it| it.value).ok_or_else(|| anyhow!("no {name} is shown"))
    };
    let (ring, size) = (register("queue_desc", Some(0))?, register("queue_size", Some(0))?);
    for descriptor in 0..size {
        emulated.host.memory.write(ring + STEP * descriptor + LENGTH, &[0; 4]);
    }
    emulated.arrive(&frame(60, 1))?;
    until("need of a reset", || {
        let status = register("device_status", None).ok()?;
        (status & NEEDS_RESET != 0).then_some(())
    })
}

fn mend(emulated: &mut Emulated, opened: &mut Opened) -> Result<Vec<News>> {
    opened.mend(&mut emulated.host)
}

impl Opened {
    /// All pairs of queues.
    pub(crate) fn pairs(
        &mut self,
    ) -> impl Iterator<Item = (&mut NetRx<Registers>, &mut NetTx<Registers>)> {
        let more = self.more.iter_mut().map(|(rx, tx)| (&mut **rx, &mut **tx));
        iter::once((&mut *self.rx, &mut *self.tx)).chain(more)
    }

    /// How the card fared.
    pub(crate) fn health(&self) -> Health {
        self.card.health()
    }

    /// Looks after the card, while its queues keep house, until there is nothing more to do.
    pub(crate) fn mend(&mut self, host: &mut Host) -> Result<Vec<News>> {
        let mut news = Vec::new();
        until("end of the reset", || {
            news.extend(self.card.tend(&host.time));
            for (rx, tx) in self.pairs() {
                rx.keep_house(host.pool);
                tx.keep_house(host.pool);
            }
            (!self.card.is_urgent()).then_some(())
        })?;
        Ok(news)
    }
}
