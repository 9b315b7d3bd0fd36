//! What network cards are plugged into: wires, interfaces and hubs.

use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};

use super::words::{Words, escaped};

/// What a network card's cable is plugged into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Netdev {
    /// A pair of unix datagram sockets, one frame a datagram.
    Dgram {
        /// QEMU's socket.
        qemu: PathBuf,
        /// The other side's socket.
        host: PathBuf,
    },
    /// A tap interface of the host that already exists.
    Tap {
        /// Its name.
        name: String,
        /// Pairs of queues; the interface was made with `multi_queue` if there are several.
        pairs: u8,
    },
    /// A hub inside QEMU, by number: what one plug sends, all others get.
    Hub(u32),
    /// A network inside QEMU (slirp), 10.0.2.0/24, which needs no rights on the host: whoever connects by
    /// TCP to `host` is connected to `guest`, and nobody reaches anything else.
    User {
        /// An address of the host.
        host: SocketAddrV4,
        /// The one of the machine.
        guest: SocketAddrV4,
    },
    /// A network inside QEMU (slirp) with DHCP, and with TFTP for the files of a folder: what boots by the network
    /// is told the name of one.
    Tftp {
        /// The folder.
        folder: PathBuf,
        /// The file.
        file: String,
    },
    /// Another program, which has the queues of the card itself (vhost-user). It listens before QEMU
    /// runs.
    VhostUser {
        /// Its socket.
        socket: PathBuf,
        /// Pairs of queues.
        pairs: u8,
    },
}

/// A datagram wire that is plugged into a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubWire {
    /// The hub's number.
    pub hub: u32,
    /// QEMU's socket.
    pub qemu: PathBuf,
    /// The other side's socket.
    pub host: PathBuf,
}

impl Netdev {
    /// The two ends of a cable of datagrams, QEMU's first; other cables have none outside QEMU.
    #[must_use]
    pub fn ends(&self) -> Option<(PathBuf, PathBuf)> {
        let Self::Dgram { qemu, host } = self else { return None };
        Some((qemu.clone(), host.clone()))
    }

    /// What a virtio card needs to be told to have as many queues.
    pub(super) fn queues(&self) -> &'static str {
        match self {
            Self::Tap { pairs: 2.., .. } | Self::VhostUser { pairs: 2.., .. } => ",mq=on",
            _ => "",
        }
    }

    /// Adds what a card is plugged into, called `id`.
    pub(super) fn add(&self, line: &mut Words, id: &str) {
        if let Self::VhostUser { socket, .. } = self {
            line.option("-chardev", format!("socket,id=peer-{id},path={}", escaped(socket)));
        }
        line.option("-netdev", self.option(id));
    }

    fn option(&self, id: &str) -> String {
        match self {
            Self::Dgram { qemu, host } => dgram(id, qemu, host),
            Self::Tap { name, pairs } => {
                let queues = if *pairs > 1 { format!(",queues={pairs}") } else { String::new() };
                format!("tap,id={id},ifname={name},script=no,downscript=no{queues}")
            }
            Self::Hub(hub) => format!("hubport,id={id},hubid={hub}"),
            Self::User { host, guest } => {
                format!("user,id={id},restrict=on,hostfwd=tcp:{host}-{guest}")
            }
            Self::Tftp { folder, file } => {
                format!("user,id={id},tftp={},bootfile={file}", escaped(folder))
            }
            Self::VhostUser { pairs, .. } => {
                format!("vhost-user,id={id},chardev=peer-{id},queues={pairs}")
            }
        }
    }
}

impl HubWire {
    /// The id of hub wire number `index`'s plug, for `netdev_del`.
    #[must_use]
    pub fn plug_id(index: usize) -> String {
        format!("plug{index}")
    }

    pub(super) fn add(&self, line: &mut Words, index: usize) {
        let wire = format!("wire{index}");
        line.option("-netdev", dgram(&wire, &self.qemu, &self.host));
        let plug = Self::plug_id(index);
        line.option("-netdev", format!("hubport,id={plug},hubid={},netdev={wire}", self.hub));
    }
}

fn dgram(id: &str, qemu: &Path, host: &Path) -> String {
    format!(
        "dgram,id={id},local.type=unix,local.path={},remote.type=unix,remote.path={}",
        escaped(qemu),
        escaped(host)
    )
}
