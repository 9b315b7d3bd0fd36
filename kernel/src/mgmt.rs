//! From `mgmt=` to a port that the control core has for itself.

use frame::LocalPool;
use kernel::management::{self, HEARD, LISTENERS, Memory, Own, WAITING};
use kernel::options::{MTU, Management as Wanted, Options, Stream};
use smoltcp::iface::SocketStorage;

use crate::arch::{memory, random};
use crate::pmds::{self, NoMemory};
use crate::ports::{Found, Port, Shape};
use crate::queues::{Queues, Ring, Rx};
use crate::troubles::{Trouble, Troubles, note};

/// Descriptors of each of its two rings.
const RING: u32 = 256;
/// Frames beside those that its rings hold: some wait before and behind them.
const FRAMES: usize = 2 * RING as usize;

/// The port, as core 0 plays it.
pub(crate) type Management = management::Management<Rx, Ring>;

/// The port and its number.
pub(crate) struct Managed {
    pub(crate) number: usize,
    pub(crate) management: &'static mut Management,
}

/// What the port is to be like, if `card` is to be that as port `number`.
pub(crate) fn shape(options: &Options, number: usize, card: &Found) -> Option<Shape> {
    let address = (card.place, card.mac.unwrap_or_default());
    let name = options.ports.name(address.0, address.1);
    let is_it = options.mgmt?.is(number, name, address);
    is_it.then_some(Shape { queues: 1, rings: (RING, RING), mtu: MTU })
}

/// Takes the queues of the port that was asked for away from `queues`, before PMDs get them, and all that
/// names it out of `options`.
pub(crate) fn open(
    options: &mut Options,
    ports: &[Port],
    queues: &mut [&'static mut Queues],
    troubles: &mut Troubles,
) -> Result<Option<Managed>, NoMemory> {
    let Some(wanted) = options.mgmt else { return Ok(None) };
    let is_it =
        |(number, port): (usize, &Port)| wanted.is(number, port.name, (port.place, port.mac()));
    let Some(number) = ports.iter().enumerate().position(is_it) else {
        note(troubles, Trouble::NoManagement);
        return Ok(None);
    };
    refuse_others(options, number as u16, troubles);
    let own = own(&wanted, &ports[number]);
    let queues = core::mem::replace(&mut *queues[number], Queues::of_frames(0));
    let memory = match options.stream {
        Stream::Net => memory()?,
        _ => Memory::default(),
    };
    let management = start(&own, queues, memory)?;
    Ok(management.map(|management| Managed { number, management }))
}

/// Who this machine is behind `port`.
fn own(wanted: &Wanted, port: &Port) -> Own {
    let Wanted { addresses, gateways, .. } = *wanted;
    Own { mac: port.mac().into(), addresses, gateways, seed: random::number() }
}

/// The port over its `queues`, with a store of empty frames that no PMD takes from; none if it has no
/// queue.
fn start(
    own: &Own,
    mut queues: Queues,
    memory: Memory,
) -> Result<Option<&'static mut Management>, NoMemory> {
    let frames = queues.frames() + FRAMES;
    let (Some(mut rx), Some(tx)) = (queues.rx.pop(), queues.tx.pop()) else { return Ok(None) };
    let pool = pmds::carve(LocalPool::new(pmds::carve(pmds::store(frames, frames, 1)?)?))?;
    rx.start(pool);
    pmds::carve(Management::new(own, (rx, tx), pool, memory)).map(Some)
}

/// Memory for those who listen there to the stream.
fn memory() -> Result<Memory, NoMemory> {
    let bytes = |each| memory::carve_with(LISTENERS * each, |_| 0).ok_or(NoMemory);
    let sockets = memory::carve_with(LISTENERS, |_| SocketStorage::EMPTY).ok_or(NoMemory)?;
    Ok(Memory { sockets, waiting: bytes(WAITING)?, heard: bytes(HEARD)? })
}

/// Takes out of `options` what would have PMDs use the port.
fn refuse_others(options: &mut Options, port: u16, troubles: &mut Troubles) {
    if options.forward.part(port) {
        note(troubles, Trouble::Managed("forward", port));
    }
    if options.vtep.take_if(|vtep| vtep.port == port).is_some() {
        note(troubles, Trouble::Managed("vtep", port));
    }
    for bond in &mut options.bonds {
        if bond.take_if(|bond| bond.has(port)).is_some() {
            note(troubles, Trouble::Managed("bond", port));
        }
    }
}
