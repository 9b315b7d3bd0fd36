//! What the registers of the 82599 and its kind tell of a link that is down (8.2.3.22.20).

use bit_field::BitField;
use bus::{Clock, Mmio};

use super::link::{Cage, link, read_links};
use super::registers::ESDP;
use super::registers::bits::{esdp, links};
use super::sfp::identify;
use super::{Medium, Model, Swap};
use crate::device::Device;
use crate::report::{self, Cause, Module, Report, Signal};

/// All that the card tells of its link. Asks the module for at most some 30 ms.
pub(crate) fn report<M: Mmio, C: Clock>(
    device: &Device<'_, M, C>,
    model: Model,
    (cage, swap): (Cage, Swap),
) -> Report {
    let link = link(device.registers, model.generation, cage);
    let now = read_links(device.registers);
    let module = if model.medium == Medium::Sfp { identify(device) } else { None };
    let (medium, signal) = match model.medium {
        Medium::Sfp => (report::Medium::Module, Some(signal(now))),
        Medium::Backplane => (report::Medium::Backplane, Some(signal(now))),
        // What the transceiver receives is its firmware's business.
        Medium::Copper => (report::Medium::TwistedPair, None),
    };
    let has_module = module.is_some() || device.has(ESDP, esdp::CAGE_IS_FULL);
    let cause = || match model.medium {
        Medium::Sfp if !has_module => Cause::NoModule,
        Medium::Sfp if module.is_some_and(|it: Module| !it.is_supported) => Cause::NotSupported,
        Medium::Sfp if swap.is_kept() => Cause::NotReady,
        Medium::Copper => Cause::NoCarrier,
        Medium::Sfp | Medium::Backplane => cause(now),
    };
    let cause = (!link.is_up).then(cause);
    Report { link, medium, module, signal, cause }
}

/// What is received, by the mode that the MAC's link is in.
fn signal(now: u32) -> Signal {
    match now.get_bits(links::MODE) {
        links::MODE_1G => {
            let is_locked = now.get_bit(links::SYNC_1G);
            Signal { lanes: now.get_bit(links::SIGNAL_1G).into(), most: 1, is_locked }
        }
        links::MODE_SERIAL => {
            let is_locked = now.get_bit(links::LOCK_SERIAL) && !now.get_bit(links::ERRORS_SERIAL);
            Signal { lanes: now.get_bit(links::SIGNAL_SERIAL).into(), most: 1, is_locked }
        }
        // Four lanes, or autonegotiation, which listens on all.
        _ => {
            let one = now.get_bit(links::SIGNAL_1G) || now.get_bit(links::SIGNAL_SERIAL);
            let lanes = now.get_bits(links::SIGNAL_LANES) as u8 | u8::from(one);
            Signal { lanes, most: 4, is_locked: now.get_bit(links::ALIGNED) }
        }
    }
}

/// Why a link is down whose module, if it has any, is as it should be.
fn cause(now: u32) -> Cause {
    let Signal { lanes, is_locked, .. } = signal(now);
    let is_serial = now.get_bits(links::MODE) == links::MODE_SERIAL;
    let negotiates = now.get_bits(links::MODE) == links::MODE_NEGOTIATED
        || now.get_bits(links::MODE) == links::MODE_1G && now.get_bit(links::NEGOTIATES_1G);
    if lanes == 0 {
        Cause::NoSignal
    } else if negotiates && !now.get_bit(links::IS_NEGOTIATED) {
        Cause::Negotiating
    } else if is_serial && now.get_bit(links::ERRORS_SERIAL) {
        Cause::Errors
    } else if !is_locked {
        Cause::NoLock
    } else {
        Cause::NotHeard
    }
}
