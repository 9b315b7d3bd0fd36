//! QEMU's own virtio network card.

use anyhow::{Result, anyhow};
use bus::Dma;
use frame::TxQueue as _;
use qemu::frames::Frames;
use qemu::machine::Mac;
use virtio::{Net, NetRx, NetTx};

use crate::bus::{Config, Registers};
use crate::emulated::{Emulated, any_emulator, flood, received, until};
use crate::emulator::place;
use crate::port;
use crate::siblings::frame;

crate::facts![
    it_is_brought_up_again_and_again,
    frames_of_every_length_pass,
    both_rings_wrap,
    its_link_is_seen,
    frames_wait_while_its_ring_is_full_and_none_is_lost,
];

type Card = Net<'static, Config, Registers>;

/// A card with its pair of queues, which hold frames and so are never dropped: that is counted.
struct Opened {
    card: Card,
    rx: &'static mut NetRx<Registers>,
    tx: &'static mut NetTx<Registers>,
}

fn emulated() -> Result<Emulated> {
    Emulated::new(&any_emulator()?, "virtio-net-pci,disable-legacy=on")
}

fn open(emulated: &mut Emulated) -> Result<Opened> {
    let failed = |error| anyhow!("it cannot be opened: {error:?}");
    let host = &mut emulated.host;
    let memory = |len| Dma::new(host.memory.carve(len, 64), host.memory.translation());
    let (function, mut map) = (host.function(place(0)), host.map());
    let mut card =
        Card::open(&function, &mut map, Box::leak(Box::default()), &host.time).map_err(failed)?;
    let (rx, tx) = card.add_pair(&mut map, memory(Card::MEMORY)).map_err(failed)?;
    card.start(&mut map, memory(Card::CONTROL_MEMORY), &host.time).map_err(failed)?;
    let (rx, tx) = (Box::leak(Box::new(rx)), Box::leak(Box::new(tx)));
    rx.start(host.pool);
    Ok(Opened { card, rx, tx })
}

fn it_is_brought_up_again_and_again() -> Result<()> {
    let mut emulated = emulated()?;
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
    let mut emulated = emulated()?;
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
    let mut emulated = emulated()?;
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
    let mut emulated = emulated()?;
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

/// QEMU keeps what finds no buffer.
fn frames_wait_while_its_ring_is_full_and_none_is_lost() -> Result<()> {
    let mut emulated = emulated()?;
    let mut opened = open(&mut emulated)?;
    let frames: Vec<Vec<u8>> = Frames::mixed(0).take(1000).collect();
    assert_eq!(flood(&mut emulated, &mut opened.rx, &frames)?, frames);
    Ok(())
}
