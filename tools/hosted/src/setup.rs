//! What a rig is set up for: the rules, the caches and the frames of each path that packets can take
//! through the dataplane.

use clap::ValueEnum;
use dataplane::network::{Neighbor, Network};
use dataplane::tunnel::{Endpoint, Tunnel};

use crate::flows::{self, Flow, Outer};

/// Addresses of the two ends of the tunnel, and their addresses on Ethernet.
const ENDS: [(u128, u64); 2] =
    [(0xffff_ac10_0101, 0x0200_0000_000a), (0xffff_ac10_0102, 0x0200_0000_000b)];
/// Its network identifier.
const VNI: u32 = 100;
/// Bits of source addresses that masks of their own look at, one after the other.
const SOURCE_BITS: u16 = 24;
/// The same of target addresses, after those; then come bits of the target's address on Ethernet.
const TARGET_BITS: u16 = 32;

/// A way through the dataplane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Path {
    /// Rules look at nothing but the port.
    InPort,
    /// Every key is in the exact-match cache.
    Emc,
    /// Without that cache: flows by their masks.
    Megaflow,
    /// Into a tunnel: frames of port 1.
    Encap,
    /// Out of it, in two passes: frames of port 0.
    Decap,
    /// Both at once.
    Vxlan,
    /// Every frame is of a flow that nobody knows.
    Upcall,
}

impl Path {
    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InPort => "in-port",
            Self::Emc => "emc",
            Self::Megaflow => "megaflow",
            Self::Encap => "encap",
            Self::Decap => "decap",
            Self::Vxlan => "vxlan",
            Self::Upcall => "upcall",
        }
    }
}

/// Frames that a port brings, in turn.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Frames {
    Plain(&'static [Flow]),
    Tunnelled(&'static [Outer]),
}

/// What a rig is made for.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The way that its frames take.
    pub path: Path,
    /// Flows of each port.
    pub flows: u32,
    /// Masks that flows are shared out among, where the path is that of megaflows.
    pub masks: u16,
    /// Ports that bring frames, 2 but on the path by in-port.
    pub ports: u16,
    /// Rules of low priority that fit one flow each, beside those that fit all.
    pub others: u32,
    /// One key in so many enters the exact-match cache; none if it is 0.
    pub inverse: u32,
}

impl Setup {
    /// The way of `path`, with so many flows to a port.
    #[must_use]
    pub const fn new(path: Path, flows: u32) -> Self {
        let inverse = match path {
            Path::Megaflow | Path::Upcall => 0,
            _ => 1,
        };
        Self { path, flows, masks: 1, ports: 2, others: 0, inverse }
    }

    /// Whether each of the first two ports brings frames.
    pub(crate) const fn brings(&self) -> [bool; 2] {
        match self.path {
            Path::Encap => [false, true],
            Path::Decap => [true, false],
            _ => [true, true],
        }
    }

    /// Frames that full bursts of all ports bring.
    #[must_use]
    pub fn per_iteration(&self) -> u32 {
        let silent = self.brings().iter().filter(|brings| !**brings).count() as u32;
        32 * (u32::from(self.ports) - silent)
    }

    /// Ports that there are: frames always have another to leave by.
    pub(crate) fn all_ports(&self) -> u16 {
        self.ports.next_multiple_of(2)
    }

    /// Places for the megaflows of its frames, where each is of one of its own: twice as many.
    pub(crate) fn megaflows(&self) -> usize {
        let each = if self.path == Path::Upcall { self.flows as usize } else { 1 };
        2 * each * usize::from(self.ports)
    }

    /// Its rules.
    #[must_use]
    pub fn rules(&self) -> Vec<String> {
        let others = (0..self.others).map(single);
        self.fitting().into_iter().chain(others).collect()
    }

    /// Those that fit all its frames.
    fn fitting(&self) -> Vec<String> {
        let both = |rule: &dyn Fn(u16, u16) -> String| vec![rule(0, 1), rule(1, 0)];
        match self.path {
            Path::InPort => (0..self.all_ports())
                .map(|port| format!("in_port={port},actions={}", port ^ 1))
                .collect(),
            Path::Emc => {
                both(&|from, to| format!("udp,in_port={from},nw_dst=198.19.{from}.1,actions={to}"))
            }
            Path::Megaflow => (0..self.masks)
                .flat_map(|class| [(0, 1), (1, 0)].map(|ports| masked(class, ports)))
                .collect(),
            Path::Encap | Path::Decap | Path::Vxlan => [("1", "32"), ("32", "1")]
                .map(|(from, to)| format!("udp,in_port={from},nw_dst=198.19.1.1,actions={to}"))
                .to_vec(),
            // The rule that never fits is looked at by everyone.
            Path::Upcall => vec![
                "priority=9,udp,nw_src=1.2.3.4,tp_src=1,actions=drop".into(),
                "priority=1,in_port=0,actions=1".into(),
                "priority=1,in_port=1,actions=0".into(),
            ],
        }
    }

    pub(crate) fn frames(&self, port: u8) -> Frames {
        let tunnelled = matches!(self.path, Path::Decap | Path::Vxlan) && port == 0;
        // What comes out of the tunnel is for the same host as what goes in is from.
        let inner = if self.brings() == [true, true] && self.path == Path::Vxlan || tunnelled {
            1
        } else {
            port
        };
        let plain = flows::table(inner, self.flows, self.masks);
        if tunnelled {
            let outer = plain.iter().map(|flow| flows::outer(flow, ENDS.map(|end| end.0), VNI));
            return Frames::Tunnelled(outer.collect::<Vec<_>>().leak());
        }
        Frames::Plain(plain.leak())
    }

    /// Adds the tunnel to `network`.
    pub(crate) fn equip(network: &mut Network) {
        let [(own, mac), (address, other)] = ENDS;
        let addresses = [Some((own, 120)), None];
        network.endpoint = Some(Endpoint { port: 0, mac, addresses, gateways: [None; 2] });
        network.tunnels[0] = Some(Tunnel { remote: Some(address), key: Some(VNI), port: 4789 });
        let _there_is_room = network.neighbors.push(Neighbor { address, mac: other });
    }

    /// Whether its frames go through a tunnel.
    pub(crate) const fn has_tunnel(&self) -> bool {
        matches!(self.path, Path::Encap | Path::Decap | Path::Vxlan)
    }
}

/// The rule of a class of flows, which has a mask of its own.
fn masked(class: u16, (from, to): (u16, u16)) -> String {
    let port = flows::CLASS + class;
    let source = SOURCE_BITS.min(class + 1);
    let mut rule = format!("udp,in_port={from},tp_dst={port},nw_src=198.18.{from}.0/{source}");
    if class >= SOURCE_BITS {
        let bits = TARGET_BITS.min(class + 1 - SOURCE_BITS);
        rule += &format!(",nw_dst=198.19.{from}.1/{bits}");
    }
    if class >= SOURCE_BITS + TARGET_BITS {
        let mask = !(u16::MAX >> (class + 1 - SOURCE_BITS - TARGET_BITS));
        let [high, low] = mask.to_be_bytes();
        rule += &format!(",dl_dst=02:00:00:00:01:{from:02x}/{high:02x}:{low:02x}:00:00:00:00");
    }
    rule + &format!(",actions={to}")
}

/// One of the rules that fit one flow each: those of both ports in turn.
fn single(number: u32) -> String {
    let (port, number) = (number % 2, number / 2);
    let (host, source) = (number as u8, (number as u16).wrapping_add(1024));
    let to = port ^ 1;
    format!(
        "priority=5,udp,in_port={port},nw_src=198.18.{port}.{host},tp_src={source},actions={to}"
    )
}

#[cfg(test)]
mod tests {
    use dataplane::extract;
    use dataplane::key::Key;

    use super::*;

    #[test]
    fn rules_of_one_flow_fit_that_flow_and_no_other() {
        let fits = |rule: u32, (port, flow): (u8, u32)| {
            let rule = dataplane::rules::parse(&single(rule)).unwrap();
            let frame = flows::table(port, flow + 1, 1)[flow as usize];
            let mut key = Key::ZERO;
            extract(&frame, port.into(), &mut key);
            rule.mask.same(key.words(), rule.value.words())
        };
        for flow in [0, 1, 255, 256, 5000] {
            assert!(fits(2 * flow, (0, flow)) && fits(2 * flow + 1, (1, flow)), "{flow}");
            assert!(!fits(2 * flow, (1, flow)) && !fits(2 * flow, (0, flow + 1)), "{flow}");
        }
    }

    #[test]
    fn the_command_line_knows_paths_by_their_names() {
        for path in Path::value_variants() {
            assert_eq!(Path::from_str(path.name(), false), Ok(*path));
        }
    }
}
