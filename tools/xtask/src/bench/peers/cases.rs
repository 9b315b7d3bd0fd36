//! What is measured, and the same for Open vSwitch.

use ::hosted::{Path, Setup};

use super::ovs::Bridges;

/// Names of cases that another figure is made of.
pub(super) const ONE: &str = "megaflow, 1 subtable";
pub(super) const EIGHT: &str = "megaflow, 8 subtables";

/// A case.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    path: Path,
    flows: u32,
    masks: u16,
    /// Frames that a poll brings.
    pub(super) burst: u32,
    /// What ours may cost at most, of what Open vSwitch does.
    pub(super) most: f64,
    /// What Open vSwitch takes if it is built for a processor, of what it takes as Debian builds it, as
    /// far as that was measured: on an AMD EPYC, the same version, 20 rounds in turn.
    pub(super) native: Option<f64>,
}

const fn case(name: &'static str, path: Path, burst: u32, most: f64) -> Case {
    Case { name, path, flows: 1024, masks: 1, burst, most, native: None }
}

impl Case {
    const fn native(self, factor: f64) -> Self {
        Self { native: Some(factor), ..self }
    }
}

/// All of them.
pub(super) static CASES: [Case; 10] = [
    Case { flows: 1, ..case("by in-port, 2 x 32", Path::InPort, 32, 0.45) }.native(0.84),
    Case { flows: 1, ..case("by in-port, 2 x 4", Path::InPort, 4, 0.40) },
    Case { flows: 1, ..case("by in-port, 2 x 1", Path::InPort, 1, 0.35) }.native(0.90),
    Case { flows: 1, ..case("empty iteration", Path::InPort, 0, 0.50) }.native(1.0),
    case("exact-match hit, 1,024 flows a port", Path::Emc, 32, 0.50).native(0.93),
    case(ONE, Path::Megaflow, 32, 0.40).native(0.74),
    Case { masks: 8, ..case(EIGHT, Path::Megaflow, 32, 0.40) },
    case("VXLAN encap", Path::Encap, 32, 0.50).native(0.97),
    case("VXLAN both ways", Path::Vxlan, 32, 0.50).native(0.91),
    case("VXLAN decap (two passes)", Path::Decap, 32, 0.45).native(0.89),
];

impl Case {
    pub(super) fn setup(&self) -> Setup {
        Setup { masks: self.masks, ..Setup::new(self.path, self.flows) }
    }

    pub(super) fn bridges(&self) -> Bridges {
        match self.path {
            Path::Encap | Path::Vxlan | Path::Decap => Bridges::Tunnel,
            _ => Bridges::Plain,
        }
    }

    /// One key in so many enters the exact-match cache.
    pub(super) fn inverse(&self) -> &'static str {
        if self.path == Path::Megaflow { "0" } else { "1" }
    }

    /// Whether testpmd, which looks nothing up, is a measure.
    pub(super) fn is_for_testpmd(&self) -> bool {
        self.path == Path::InPort
    }
}

/// The rules of `setup` for Open vSwitch: ports are numbered from 1, the tunnel is 10.
pub(super) fn rules(setup: &Setup) -> Vec<String> {
    if setup.path == Path::Megaflow {
        return (0..setup.masks).flat_map(masked).collect();
    }
    setup.rules().iter().map(|rule| renumbered(rule)).collect()
}

/// Rules of a class of flows, so written that Open vSwitch makes a mask of its own of them.
fn masked(class: u16) -> [String; 4] {
    let (port, table) = (::hosted::CLASS + class, class + 1);
    let first = |from| format!("in_port={from},udp,tp_dst={port},actions=resubmit(,{table})");
    let second = |from: u16, to| {
        let net = from - 1;
        format!("table={table},in_port={from},ip,nw_src=198.18.{net}.0/{table},actions=output:{to}")
    };
    [first(1), first(2), second(1, 2), second(2, 1)]
}

fn renumbered(rule: &str) -> String {
    let number = |text: &str| match text {
        "32" => "10".to_owned(),
        text => text.parse().map_or(text.to_owned(), |port: u16| (port + 1).to_string()),
    };
    let words = rule.split(',').map(|word| match word.split_once('=') {
        Some(("in_port", port)) => format!("in_port={}", number(port)),
        Some(("actions", port)) => format!("actions=output:{}", number(port)),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_have_the_numbers_that_open_vswitch_gives_them() {
        let of = |path| rules(&Setup::new(path, 1));
        assert_eq!(of(Path::InPort), ["in_port=1,actions=output:2", "in_port=2,actions=output:1"]);
        assert_eq!(of(Path::Decap)[1], "udp,in_port=10,nw_dst=198.19.1.1,actions=output:2");
        let setup = Setup { masks: 3, ..Setup::new(Path::Megaflow, 1) };
        assert_eq!(rules(&setup).len(), 12);
    }
}
