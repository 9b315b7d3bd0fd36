//! The network card (5.1): pairs of queues, polled, no offloads.
//!
//! A frame is one descriptor in either direction. The device's own header of 12 bytes lies in the
//! headroom in front of it.

use bit_field::BitField;
use bus::pci::{BusMaster, ConfigRegionAccess, Function};
use bus::{Clock, Dma, Mmio};
use handover::{HOLDERS, Owner, Recall};
use heapless::Vec;

use crate::control::{self, Command, Control};
use crate::mending::Care;
use crate::queue::{self, AnyQueue, Layout};
use crate::transport::{self, Doorbell, Kind, Map, Register, Transport};
use crate::{Error, NetRx, NetTx};

/// Feature bits (5.1.3): the device has an address, says whether its link is up, has a queue for
/// commands, can be told which frames to receive, and has more than one pair of queues. Nothing else
/// is wanted: offloads would let it hand on frames that are not what was on the wire.
const MAC: usize = 5;
const STATUS: usize = 16;
const CONTROL: usize = 17;
const RECEIVING: usize = 18;
const PAIRS: usize = 22;
/// Feature bit (6): rings may be packed.
const PACKED: usize = 34;

/// Registers (5.1.4), and how many bytes they take: those that every card has, and with the number of
/// pairs of queues.
const MAC_REGISTER: usize = 0;
const STATUS_REGISTER: usize = 6;
const PAIRS_REGISTER: usize = 8;
const REGISTERS: u64 = 8;
const MORE_REGISTERS: u64 = 10;
/// Bit of the status register: the link is up.
const LINK_UP: usize = 0;

/// Bytes of the header in front of every frame (5.1.6).
pub(crate) const HEADER: usize = 12;
/// Pairs of queues that are used of a card at most: each of their ends can be called back.
const MOST: usize = HOLDERS / 2;

/// The address of the network card `function`, read without taking it or changing anything; none
/// if it cannot be reached.
pub fn mac_of<A: ConfigRegionAccess, M: Mmio>(
    function: &Function<'_, A>,
    map: Map<'_, M>,
) -> Option<[u8; 6]> {
    let registers: M = transport::peek(function, REGISTERS, map)?;
    Some(mac(&registers))
}

fn mac(registers: &impl Mmio) -> [u8; 6] {
    core::array::from_fn(|i| registers.read8(MAC_REGISTER + i))
}

/// What the control core has of a network card: opened, given pairs of queues, started. Its queues
/// stand still once this is dropped.
pub struct Net<'a, A: ConfigRegionAccess, M> {
    pub(crate) transport: Transport<M>,
    registers: M,
    accepted: u64,
    /// Pairs of queues that it can have, and those that were added.
    most: u16,
    pairs: u16,
    /// Descriptors that queues have at most: those that receive, those that send.
    sizes: (u16, u16),
    /// All queues that it was given: their numbers, and where they are.
    queues: Vec<(u16, Layout), { HOLDERS + 1 }>,
    control: Option<Control<M>>,
    pub(crate) bus_master: BusMaster<'a, A>,
    /// Who gets its queues back from PMDs, and what is done then.
    pub(crate) owner: Owner,
    pub(crate) care: Care,
}

impl<'a, A: ConfigRegionAccess, M: Mmio> Net<'a, A, M> {
    /// Descriptors that a queue can have at most.
    pub const MOST: usize = queue::N;
    /// Bytes of memory that a pair of queues needs for its rings, aligned to 64.
    pub const MEMORY: usize = 2 * queue::MEMORY;
    /// The same for commands.
    pub const CONTROL_MEMORY: usize = control::MEMORY;

    /// Resets the card. It needs a pair of queues next, which are called back by `recall`.
    ///
    /// # Errors
    ///
    /// It is no network card, does not answer as it should, or is too old.
    pub fn open(
        function: &Function<'a, A>,
        map: Map<'_, M>,
        recall: &'static mut Recall,
        clock: &impl Clock,
    ) -> Result<Self, Error> {
        if Kind::of(&function.seen()) != Some(Kind::Net) {
            return Err(Error::WrongKind);
        }
        let transport = Transport::open(function, &mut *map, clock)?;
        let bus_master = function.bus_master();
        match negotiate(&transport, map) {
            Ok((registers, accepted, most)) => Ok(Self {
                transport,
                registers,
                accepted,
                most,
                pairs: 0,
                sizes: (queue::N as u16, queue::N as u16),
                queues: Vec::new(),
                control: None,
                bus_master,
                owner: recall.open(),
                care: Care::NONE,
            }),
            Err(error) => {
                transport.give_up();
                Err(error)
            }
        }
    }

    /// Pairs of queues that it can be given.
    pub fn most_pairs(&self) -> usize {
        usize::from(self.most).min(MOST)
    }

    /// Has each queue that is added have no more descriptors than these: one that receives, one that
    /// sends. What the card offers is less, or the largest power of two of these, but not 0.
    pub fn limit_rings(&mut self, receive: usize, transmit: usize) {
        self.sizes = (limit(receive), limit(transmit));
    }

    /// Adds a pair of queues, with rings in `memory`, which is zeroed. It receives once the card and
    /// [`NetRx::start`] were started.
    ///
    /// # Errors
    ///
    /// The card has no more, or there is too little memory.
    pub fn add_pair(
        &mut self,
        map: Map<'_, M>,
        mut memory: Dma,
    ) -> Result<(NetRx<M>, NetTx<M>), Error> {
        if usize::from(self.pairs) == self.most_pairs() {
            return Err(Error::NoQueue);
        }
        let (first, (receives, sends)) = (2 * self.pairs, self.sizes);
        let mut start = |name| {
            let started = self.start_queue(name, &mut memory, &mut *map);
            started.inspect_err(|_| self.transport.give_up())
        };
        let (receive, transmit) = (start((first, receives))?, start((first + 1, sends))?);
        let mut lend = || self.owner.lend().ok_or(Error::NoQueue);
        let (receiver, transmitter) = (lend()?, lend()?);
        self.pairs += 1;
        Ok((NetRx::over(receive, receiver), NetTx::over(transmit, transmitter)))
    }

    /// Lets the card work with the pairs that it was given, and receive all frames, whoever they are
    /// for. If it can be told that, or has several pairs, it gets a queue for commands in `memory`,
    /// which is zeroed.
    ///
    /// # Errors
    ///
    /// It does not do what it is told.
    pub fn start(
        &mut self,
        map: Map<'_, M>,
        mut memory: Dma,
        clock: &impl Clock,
    ) -> Result<(), Error> {
        let mut commands = self.commands().peekable();
        if commands.peek().is_none() {
            self.transport.finish();
            return Ok(());
        }
        let started = self.start_queue((2 * self.most, queue::N as u16), &mut memory, map);
        let control =
            started.and_then(|(queue, doorbell)| Control::over(queue, doorbell, &mut memory));
        self.transport.finish();
        let done = control.and_then(|control| {
            let control = self.control.insert(control);
            commands.try_for_each(|command| control.command(command, clock))
        });
        done.inspect_err(|_| self.transport.give_up())
    }

    /// What it is to be told before it is used.
    fn commands(&self) -> impl Iterator<Item = Command> + use<A, M> {
        let (accepted, pairs) = (self.accepted, self.pairs);
        let takes = |feature| accepted.get_bit(CONTROL) && accepted.get_bit(feature);
        let receive_all = takes(RECEIVING).then_some(Command::ReceiveAll);
        let use_pairs = (pairs > 1).then_some(Command::UsePairs(pairs));
        receive_all.into_iter().chain(use_pairs)
    }

    /// The card's own address, if it has one.
    pub fn mac(&self) -> Option<[u8; 6]> {
        self.accepted.get_bit(MAC).then(|| mac(&self.registers))
    }

    /// The register with this `index` among those that can be shown; none beyond the last.
    pub fn register(&self, index: usize) -> Option<Register> {
        self.transport.register(index, 2 * self.pairs)
    }

    /// Whether the link is up. Where the card cannot tell, it counts as up; while the card does not work,
    /// it is down.
    pub fn is_link_up(&self) -> bool {
        let status = || self.registers.read16(STATUS_REGISTER);
        self.is_working() && (!self.accepted.get_bit(STATUS) || status().get_bit(LINK_UP))
    }

    /// Starts queue `index` of at most so many descriptors with its ring in `memory`, of the kind that was
    /// agreed on.
    fn start_queue<T>(
        &mut self,
        (index, most): (u16, u16),
        memory: &mut Dma,
        map: Map<'_, M>,
    ) -> Result<(AnyQueue<T>, Doorbell<M>), Error> {
        let size = self.transport.queue_size(index)?.min(most);
        let is_packed = self.accepted.get_bit(PACKED);
        let queue = AnyQueue::new(memory, size, is_packed).ok_or(Error::NoMemory)?;
        let doorbell = self.transport.start_queue(index, &queue.layout(), map)?;
        let _there_is_room = self.queues.push((index, queue.layout()));
        Ok((queue, doorbell))
    }

    /// Sets the card up as it was set up first. It was reset, and the rings of its pairs are as at the start.
    pub(crate) fn set_up_again(&mut self) -> Result<(), Error> {
        if let Some(control) = &mut self.control {
            control.clear();
        }
        if self.transport.negotiate(self.accepted)? != self.accepted {
            return Err(Error::Changed);
        }
        for (index, layout) in &self.queues {
            if self.transport.queue_size(*index)? < layout.size {
                return Err(Error::Changed);
            }
            self.transport.enable_queue(*index, layout);
        }
        self.bus_master.restore();
        self.transport.finish();
        Ok(())
    }

    /// Gives the card its command with this `number`. False if there is none.
    pub(crate) fn begin_command(&mut self, number: usize) -> bool {
        let Some(command) = self.commands().nth(number) else { return false };
        if let Some(control) = &mut self.control {
            control.begin(command);
        }
        true
    }

    /// What became of the command that it was given; none while it has not done it.
    pub(crate) fn outcome(&mut self) -> Option<Result<(), Error>> {
        self.control.as_mut()?.outcome()
    }
}

/// Begins set-up: the card's own registers, what was accepted, and how many pairs of queues there are.
fn negotiate<M: Mmio>(transport: &Transport<M>, map: Map<'_, M>) -> Result<(M, u64, u16), Error> {
    let wanted = 1 << MAC | 1 << STATUS | 1 << CONTROL | 1 << RECEIVING | 1 << PAIRS | 1 << PACKED;
    let accepted = transport.negotiate(wanted)?;
    let has_pairs = accepted.get_bit(PAIRS) && accepted.get_bit(CONTROL);
    let registers = transport.map_own(if has_pairs { MORE_REGISTERS } else { REGISTERS }, map)?;
    let most = if has_pairs { registers.read16(PAIRS_REGISTER).max(1) } else { 1 };
    // More there cannot be, whatever it says: queues are numbered by 16 bits.
    Ok((registers, accepted, most.min(0x7fff)))
}

/// The largest power of two that is no more than `wanted` and than a queue can have.
fn limit(wanted: usize) -> u16 {
    1 << wanted.clamp(1, queue::N).ilog2()
}
