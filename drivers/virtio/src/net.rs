//! The network card (5.1): one pair of queues, polled, no offloads.
//!
//! A frame is one descriptor in either direction. The device's own header of 12 bytes lies in the
//! headroom in front of it.

use bit_field::BitField;
use bus::pci::{BusMaster, ConfigRegionAccess, Function};
use bus::{Clock, Dma, Mmio};

use crate::queue::{self, Queue};
use crate::transport::{self, Kind, Map, Transport};
use crate::{Error, NetRx, NetTx};

/// Feature bits (5.1.3): the device has an address, and says whether its link is up. Nothing else
/// is wanted: offloads would let it hand on frames that are not what was on the wire.
const MAC: usize = 5;
const STATUS: usize = 16;

/// Registers (5.1.4), and how many bytes they take.
const MAC_REGISTER: usize = 0;
const STATUS_REGISTER: usize = 6;
const REGISTERS: u64 = 8;
/// Bit of the status register: the link is up.
const LINK_UP: usize = 0;

/// Queues (5.1.2).
const RECEIVE: u16 = 0;
const TRANSMIT: u16 = 1;

/// Bytes of the header in front of every frame (5.1.6).
pub(crate) const HEADER: usize = 12;

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

/// What the control core has of a network card. Its queues stand still once this is dropped.
pub struct Net<'a, A: ConfigRegionAccess, M> {
    registers: M,
    accepted: u64,
    _bus_master: BusMaster<'a, A>,
}

impl<'a, A: ConfigRegionAccess, M: Mmio> Net<'a, A, M> {
    /// Bytes of memory that a card needs for its rings, aligned to 64.
    pub const MEMORY: usize = 2 * queue::MEMORY;

    /// Resets the card and sets it up, with rings in `memory`, which is zeroed. It receives once
    /// [`NetRx::start`] was called.
    pub fn open(
        function: &Function<'a, A>,
        map: Map<'_, M>,
        memory: Dma,
        clock: &impl Clock,
    ) -> Result<(Self, NetRx<M>, NetTx<M>), Error> {
        if Kind::of(&function.seen()) != Some(Kind::Net) {
            return Err(Error::WrongKind);
        }
        let transport = Transport::open(function, &mut *map, clock)?;
        Self::set_up(&transport, function.bus_master(), map, memory)
            .inspect_err(|_| transport.give_up())
    }

    fn set_up(
        transport: &Transport<M>,
        bus_master: BusMaster<'a, A>,
        map: Map<'_, M>,
        mut memory: Dma,
    ) -> Result<(Self, NetRx<M>, NetTx<M>), Error> {
        let accepted = transport.negotiate(1 << MAC | 1 << STATUS)?;
        let registers = transport.map_own(REGISTERS, &mut *map)?;
        let mut start = |index| -> Result<_, Error> {
            let size = transport.queue_size(index)?;
            let queue = Queue::new(&mut memory, size).ok_or(Error::NoMemory)?;
            let doorbell = transport.start_queue(index, &queue.layout(), &mut *map)?;
            Ok((queue, doorbell))
        };
        let (receive, transmit) = (start(RECEIVE)?, start(TRANSMIT)?);
        transport.finish();
        let net = Self { registers, accepted, _bus_master: bus_master };
        Ok((net, NetRx::over(receive.0, receive.1), NetTx::over(transmit.0, transmit.1)))
    }

    /// The card's own address, if it has one.
    pub fn mac(&self) -> Option<[u8; 6]> {
        self.accepted.get_bit(MAC).then(|| mac(&self.registers))
    }

    /// Whether the link is up. Where the card cannot tell, it counts as up.
    pub fn is_link_up(&self) -> bool {
        let status = || self.registers.read16(STATUS_REGISTER);
        !self.accepted.get_bit(STATUS) || status().get_bit(LINK_UP)
    }
}
