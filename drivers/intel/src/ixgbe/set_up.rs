//! All but queues and link, after the reset (4.6).

use bus::{Clock, Mmio};

use super::Model;
use super::registers::bits::{
    ctrl, ctrl_ext, dca_ctrl, fctrl, hlreg0, mflcn, rdrxctl, rttdcs, rxcsum, vlnctrl,
};
use super::registers::{
    BUFFERS, CTRL, CTRL_EXT, DCA_CTRL, DTXMXSZRQ, ERETA, FCCFG, FCTRL, HLREG0, MAXFRS, MFLCN, MTA,
    MTQC, RDRXCTL, RQSMR, RTTDCS, RXCSUM, RXPBSIZE, TABLE, TQSM, TXPBSIZE, TXPBTHRESH, VFTA,
    VLNCTRL,
};
use super::statistics::COUNTERS;
use crate::card::Generation;
use crate::counters;
use crate::device::Device;
use crate::longest::Longest;
use crate::rss;

/// MRQC: RSS only (8.2.3.7.12).
const RSS: u32 = 1;
/// KB of all transmit buffers (8.2.3.9.13), and of the longest frame there can be (8.2.3.9.16).
const TRANSMIT_BUFFER: u32 = 160;
const TRANSMIT_LONGEST: u32 = 10;
/// As many bytes as may be fetched ahead in all queues (8.2.3.9.1, 4.6.11.3.1).
const FETCHED_AHEAD: u32 = 0xfff;
/// Words of the rest of the X550's table of queues.
const FURTHER_TABLE: core::ops::Range<usize> = 32..128;
/// Counters of queues are chosen by words of four.
const COUNTER_WORDS: usize = 4;

/// Sets up all but the queues, of which there will be `pairs`.
pub(crate) fn set_up<M: Mmio, C: Clock>(
    device: &Device<'_, M, C>,
    model: Model,
    (pairs, longest): (usize, Longest),
) {
    // The reset has ended this, as a rule.
    device.clear(CTRL, ctrl::MASTER_DISABLE);
    device.set(CTRL_EXT, ctrl_ext::NO_SNOOP_DISABLE | ctrl_ext::DRIVER_LOADED);
    device.write(DCA_CTRL, dca_ctrl::DISABLE);
    clear_tables(device);
    set_up_receive(device, model, longest);
    set_up_transmit(device);
    rss::set_up(device, pairs, RSS);
    if model.generation == Generation::X550 {
        let further = FURTHER_TABLE.enumerate();
        further.for_each(|(i, word)| device.write(ERETA + 4 * i, rss::table_word(word, pairs)));
    }
    set_up_counters(device);
}

/// No groups, no VLANs: everything is received anyway (4.6.7).
fn clear_tables<M: Mmio, C: Clock>(device: &Device<'_, M, C>) {
    (0..TABLE).for_each(|word| device.write(MTA + 4 * word, 0));
    (0..TABLE).for_each(|word| device.write(VFTA + 4 * word, 0));
    device.clear(VLNCTRL, vlnctrl::FILTER | vlnctrl::STRIP);
}

/// The way in, which stays closed (4.6.7).
fn set_up_receive<M: Mmio, C: Clock>(device: &Device<'_, M, C>, model: Model, longest: Longest) {
    // One packet buffer has all room (8.2.3.8.9).
    let room = match model.generation {
        Generation::X520 => 512,
        Generation::X540 | Generation::X550 => 384,
    };
    give_all_to_first(device, RXPBSIZE, room << 10);
    // Both have to agree on whether checksums are stripped (8.2.3.8.8). Bits that the datasheet wants
    // as they are here belong to coalescing, which is off. The X550 has nothing of it.
    let jumbo = if longest.is_jumbo() { hlreg0::JUMBO } else { 0 };
    let mac = hlreg0::ADD_CRC | hlreg0::CRC_STRIP | hlreg0::PAD | jumbo;
    device.change(HLREG0, hlreg0::JUMBO | hlreg0::LOOPBACK, mac);
    if model.generation != Generation::X550 {
        let fixes = rdrxctl::RSC_ACK | rdrxctl::FCOE_WRITE_FIX;
        device.change(RDRXCTL, rdrxctl::RSC_FIRST_SIZE, rdrxctl::CRC_STRIP | fixes);
    }
    // With the checksum, but without a VLAN, which adds 4 (8.2.3.22.13). Without JUMBO the card takes
    // no more than 1522 in any case.
    device.change(MAXFRS, 0xffff << 16, longest.on_wire() << 16);
    let filters = fctrl::PROMISCUOUS | fctrl::ALL_GROUPS | fctrl::BROADCAST;
    device.change(FCTRL, fctrl::BAD, filters);
    // Pause frames are neither sent, obeyed nor passed on: they would hide that a queue is too slow.
    device.write(FCCFG, 0);
    device.change(MFLCN, mflcn::OBEY | mflcn::PASS_CONTROL, mflcn::DISCARD_PAUSE);
    device.set(RXCSUM, rxcsum::HASH);
}

/// The way out: one packet buffer, no traffic classes, no virtual machines (4.6.11.3.4).
fn set_up_transmit<M: Mmio, C: Clock>(device: &Device<'_, M, C>) {
    device.set(RTTDCS, rttdcs::HALT);
    device.write(MTQC, 0);
    give_all_to_first(device, TXPBSIZE, TRANSMIT_BUFFER << 10);
    give_all_to_first(device, TXPBTHRESH, TRANSMIT_BUFFER - TRANSMIT_LONGEST);
    device.change(DTXMXSZRQ, FETCHED_AHEAD, FETCHED_AHEAD);
    device.clear(RTTDCS, rttdcs::HALT);
}

/// Writes `value` to the first of the registers of all packet buffers, and 0 to the others.
fn give_all_to_first<M: Mmio, C: Clock>(device: &Device<'_, M, C>, register: usize, value: u32) {
    device.write(register, value);
    (1..BUFFERS).for_each(|buffer| device.write(register + 4 * buffer, 0));
}

/// Each queue has the counter of its number (8.2.3.23.71, 8.2.3.23.73), and all start from 0.
fn set_up_counters<M: Mmio, C: Clock>(device: &Device<'_, M, C>) {
    for word in 0..COUNTER_WORDS {
        let first = 4 * word as u8;
        let numbers = u32::from_le_bytes([first, first + 1, first + 2, first + 3]);
        device.write(RQSMR + 4 * word, numbers);
        device.write(TQSM + 4 * word, numbers);
    }
    counters::clear(device.registers, COUNTERS, super::PAIRS);
}
