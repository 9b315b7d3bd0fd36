//! What the user asked for and could not be had.

use core::fmt::{self, Display, Formatter};

use dataplane::PORTS;
use heapless::Vec;
use kernel::address::{Nic, Place};
use kernel::config::Full;
use kernel::machine::Checksum;

use crate::arch::cores;
use crate::ports;

/// Something that was asked for and cannot be had.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// There is no core for a PMD but the control core.
    NoCore,
    /// The mask leaves no core for a PMD.
    Masked,
    /// All cards were asked for, and there is none with a driver.
    NoCard,
    /// So many of so many cores are threads beside others, and run no PMD.
    Siblings(usize, usize),
    /// This queue is polled by a PMD on this core, on another node than its port's.
    Remote((u16, u16), u8, usize),
    /// No card is what this names.
    NoSuchCard(Nic),
    /// The card at this place booted the machine, and was named, or is one of all.
    BootNic(Place, bool),
    /// The card at this place has this number instead of the one that it was to have.
    Renumbered(Place, usize, usize),
    /// Tunnels are to leave by a port that there is not.
    NoEndpoint(u16),
    /// There is no port as the one that the control core was to have for itself.
    NoManagement,
    /// This key names a port that the control core has for itself.
    Managed(&'static str, u16),
    /// A bond has a port that there is not.
    NoMember(u16, u16),
    /// Tunnels are to leave by a member of a bond.
    BoundEndpoint(u16),
    /// Rules of the configuration file cannot be had on this machine.
    BadRules(Full),
    /// A queue of a port is pinned, and there is none of that name.
    NoSuchQueue(u16, u16),
    /// A queue of a port is pinned to a core that has no PMD.
    NotPinned(u16, u16, usize),
    /// A port has so many receive queues, where more were asked for.
    FewerQueues(u16, usize, usize),
    /// The rings of a port have so many descriptors, and not as many as this key asks for.
    SmallerRings(u16, &'static str, u32, u32),
    /// The card at this place could not be taken.
    NotTaken(Place, ports::Error),
    /// The NVM of the card at this place is damaged.
    Damaged(Place, Checksum),
}

impl Display for Trouble {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCore => out.write_str(
                "error: only one core: PMDs need cores of their own (QEMU: -smp 2); no port taken",
            ),
            Self::Masked => out.write_str(
                "error: pmd-cpu-mask leaves no core for a PMD (core 0 keeps house); no port taken",
            ),
            Self::NoCard => out.write_str(
                "error: ports=all: no network card with a driver is there \
                 (QEMU: -device virtio-net-pci)",
            ),
            Self::Siblings(idle, all) => write!(
                out,
                "note: {idle} of {all} cores are second threads of others and run no PMD (smt=use: all do)"
            ),
            Self::Remote((port, queue), node, core) => write!(
                out,
                "warning: node {node} has no PMD that may poll queue {queue} of port {port}: \
                 core {core} on node {} does, and waits for memory that is farther away",
                cores::node(*core)
            ),
            Self::NoSuchCard(nic) => write!(out, "error: ports: there is no network card {nic}"),
            Self::BootNic(place, is_named) => {
                let key = if *is_named { "error: ports" } else { "ports=all" };
                write!(out, "{key}: {place} booted the machine and is left alone ")?;
                out.write_str("(boot-nic=take takes it)")
            }
            Self::Renumbered(place, number, wanted) => write!(
                out,
                "error: ports: {place} is port {number} and was to be {wanted}: \
                 rules would join the wrong wires, so none holds, and tunnels are off"
            ),
            Self::NoEndpoint(port) => {
                write!(out, "error: vtep: there is no port {port}; tunnels are off")
            }
            Self::NoManagement => out.write_str(
                "error: mgmt: no port that ports= took is that one; nobody is reached there",
            ),
            Self::Managed(key, port) => write!(
                out,
                "error: {key}: port {port} is mgmt's, and PMDs have no part in it; what names it is off"
            ),
            Self::NoMember(bond, port) => {
                write!(out, "error: bond: {bond} has the port {port}, which there is not")
            }
            Self::BoundEndpoint(port) => write!(
                out,
                "error: vtep: port {port} is a member of a bond, and no tunnel leaves by one; tunnels are off"
            ),
            Self::BadRules(full) => {
                let fault = full.fault();
                write!(out, "error: configuration file: {fault}; none of its rules holds")
            }
            Self::NoSuchQueue(port, queue) => {
                write!(out, "error: pmd-rxq-affinity: there is no queue {queue} of a port {port}")
            }
            Self::NotPinned(port, queue, core) => write!(
                out,
                "error: pmd-rxq-affinity: there is no PMD on core {core}; \
                 queue {queue} of port {port} is not pinned"
            ),
            Self::FewerQueues(port, queues, wanted) => {
                write!(out, "error: n_rxq: port {port} has {queues}, not {wanted}: ")?;
                write!(out, "its card has no more, or too few are left")
            }
            Self::SmallerRings(port, key, size, wanted) => {
                write!(out, "error: {key}: rings of port {port} have {size} descriptors, ")?;
                write!(out, "not {wanted}: its card has no more")
            }
            Self::NotTaken(place, error) => write!(out, "error: port {place}: {error}"),
            Self::Damaged(place, checksum) => {
                write!(out, "error: port {place}: NVM checksum {checksum}; it is used all the same")
            }
        }
    }
}

/// Troubles, as many as can matter.
pub(crate) type Troubles = Vec<Trouble, { 2 * PORTS }>;

/// Adds `trouble`.
pub(crate) fn note(troubles: &mut Troubles, trouble: Trouble) {
    // With this many troubles nobody misses the last.
    let _ = troubles.push(trouble);
}
