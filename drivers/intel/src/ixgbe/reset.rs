//! Taking a card over from whoever used it: firmware, or a ROM that booted from the network.
//!
//! It may still be receiving into memory that is ours by now. So it is kept off the bus before (the
//! function is taken over without the right to master it), and until its new rings are there.

use bit_field::BitField;
use bus::{Clock, Limit, Mmio};

use super::Model;
use super::link::{is_up, is_vetoed};
use super::registers::bits::{
    ctrl, dctl, eec, fwsm, gcr_ext, hlreg0, manc, rdrxctl, rxctrl, status, sw_fw_sync,
};
use super::registers::{
    CTRL, EEC, EICR, EIMC, EIMC_EX, FWSM, GCR_EXT, HLREG0, MANC, QUEUES, RDRXCTL, RXCTRL, STATUS,
    receive, transmit,
};
use crate::Error;
use crate::card::Generation;
use crate::device::Device;
use crate::e1000::queue;

/// How long queues take to stop (4.6.7.1.2: a packet's time; the reference driver's 2 ms).
const STOP: Limit = Limit::milliseconds(2);
/// How long requests under way may take (5.2.5.3.2).
const QUIET: Limit = Limit::milliseconds(100);
/// How long answers may take that are still due: what PCIe allows by default.
const ANSWERS: Limit = Limit::milliseconds(100);
/// What the last of them need to trickle in, and buffers to be cleared.
const TRICKLE: Limit = Limit::milliseconds(3);
const CLEARED: Limit = Limit::microseconds(20);
/// Nobody reads the card within this time after a reset (8.2.3.1.1); then its bit may take so long.
const UNREADABLE: Limit = Limit::milliseconds(1);
const RESET: Limit = Limit::milliseconds(10);
/// How long reading the NVM and starting the DMA engine may take.
const SETTINGS: Limit = Limit::milliseconds(100);
const DMA: Limit = Limit::milliseconds(100);

/// Resets the card, so that nothing of what was set up goes on (4.2.1). `is_pending` asks the PCIe
/// capability whether answers are due that the card asked for.
pub(crate) fn reset<M: Mmio, C: Clock>(
    device: &Device<'_, M, C>,
    model: Model,
    is_pending: &dyn Fn() -> bool,
) -> Result<(), Error> {
    device.check()?;
    mask_interrupts(device);
    stop_queues(device);
    let is_quiet = be_quiet(device);
    if !is_quiet {
        clear_answers(device, model, is_pending);
    }
    reset_once(device, model)?;
    // A card that kept the bus busy is reset twice: what was still due came in after the first (5.2.5.3.2).
    if !is_quiet {
        reset_once(device, model)?;
    }
    device.expect(SETTINGS, Error::NoSettings, || device.has(EEC, eec::AUTO_READ_DONE))?;
    device.expect(DMA, Error::NoDma, || device.has(RDRXCTL, rdrxctl::DMA_IS_READY))?;
    mask_interrupts(device);
    device.check()
}

/// No interrupt is let through, and none waits (4.6.3.1). A one in EIMC masks; a zero in EIMS would
/// change nothing.
fn mask_interrupts<M: Mmio, C: Clock>(device: &Device<'_, M, C>) {
    device.write(EIMC, u32::MAX);
    device.write(EIMC_EX, u32::MAX);
    device.write(EIMC_EX + 4, u32::MAX);
    device.read(EICR);
}

/// Stops all queues both ways. On the X550 firmware could be asked to do the first of it, so that
/// frames of its own still come in; that is not done here, as the card is reset at once.
fn stop_queues<M: Mmio, C: Clock>(device: &Device<'_, M, C>) {
    device.clear(RXCTRL, rxctrl::ENABLE);
    for n in 0..QUEUES {
        device.write(transmit(n) + queue::CONTROL, dctl::FLUSH);
    }
    for n in 0..QUEUES {
        device.change(receive(n) + queue::CONTROL, dctl::ENABLE, dctl::FLUSH);
    }
    device.pause(STOP);
}

/// Has the card make no further request for memory. False if some do not end (5.2.5.3.2). A card that
/// is still in a reset is not to begin another one by this.
fn be_quiet<M: Mmio, C: Clock>(device: &Device<'_, M, C>) -> bool {
    device.change(CTRL, ctrl::RESET | ctrl::LINK_RESET, ctrl::MASTER_DISABLE);
    device.wait(QUIET, || !device.has(STATUS, status::MASTER_ENABLED))
}

/// Clears what answers to such requests left in the card's buffers (5.2.5.3.2). It loops back what it
/// sends meanwhile, so that nothing of that gets out.
fn clear_answers<M: Mmio, C: Clock>(
    device: &Device<'_, M, C>,
    model: Model,
    is_pending: &dyn Fn() -> bool,
) {
    let (mac, pcie) = (device.read(HLREG0), device.read(GCR_EXT));
    device.write(HLREG0, mac | hlreg0::LOOPBACK);
    device.pause(TRICKLE);
    if model.generation != Generation::X550 {
        let _or_the_reset_ends_it = device.wait(ANSWERS, || !is_pending());
    }
    device.write(GCR_EXT, pcie | gcr_ext::CLEAR_BUFFERS);
    device.pause(CLEARED);
    device.write(GCR_EXT, pcie);
    device.write(HLREG0, mac);
}

fn reset_once<M: Mmio, C: Clock>(device: &Device<'_, M, C>, model: Model) -> Result<(), Error> {
    let write = |bit| device.set(CTRL, bit);
    let settle = match model.generation {
        Generation::X520 => {
            write(if keeps_link(device) { ctrl::RESET } else { ctrl::LINK_RESET });
            Limit::milliseconds(50)
        }
        // Firmware must not talk to the transceiver meanwhile.
        Generation::X540 | Generation::X550 => {
            let port = device.read(STATUS).get_bits(status::LAN_ID) & 1;
            let phy = sw_fw_sync::PHY_0 << port;
            model.semaphore().with(device, phy, || write(ctrl::RESET))?;
            Limit::milliseconds(100)
        }
    };
    device.pause(UNREADABLE);
    let is_over = || !device.has(CTRL, ctrl::RESET | ctrl::LINK_RESET);
    device.expect(RESET, Error::StuckInReset, is_over)?;
    device.pause(settle);
    Ok(())
}

/// Whether the link is to outlive the reset: it is up, or a management controller talks over it.
fn keeps_link<M: Mmio, C: Clock>(device: &Device<'_, M, C>) -> bool {
    let is_shared = device.read(FWSM).get_bits(fwsm::MODE) == fwsm::PASS_THROUGH
        && device.has(MANC, manc::RECEIVES);
    is_shared || is_vetoed(device.registers) || is_up(device.registers)
}
