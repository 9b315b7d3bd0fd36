//! Pairs of ports whose frames leave by each other: the shortest way to say a rule.

use core::fmt::{self, Display, Formatter};

use dataplane::PORTS;

/// For each port the one that its frames leave by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forward([Option<u16>; PORTS]);

impl Forward {
    /// Sends frames of port `a` out by port `b`, and back. False, and nothing is changed, if
    /// either number is too large or either port has a partner already.
    pub fn join(&mut self, a: u16, b: u16) -> bool {
        let free = |port: u16| self.0.get(usize::from(port)) == Some(&None);
        let joined = free(a) && free(b);
        if joined {
            self.0[usize::from(a)] = Some(b);
            self.0[usize::from(b)] = Some(a);
        }
        joined
    }

    /// Has frames of `port` and of its partner leave by no port. False if it has none.
    pub fn part(&mut self, port: u16) -> bool {
        let Some(partner) = self.exit(port) else { return false };
        for port in [port, partner] {
            self.0[usize::from(port)] = None;
        }
        true
    }

    /// The port that frames of `port` leave by.
    pub fn exit(&self, port: u16) -> Option<u16> {
        *self.0.get(usize::from(port))?
    }

    /// The rules that say so, as text.
    pub fn rules(&self) -> impl Iterator<Item = impl Display> {
        let pairs = (0_u16..).zip(self.0);
        pairs.filter_map(|(from, to)| Some(Leads { from, to: to? }))
    }
}

/// Frames of one port leave by another, or by the same.
struct Leads {
    from: u16,
    to: u16,
}

impl Display for Leads {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { from, to } = *self;
        match from == to {
            true => write!(out, "in_port={from},actions=in_port"),
            false => write!(out, "in_port={from},actions=output:{to}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_ports_lead_to_each_other() {
        let mut forward = Forward::default();
        assert!(forward.join(0, 1) && forward.join(3, 3));
        assert_eq!([0, 1, 2, 3].map(|port| forward.exit(port)), [Some(1), Some(0), None, Some(3)]);
        let rules: Vec<String> = forward.rules().map(|rule| rule.to_string()).collect();
        assert_eq!(
            rules,
            [
                "in_port=0,actions=output:1",
                "in_port=1,actions=output:0",
                "in_port=3,actions=in_port",
            ]
        );
        assert!(rules.iter().all(|rule| dataplane::rules::parse(rule).is_ok()));
    }

    #[test]
    fn ports_that_part_lead_nowhere() {
        let mut forward = Forward::default();
        assert!(forward.join(0, 1) && forward.join(2, 3) && forward.part(1));
        assert_eq!([0, 1, 2].map(|port| forward.exit(port)), [None, None, Some(3)]);
        assert!(!forward.part(0) && !forward.part(PORTS as u16));
    }

    #[test]
    fn a_port_has_one_partner_and_a_number_in_range() {
        let mut forward = Forward::default();
        assert!(forward.join(0, 1));
        assert!(!forward.join(1, 2));
        assert!(!forward.join(2, PORTS as u16));
        assert_eq!(forward.exit(2), None);
    }
}
