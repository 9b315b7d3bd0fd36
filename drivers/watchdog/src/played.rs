//! A chip that a test plays: its registers keep what is written, but for those that are held.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use bus::Mmio;

use crate::{Config, Ports};

/// What was written where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    Register(usize, u32),
    Config(u8, u32),
    Port(u16, u16),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    Register(usize),
    Config(u8),
    Port(u16),
}

#[derive(Default)]
struct Inside {
    values: HashMap<Place, u32>,
    held: Vec<Place>,
    writes: Vec<Write>,
}

#[derive(Clone, Default)]
pub(crate) struct Chip(Rc<RefCell<Inside>>);

impl Chip {
    pub(crate) fn writes(&self) -> Vec<Write> {
        self.0.borrow().writes.clone()
    }

    pub(crate) fn preset(&self, offset: usize, value: u32) {
        self.0.borrow_mut().values.insert(Place::Register(offset), value);
    }

    pub(crate) fn preset_port(&self, port: u16, value: u16) {
        self.0.borrow_mut().values.insert(Place::Port(port), value.into());
    }

    /// The register stays as it is, whatever is written.
    pub(crate) fn hold(&self, offset: usize) {
        self.0.borrow_mut().held.push(Place::Register(offset));
    }

    pub(crate) fn hold_port(&self, port: u16) {
        self.0.borrow_mut().held.push(Place::Port(port));
    }

    pub(crate) fn hold_config(&self, offset: u8, value: u8) {
        let mut inside = self.0.borrow_mut();
        inside.values.insert(Place::Config(offset), value.into());
        inside.held.push(Place::Config(offset));
    }

    fn put(&self, place: Place, value: u32) {
        let mut inside = self.0.borrow_mut();
        inside.writes.push(match place {
            Place::Register(offset) => Write::Register(offset, value),
            Place::Config(offset) => Write::Config(offset, value),
            Place::Port(port) => Write::Port(port, value as u16),
        });
        if !inside.held.contains(&place) {
            inside.values.insert(place, value);
        }
    }

    fn get(&self, place: Place) -> u32 {
        self.0.borrow().values.get(&place).copied().unwrap_or(0)
    }
}

impl Mmio for Chip {
    fn read8(&self, offset: usize) -> u8 {
        self.get(Place::Register(offset)) as u8
    }

    fn read16(&self, offset: usize) -> u16 {
        self.get(Place::Register(offset)) as u16
    }

    fn read32(&self, offset: usize) -> u32 {
        self.get(Place::Register(offset))
    }

    fn write8(&self, offset: usize, value: u8) {
        self.put(Place::Register(offset), value.into());
    }

    fn write16(&self, offset: usize, value: u16) {
        self.put(Place::Register(offset), value.into());
    }

    fn write32(&self, offset: usize, value: u32) {
        self.put(Place::Register(offset), value);
    }
}

impl Config for Chip {
    fn read8(&self, offset: u8) -> u8 {
        self.get(Place::Config(offset)) as u8
    }

    fn write8(&self, offset: u8, value: u8) {
        self.put(Place::Config(offset), value.into());
    }

    fn write16(&self, offset: u8, value: u16) {
        self.put(Place::Config(offset), value.into());
    }
}

impl Ports for Chip {
    fn read16(&self, port: u16) -> u16 {
        self.get(Place::Port(port)) as u16
    }

    fn read32(&self, port: u16) -> u32 {
        self.get(Place::Port(port))
    }

    fn write8(&self, port: u16, value: u8) {
        self.put(Place::Port(port), value.into());
    }

    fn write16(&self, port: u16, value: u16) {
        self.put(Place::Port(port), value.into());
    }
}
