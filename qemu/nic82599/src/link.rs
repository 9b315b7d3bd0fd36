//! The link: when it is up, and what LINKS tells of it (8.2.3.22, 4.6.4).

use super::bits;
use super::card::Card;
use super::faults::Fault;
use super::registers as regs;

/// Auto-negotiation and signal as a link partner makes them; only a driver's diagnosis asks.
const PARTNER: u32 = 0xF << 16;

/// The cable and what was told of it.
#[derive(Debug)]
pub(crate) struct Link {
    is_plugged: bool,
    was_up: bool,
    /// Whether the link was down since LINKS was read last.
    was_down: bool,
    /// Readings of LINKS since the link changed last, for flapping.
    readings: u32,
}

impl Link {
    /// A cable that is plugged in, or none.
    pub(crate) fn new(is_plugged: bool) -> Self {
        Self { is_plugged, was_up: false, was_down: true, readings: 0 }
    }
}

impl Card {
    /// Plugs the cable in or pulls it out.
    pub(crate) fn plug(&mut self, is_plugged: bool) {
        self.link.is_plugged = is_plugged;
        self.look_at_link();
    }

    /// Whether frames can pass: the receiver has locked, and the laser is on.
    pub(super) fn is_link_up(&self) -> bool {
        let laser_off = bits::ESDP_SDP3 | bits::ESDP_SDP3_OUT;
        self.has_lock() && !self.has(regs::ESDP, laser_off)
    }

    /// Whether light comes in: by a cable and through a module.
    fn has_light(&self) -> bool {
        self.link.is_plugged && !self.faults.has(Fault::CageEmpty)
    }

    /// Whether the receiver finds Ethernet in it, of the mode that it is in.
    fn has_lock(&self) -> bool {
        let is_serial = self.value(regs::AUTOC) & bits::AUTOC_LMS == bits::AUTOC_10G_SERIAL;
        let is_spoiled = [Fault::NoLock, Fault::ModuleUnknown].map(|it| self.faults.has(it));
        self.has_light() && is_serial && self.analog.fits() && is_spoiled == [false; 2]
    }

    /// The cage: whether a module is in it, whatever was written to that pin, as it is an input.
    pub(super) fn load_esdp(&self) -> u32 {
        let cage = if self.faults.has(Fault::CageEmpty) { 0 } else { bits::ESDP_SDP2 };
        self.value(regs::ESDP) & !bits::ESDP_SDP2 | cage
    }

    /// Notes whether the link changed its state, and tells the driver so.
    pub(super) fn look_at_link(&mut self) {
        let is_up = self.is_link_up();
        self.link.was_down |= !is_up;
        if std::mem::replace(&mut self.link.was_up, is_up) != is_up {
            self.interrupts.add(bits::EICR_LSC);
            self.transmit_all();
        }
    }

    /// A link that was down since the last reading is reported down once more.
    pub(super) fn load_links(&mut self) -> u32 {
        self.flap();
        let is_up = self.is_link_up();
        let was_down = std::mem::replace(&mut self.link.was_down, !is_up);
        let told = [
            (true, bits::LINKS_SERIAL),
            (self.has_light(), bits::LINKS_LIGHT),
            (self.has_lock(), bits::LINKS_LOCK),
            (is_up && !was_down, bits::LINKS_UP | bits::LINKS_10G),
        ];
        told.iter().filter(|(holds, _)| *holds).fold(0, |links, (_, bits)| links | bits)
    }

    /// A restart interrupts the link.
    pub(super) fn store_autoc(&mut self, value: u32) {
        self.set(regs::AUTOC, value & !bits::AUTOC_RESTART);
        if value & bits::AUTOC_RESTART != 0 {
            self.set(regs::ANLP1, PARTNER);
            self.settle_analog();
            self.link.was_down = true;
            self.interrupts.add(bits::EICR_LSC);
        }
        self.look_at_link();
    }

    pub(super) fn store_esdp(&mut self, value: u32) {
        self.set(regs::ESDP, value);
        self.look_at_link();
    }

    fn flap(&mut self) {
        let Some(every) = self.faults.link_flaps() else { return };
        self.link.readings += 1;
        if self.link.readings >= every {
            self.link.readings = 0;
            self.plug(!self.link.is_plugged);
        }
    }
}
