//! A wire of Ethernet as smoltcp sees it: frames come and go one at a time, each copied.

use core::net::{Ipv4Addr, Ipv6Addr};

use dataplane::tunnel::is_ipv4;
use frame::BUFFER;
use smoltcp::iface::{Config, Interface};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpCidr};

/// The longest frame, with its header.
const LONGEST: usize = 1514;

/// What frames come from and go to.
pub(crate) trait Ether {
    /// Copies the next frame to the front of `bytes`, and returns its length; none if there is none.
    fn take(&mut self, bytes: &mut [u8; BUFFER]) -> Option<usize>;

    /// Sends a frame of these `bytes`. One that finds no room is lost.
    fn send(&mut self, bytes: &[u8]);

    /// Whether there is room for one that can as well be sent later.
    fn has_room(&self) -> bool;
}

/// The wire, and a copy of the frame that came last.
pub(crate) struct Adapter<E> {
    pub(crate) ether: E,
    bytes: [u8; BUFFER],
    len: usize,
}

/// This machine on the wire of `adapter`, by its own address there and those of IP, with how many bits
/// all on the wire share. What it draws begins with `seed`.
pub(crate) fn interface<E: Ether>(
    adapter: &mut Adapter<E>,
    mac: u64,
    addresses: &[Option<(u128, u8)>],
    seed: u64,
) -> Interface {
    let mut config = Config::new(HardwareAddress::Ethernet(address(mac)));
    config.random_seed = seed;
    let mut interface = Interface::new(config, adapter, Instant::ZERO);
    interface.update_ip_addrs(|own| {
        addresses.iter().flatten().for_each(|(address, bits)| {
            let _one_of_each_family_fits = own.push(cidr(*address, *bits));
        });
    });
    interface
}

/// An address of Ethernet, of which the lower six bytes count.
pub(crate) fn address(mac: u64) -> EthernetAddress {
    let [_, _, a, b, c, d, e, f] = mac.to_be_bytes();
    EthernetAddress([a, b, c, d, e, f])
}

fn cidr(address: u128, bits: u8) -> IpCidr {
    if is_ipv4(address) {
        IpCidr::new(Ipv4Addr::from_bits(address as u32).into(), bits.saturating_sub(96))
    } else {
        IpCidr::new(Ipv6Addr::from_bits(address).into(), bits)
    }
}

impl<E: Ether> Adapter<E> {
    /// An adapter to `ether`.
    pub(crate) fn new(ether: E) -> Self {
        Self { ether, bytes: [0; BUFFER], len: 0 }
    }

    /// Copies the next frame, which smoltcp takes then. False if there is none.
    pub(crate) fn take(&mut self) -> bool {
        let len = self.ether.take(&mut self.bytes);
        self.len = len.unwrap_or(0);
        len.is_some()
    }

    /// The frame that came last.
    pub(crate) fn received(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Sends a frame of `len` bytes that `write` writes.
    pub(crate) fn send<A>(&mut self, len: usize, write: impl FnOnce(&mut [u8]) -> A) -> A {
        Sending(&mut self.ether).consume(len, write)
    }
}

/// Takes the frame that came last.
pub(crate) struct Received<'a>(&'a [u8]);
/// Sends one more.
pub(crate) struct Sending<'a, E>(&'a mut E);

impl<E: Ether> Device for Adapter<E> {
    type RxToken<'a>
        = Received<'a>
    where
        E: 'a;
    type TxToken<'a>
        = Sending<'a, E>
    where
        E: 'a;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Sending<'_, E>)> {
        let len = core::mem::take(&mut self.len);
        (len > 0).then_some((Received(&self.bytes[..len]), Sending(&mut self.ether)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sending<'_, E>> {
        self.ether.has_room().then_some(Sending(&mut self.ether))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = LONGEST;
        capabilities
    }
}

impl RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(self.0)
    }
}

impl<E: Ether> TxToken for Sending<'_, E> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut bytes = [0; BUFFER];
        let bytes = &mut bytes[..len.min(LONGEST)];
        let written = write(bytes);
        self.0.send(bytes);
        written
    }
}
