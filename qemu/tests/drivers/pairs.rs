//! A virtio card with several pairs of queues, which are in this process.

use anyhow::{Context as _, Result};
use frame::TxQueue as _;
use qemu::machine::Netdev;
use qemu::run_directory::RunDirectory;
use virtio::{Lies, News, Why};

use crate::emulated::{any_emulator, emulate, until};
use crate::host::Host;
use crate::hostile::{Liar, Lie, frame};
use crate::lies::Running;
use crate::port;
use crate::virtio::{Opened, open_on};

crate::facts![
    each_queue_has_its_own_frames_both_ways,
    lies_to_one_queue_are_counted_there_and_all_work_after_the_reset,
];

const PAIRS: usize = 4;
/// Frames that pass each queue: its ring wraps.
const FRAMES: u32 = 300;
/// Descriptors of a queue.
const SIZE: usize = 256;

fn each_queue_has_its_own_frames_both_ways() -> Result<()> {
    with_rings_of_each_kind(|mut bench| {
        (0..FRAMES).try_for_each(|number| bench.pass(number))?;
        bench.judge(&[0; PAIRS])
    })
}

fn lies_to_one_queue_are_counted_there_and_all_work_after_the_reset() -> Result<()> {
    const LIES: u64 = SIZE as u64 / 4;
    with_rings_of_each_kind(|mut bench| {
        for number in 0..LIES as u32 {
            assert!(bench.liar.card().of_pair(2).tell(Lie::TooLong, number));
            bench.pass(number)?;
        }
        let news = bench.opened.mend(&mut bench.host)?;
        let why = Why::Lied(4, virtio::Lie::TooLong);
        assert_eq!(news, [News::Reset(why), News::Works]);
        bench.wait_ready(2)?;
        (0..FRAMES).try_for_each(|number| bench.pass(number))?;
        bench.judge(&[0, 0, LIES, 0])
    })
}

/// Has `check` look at a card with split rings, and at one with packed ones.
fn with_rings_of_each_kind(check: fn(Bench) -> Result<()>) -> Result<()> {
    let kinds = [(false, "split"), (true, "packed")];
    kinds
        .into_iter()
        .try_for_each(|(is_packed, kind)| check(Bench::start(is_packed)?).context(kind))
}

/// A driver, and a card that says what it is told to.
struct Bench {
    liar: Liar,
    opened: Opened,
    host: Host,
    _emulator: Running,
}

impl Bench {
    fn start(is_packed: bool) -> Result<Self> {
        let run = RunDirectory::new()?;
        let socket = run.file("pairs");
        let liar = Liar::with_pairs(&socket, is_packed, PAIRS)?;
        let device = "virtio-net-pci,disable-legacy=on,packed=on,mq=on";
        let cable = Netdev::VhostUser { socket, pairs: PAIRS as u8 };
        let (emulator, mut host) = emulate(&any_emulator()?, device, cable, run)?;
        let opened = open_on(&mut host, PAIRS)?;
        let bench = Self { liar, opened, host, _emulator: Running(emulator) };
        bench.wait_ready(1)?;
        Ok(bench)
    }

    /// Waits until the card was started so often, and has full rings of buffers.
    fn wait_ready(&self, starts: u64) -> Result<()> {
        until("buffers of its queues", || {
            let mut card = self.liar.card();
            let has_started = card.is_ready() && card.starts() == starts;
            let mut buffers = (0..PAIRS).map(|pair| card.of_pair(pair).buffers());
            (has_started && buffers.all(|count| count == SIZE)).then_some(())
        })
    }

    /// Passes a frame through each queue, and has nobody else see it.
    fn pass(&mut self, number: u32) -> Result<()> {
        let frames: Vec<_> = (0..PAIRS as u32).map(|pair| frame(number << 8 | pair)).collect();
        for (pair, frame) in frames.iter().enumerate() {
            assert!(self.liar.card().of_pair(pair).deliver(frame), "it has no buffers");
        }
        for (pair, (rx, tx)) in self.opened.pairs().enumerate() {
            let came = until("frame", || {
                Some(port::receive(rx, self.host.pool).frames).filter(|came| !came.is_empty())
            })?;
            assert_eq!(came, [frames[pair].as_slice()]);
            assert_eq!(port::send(tx, [frames[pair].as_slice()], self.host.pool), 1);
        }
        for (pair, frame) in frames.iter().enumerate() {
            let sent = until("frame that was sent", || {
                Some(self.liar.card().of_pair(pair).sent()).filter(|sent| !sent.is_empty())
            })?;
            assert_eq!(sent, [frame.as_slice()]);
        }
        Ok(())
    }

    /// Finds so many lies of each queue about lengths, and every frame in its place.
    fn judge(&mut self, lies: &[u64; PAIRS]) -> Result<()> {
        for ((rx, tx), count) in self.opened.pairs().zip(lies) {
            assert_eq!(rx.lies_by_kind(), Lies { too_long: *count, ..Lies::default() });
            tx.reclaim(self.host.pool);
            assert_eq!((tx.backlog(), tx.unsent(), tx.lies()), (0, 0, 0));
        }
        assert_eq!(self.liar.card().spoiled(), 0, "buffers that the card has are left alone");
        self.host.census_beside(PAIRS * SIZE);
        Ok(())
    }
}
