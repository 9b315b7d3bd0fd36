//! Network cards: their kinds, places and addresses.

use std::fmt;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::path::PathBuf;

use super::cable::Netdev;
use super::words::{Words, escaped};

/// The first PCI slot on bus 0 that network cards are put into, in order.
pub const FIRST_NIC_SLOT: u8 = 2;

/// What kind of network card it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Model {
    /// virtio-net over modern PCI.
    #[default]
    Virtio,
    /// Intel's 82574.
    E1000e,
    /// Intel's 82576, which QEMU has from version 8 on. Such cards are two slots apart: the virtual
    /// functions of one may lie between.
    Igb,
    /// A card outside QEMU, as [`nic82599`] is. It holds the end of its cable that is
    /// QEMU's with other cards, and has the address that it says itself.
    Proxy {
        /// The socket that leads to it: a descriptor that QEMU inherits.
        socket: RawFd,
    },
}

/// A network card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nic {
    /// Its kind.
    pub model: Model,
    /// Its address, if not the one of its number.
    pub mac: Option<Mac>,
    /// Whether it has QEMU's ROM for it, iPXE: firmware without has drivers of its own, or none.
    pub has_rom: bool,
    /// Further properties of the device, as QEMU's option `-device` has them.
    pub properties: Vec<String>,
    /// What its cable is plugged into.
    pub netdev: Netdev,
    /// A pcap file that every frame of the cable is written to, if wanted.
    pub capture: Option<PathBuf>,
}

/// An Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// The address of the machine's network card number `index`.
    #[must_use]
    pub fn of_nic(index: u8) -> Self {
        Self([0x52, 0x54, 0x00, 0xba, 0x5e, index])
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl Nic {
    /// A card on `netdev`, its frames not captured.
    #[must_use]
    pub fn new(netdev: Netdev) -> Self {
        let model = Model::default();
        let (mac, properties) = (None, Vec::new());
        Self { model, mac, has_rom: false, properties, netdev, capture: None }
    }

    /// A card outside QEMU, at the end of the cable `netdev`. QEMU inherits `socket`, which has to
    /// be open until QEMU runs.
    #[must_use]
    pub fn proxy(socket: &OwnedFd, netdev: Netdev) -> Self {
        Self { model: Model::Proxy { socket: socket.as_raw_fd() }, ..Self::new(netdev) }
    }

    /// Adds card number `index`, which the machine `boots` from or not.
    pub(super) fn add(&self, line: &mut Words, index: usize, boots: bool) {
        let slot = usize::from(FIRST_NIC_SLOT) + index * self.model.slots();
        let device = match self.model {
            Model::Virtio => "virtio-net-pci,disable-legacy=on",
            Model::E1000e => "e1000e",
            Model::Igb => "igb",
            Model::Proxy { socket } => {
                let device = format!("x-pci-proxy-dev,id=nic{index},addr={slot:#x},fd={socket}");
                return line.option("-device", device);
            }
        };
        self.netdev.add(line, &format!("net{index}"));
        let mac = self.mac.unwrap_or(Mac::of_nic(u8::try_from(index).unwrap_or(u8::MAX)));
        let queues = self.netdev.queues();
        let mut device =
            format!("{device}{queues},id=nic{index},netdev=net{index},mac={mac},addr={slot:#x}");
        device.push_str(if self.has_rom { "" } else { ",romfile=" });
        device.push_str(if boots { ",bootindex=0" } else { "" });
        self.properties.iter().for_each(|property| device.extend([",", property]));
        line.option("-device", device);
        if let Some(file) = &self.capture {
            let file = escaped(file);
            line.option(
                "-object",
                format!("filter-dump,id=dump{index},netdev=net{index},file={file}"),
            );
        }
    }
}

impl Model {
    /// Slots from one card of this kind to the next.
    fn slots(self) -> usize {
        if self == Self::Igb { 2 } else { 1 }
    }
}
