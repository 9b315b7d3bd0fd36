//! The counters (8.2.3.23), and registers that can be read without a side effect.

use super::registers::*;
use crate::counters::{Counter, Kind, fit};

/// All counters that are kept. GPRC counts missed frames, too, by an erratum: QPRC does not.
pub(crate) static COUNTERS: &[Counter] = &[
    Counter { name: "MPC", offset: MPC, step: 4, kind: Kind::One(BUFFERS), is_missed: true },
    Counter::queues("QPRDC", QPRDC, 0x40).missed(),
    Counter::queues("QPRC", receive(0) + queue::QPRC, 0x40),
    Counter::queues("QBRC", receive(0) + queue::QBRC, 0x40).of_kind(Kind::WideQueues),
    Counter::queues("QPTC", transmit(0) + queue::QPTC, 0x40),
    Counter::queues("QBTC", QBTC, 8).of_kind(Kind::WideQueues),
    Counter::one("CRCERRS", CRCERRS),
    Counter::one("ILLERRC", ILLERRC),
    Counter::one("ERRBC", ERRBC),
    Counter::one("RLEC", RLEC),
    Counter::one("GPRC", GPRC),
    Counter::one("GPTC", GPTC),
    Counter::one("GORC", GORC).of_kind(Kind::Wide),
    Counter::one("GOTC", GOTC).of_kind(Kind::Wide),
    Counter::one("RUC", RUC),
    Counter::one("RFC", RFC),
    Counter::one("ROC", ROC),
    Counter::one("RJC", RJC),
];

const _: () = assert!(fit(COUNTERS, super::PAIRS));

/// Registers to show. Not those that reading changes: causes of interrupts, semaphores, counters.
pub(crate) static REGISTERS: &[(&str, usize)] = &[
    ("CTRL", CTRL),
    ("STATUS", STATUS),
    ("CTRL_EXT", CTRL_EXT),
    ("ESDP", ESDP),
    ("I2CCTL", I2CCTL),
    ("RQSMR0", RQSMR),
    ("RDRXCTL", RDRXCTL),
    ("RXCTRL", RXCTRL),
    ("RXPBSIZE0", RXPBSIZE),
    ("FCCFG", FCCFG),
    ("HLREG0", HLREG0),
    ("MAXFRS", MAXFRS),
    ("MFLCN", MFLCN),
    ("AUTOC", AUTOC),
    ("LINKS", LINKS),
    ("AUTOC2", AUTOC2),
    ("ANLP1", ANLP1),
    ("MMNGC", MMNGC),
    ("RTTDCS", RTTDCS),
    ("TXPBTHRESH0", TXPBTHRESH),
    ("DMATXCTL", DMATXCTL),
    ("RXCSUM", RXCSUM),
    ("FCTRL", FCTRL),
    ("VLNCTRL", VLNCTRL),
    ("RAL0", RAL0),
    ("RAH0", RAH0),
    ("MRQC", MRQC),
    ("MANC", MANC),
    ("RETA0", RETA),
    ("DTXMXSZRQ", DTXMXSZRQ),
    ("MTQC", MTQC),
    ("TQSM0", TQSM),
    ("SECRXCTRL", SECRXCTRL),
    ("SECRXSTAT", SECRXSTAT),
    ("TXPBSIZE0", TXPBSIZE),
    ("EEC", EEC),
    ("FWSM", FWSM),
    ("FACTPS", FACTPS),
    ("GCR_EXT", GCR_EXT),
    ("DCA_CTRL", DCA_CTRL),
];
