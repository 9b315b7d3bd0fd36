//! A record of register accesses, for comparing what drivers do.

use std::fmt;

use super::registers::Register;

/// One access to a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The register.
    pub register: Register,
    /// What was written or answered.
    pub value: u32,
    /// Whether it was written; else it was read.
    pub is_write: bool,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_write { "<-" } else { "->" };
        write!(f, "{} {sign} {:08x}", self.register, self.value)
    }
}

/// The first accesses, up to a limit, and how many there were.
#[derive(Debug)]
pub(crate) struct Trace {
    first: Vec<Access>,
    limit: usize,
    count: u64,
}

impl Trace {
    /// A record of the first `limit` accesses.
    pub(crate) fn new(limit: usize) -> Self {
        Self { first: Vec::new(), limit, count: 0 }
    }

    /// Notes an access.
    pub(crate) fn add(&mut self, access: Access) {
        self.count += 1;
        if self.first.len() < self.limit {
            self.first.push(access);
        }
    }

    /// The first accesses, in order.
    pub(crate) fn first(&self) -> &[Access] {
        &self.first
    }

    /// All accesses, kept or not.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}
