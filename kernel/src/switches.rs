//! Memory of what PMDs decide with, and of what is published to them.

use dataplane::classifier::{Bucket, LISTS, Link, List, Subtable, Table};
use dataplane::emc::{Entry, PLACES, Rare};
use dataplane::flow::{Flow, Flows, SharedMask};
use dataplane::hash::Seeds;
use dataplane::meter::{METERS, Meter};
use dataplane::network::{ADDRESSES, Network, Station};
use dataplane::program::Place;
use dataplane::rules::{self, Action, RuleSet, SHAPES, Shape, Stored};
use dataplane::simple;
use dataplane::smc;
use dataplane::switch::{self, Contacts};
use dataplane::tunnel::Endpoint;
use dataplane::{LOCAL, Note, Switch, classifier};
use foldhash::SharedSeed;
use handover::{Inbox, Mailbox, Published, Reader};
use kernel::config::{Config, File, Full};
use kernel::control::{Counted, Tables, TablesMemory};
use kernel::options::{Balance, FlowOptions, Options};

use crate::arch::{memory, random, tsc};
use crate::pmds::{NoMemory, carve};

/// Rules that there can be, a power of two; actions in all of them together.
const RULES: usize = 4096;
const ACTIONS: usize = 4 * RULES;
/// Masks of one PMD's flows.
const MASKS: usize = 512;
/// Different programs of one PMD's flows.
const PROGRAMS: usize = 1024;
/// Notes that wait for the control core.
const NOTES: usize = 256;
/// Flows take at most this part of the memory that is free.
const FLOWS_PART: u64 = 4;

/// What one PMD reads.
pub(crate) type Readers = (Reader<RuleSet>, Reader<Network>);

/// Rules before there is anybody who reads them.
pub(crate) struct Rules {
    pub(crate) set: RuleSet,
    seeds: Seeds,
}

impl Rules {
    /// Room for some.
    pub(crate) fn new() -> Result<Self, NoMemory> {
        let seeds = Seeds::new(carve(SharedSeed::from_u64(random::number()))?, random::number());
        Ok(Self { set: rule_set(seeds)?, seeds })
    }
}

/// What is known before PMDs are made.
pub(crate) struct World {
    pub(crate) tables: Tables,
    /// What is wrong with rules of the file, of which none holds then.
    pub(crate) fault: Option<Full>,
    readers: heapless::Vec<Readers, { handover::READERS }>,
    meters: &'static [Meter],
    /// Flows that each PMD can have.
    flows: usize,
    options: FlowOptions,
    pub(crate) has_endpoint: bool,
    pub(crate) balance: Balance,
    seeds: Seeds,
    /// What frames are steered to transmit queues by, if they are.
    pub(crate) steering: Option<Seeds>,
}

/// The ports of a world.
pub(crate) struct Wiring {
    /// How many there are.
    pub(crate) ports: usize,
    /// Whether each has the number that it was asked to have: if not, rules speak of others.
    pub(crate) is_as_asked: bool,
    /// The one that is the control core's own.
    pub(crate) managed: Option<u16>,
    /// Where tunnels leave.
    pub(crate) endpoint: Option<Endpoint>,
}

impl World {
    /// The world as `config` says it is, for so many PMDs and these ports.
    #[inline(never)]
    pub(crate) fn new(
        config: &Config<'_>,
        Rules { set: mut first, seeds }: Rules,
        pmds: usize,
        Wiring { ports, is_as_asked, managed, endpoint }: Wiring,
    ) -> Result<Self, NoMemory> {
        let options = &config.options;
        let fault = if is_as_asked {
            config.fill(&mut first, managed).err()
        } else {
            first.clear();
            first.finish();
            None
        };
        let (rules, rule_readers) = carve(Published::new(first, rule_set(seeds)?))?.open(pmds);
        let ports = ((1 << ports) - 1) & !managed.map_or(0, |port| 1 << port);
        let network = || network(ports, endpoint, options);
        let (network, network_readers) = carve(Published::new(network()?, network()?))?.open(pmds);
        let heard = memory::carve_with(ADDRESSES, |_| 0).ok_or(NoMemory)?;
        let heard = heard.try_into().map_err(|_| NoMemory)?;
        let meters = &*memory::carve_with(METERS, |_| Meter::default()).ok_or(NoMemory)?;
        let saved_meters = memory::carve_with(METERS, |_| None).ok_or(NoMemory)?;
        let memory = TablesMemory { heard, meters, saved: (rule_set(seeds)?, saved_meters) };
        let mut tables = Tables::new(rules, network, memory, tsc::frequency());
        tables.set_managed(managed);
        if !is_as_asked {
            tables.set_saved_rules(|set| {
                let _as_far_as_they_can_be_had = config.fill(set, managed);
            });
        }
        let file = config.file.iter().flat_map(File::meters);
        file.for_each(|(number, setting)| tables.set_saved_meter(number, &setting));
        let readers = rule_readers.zip(network_readers).collect();
        let (flows, has_endpoint) = (flows_of_each(options, pmds), endpoint.is_some());
        let steering = options.steers_by_hash.then_some(seeds.other(5));
        let (balance, options) = (options.balance.clone(), options.flows);
        Ok(Self {
            tables,
            fault,
            readers,
            meters,
            flows,
            options,
            has_endpoint,
            balance,
            seeds,
            steering,
        })
    }

    /// What one more PMD decides with, and what the control core has of that: its flows and what it
    /// notes.
    pub(crate) fn switch(&mut self) -> Result<(&'static mut Switch, Flows, Inbox<Note>), NoMemory> {
        let (rules, network) = self.readers.pop().ok_or(NoMemory)?;
        let (notes, inbox) = carve(Mailbox::<Note, NOTES>::new())?.open();
        let memory = switch_memory(self.flows, self.options.smc)?;
        let flows = memory.flows;
        let contacts = Contacts { rules, network, notes, meters: self.meters };
        let mut switch = Switch::new(memory, contacts, self.seeds, tsc::frequency());
        let FlowOptions { emc_insert_inv_prob, upcall_limit, .. } = self.options;
        switch.configure(emc_insert_inv_prob, upcall_limit);
        Ok((carve(switch)?, flows, inbox))
    }
}

/// A world of these ports by their bits, with bonds of them, and tunnels from `endpoint`.
fn network(ports: u32, endpoint: Option<Endpoint>, options: &Options) -> Result<Network, NoMemory> {
    let stations = memory::carve_with(ADDRESSES, |_| Station::default()).ok_or(NoMemory)?;
    let mut network = Network::new(stations.try_into().map_err(|_| NoMemory)?);
    network.ports = ports & ((1 << LOCAL) - 1);
    network.bonds = options.bonds;
    // A link is expected to be up until it is looked at.
    let all_ports = network.ports as u16;
    network.bonds.iter_mut().flatten().for_each(|bond| bond.update(all_ports));
    if endpoint.is_some() {
        network.ports |= 1 << LOCAL;
        (network.endpoint, network.tunnels) = (endpoint, options.tunnels);
    }
    Ok(network)
}

fn rule_set(seeds: Seeds) -> Result<RuleSet, NoMemory> {
    let memory = rules::Memory {
        rules: memory::carve_with(RULES, |_| Stored::EMPTY).ok_or(NoMemory)?,
        actions: memory::carve_with(ACTIONS, |_| Action::Normal).ok_or(NoMemory)?,
        index: memory::carve_with(2 * RULES, |_| 0).ok_or(NoMemory)?,
        shapes: memory::carve_with(SHAPES, |_| Shape::EMPTY).ok_or(NoMemory)?,
    };
    Ok(RuleSet::new(memory, seeds))
}

/// Flows that each of so many PMDs can have: those that were asked for, or what fits.
fn flows_of_each(options: &Options, pmds: usize) -> usize {
    let own = size_of::<Flow>() + size_of::<Link>() + size_of::<u32>() + size_of::<Bucket>() / 2;
    let each = own + size_of::<Counted>();
    let fit = (memory::free() / FLOWS_PART) as usize / each;
    (options.flows.limit as usize).min(fit) / pmds.max(1)
}

/// Memory for so many flows, and for the signature cache if that `has_smc`.
fn switch_memory(flows: usize, has_smc: bool) -> Result<switch::Memory, NoMemory> {
    let count = flows.max(1);
    // Seven places to a bucket: four for each flow, and the next power of two.
    let buckets = (count / 2).next_power_of_two();
    let simple = memory::carve_with(simple::PLACES, |_| simple::Entry::EMPTY).ok_or(NoMemory)?;
    let emc = memory::carve_with(PLACES, |_| Entry::EMPTY).ok_or(NoMemory)?;
    let rare = memory::carve_with(PLACES, |_| Rare::default()).ok_or(NoMemory)?;
    let slots: &[Flow] = memory::carve_with(count, |_| Flow::default()).ok_or(NoMemory)?;
    let masks: &[SharedMask] =
        memory::carve_with(MASKS, |_| SharedMask::default()).ok_or(NoMemory)?;
    let lists = memory::carve_with(LISTS, |_| List::new()).ok_or(NoMemory)?;
    let smc = match has_smc {
        true => memory::carve_with(smc::BUCKETS, |_| smc::Bucket::EMPTY),
        false => None,
    };
    let smc = smc.map(|smc| smc.try_into().map_err(|_| NoMemory)).transpose()?;
    Ok(switch::Memory {
        simple: simple.try_into().map_err(|_| NoMemory)?,
        smc,
        emc: (emc.try_into().map_err(|_| NoMemory)?, rare.try_into().map_err(|_| NoMemory)?),
        flows: Flows::new(slots, masks),
        classifier: classifier::Memory {
            table: Table::new(memory::carve_with(buckets, |_| Bucket::EMPTY).ok_or(NoMemory)?),
            subtables: memory::carve_with(MASKS, |_| Subtable::EMPTY).ok_or(NoMemory)?,
            links: memory::carve_with(count, |_| Link::EMPTY).ok_or(NoMemory)?,
            free: memory::carve_with(count, |_| 0).ok_or(NoMemory)?,
            lists: lists.try_into().map_err(|_| NoMemory)?,
        },
        programs: memory::carve_with(PROGRAMS, |_| Place::default()).ok_or(NoMemory)?,
    })
}
