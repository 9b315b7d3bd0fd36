//! A machine that is played: it says what a real one does, each second more.

use perf::stream::{
    Amount, Draft, Fact, Frame, Gap, Greeting, Kind, LINE, PAYLOAD, Suspect, Table, VERSION, encode,
};
use perf::{Counter, Iteration, Quantity, Reasons, Timebase};

/// Counts of its time-stamp counter in a second.
const HERTZ: u64 = 2_000_000_000;
/// Cores of its PMDs.
const CORES: [u16; 2] = [1, 2];
/// What a ledger's numbers are called; some of the reasons that there are.
const LEDGER: [&str; 11] = [
    "received",
    "received_bytes",
    "copied",
    "forwarded",
    "sent",
    "sent_bytes",
    "no_rule",
    "drop_action_of_pipeline",
    "meter",
    "tx_ring_full",
    "parked",
];
/// Behind [`Counter::NAMES`]; the last is one that nobody knows yet.
const MARKS: [&str; 3] = ["suspicious_iterations", "suppressed_iterations", "later_things"];
const CARD: [&str; 3] = ["rx_missed[0]", "rx_missed[1]", "crc_errors"];

/// A machine.
pub(crate) struct Machine {
    name: String,
    /// When it started, as a count of its time-stamp counter.
    boot: u64,
    seconds: u64,
    sequence: u32,
}

impl Machine {
    pub(crate) fn new(name: &str, boot: u64) -> Self {
        Self { name: name.to_owned(), boot, seconds: 0, sequence: 0 }
    }

    /// Who it is.
    pub(crate) fn greeting(&mut self) -> Vec<u8> {
        let (base, at) = (Timebase::new(HERTZ, self.boot), self.at());
        let mut drafts =
            vec![draft(Kind::Greeting, &Greeting { version: VERSION, build: [7; 20], base, at })];
        let facts = [
            ("hostname", &*self.name),
            ("version", "0.0.0"),
            ("cpu", "a processor"),
            ("hypervisor", "QEMU"),
        ];
        let fact = |(name, value)| draft(Kind::Fact, &Fact { about: "machine", name, value });
        drafts.extend(facts.map(fact));
        drafts.extend(names(Table::Counters, &[&Counter::NAMES[..], &MARKS].concat()));
        drafts.extend(names(Table::Ledger, &LEDGER));
        drafts.extend(names(Table::Card, &CARD));
        self.frames(&drafts)
    }

    /// What it says in a second: an event, what it did not send, and what was counted.
    pub(crate) fn second(&mut self) -> Vec<u8> {
        self.seconds += 1;
        let mut gap = Draft::new(Kind::Gap, PAYLOAD);
        gap.add(&Gap { kind: Kind::Suspect as u8, count: self.seconds }).unwrap();
        let mut drafts = vec![draft(Kind::Suspect, &self.suspect()), gap];
        CORES.iter().for_each(|core| self.copy(*core, &mut drafts));
        drafts.push(self.amounts(Table::Card, 0, &[3, 0, 1]));
        self.frames(&drafts)
    }

    fn copy(&self, core: u16, drafts: &mut Vec<Draft>) {
        let mut counters: Vec<u64> = (1000..).take(Counter::COUNT + MARKS.len()).collect();
        // All was recorded, so that sums are told.
        counters[Counter::Unrecorded as usize] = 0;
        drafts.push(self.amounts(Table::Counters, core, &counters));
        let account = [100, 6400, 10, 90, 90, 5760, 12, 5, 1, 2, 0];
        let empty = [0; LEDGER.len()];
        let mut ledger = [account, empty].concat();
        *ledger.last_mut().unwrap() = 1;
        drafts.push(self.amounts(Table::Ledger, core, &ledger));
        for (number, _) in (0_u8..).zip(Quantity::ALL) {
            drafts.push(self.amounts(Table::Histogram(number), core, &[5, 4, 0, 0, 1]));
        }
    }

    /// Numbers that grow by `each` in a second.
    fn amounts(&self, table: Table, owner: u16, each: &[u64]) -> Draft {
        let mut draft = draft(Kind::Amounts, &(table, owner, self.at(), 0_u16));
        for number in each {
            draft.add(&Amount { skipped: 0, count: number * self.seconds }).unwrap();
        }
        draft
    }

    fn suspect(&self) -> Suspect {
        let mut iteration = Iteration::default();
        (iteration.number, iteration.start) = (self.seconds * 1000, self.at());
        (iteration.cycles, iteration.reasons) = (900_000, Reasons::DURATION.and(Reasons::FILL));
        let readings = perf::stolen::Readings::default();
        Suspect { event: self.seconds, core: 1, iteration, has_rooms: true, readings, loss: None }
    }

    fn at(&self) -> u64 {
        self.boot + (self.seconds + 1) * HERTZ
    }

    fn frames(&mut self, drafts: &[Draft]) -> Vec<u8> {
        let frames = drafts.iter().flat_map(|draft| {
            let mut line = [0; LINE];
            let (kind, payload) = (draft.kind(), draft.payload());
            let len = encode(&Frame { sequence: self.sequence, kind, payload }, &mut line);
            self.sequence += 1;
            line[..len].to_vec()
        });
        frames.collect()
    }
}

fn draft(kind: Kind, value: &impl serde::Serialize) -> Draft {
    let mut draft = Draft::new(kind, PAYLOAD);
    draft.add(value).unwrap();
    draft
}

/// Names in as many messages as they need.
fn names(table: Table, names: &[&str]) -> Vec<Draft> {
    let piece = |(number, names): (usize, &[&str])| {
        let mut draft = draft(Kind::Names, &(table, 0_u16, (number * 8) as u16));
        names.iter().for_each(|name| draft.add(name).unwrap());
        draft
    };
    names.chunks(8).enumerate().map(piece).collect()
}
