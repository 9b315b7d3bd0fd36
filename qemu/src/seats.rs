//! Cards of the model of an 82599 in a machine's slots.

use std::os::fd::OwnedFd;
use std::path::Path;

use anyhow::{Result, ensure};

use nic82599::{Device, Options};

use crate::find;
use crate::machine::{Mac, Nic};

/// Major and minor version of the QEMU whose protocol the model speaks. It is QEMU's own affair and
/// changes from version to version.
const QEMU: (u32, u32) = (7, 2);

/// Cards that sit in a machine, in the order of its slots.
#[derive(Debug)]
pub struct Seats {
    devices: Vec<Device>,
    sockets: Vec<OwnedFd>,
}

impl Seats {
    /// Puts a card of the model into the place of each of `nics`, on the same cable. `adapt` changes what
    /// each is like. QEMU has to be started before [`close`](Self::close).
    ///
    /// # Errors
    ///
    /// A cable is none of datagrams, or the system refuses.
    pub fn take(nics: &mut [Nic], mut adapt: impl FnMut(usize, &mut Options)) -> Result<Self> {
        let mut seats = Self { devices: Vec::new(), sockets: Vec::new() };
        for (index, nic) in nics.iter_mut().enumerate() {
            let mac = Mac::of_nic(u8::try_from(index)?);
            let mut options = Options { cable: nic.netdev.ends(), ..Options::new(mac.0) };
            ensure!(options.cable.is_some(), "the cable of a card outside QEMU carries datagrams");
            adapt(index, &mut options);
            let (device, socket) = Device::start(options)?;
            *nic = Nic::proxy(&socket, nic.netdev.clone());
            seats.devices.push(device);
            seats.sockets.push(socket);
        }
        Ok(seats)
    }

    /// Closes the ends of QEMU's, which has inherited them: should QEMU die, the cards notice.
    pub fn close(&mut self) {
        self.sockets.clear();
    }

    /// The cards.
    #[must_use]
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// What the cards saw that their datasheet forbids, a line for each; empty if there is nothing.
    #[must_use]
    pub fn complaints(&self) -> String {
        let violations = self.devices.iter().enumerate().flat_map(|(index, device)| {
            device.violations().into_iter().map(move |it| format!("card {index}: {it:?}\n"))
        });
        violations.collect()
    }
}

/// Whether the QEMU at `program` can have cards of the model; an error tells why not.
///
/// # Errors
///
/// It is another version, or does not say which it is.
pub fn check_emulator(program: &Path) -> Result<()> {
    let (major, minor) = find::version(program)?;
    ensure!(
        (major, minor) == QEMU,
        "cards of the model need QEMU {}.{}, whose protocol they speak; this is {major}.{minor}",
        QEMU.0,
        QEMU.1
    );
    Ok(())
}
