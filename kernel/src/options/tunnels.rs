//! What values of `vtep=` and `vxlan=` look like.

use core::net::{IpAddr, Ipv4Addr};

use dataplane::PORTS;
use dataplane::tunnel::{FIRST, TUNNELS, Tunnel, is_ipv4};
use dataplane::wire::vxlan;

use super::Options;
use super::values::number;

/// This end of all tunnels, but for its address on Ethernet, which is that of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vtep {
    /// The port that tunnels leave by.
    pub port: u16,
    /// Addresses, IPv4 mapped into IPv6, and how many bits all on the wire share; of each family
    /// one at most.
    pub addresses: [Option<(u128, u8)>; 2],
    /// Gateways, of each family one at most.
    pub gateways: [Option<u128>; 2],
}

/// Tunnels by number of their ports.
pub type Tunnels = [Option<Tunnel>; TUNNELS];

/// `PORT,ADDRESS/LENGTH[,ADDRESS/LENGTH][,GATEWAY...]`
pub(super) fn vtep(options: &mut Options, text: &str) -> Option<()> {
    if text == "none" {
        options.vtep = None;
        return Some(());
    }
    let (port, rest) = text.split_once(',')?;
    let port = number(port)?.try_into().ok().filter(|port| usize::from(*port) < PORTS)?;
    let (addresses, gateways) = ends(rest)?;
    options.vtep = Some(Vtep { port, addresses, gateways });
    Some(())
}

/// Addresses with how many bits all on the wire share, and gateways: of each family one of either at most.
type Ends = ([Option<(u128, u8)>; 2], [Option<u128>; 2]);

/// The addresses, one at least, and gateways in `text`.
pub(super) fn ends(text: &str) -> Option<Ends> {
    let (mut addresses, mut gateways) = ([None; 2], [None; 2]);
    for word in text.split(',') {
        match word.split_once('/') {
            Some((address, length)) => {
                let own = (self::address(address)?, length_of(address, length)?);
                put(&mut addresses, own, |own| is_ipv4(own.0))?;
            }
            None => put(&mut gateways, address(word)?, |own| is_ipv4(*own))?,
        }
    }
    addresses.iter().any(Option::is_some).then_some((addresses, gateways))
}

/// Puts `value` where those of its family go, if none is there.
fn put<T>(places: &mut [Option<T>; 2], value: T, is_four: impl Fn(&T) -> bool) -> Option<()> {
    let place = &mut places[usize::from(!is_four(&value))];
    place.is_none().then(|| *place = Some(value))
}

/// An address, IPv4 mapped into IPv6.
fn address(text: &str) -> Option<u128> {
    let address: IpAddr = text.parse().ok()?;
    Some(match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    })
}

/// How many bits of 128 are shared, where `text` says how many of the address.
fn length_of(address: &str, text: &str) -> Option<u8> {
    let (most, before) = if address.parse::<Ipv4Addr>().is_ok() { (32, 96) } else { (128, 0) };
    number(text).filter(|length| *length <= most).map(|length| (length + before) as u8)
}

/// `PORT,remote_ip=ADDRESS|flow,key=VNI|flow[,dst_port=PORT]`, several with `+` between.
pub(super) fn vxlan(options: &mut Options, text: &str) -> Option<()> {
    let mut tunnels = [None; TUNNELS];
    for one in text.split('+').filter(|_| text != "none") {
        let (port, rest) = one.split_once(',')?;
        let place = number(port)?.checked_sub(FIRST.into())?;
        let place: &mut Option<Tunnel> = tunnels.get_mut(place as usize)?;
        if place.replace(tunnel(rest)?).is_some() {
            return None;
        }
    }
    options.tunnels = tunnels;
    Some(())
}

fn tunnel(text: &str) -> Option<Tunnel> {
    let mut tunnel = Tunnel { remote: None, key: None, port: vxlan::PORT };
    let (mut has_remote, mut has_key) = (false, false);
    for word in text.split(',') {
        match word.split_once('=')? {
            ("remote_ip", "flow") => has_remote = true,
            ("remote_ip", value) => (tunnel.remote, has_remote) = (Some(address(value)?), true),
            ("key", "flow") => has_key = true,
            ("key", value) => {
                let key = number(value).filter(|key| *key < 1 << 24)?;
                (tunnel.key, has_key) = (Some(key), true);
            }
            ("dst_port", value) => tunnel.port = number(value)?.try_into().ok()?,
            _ => return None,
        }
    }
    (has_remote && has_key).then_some(tunnel)
}
