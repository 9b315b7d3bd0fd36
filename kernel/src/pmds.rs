//! The PMDs: what each is made of, and the core that it runs on.

use bus::Registers;
use dataplane::{Batch, Exit, Exits, GROUP, Ledger, Order, PORTS, Parts, Pmd, Sleep};
use frame::{Buffer, Burst, Frame, LOCAL, LocalPool, Outbox, Polled, RxQueue, TxQueue};
use handover::{LOCAL_RING, LocalRx, LocalTx, Mailbox, PoolStore, Sender, SharedTx};
use heapless::Vec;
use kernel::control::Wire;
use perf::history::SEGMENTS;
use perf::milliseconds::Slot;
use perf::stolen::Readings;
use perf::{Clock, Limits, Metrics, Recorder, Segment, Timebase};
use spin::{Mutex, Once};
use virtio::{NetRx, NetTx};

use crate::arch::{cores, memory, power, stolen, tsc};
use crate::switches::World;

/// Orders that can wait for a PMD.
const ORDERS: usize = 64;
/// Frames for each port: both rings full, and as many again on their way.
const FRAMES_PER_PORT: usize = 1024;
/// Milliseconds that each PMD remembers: those that are shown, and some more that may pass meanwhile.
pub(crate) const MILLISECONDS: usize = 4096 + 256;

/// A card's receive queue, too large to be handed about.
type Intake = &'static mut NetRx<Registers>;
/// A card's transmit queue, too large to be handed about.
type Ring = &'static mut NetTx<Registers>;
type Loop = Pmd<Rx, Tx>;

/// The two queues of a port.
pub(crate) struct Queues {
    pub(crate) rx: Intake,
    pub(crate) tx: Ring,
}

/// A PMD's way in from a port.
pub(crate) enum Rx {
    Card(Intake),
    /// From the control core.
    Local(LocalRx),
}

impl RxQueue for Rx {
    #[inline]
    fn rx(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        match self {
            Self::Card(queue) => queue.rx(pool, burst),
            Self::Local(queue) => queue.rx(pool, burst),
        }
    }

    fn capacity(&self) -> u32 {
        match self {
            Self::Card(queue) => queue.capacity(),
            Self::Local(queue) => queue.capacity(),
        }
    }
}

/// A PMD's way out by a port: a queue of its own, or one that all share.
pub(crate) enum Tx {
    /// To the control core.
    Local(LocalTx),
    Own(Ring),
    Shared {
        queue: &'static SharedTx<Ring>,
        /// Only one PMD tells how many frames the ring holds.
        tells: bool,
    },
}

impl TxQueue for Tx {
    fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        match self {
            Self::Local(queue) => queue.tx(pool, outbox),
            Self::Own(queue) => queue.tx(pool, outbox),
            Self::Shared { queue, .. } => queue.tx(pool, outbox),
        }
    }

    fn reclaim(&mut self, pool: &mut LocalPool) {
        match self {
            Self::Local(queue) => queue.reclaim(pool),
            Self::Own(queue) => queue.reclaim(pool),
            Self::Shared { queue, .. } => queue.reclaim(pool),
        }
    }

    fn backlog(&self) -> u32 {
        match self {
            Self::Local(queue) => queue.backlog(),
            Self::Own(queue) => queue.backlog(),
            Self::Shared { queue, tells: true } => queue.backlog(),
            Self::Shared { .. } => 0,
        }
    }

    fn lies(&self) -> u64 {
        match self {
            Self::Local(queue) => queue.lies(),
            Self::Own(queue) => queue.lies(),
            Self::Shared { queue, .. } => queue.lies(),
        }
    }
}

/// What the control core has of a PMD.
pub(crate) type Handle = kernel::control::Handle<Sender<Order>>;

/// There is too little memory for what was asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoMemory;

/// The time of the core that it was made on.
struct Tsc(&'static cores::Core);

impl Clock for Tsc {
    #[inline]
    fn now(&self) -> u64 {
        tsc::now()
    }

    #[inline]
    fn interruptions(&self) -> u64 {
        self.0.interruptions()
    }

    fn machine_checks(&self) -> u64 {
        self.0.machine_checks()
    }

    #[inline]
    fn rest(&self, until: u64) {
        power::rest(until);
    }

    fn look(&self) -> Readings {
        stolen::look()
    }
}

static STORE: Once<PoolStore> = Once::new();
/// The PMD of each core that has one; nothing until all are assembled.
static SEATS: Once<[Mutex<Option<&'static mut Loop>>; cores::MAX]> = Once::new();

/// What every core but the first does: runs its PMD, or parks.
pub(crate) fn run(core: usize) -> ! {
    let seats = SEATS.wait();
    let Some(pmd) = seats.get(core).and_then(|seat| seat.lock().take()) else { power::halt() };
    let clock = Tsc(cores::this());
    pmd.enter(&clock);
    loop {
        pmd.iterate(&clock);
    }
}

/// What a PMD does by its own settings.
pub(crate) struct Polling {
    pub(crate) core: usize,
    /// What it compares its iterations with.
    pub(crate) limits: Limits,
    /// How long it sleeps at most, in microseconds.
    pub(crate) sleep: u32,
    /// How long it keeps frames, in microseconds.
    pub(crate) flush: u32,
}

/// Makes a PMD for each of `pollings`, shares the ports out among them in turn, and lets all start.
#[inline(never)]
pub(crate) fn start(
    ports: Vec<Queues, PORTS>,
    world: &mut World,
    pollings: &[Polling],
    base: Timebase,
) -> Result<(Vec<Handle, { cores::MAX }>, Option<Wire>), NoMemory> {
    if pollings.is_empty() {
        return Ok((Vec::new(), None));
    }
    let pools = pollings.len() + usize::from(world.has_endpoint);
    let store = fill_store(ports.len() * FRAMES_PER_PORT + pools * LOCAL)?;
    let mut handles = Vec::new();
    let mut loops: Vec<&'static mut Loop, { cores::MAX }> = Vec::new();
    for &Polling { core, limits, sleep, flush } in pollings {
        let recorder = |metrics| Recorder::new(metrics, limits, base);
        let (handle, pmd) = assemble(core, store, world, recorder)?;
        pmd.set_sleep(Sleep::new(base.cycles(sleep.into()), base.cycles(1)));
        pmd.set_flush_interval(base.cycles(flush.into()));
        let _fits = handles.push(handle);
        let _fits = loops.push(pmd);
    }
    share_out(ports, &mut loops)?;
    let wire = if world.has_endpoint { Some(join_control(store, &mut loops)?) } else { None };
    let mut seats = [const { Mutex::new(None) }; cores::MAX];
    for (polling, pmd) in pollings.iter().zip(loops) {
        *seats[polling.core].get_mut() = Some(pmd);
    }
    SEATS.call_once(|| seats);
    Ok((handles, wire))
}

/// Gives `value` a place for good.
pub(crate) fn carve<T>(value: T) -> Result<&'static mut T, NoMemory> {
    let mut value = Some(value);
    let made = memory::carve_with(1, |_| value.take());
    made.and_then(|slot| slot[0].as_mut()).ok_or(NoMemory)
}

fn fill_store(count: usize) -> Result<&'static PoolStore, NoMemory> {
    let slots = memory::carve_with(count, |_| None::<Frame>).ok_or(NoMemory)?;
    let buffers = memory::carve_with(count, |_| Buffer::new()).ok_or(NoMemory)?;
    Ok(STORE.call_once(|| PoolStore::new(slots, buffers)))
}

fn assemble(
    core: usize,
    store: &'static PoolStore,
    world: &mut World,
    recorder: impl FnOnce(&'static Metrics) -> Recorder,
) -> Result<(Handle, &'static mut Loop), NoMemory> {
    let segments = memory::carve_with(SEGMENTS, |_| Segment::EMPTY).ok_or(NoMemory)?;
    let slots = memory::carve_with(MILLISECONDS, |_| Slot::EMPTY).ok_or(NoMemory)?;
    // Made in its place: it is too large to be handed about on a stack.
    let metrics: &[Metrics] =
        memory::carve_with(1, |_| Metrics::new(segments, slots)).ok_or(NoMemory)?;
    let metrics = &metrics[0];
    let ledger: &Ledger = carve(Ledger::default())?;
    let (orders, inbox) = carve(Mailbox::<Order, ORDERS>::new())?.open();
    let (switch, flows, notes) = world.switch()?;
    let batches = memory::carve_with(GROUP, |_| Batch::new()).ok_or(NoMemory)?;
    let again = memory::carve_with(2, |_| Batch::new()).ok_or(NoMemory)?;
    let pmd = carve(Pmd::new(Parts {
        pool: carve(LocalPool::new(store))?,
        exits: Exits::new(),
        batches: batches.try_into().map_err(|_| NoMemory)?,
        again: again.try_into().map_err(|_| NoMemory)?,
        switch,
        recorder: recorder(metrics),
        ledger,
        inbox,
    }))?;
    Ok((Handle { core, metrics, ledger, flows, notes, orders }, pmd))
}

/// Gives each port's receive queue to the PMD whose turn it is, and each PMD a way out by every
/// port.
fn share_out(ports: Vec<Queues, PORTS>, loops: &mut [&'static mut Loop]) -> Result<(), NoMemory> {
    let count = loops.len().max(1);
    for (port, Queues { rx, tx }) in (0_u16..).zip(ports) {
        if let Some(pmd) = loops.get_mut(usize::from(port) % count) {
            rx.start(pmd.pool());
            let _fits = pmd.poll(port, Rx::Card(rx));
        }
        if let [pmd] = loops {
            pmd.add_exit(carve(Exit::new(port, Tx::Own(tx)))?);
            continue;
        }
        let queue: &SharedTx<_> = carve(SharedTx::new(tx))?;
        for (number, pmd) in loops.iter_mut().enumerate() {
            let tells = number == usize::from(port) % count;
            pmd.add_exit(carve(Exit::new(port, Tx::Shared { queue, tells }))?);
        }
    }
    Ok(())
}

/// Makes the port LOCAL: a way to the control core for each PMD, and one back to the first.
fn join_control(
    store: &'static PoolStore,
    loops: &mut [&'static mut Loop],
) -> Result<Wire, NoMemory> {
    let (to, inbox) = carve(Mailbox::<Frame, LOCAL_RING>::new())?.open();
    let mut from = Vec::new();
    for pmd in loops.iter_mut() {
        let (sender, inbox) = carve(Mailbox::<Frame, LOCAL_RING>::new())?.open();
        let _fits = from.push(inbox);
        let exit = Exit::new(dataplane::LOCAL, Tx::Local(LocalTx::new(sender)));
        pmd.add_exit(carve(exit)?);
    }
    if let Some(first) = loops.first_mut() {
        let _fits = first.poll(dataplane::LOCAL, Rx::Local(LocalRx::new(inbox)));
    }
    Ok(Wire { pool: carve(LocalPool::new(store))?, from, to })
}
