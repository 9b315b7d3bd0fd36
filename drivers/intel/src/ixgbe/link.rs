//! The link: how it is made, and what it is.
//!
//! Nothing here keeps a card from being opened. What takes too long is left as NVM and firmware have
//! it, and an unplugged cable is nothing that one waits for.

use bit_field::BitField;
use bus::{Clock, Limit, Mmio};

use super::mdio::power_on;
use super::registers::bits::{anlp1, autoc, autoc2, esdp, hlreg0, links, macc, mmngc, sw_fw_sync};
use super::registers::{ANLP1, AUTOC, AUTOC2, ESDP, HLREG0, LINKS, MACC, MMNGC};
use super::sequence::play;
use super::sfp::{Module, module};
use super::swap::Swap;
use super::{Medium, Model, NVM};
use crate::card::{Generation, Link};
use crate::device::Device;

/// The word of the NVM that says what the board can, and its bit: no noise of the other port can look like a link.
const CAPABILITIES: u16 = 0x2c;
const NO_CROSSTALK: usize = 7;

/// How long autonegotiation may take to leave its first state, light to come on, a link to settle.
const RESTART: Limit = Limit::milliseconds(40);
const LIGHT: Limit = Limit::milliseconds(100);
const SETTLE: Limit = Limit::milliseconds(50);
/// How long the NVM may take for a module's sequence, in ms.
const SEQUENCE: u64 = 100;
/// How long firmware gets what is shared, between two uses of ours.
const TURN: Limit = Limit::milliseconds(5);

/// Whether a link has to be believed if the cage is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cage {
    /// It counts only with a module in the cage: noise can look like one.
    Matters,
    /// There is none, or there is no such noise.
    IsIgnored,
}

/// Makes the link anew, as the medium wants it (3.7, 4.6.5). What is to be looked at from now on, too.
pub(crate) fn restart<M: Mmio, C: Clock>(device: &Device<'_, M, C>, model: Model) -> (Cage, Swap) {
    // A management controller talks over the link, and wants it left alone.
    let is_ours = !is_vetoed(device.registers);
    match model.medium {
        Medium::Sfp => {
            if is_ours {
                set_up_module(device, model);
            }
            let capabilities = NVM.word(device, CAPABILITIES).unwrap_or_default();
            let is_ignored = capabilities.get_bit(NO_CROSSTALK);
            let cage = if is_ignored { Cage::IsIgnored } else { Cage::Matters };
            (cage, Swap::DONE.look(device, model))
        }
        Medium::Backplane => {
            if is_ours {
                write_autoc(device, model, device.read(AUTOC));
            }
            (Cage::IsIgnored, Swap::DONE)
        }
        // Firmware makes it, and AUTOC means nothing (datasheet of the X540, 3.6).
        Medium::Copper => {
            let _or_it_is_left_as_it_is = power_on(device, model);
            (Cage::IsIgnored, Swap::DONE)
        }
    }
}

/// Makes the analogue part fit the module, and restarts the link with what that can.
fn set_up_module<M: Mmio, C: Clock>(device: &Device<'_, M, C>, model: Model) {
    let Some(module) = module(device) else {
        // A cage that is filled later is at least lit.
        device.clear(ESDP, esdp::LASER_IS_OFF);
        return;
    };
    let work = || play(device, module, SEQUENCE);
    let is_played = model.semaphore().with(device, sw_fw_sync::MAC, work);
    device.pause(TURN);
    if is_played == Ok(Ok(())) {
        write_autoc(device, model, fit(device, module));
    }
    device.clear(ESDP, esdp::LASER_IS_OFF);
    device.pause(LIGHT);
}

/// Has a serial link be one for modules, and returns what AUTOC is to be for this one.
pub(super) fn fit<M: Mmio, C: Clock>(device: &Device<'_, M, C>, module: Module) -> u32 {
    let mode = match module {
        Module::Passive | Module::Optical => autoc::SERIAL_10G,
        Module::Slow => autoc::AUTONEGOTIATED_1G,
    };
    let serial = *device.read(AUTOC2).set_bits(autoc2::SERIAL, autoc2::SFI);
    device.write(AUTOC2, serial);
    *device.read(AUTOC).set_bits(autoc::MODE, mode)
}

/// Writes AUTOC, and has the link start over (4.2.3): with the highest bit of its mode the other way
/// round until autonegotiation is under way, and then as it is meant.
fn write_autoc<M: Mmio, C: Clock>(device: &Device<'_, M, C>, model: Model, value: u32) {
    let restart = || {
        begin_restart(device, value);
        let _or_the_cable_is_unplugged = device.wait(RESTART, || device.has(ANLP1, anlp1::STATE));
        end_restart(device, value);
    };
    // Firmware that manages speeds writes AUTOC as well. Where it does not let go, it has its way.
    let _ = model.semaphore().with(device, sw_fw_sync::MAC, restart);
    device.pause(SETTLE);
}

pub(super) fn begin_restart<M: Mmio, C: Clock>(device: &Device<'_, M, C>, value: u32) {
    device.clear(AUTOC2, autoc2::LINK_DISABLE);
    device.write(AUTOC, (value | autoc::RESTART) ^ 1 << (autoc::MODE.end - 1));
}

pub(super) fn end_restart<M: Mmio, C: Clock>(device: &Device<'_, M, C>, value: u32) {
    device.write(AUTOC, value | autoc::RESTART);
}

/// Whether firmware forbids to touch the link.
pub(crate) fn is_vetoed(registers: &impl Mmio) -> bool {
    registers.read32(MMNGC) & mmngc::VETO != 0
}

/// Whether the link is up.
pub(crate) fn is_up(registers: &impl Mmio) -> bool {
    read_links(registers).get_bit(links::UP)
}

/// LINKS. What is read first may be of before (8.2.3.22.20).
pub(super) fn read_links(registers: &impl Mmio) -> u32 {
    registers.read32(LINKS);
    registers.read32(LINKS)
}

/// The link as it is now.
pub(crate) fn link(registers: &impl Mmio, generation: Generation, cage: Cage) -> Link {
    let now = read_links(registers);
    let is_believed = cage == Cage::IsIgnored || registers.read32(ESDP) & esdp::CAGE_IS_FULL != 0;
    if now == u32::MAX || !now.get_bit(links::UP) || !is_believed {
        return Link::default();
    }
    let is_between = generation == Generation::X550 && now.get_bit(links::NOT_STANDARD);
    let speed = match (now.get_bits(links::SPEED), is_between) {
        (3, false) => 10_000,
        (3, true) => 2500,
        (2, _) => 1000,
        (1, false) => 100,
        (1, true) => 5000,
        // A speed that is reserved. The link is up all the same.
        _ => 0,
    };
    Link { is_up: true, speed }
}

/// Has the MAC receive what it sends, and nothing else, or what comes in again (8.2.3.22.8: LPBK, with the
/// link forced up). What the link is made by is as before then.
pub(crate) fn set_loopback<M: Mmio, C: Clock>(
    device: &Device<'_, M, C>,
    model: Model,
    is_on: bool,
) {
    let change = |register, bit: u32| device.change(register, bit, if is_on { bit } else { 0 });
    change(HLREG0, hlreg0::LOOPBACK);
    match model.generation {
        Generation::X520 if is_on => change(AUTOC, autoc::FORCE_LINK_UP),
        // The link starts over, as it does not by itself.
        Generation::X520 => write_autoc(device, model, device.read(AUTOC) & !autoc::FORCE_LINK_UP),
        Generation::X540 | Generation::X550 => change(MACC, macc::FORCE_LINK_UP),
    }
    device.pause(SETTLE);
}
