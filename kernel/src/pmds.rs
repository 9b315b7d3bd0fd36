//! The PMDs: what each is made of, and the core that it runs on.

use dataplane::capture::{self, Capture, Kept, Lent};
use dataplane::hash::Seeds;
use dataplane::{
    Batch, Exchange, Exit, Exits, GROUP, LARGEST, Ledger, Load, MOVING, Order, PORTS, Parts, Pmd,
    Rxq, Sleep,
};
use frame::{Buffer, Frame, LOCAL, LocalPool};
use handover::{LOCAL_RING, LocalRx, LocalTx, Mailbox, PoolStore, SharedTx, SteeredTx};
use heapless::Vec;
use kernel::balance::{Assigned, Candidate};
use kernel::boot::acpi::NODES;
use kernel::command::CAPTURED;
use kernel::control::{Known, Lending, Line, QUEUES, Wire};
use kernel::options::{Balance, RXQS};
use perf::history::SEGMENTS;
use perf::milliseconds::Slot;
use perf::stolen::Readings;
use perf::{Clock, Limits, Metrics, Recorder, Segment, Timebase};
use spin::{Mutex, Once};

use crate::arch::{cores, memory, power, stolen, tsc};
use crate::hwlat;
use crate::queues::{Queues, Ring, Rx, Tx};
use crate::switches::World;

/// Orders that can wait for a PMD.
const ORDERS: usize = 64;
/// Frames for each descriptor of a port's rings: all of them full, and as many again on their way.
const FRAMES: usize = 2;
/// Buffers of each frame where a port carries longer ones than usual: enough for an MTU of 9000, with
/// VLAN tags and rounded up as cards want it.
const LONG: usize = 5;
/// Milliseconds that each PMD remembers: those that are shown, and some more that may pass meanwhile.
pub(crate) const MILLISECONDS: usize = 4096 + 256;

type Loop = Pmd<Rx, Tx>;

/// What the control core has of a PMD.
pub(crate) type Handle = kernel::control::Handle<Line<Rx>>;

/// The receive queues that PMDs poll.
pub(crate) type Queued = Vec<Known, QUEUES>;

/// There is too little memory for what was asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoMemory;

/// The time of the core that it was made on.
pub(crate) struct Tsc(pub(crate) &'static cores::Core);

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

/// A store of frames for each node with PMDs.
static STORES: Once<Vec<PoolStore, NODES>> = Once::new();
/// The PMD of each core that has one; nothing until all are assembled.
static SEATS: Once<[Mutex<Option<&'static mut Loop>>; cores::MAX]> = Once::new();

/// What every core but the first does: runs its PMD, or sleeps. Until there are PMDs it may be tested.
pub(crate) fn run(core: usize) -> ! {
    let seats = loop {
        match SEATS.get() {
            Some(seats) => break seats,
            None => hwlat::serve(),
        }
        core::hint::spin_loop();
    };
    let Some(pmd) = seats.get(core).and_then(|seat| seat.lock().take()) else {
        hwlat::sleep_between()
    };
    let clock = Tsc(cores::this());
    pmd.enter(&clock);
    loop {
        pmd.iterate(&clock);
    }
}

/// What a PMD does by its own settings.
pub(crate) struct Polling {
    pub(crate) core: usize,
    /// The node of that.
    pub(crate) node: u8,
    /// What it compares its iterations with.
    pub(crate) limits: Limits,
    /// How long it sleeps at most, in microseconds.
    pub(crate) sleep: u32,
    /// How long it keeps frames, in microseconds.
    pub(crate) flush: u32,
}

/// Makes a PMD for each of `pollings`, shares the queues of ports out among them, and lets all start;
/// `before` that, something may be done with the queues.
#[inline(never)]
pub(crate) fn start(
    mut ports: Vec<&'static mut Queues, PORTS>,
    world: &mut World,
    (pollings, base): (&[Polling], Timebase),
    before: impl FnOnce(&'static PoolStore, &mut [&'static mut Queues]),
) -> Result<(Vec<Handle, { cores::MAX }>, Queued, Option<Wire>), NoMemory> {
    if pollings.is_empty() {
        return Ok((Vec::new(), Vec::new(), None));
    }
    let pools = pollings.len() + usize::from(world.has_endpoint);
    let rings: usize = ports.iter().map(|port| port.frames()).sum();
    let are_long = ports.iter().any(|port| port.largest > LARGEST);
    let (nodes, frames) = (nodes(pollings), rings * FRAMES + pools * LOCAL);
    let stores = stores(&nodes, frames, if are_long { LONG } else { 1 })?;
    let store = |node| stores.get(nodes.iter().position(|own| *own == node).unwrap_or(0));
    let first = stores.first().ok_or(NoMemory)?;
    before(first, &mut ports);
    let mut handles = Vec::new();
    let mut loops: Vec<&'static mut Loop, { cores::MAX }> = Vec::new();
    for &Polling { core, node, limits, sleep, flush } in pollings {
        let recorder = |metrics| Recorder::new(metrics, limits, base);
        let (handle, pmd) = memory::on_node(node, || {
            assemble((core, node), store(node).unwrap_or(first), world, recorder)
        })?;
        pmd.set_sleep(Sleep::new(base.cycles(sleep.into()), base.cycles(1)));
        pmd.set_flush_interval(base.cycles(flush.into()));
        let _fits = handles.push(handle);
        let _fits = loops.push(pmd);
    }
    let places = places(&world.balance, &names(&ports), pollings);
    let mut queued = share_out(ports, (&places, world.steering), &mut loops)?;
    queued.iter().zip(places).for_each(|(known, place)| known.load.set_core(pollings[place].core));
    let mut wire = None;
    if world.has_endpoint {
        let load = &*carve(Load::default())?;
        load.set_core(pollings[0].core);
        wire = Some(join_control(first, load, &mut loops)?);
        let _fits = queued.push(Known { name: (dataplane::LOCAL, 0), load });
    }
    let mut seats = [const { Mutex::new(None) }; cores::MAX];
    for (polling, pmd) in pollings.iter().zip(loops) {
        *seats[polling.core].get_mut() = Some(pmd);
    }
    SEATS.call_once(|| seats);
    Ok((handles, queued, wire))
}

/// Gives `value` a place for good.
pub(crate) fn carve<T>(value: T) -> Result<&'static mut T, NoMemory> {
    let mut value = Some(value);
    let made = memory::carve_with(1, |_| value.take());
    made.and_then(|slot| slot[0].as_mut()).ok_or(NoMemory)
}

/// The nodes that there are PMDs on, in order of their first cores.
fn nodes(pollings: &[Polling]) -> Vec<u8, NODES> {
    let mut nodes = Vec::new();
    for polling in pollings {
        if !nodes.contains(&polling.node) {
            // A machine has no more.
            let _fits = nodes.push(polling.node);
        }
    }
    nodes
}

/// So many frames on each of `nodes`, of so many buffers each: all rings may be full of one node's.
fn stores(nodes: &[u8], count: usize, each: usize) -> Result<&'static [PoolStore], NoMemory> {
    let mut stores = Vec::new();
    for &node in nodes {
        let slots = count * nodes.len();
        let made = memory::on_node(node, || store(count, slots, each))?;
        let _fits = stores.push(made);
    }
    let stores = STORES.call_once(|| stores);
    stores.iter().for_each(|store| store.join(stores));
    Ok(stores)
}

/// So many frames, of so many buffers each, with room for as many as there are `slots`.
pub(crate) fn store(count: usize, slots: usize, each: usize) -> Result<PoolStore, NoMemory> {
    let slots = memory::carve_with(slots, |_| None::<Frame>).ok_or(NoMemory)?;
    let buffers = memory::carve_with(count * each, |_| Buffer::new()).ok_or(NoMemory)?;
    Ok(PoolStore::of_long(slots, (buffers, each)))
}

fn assemble(
    (core, node): (usize, u8),
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
    let (given, taken) = carve(Mailbox::<Rxq<Rx>, MOVING>::new())?.open();
    let (to, back) = carve(Mailbox::<Rxq<Rx>, MOVING>::new())?.open();
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
    pmd.set_exchange(Exchange { given: taken, back: to });
    let (ends, captures) = captures()?;
    pmd.set_captures(ends);
    let orders = Line { orders, given, back };
    Ok((Handle { core, node, metrics, ledger, flows, notes, captures, orders }, pmd))
}

/// Memory to capture frames in, and both ends of what it goes by.
fn captures() -> Result<(Lent, Lending), NoMemory> {
    let frames = memory::carve_with(CAPTURED.into(), |_| Kept::default()).ok_or(NoMemory)?;
    let bytes = memory::carve_with(CAPTURED.into(), |_| [0; capture::EACH]).ok_or(NoMemory)?;
    let memory = capture::Memory { frames, bytes: bytes.as_flattened_mut() };
    let (lent, inbox) = carve(Mailbox::<&mut Capture, 2>::new())?.open();
    let (sender, back) = carve(Mailbox::<&mut Capture, 2>::new())?.open();
    let home = Some(carve(Capture::new(memory))?);
    Ok((Lent { lent: inbox, back: sender }, Lending { lent, back, home }))
}

/// The receive queues of all ports, by port and number.
fn names(ports: &[&'static mut Queues]) -> Vec<(u16, u16), QUEUES> {
    let numbered = (0_u16..).zip(ports);
    numbered
        .flat_map(|(port, queues)| (0..queues.rx.len() as u16).map(move |it| (port, it)))
        .collect()
}

/// Which of the PMDs on `cores` is to poll each of these queues.
fn places(balance: &Balance, names: &[(u16, u16)], pollings: &[Polling]) -> Vec<usize, QUEUES> {
    let pmd = |core: usize| pollings.iter().position(|polling| polling.core == core);
    let pinned = |name: &(u16, u16)| balance.core(*name).and_then(pmd);
    let queues = names.iter().map(|name| Candidate {
        cycles: 0,
        pinned: pinned(name),
        node: balance.node(name.0),
    });
    let queues: Vec<_, QUEUES> = queues.collect();
    let mut pmds: Vec<_, { cores::MAX }> =
        pollings.iter().map(|polling| Assigned::on(polling.node)).collect();
    let mut places: Vec<_, QUEUES> = queues.iter().map(|_| 0).collect();
    balance.plan.assign(&queues, &mut pmds, &mut places);
    places
}

/// Gives each receive queue to the PMD in its place, and each PMD a way out by every port.
#[inline(never)]
fn share_out(
    ports: Vec<&'static mut Queues, PORTS>,
    (places, steering): (&[usize], Option<Seeds>),
    loops: &mut [&'static mut Loop],
) -> Result<Queued, NoMemory> {
    let (mut queued, mut places) = (Vec::new(), places.iter());
    for (port, queues) in (0_u16..).zip(ports) {
        let Queues { rx, tx, largest } = core::mem::replace(queues, Queues::of_frames(0));
        for (number, mut rx) in (0_u16..).zip(rx) {
            let (name, load) = ((port, number), &*carve(Load::default())?);
            let Some(pmd) = places.next().and_then(|place| loops.get_mut(*place)) else { continue };
            rx.start(pmd.pool());
            let _fits = pmd.poll(Rxq::new(name, rx, load).carrying(largest));
            let _fits = queued.push(Known { name, load });
        }
        add_exits((port, largest), (tx, steering), loops)?;
    }
    Ok(queued)
}

/// Gives each PMD a way out by `port`, for frames of up to `largest`: a ring of its own, where there are as many, else one of those
/// that are shared; or all, where frames are steered by hash.
fn add_exits(
    (port, largest): (u16, usize),
    (rings, steering): (Vec<Ring, RXQS>, Option<Seeds>),
    loops: &mut [&'static mut Loop],
) -> Result<(), NoMemory> {
    let steering = steering.filter(|_| rings.len() > 1);
    let exit = |queue| Exit::new(port, queue).carrying(largest);
    if rings.len() >= loops.len() && steering.is_none() {
        for (pmd, ring) in loops.iter_mut().zip(rings) {
            pmd.add_exit(carve(exit(Tx::Own(ring)))?);
        }
        return Ok(());
    }
    let mut shared: Vec<&SharedTx<_>, RXQS> = Vec::new();
    for ring in rings {
        let _fits = shared.push(carve(SharedTx::new(ring))?);
    }
    if let Some(seeds) = steering {
        for (number, pmd) in loops.iter_mut().enumerate() {
            let queues = carve(SteeredTx::new(shared.clone(), seeds))?;
            pmd.add_exit(carve(exit(Tx::Steered { queues, tells: number == 0 }))?);
        }
        return Ok(());
    }
    for (number, pmd) in loops.iter_mut().enumerate() {
        let Some(queue) = shared.get(number % shared.len().max(1)) else { continue };
        // One PMD tells how much each holds.
        let tells = number < shared.len();
        pmd.add_exit(carve(exit(Tx::Shared { queue, tells }))?);
    }
    Ok(())
}

/// Makes the port LOCAL: a way to the control core for each PMD, and one back to the first.
fn join_control(
    store: &'static PoolStore,
    load: &'static Load,
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
        let _fits =
            first.poll(Rxq::new((dataplane::LOCAL, 0), Rx::Local(LocalRx::new(inbox)), load));
    }
    Ok(Wire { pool: carve(LocalPool::new(store))?, from, to })
}
