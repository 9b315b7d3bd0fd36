//! Where frames go by the port they came in by.

use crate::batch::Verdict;
use crate::ledger::PORTS;

/// For each port the one that its frames leave by.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    exits: [Option<u16>; PORTS],
}

impl Rules {
    /// Sends frames of port `a` out by port `b`, and back. False, and nothing is changed, if
    /// either number is too large or either port already has a rule.
    pub fn join(&mut self, a: u16, b: u16) -> bool {
        let free = |port: u16| self.exits.get(usize::from(port)) == Some(&None);
        let joined = free(a) && free(b);
        if joined {
            self.exits[usize::from(a)] = Some(b);
            self.exits[usize::from(b)] = Some(a);
        }
        joined
    }

    /// The port that frames of `port` leave by.
    pub fn exit(&self, port: u16) -> Option<u16> {
        *self.exits.get(usize::from(port))?
    }

    /// The verdict on all frames of `port`, if there is a rule for them.
    #[inline]
    pub fn verdict(&self, port: u16) -> Option<Verdict> {
        self.exit(port).map(Verdict::Output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_ports_lead_to_each_other() {
        let mut rules = Rules::default();
        assert!(rules.join(0, 1));
        assert_eq!(rules.verdict(0), Some(Verdict::Output(1)));
        assert_eq!(rules.verdict(1), Some(Verdict::Output(0)));
        assert_eq!(rules.verdict(2), None);
    }

    #[test]
    fn a_port_has_one_rule_and_a_number_in_range() {
        let mut rules = Rules::default();
        assert!(rules.join(0, 1));
        assert!(!rules.join(1, 2));
        assert!(!rules.join(2, PORTS as u16));
        assert_eq!(rules.exit(2), None);
    }

    #[test]
    fn a_port_may_lead_to_itself() {
        let mut rules = Rules::default();
        assert!(rules.join(3, 3));
        assert_eq!(rules.exit(3), Some(3));
    }
}
