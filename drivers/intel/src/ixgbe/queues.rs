//! The queues (4.6.7.1, 4.6.8.1).

use bus::{Clock, Limit, Mmio};

use super::Model;
use super::registers::bits::{
    dca_rxctrl, dca_txctrl, dctl, dmatxctl, rscctl, rxctrl, secrxctrl, secrxstat, srrctl,
};
use super::registers::queue::{DCA_RXCTRL, DCA_TXCTRL, RSCCTL, SRRCTL};
use super::registers::{DMATXCTL, RXCTRL, SECRXCTRL, SECRXSTAT, receive, transmit};
use crate::Error;
use crate::card::Generation;
use crate::device::Device;
use crate::e1000::{place_ring, queue};
use crate::longest::Longest;
use crate::ring::Placed;

/// How long a queue may take to start (4.6.7.1.1).
const START: Limit = Limit::milliseconds(10);
/// How long the way in may take to halt: the reference driver's limit.
const HALT: Limit = Limit::milliseconds(40);

/// Starts the queues of all pairs: receive, transmit. They receive once they have descriptors, and what the link brings
/// is let in.
pub(crate) fn start<M: Mmio, C: Clock>(
    device: &Device<'_, M, C>,
    model: Model,
    (rings, longest): (&[(Placed, Placed)], Longest),
) -> Result<(), Error> {
    for (n, (_, ring)) in rings.iter().enumerate() {
        set_up_transmit(device, transmit(n), *ring);
    }
    // Before the first queue (4.6.8).
    device.set(DMATXCTL, dmatxctl::ENABLE);
    for n in 0..rings.len() {
        enable(device, transmit(n) + queue::CONTROL)?;
    }
    for (n, (ring, _)) in rings.iter().enumerate() {
        set_up_receive(device, receive(n), (*ring, longest));
        enable(device, receive(n) + queue::CONTROL)?;
        // The tail is written by whoever has frames for the ring.
        device.write(receive(n) + queue::HEAD, 0);
    }
    let_in(device, model)
}

/// A transmit queue: descriptors are fetched ahead, and written back one by one where that is asked
/// for (WTHRESH 0, 7.2.3.5.1).
fn set_up_transmit<M: Mmio, C: Clock>(device: &Device<'_, M, C>, block: usize, ring: Placed) {
    place_ring(device.registers, block, ring);
    device.clear(block + DCA_TXCTRL, dca_txctrl::CACHE | dca_txctrl::RELAXED);
    device.write(block + queue::CONTROL, dctl::PREFETCH);
}

/// A receive queue: one buffer for each frame, and without a descriptor frames are dropped,
/// so that a slow queue does not hold up the others (8.2.3.8.7).
fn set_up_receive<M: Mmio, C: Clock>(
    device: &Device<'_, M, C>,
    block: usize,
    (ring, longest): (Placed, Longest),
) {
    place_ring(device.registers, block, ring);
    device.write(block + SRRCTL, longest.kilobytes() | srrctl::ONE_BUFFER | srrctl::DROP);
    device.clear(block + DCA_RXCTRL, dca_rxctrl::CACHE | dca_rxctrl::RELAXED);
    device.clear(block + RSCCTL, rscctl::ENABLE);
    device.clear(block + queue::CONTROL, dctl::VLAN_STRIP);
}

/// Starts the queue of this control register.
fn enable<M: Mmio, C: Clock>(device: &Device<'_, M, C>, control: usize) -> Result<(), Error> {
    device.set(control, dctl::ENABLE);
    device.expect(START, Error::StuckQueue, || device.has(control, dctl::ENABLE))
}

/// Opens the way in. On the 82599 frames that come at that moment can hang it, so its security block
/// keeps them out meanwhile (specification update, as the reference driver has it).
fn let_in<M: Mmio, C: Clock>(device: &Device<'_, M, C>, model: Model) -> Result<(), Error> {
    let is_kept_out = model.generation == Generation::X520;
    if is_kept_out {
        device.set(SECRXCTRL, secrxctrl::HALT);
        let is_halted = || device.has(SECRXSTAT, secrxstat::IS_HALTED);
        device.expect(HALT, Error::StuckReceive, is_halted)?;
    }
    device.set(RXCTRL, rxctrl::ENABLE);
    if is_kept_out {
        device.clear(SECRXCTRL, secrxctrl::HALT);
    }
    device.check()
}
