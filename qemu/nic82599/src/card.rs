//! The card: its state, and what reading and writing its registers does.

use std::fs::File;
use std::time::Instant;

use super::bits;
use super::cable::Cable;
use super::cage::Analog;
use super::config::{Config, Request};
use super::faults::{Fault, Faults};
use super::interrupts::Interrupts;
use super::link::Link;
use super::memory::{Memory, Section};
use super::nvm::Nvm;
use super::patch::Patch;
use super::receive::Receiver;
use super::registers::{self as regs, Register, SPACE};
use super::ring::{DESCRIPTOR, Ring};
use super::sfp::{Module, ModuleKind};
use super::statistics::{Statistics, is_counter};
use super::trace::{Access, Trace};
use super::transmit::Transmitter;
use super::violations::{Rule, Violations};

/// The card.
#[derive(Debug)]
pub(crate) struct Card {
    pub(super) values: Vec<u32>,
    pub(super) config: Config,
    pub(super) memory: Memory,
    pub(super) nvm: Nvm,
    pub(super) module: Module,
    pub(super) analog: Analog,
    pub(super) interrupts: Interrupts,
    pub(super) link: Link,
    pub(super) receiver: Receiver,
    pub(super) transmitter: Transmitter,
    pub(super) cable: Option<Cable>,
    /// Where frames go instead of by the cable, if anywhere.
    pub(super) patch: Option<Patch>,
    pub(super) faults: Faults,
    pub(super) violations: Violations,
    pub(super) trace: Trace,
    pub(super) statistics: Statistics,
    /// When the reset began that the driver has not seen ending.
    pub(super) reset: Option<Instant>,
    /// Whether SECRXSTAT has told that the receive path is blocked.
    pub(super) is_blocked: bool,
    /// Whether RSS was switched on or receiving begun, so that its mode is settled.
    pub(super) is_mode_settled: bool,
}

impl Card {
    /// A card with this address, switched on. `trace` is how many accesses are kept.
    pub(crate) fn new(mac: [u8; 6], config: Config, cable: Option<Cable>, trace: usize) -> Self {
        let mut card = Self {
            values: vec![0; (SPACE / 4) as usize],
            config,
            memory: Memory::default(),
            nvm: Nvm::new(mac),
            module: Module::new(ModuleKind::Optics),
            analog: Analog::FITTING,
            interrupts: Interrupts::default(),
            link: Link::new(cable.is_some()),
            receiver: Receiver::new(),
            transmitter: Transmitter::new(),
            cable,
            patch: None,
            faults: Faults::default(),
            violations: Violations::default(),
            trace: Trace::new(trace),
            statistics: Statistics::default(),
            reset: None,
            is_blocked: false,
            is_mode_settled: false,
        };
        card.set_defaults();
        card
    }

    /// What the guest's memory is made of from now on.
    pub(crate) fn set_memory(&mut self, sections: Vec<Section>) {
        self.memory = Memory::new(sections);
    }

    /// What INTx is raised by from now on, and what tells that it was served.
    pub(crate) fn connect_interrupt(&mut self, raise: Option<File>, resample: Option<File>) {
        self.interrupts.connect(raise, resample);
    }

    /// Reads the configuration space.
    pub(crate) fn read_config(&self, address: u32, length: u32) -> u32 {
        self.config.read(address, length)
    }

    /// Writes the configuration space.
    pub(crate) fn write_config(&mut self, address: u32, value: u32, length: u32) {
        if self.config.write(address, value, length) == Request::Reset {
            self.begin_reset();
        }
        self.raise();
    }

    /// Reads `size` bytes at guest address `address`, which lies in BAR 0.
    pub(crate) fn read(&mut self, address: u64, size: u32) -> u64 {
        let Some(register) = self.access(address, 0, size) else { return u64::MAX };
        let value = self.load(register);
        self.trace.add(Access { register, value, is_write: false });
        value.into()
    }

    /// Writes `size` bytes at guest address `address`, which lies in BAR 0.
    pub(crate) fn write(&mut self, address: u64, value: u64, size: u32) {
        let Some(register) = self.access(address, value, size) else { return };
        let value = value as u32;
        self.trace.add(Access { register, value, is_write: true });
        self.check_write(register, value);
        self.store(register, value);
        self.raise();
    }

    /// Work that time brings: what the cable would not take, and reports that waited.
    pub(crate) fn tick(&mut self) {
        self.transmit_all();
        self.report_all();
        self.raise();
    }

    /// Raises INTx if there is a cause and nothing forbids it.
    pub(crate) fn raise(&self) {
        if self.config.may_interrupt() {
            self.interrupts.raise();
        }
    }

    /// The value behind `register`, without any effect.
    pub(super) fn value(&self, register: Register) -> u32 {
        self.values.get((register.0 / 4) as usize).copied().unwrap_or(0)
    }

    /// Puts `value` behind `register`, without any effect.
    pub(super) fn set(&mut self, register: Register, value: u32) {
        if let Some(slot) = self.values.get_mut((register.0 / 4) as usize) {
            *slot = value;
        }
    }

    /// Whether all bits of `mask` are set in `register`.
    pub(super) fn has(&self, register: Register, mask: u32) -> bool {
        self.value(register) & mask == mask
    }

    /// Adds to a counter, which sticks at its maximum.
    pub(super) fn count(&mut self, register: Register, more: u32) {
        self.set(register, self.value(register).saturating_add(more));
    }

    /// Adds to a counter of two registers, the low word first.
    pub(super) fn count_bytes(&mut self, low: Register, bytes: usize) {
        let high = Register(low.0 + 4);
        let sum = (u64::from(self.value(high)) << 32 | u64::from(self.value(low))) + bytes as u64;
        self.set(low, sum as u32);
        self.set(high, (sum >> 32) as u32);
    }

    /// The ring of receive queue `queue`, if it has one.
    pub(super) fn receive_ring(&self, queue: u32) -> Option<Ring> {
        self.ring(regs::RDBAL.at(queue), regs::RDBAH.at(queue), regs::RDLEN.at(queue))
    }

    /// The ring of transmit queue `queue`, if it has one.
    pub(super) fn transmit_ring(&self, queue: u32) -> Option<Ring> {
        self.ring(regs::TDBAL.at(queue), regs::TDBAH.at(queue), regs::TDLEN.at(queue))
    }

    fn ring(&self, low: Register, high: Register, length: Register) -> Option<Ring> {
        let base = u64::from(self.value(high)) << 32 | u64::from(self.value(low) & !0x7F);
        let slots = (self.value(length) & 0x000F_FF80) / DESCRIPTOR;
        (slots > 0).then_some(Ring { base, slots })
    }

    /// The register at `address`, unless the access is none that the card answers.
    fn access(&mut self, address: u64, value: u64, size: u32) -> Option<Register> {
        if !self.faults.count_access() {
            return None;
        }
        let register = Register::at((address & u64::from(SPACE - 1)) as u32);
        if size != 4 || !register.0.is_multiple_of(4) {
            self.violations.add(Rule::Width, register, value);
            return None;
        }
        if self.is_resetting() && !matches!(register, regs::CTRL | regs::STATUS) {
            self.violations.add(Rule::ResetAwaited, register, value);
        }
        Some(register)
    }

    /// What reading `register` answers, and does.
    fn load(&mut self, register: Register) -> u32 {
        match register {
            regs::CTRL => self.load_ctrl(),
            regs::STATUS => self.load_status(),
            regs::EEC => self.nvm.pins(!self.faults.has(Fault::AutoReadNeverDone)),
            regs::I2CCTL => self.load_wires(),
            regs::SWSM => self.load_semaphore(),
            regs::EICR => self.interrupts.take_causes(),
            regs::EIMS | regs::EIMC => self.interrupts.mask(),
            regs::LINKS => self.load_links(),
            regs::ESDP => self.load_esdp(),
            regs::FWSM => bits::FWSM_VALID,
            regs::RDRXCTL => self.load_rdrxctl(),
            regs::SECRXSTAT => self.load_secrxstat(),
            regs::SECTXSTAT => self.value(regs::SECTXCTRL) >> 1 & 1,
            _ => self.load_other(register),
        }
    }

    fn load_other(&mut self, register: Register) -> u32 {
        if let Some(queue) = regs::RXDCTL.index(register) {
            return self.load_rxdctl(queue);
        }
        if let Some(queue) = regs::TXDCTL.index(register) {
            return self.load_txdctl(queue);
        }
        let value = self.value(register);
        if is_counter(register) {
            self.set(register, 0);
        }
        value
    }

    /// Requests to the bus end as soon as they are to (5.2.5.3.2).
    fn load_status(&self) -> u32 {
        let is_stopped = self.has(regs::CTRL, bits::CTRL_GIO_DIS);
        let is_stuck = self.faults.has(Fault::GioMasterStuck);
        if is_stopped && !is_stuck { 0 } else { bits::STATUS_GIO }
    }

    /// Whoever reads the semaphore as clear holds it.
    fn load_semaphore(&mut self) -> u32 {
        let value = self.value(regs::SWSM);
        self.set(regs::SWSM, value | bits::SWSM_SMBI);
        let held = self.faults.has(Fault::SemaphoreHeld);
        value | if held { bits::SWSM_SMBI } else { 0 }
    }

    /// The wires of the module, or those that nobody but the driver pulls.
    fn load_wires(&self) -> u32 {
        if self.faults.has(Fault::CageEmpty) {
            self.module.pins_without()
        } else if self.faults.has(Fault::ModuleStuck) {
            self.module.pins_stuck()
        } else {
            self.module.pins()
        }
    }

    fn load_rdrxctl(&self) -> u32 {
        let is_done = !self.faults.has(Fault::DmaInitNeverDone);
        self.value(regs::RDRXCTL) | if is_done { bits::RDRXCTL_DMAIDONE } else { 0 }
    }

    fn load_secrxstat(&mut self) -> u32 {
        let never = self.faults.has(Fault::SecurityBlockNeverReady);
        self.is_blocked = self.has(regs::SECRXCTRL, bits::SECRXCTRL_DIS) && !never;
        if self.is_blocked { bits::SECRXSTAT_RDY } else { 0 }
    }

    /// What writing `register` does.
    fn store(&mut self, register: Register, value: u32) {
        match register {
            regs::CTRL => self.store_ctrl(value),
            regs::EEC => self.nvm.drive(value),
            regs::EERD => self.set(register, self.nvm.read_by_word(value)),
            regs::I2CCTL => self.module.drive(value),
            regs::EICR => self.interrupts.clear(value),
            regs::EICS => self.interrupts.add(value),
            regs::EIMS => self.interrupts.allow(value),
            regs::EIMC => self.interrupts.forbid(value),
            regs::EIAM => self.interrupts.mask_by_reading(value),
            regs::AUTOC => self.store_autoc(value),
            regs::ESDP => self.store_esdp(value),
            regs::CORECTL => self.store_corectl(value),
            // There is no PHY: a read of one finds the data wire pulled up.
            regs::MSCA => self.set(regs::MSCA, value & !bits::MSCA_COMMAND),
            regs::MSRWD => self.set(regs::MSRWD, value | 0xFFFF << 16),
            regs::RXCTRL => self.store_rxctrl(value),
            regs::SECRXCTRL => {
                self.set(register, value);
                self.is_blocked &= value & bits::SECRXCTRL_DIS != 0;
            }
            regs::STATUS | regs::LINKS | regs::FWSM | regs::SECRXSTAT | regs::SECTXSTAT => {}
            _ => self.store_other(register, value),
        }
    }

    fn store_other(&mut self, register: Register, value: u32) {
        if let Some(queue) = regs::RDT.index(register) {
            self.store_rdt(queue, value);
        } else if let Some(queue) = regs::TDT.index(register) {
            self.store_tdt(queue, value);
        } else if let Some(queue) = regs::RXDCTL.index(register) {
            self.store_rxdctl(queue, value);
        } else if let Some(queue) = regs::TXDCTL.index(register) {
            self.store_txdctl(queue, value);
        } else {
            self.set(register, value);
        }
    }
}
