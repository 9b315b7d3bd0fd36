//! The port that the control core has for itself: it answers ARP, neighbor discovery and ping there,
//! and whoever connects by TCP hears the stream (smoltcp).
//!
//! No PMD knows of it, and none of its frames enters the dataplane: they have a store, a ledger and
//! rings of their own. What comes in is bounded in each tick, so that a flood of it costs nobody but
//! those who want something there.

mod card;
mod listeners;

use dataplane::tunnel::is_ipv4;
use frame::{LocalPool, RxQueue, TxQueue};
use smoltcp::iface::{Interface, PollResult, SocketSet};
use smoltcp::time::Instant;

use crate::ether::{self, Adapter};
pub use card::Tally;
use card::{Card, OUTGOING};
use listeners::Listeners;
pub use listeners::{HEARD, LISTENERS, Memory, PORT, Speaker, WAITING};

/// Frames that are taken in one tick at most.
const FRAMES: usize = 64;

/// Who this machine is there.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    /// Its address on Ethernet, in the lower six bytes.
    pub mac: u64,
    /// Addresses, IPv4 mapped into IPv6, and how many bits all on the wire share.
    pub addresses: [Option<(u128, u8)>; 2],
    /// Gateways.
    pub gateways: [Option<u128>; 2],
    /// What random numbers begin with.
    pub seed: u64,
}

/// The port, as the control core plays it.
pub struct Management<R, T> {
    interface: Interface,
    listeners: Listeners,
    sockets: SocketSet<'static>,
    adapter: Adapter<Card<R, T>>,
}

impl<R: RxQueue, T: TxQueue> Management<R, T> {
    /// This machine behind the two halves of a port, with empty frames of its `pool`, and `memory` for
    /// those who listen there.
    pub fn new(own: &Own, (rx, tx): (R, T), pool: &'static mut LocalPool, memory: Memory) -> Self {
        let mut adapter = Adapter::new(Card::new(rx, tx, pool));
        let mut interface = ether::interface(&mut adapter, own.mac, &own.addresses, own.seed);
        own.gateways.iter().flatten().for_each(|gateway| add_gateway(&mut interface, *gateway));
        let (listeners, sockets) = Listeners::new(memory);
        Self { interface, listeners, sockets, adapter }
    }

    /// Answers what came, and has listeners hear the `speaker`, at a time in microseconds since boot.
    pub fn tick(&mut self, micros: u64, speaker: &mut impl Speaker) {
        let time = Instant::from_micros(micros as i64);
        self.hear(time);
        self.listeners.serve(time, &mut self.sockets, speaker);
        self.speak(time);
    }

    /// Where each frame ended, and who listens.
    pub fn tally(&self) -> Tally {
        let (listeners, missed) = (self.listeners.count() as u32, self.listeners.missed);
        Tally { listeners, missed, ..self.adapter.ether.tally() }
    }

    fn hear(&mut self, time: Instant) {
        for _ in 0..FRAMES {
            if !self.adapter.take() {
                break;
            }
            self.interface.poll_ingress_single(time, &mut self.adapter, &mut self.sockets);
            self.listeners.open(&mut self.sockets);
        }
        self.interface.poll_maintenance(time);
    }

    /// Sends what is due, and keeps the card's house.
    fn speak(&mut self, time: Instant) {
        // Each of these sends a frame of each socket at most, and none where there is no room.
        for _ in 0..OUTGOING {
            let said = self.interface.poll_egress(time, &mut self.adapter, &mut self.sockets);
            if said == PollResult::None {
                break;
            }
        }
        self.adapter.ether.flush();
    }
}

fn add_gateway(interface: &mut Interface, gateway: u128) {
    let routes = interface.routes_mut();
    // There is room for one of each family.
    let _fits = match is_ipv4(gateway) {
        true => routes.add_default_ipv4_route((gateway as u32).into()).map(drop),
        false => routes.add_default_ipv6_route(gateway.into()).map(drop),
    };
}

#[cfg(test)]
mod tests;
