//! From what the user asked for to ports, PMDs and memory.

use dataplane::tunnel::Endpoint;
use dataplane::{LOCAL, PORTS, bond};
use heapless::Vec;
use kernel::address::Nic;
use kernel::balance::{Seat, seated};
use kernel::command;
use kernel::config::Config;
use kernel::control::{
    COVERAGE_COPIES, Control, Counted, FILE, Known, Line, Memory, NO_COVERAGE, OUTPUT, Pmd,
    PmdMemory, Policy, QUEUES, Tables,
};
use kernel::machine::Checksum;
use kernel::options::{CpuMask, DESCRIPTORS, Options, Ports, Vtep};
use kernel::shell::Screen;
use kernel::stream::{self, Told};
use perf::events::{self, Part};
use perf::losses::Sample;
use perf::{Iteration, Snapshot, Timebase, windows};

use crate::arch::{self, cores, memory, tsc};
use crate::mgmt;
use crate::pmds::{self, Handle, MILLISECONDS, Polling};
use crate::ports::{self, Found, Port, Shape};
use crate::queues::{Queues, Rx};
use crate::troubles::{Trouble, Troubles, note};

/// The store of events takes at most this part of the memory that is free.
const STORE_PART: u64 = 4;
/// Iterations for each event that the store has room for: those of a default window, and some.
const ROWS_PER_EVENT: usize = 12;
/// Facts that the stream tells: some of the machine, and some of each port.
const FACTS: usize = 24 + 6 * PORTS;

/// Cores for PMDs, the control core aside. Of threads of one core the first, unless all are asked for, be it
/// by a mask, or there is nothing else.
pub(crate) fn pmd_cores(options: &Options, troubles: &mut Troubles) -> Vec<usize, { cores::MAX }> {
    let takes_all = options.uses_siblings || options.pmd_cpu_mask != CpuMask::ALL;
    let allowed = || (1..cores::count()).filter(|&core| options.pmd_cpu_mask.has(core));
    let mut free: Vec<usize, { cores::MAX }> =
        allowed().filter(|&core| takes_all || !cores::is_sibling(core)).collect();
    let (mut idle, all) = (allowed().count() - free.len(), allowed().count());
    if free.is_empty() {
        (free, idle) = (allowed().collect(), 0);
    }
    if idle > 0 {
        note(troubles, Trouble::Siblings(idle, all));
    }
    if free.is_empty() {
        note(troubles, if cores::count() == 1 { Trouble::NoCore } else { Trouble::Masked });
    }
    free
}

/// Those of `cores` that get a PMD, one for each receive queue of these ports at most: cores that
/// queues are pinned to go first, and those near ports.
pub(crate) fn with_pmds(
    options: &Options,
    cores: &[usize],
    ports: &[&'static mut Queues],
    troubles: &mut Troubles,
) -> Vec<usize, { cores::MAX }> {
    let own = |port: u16| ports.get(usize::from(port)).map_or(0, |port| port.rx.len());
    let is_there = |(port, queue): (u16, u16)| usize::from(queue) < own(port);
    let nodes = (0_u16..).zip(ports).flat_map(|(port, queues)| {
        core::iter::repeat_n(options.balance.node(port), queues.rx.len())
    });
    let nodes: Vec<u8, QUEUES> = nodes.take(QUEUES).collect();
    let pins = || options.balance.pins.iter().copied();
    let is_pinned = |core: usize| pins().any(|(name, own)| own == core && is_there(name));
    let seats = cores.iter().map(|&core| Seat { core, node: cores::node(core) });
    let seats: Vec<Seat, { cores::MAX }> = seats.collect();
    let chosen: Vec<usize, _> =
        seated(&seats, is_pinned, &nodes, PORTS).into_iter().take(cores::MAX).collect();
    for (name @ (port, queue), core) in pins() {
        if !is_there(name) {
            note(troubles, Trouble::NoSuchQueue(port, queue));
        } else if !chosen.contains(&core) {
            note(troubles, Trouble::NotPinned(port, queue, core));
        }
    }
    chosen
}

/// Notes which of `queues` are polled on another node than their port's without having been pinned there.
pub(crate) fn miss_nodes(options: &Options, queues: &[Known], troubles: &mut Troubles) {
    let balance = &options.balance;
    for Known { name, load } in queues.iter().filter(|queue| queue.name.0 != LOCAL) {
        let (core, node) = (load.core(), balance.node(name.0));
        if cores::node(core) != node && balance.core(*name) != Some(core) {
            note(troubles, Trouble::Remote(*name, node, core));
        }
    }
}

/// The PMD that is to be on `core`. An automatic limit stands for the longest at first.
pub(crate) fn polling(options: &Options, core: usize) -> Polling {
    let limits = options.perf.of(core).limits(tsc::frequency(), u32::MAX);
    let (sleep, flush) = (options.sleep_max.of(core), options.tx_flush_interval);
    Polling { core, node: cores::node(core), limits, sleep, flush }
}

/// Takes the cards that were asked for, and tells whether each got the number that it has in `ports=`, where
/// rules have it from.
pub(crate) fn take_ports(
    options: &Options,
    troubles: &mut Troubles,
) -> (Vec<Port, PORTS>, Vec<&'static mut Queues, PORTS>, bool) {
    let (mut taken, mut queues, mut is_as_asked) = (Vec::new(), Vec::new(), true);
    let mut chosen = ports::chosen(&options.ports);
    if let Ports::These(wanted) = &options.ports {
        let is_there =
            |nic: &Nic| chosen.iter().any(|card| nic.is(card.place, card.mac.unwrap_or_default()));
        let missing = wanted.iter().map(|wanted| wanted.nic).filter(|nic| !is_there(nic));
        missing.for_each(|nic| note(troubles, Trouble::NoSuchCard(nic)));
    }
    if chosen.is_empty() && options.ports == Ports::All {
        note(troubles, Trouble::NoCard);
    }
    leave_boot_nic(options, &mut chosen, troubles);
    let mut left = QUEUES - 1;
    for (number, card) in chosen.iter().enumerate() {
        // One for each port that is still to come.
        let most = left - (chosen.len() - number - 1);
        let managed = mgmt::shape(options, taken.len(), card);
        let is_managed = managed.is_some();
        let shape = managed.unwrap_or_else(|| shape(options, taken.len(), most));
        let node = options.balance.node(taken.len() as u16);
        match memory::on_node(node, || ports::take(card, &shape)) {
            Ok((mut port, own)) => {
                port.name = options.ports.name(card.place, card.mac.unwrap_or(port.mac()));
                if is_as_asked && let Some(wanted) = other_number(options, card, taken.len()) {
                    is_as_asked = false;
                    note(troubles, Trouble::Renumbered(card.place, taken.len(), wanted));
                }
                left -= own.rx.len();
                if !is_managed {
                    miss_some(options, (taken.len(), &port), troubles);
                }
                if let Some(wrong @ Checksum::Wrong { .. }) = port.checksum() {
                    note(troubles, Trouble::Damaged(card.place, wrong));
                }
                let _fits = taken.push(port);
                let _fits = queues.push(own);
            }
            Err(error) => note(troubles, Trouble::NotTaken(card.place, error)),
        }
    }
    (taken, queues, is_as_asked)
}

/// The number that `card` has in `ports=`, if it is another than `number`.
fn other_number(options: &Options, card: &Found, number: usize) -> Option<usize> {
    let Ports::These(_) = &options.ports else { return None };
    let wanted = options.ports.position(card.place, card.mac.unwrap_or_default())?;
    (wanted != number).then_some(wanted)
}

/// Takes the card that booted the machine out of `chosen`, unless it was asked for in so many words:
/// firmware or a management controller may go on using it, and who is locked out needs it to boot again.
fn leave_boot_nic(options: &Options, chosen: &mut Vec<Found, PORTS>, troubles: &mut Troubles) {
    let Some(own) = arch::boot_nic().filter(|_| !options.takes_boot_nic) else { return };
    chosen.retain(|card| {
        let is_it = card.mac == Some(own);
        if is_it {
            note(troubles, Trouble::BootNic(card.place, options.ports != Ports::All));
        }
        !is_it
    });
}

/// What port `number` is to be like, if it may have so many queues.
fn shape(options: &Options, number: usize, most: usize) -> Shape {
    let rings = (options.n_rxq_desc.of(number), options.n_txq_desc.of(number));
    let queues = most.min(options.n_rxq.of(number) as usize);
    Shape { queues, rings, mtu: options.mtu.of(number) }
}

/// Notes what of that a port has not.
fn miss_some(options: &Options, (number, port): (usize, &Port), troubles: &mut Troubles) {
    let wanted = shape(options, number, usize::MAX);
    let (rx, tx) = wanted.rings;
    for (key, wanted, had) in [("n_rxq_desc", rx, port.rings.0), ("n_txq_desc", tx, port.rings.1)] {
        if had < wanted && wanted != DESCRIPTORS {
            note(troubles, Trouble::SmallerRings(number as u16, key, had, wanted));
        }
    }
    if port.queues.0 < wanted.queues {
        note(troubles, Trouble::FewerQueues(number as u16, port.queues.0, wanted.queues));
    }
}

/// This end of tunnels, if one was asked for and its port is there.
pub(crate) fn endpoint(
    options: &Options,
    ports: &[Port],
    troubles: &mut Troubles,
) -> Option<Endpoint> {
    let Vtep { port, addresses, gateways } = options.vtep?;
    let Some(card) = ports.get(usize::from(port)) else {
        note(troubles, Trouble::NoEndpoint(port));
        return None;
    };
    if options.bonds.iter().flatten().any(|bond| bond.has(port)) {
        note(troubles, Trouble::BoundEndpoint(port));
        return None;
    }
    Some(Endpoint { port, mac: card.mac().into(), addresses, gateways })
}

/// Notes which members of bonds are not there.
pub(crate) fn miss_members(options: &Options, ports: &[Port], troubles: &mut Troubles) {
    for (number, bond) in (bond::FIRST..).zip(&options.bonds) {
        let missing = (ports.len() as u16..PORTS as u16)
            .filter(|port| bond.is_some_and(|bond| bond.has(*port)));
        missing.for_each(|port| note(troubles, Trouble::NoMember(number, port)));
    }
}

/// What the control core has of each PMD, and keeps of it; none if the machine has too little
/// memory.
///
/// Not inlined, here and below: what is made is large, and moved once to its place. In one function
/// with all the rest it would stay on the stack for good.
#[inline(never)]
pub(crate) fn watched(
    handles: Vec<Handle, { cores::MAX }>,
    options: &Options,
) -> Option<&'static mut [Pmd<Line<Rx>>]> {
    let started = tsc::now();
    let pmds = handles.into_iter().map(|handle| {
        let settings = options.perf.of(handle.core);
        let memory = pmd_memory(handle.flows.capacity());
        memory.map(|memory| Pmd::new(handle, started, settings, memory))
    });
    let pmds: Option<Vec<_, PORTS>> = pmds.collect();
    pmds::carve(pmds?).ok().map(|pmds| pmds.as_mut_slice())
}

/// The control core over `pmds`, which publishes `tables`; none if the machine has too little memory.
#[inline(never)]
pub(crate) fn control(
    config: &Config<'static>,
    pmds: &'static mut [Pmd<Line<Rx>>],
    tables: Tables,
    base: Timebase,
) -> Option<&'static mut Control<'static, Line<Rx>>> {
    let options = &config.options;
    let policy = Policy {
        said: config.said,
        log: options.log,
        settings: options.perf.general,
        watchdog: options.watchdog,
        flows: options.flows,
        sleep: options.sleep_max.clone(),
        balance: options.balance.clone(),
    };
    let screen = memory::carve_with(1, |_| Screen::default())?.first()?;
    let memory = control_memory(screen, options.event_store)?;
    let control = Control::new(memory, pmds, tables, (base, policy)).ok()?;
    pmds::carve(control).ok()
}

/// Memory for the control core, with a store of events of `store` MiB where there is room; none if
/// the machine has too little.
fn control_memory(screen: &Screen, store: u32) -> Option<Memory<'_>> {
    let output = memory::carve_with(OUTPUT, |_| 0)?;
    let rows = memory::carve_with(usize::from(command::ROWS), |_| Iteration::default())?;
    let counted = memory::carve_with(1, |_| Snapshot::ZERO)?.first_mut()?;
    let wanted = u64::from(store) << 20;
    let bytes = wanted.min(memory::free() / STORE_PART) as usize;
    let count = bytes / (size_of::<Part>() + ROWS_PER_EVENT * size_of::<Iteration>());
    let event_rows = (count * ROWS_PER_EVENT).max(events::ROWS as usize);
    let events = (
        memory::carve_with(count.max(1), |_| Part::default())?,
        memory::carve_with(event_rows, |_| Iteration::default())?,
    );
    let coverage = memory::carve_with(COVERAGE_COPIES, |_| NO_COVERAGE)?;
    let file = memory::carve_with(FILE, |_| 0)?;
    let stream = stream_memory()?;
    Some(Memory { output, screen, rows, counted, events, coverage, file, stream })
}

fn stream_memory<'a>() -> Option<stream::Memory<'a>> {
    Some(stream::Memory {
        line: memory::carve_with(stream::WAITING, |_| 0)?,
        facts: memory::carve_with(FACTS, |_| Told::default())?,
        counted: memory::carve_with(1, |_| Snapshot::ZERO)?.first_mut()?,
    })
}

/// Memory for what the control core keeps of one PMD of so many flows; none if the machine has too
/// little.
fn pmd_memory(flows: usize) -> Option<PmdMemory> {
    Some(PmdMemory {
        cleared: memory::carve_with(1, |_| Snapshot::ZERO)?.first_mut()?,
        seconds: memory::carve_with(windows::COPIES, |_| Snapshot::ZERO)?,
        losses: memory::carve_with(MILLISECONDS, |_| Sample::default())?,
        counted: memory::carve_with(flows, |_| Counted::default())?,
    })
}
