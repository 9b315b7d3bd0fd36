//! A card that is played: configuration space, registers that behave, a clock that steps.

#![expect(unsafe_code, reason = "the trait for configuration access has unsafe functions")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use bus::pci::{ConfigRegionAccess, PciAddress, Segment};
use bus::{Clock, Dma, Mmio, Translation};

use crate::{Card, Error, Link, Report, Rings, Sizes};

pub(super) const CTRL: usize = 0x00;
pub(super) const STATUS: usize = 0x08;
pub(super) const MASTERS: u32 = 1 << 19;

/// What happens to a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// It is about to be read.
    Reading,
    /// It was read.
    Read,
    /// This was written, and is what it holds.
    Written(u32),
}

/// An access of the driver's, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Read(usize, u32),
    Write(usize, u32),
    /// The right to master the bus was given or taken.
    Masters(bool),
}

type Words = BTreeMap<usize, u32>;
type Behaviour = Rc<dyn Fn(&mut Words, Access)>;

/// Registers: those that nobody wrote hold 0.
#[derive(Default)]
struct File {
    words: Words,
    behaviours: BTreeMap<usize, Vec<Behaviour>>,
    /// Bits that read as 0, and as 1, whatever is written.
    stuck: BTreeMap<usize, (u32, u32)>,
    steps: Vec<Step>,
    /// Accesses until the card is pulled out.
    left: Option<usize>,
}

impl File {
    fn behave(&mut self, offset: usize, access: Access) {
        for behaviour in self.behaviours.get(&offset).cloned().unwrap_or_default() {
            behaviour(&mut self.words, access);
        }
    }

    fn is_there(&mut self) -> bool {
        let Some(left) = &mut self.left else { return true };
        let is_there = *left > 0;
        *left = left.saturating_sub(1);
        is_there
    }
}

/// A card that is played.
#[derive(Clone, Default)]
pub(super) struct Played {
    file: Rc<RefCell<File>>,
    device: u16,
    longest: usize,
}

impl Played {
    /// A card with this device number, and nothing in it but a reset that ends at once, and an address.
    pub(super) fn new(device: u16) -> Self {
        let played = Self { device, ..Self::default() };
        played.holds(STATUS, MASTERS).holds(0x5400, 0x3322_1100).holds(0x5404, 0x8000_5544);
        played.on(CTRL, |words, access| {
            let Access::Written(value) = access else { return };
            let masters = if value & 1 << 2 != 0 { 0 } else { MASTERS };
            let status = words.entry(STATUS).or_default();
            *status = *status & !MASTERS | masters;
            if value & (1 << 26 | 1 << 3) != 0 {
                words.insert(CTRL, 0);
                words.insert(STATUS, words[&STATUS] | MASTERS);
            }
        })
    }

    /// The same card, to be opened for frames of so many bytes.
    pub(super) fn for_frames_of(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    /// A register holds `value`.
    pub(super) fn holds(&self, offset: usize, value: u32) -> Self {
        self.file.borrow_mut().words.insert(offset, value);
        self.clone()
    }

    /// A register does `behaviour` with each access.
    pub(super) fn on(
        &self,
        offset: usize,
        behaviour: impl Fn(&mut Words, Access) + 'static,
    ) -> Self {
        let mut file = self.file.borrow_mut();
        file.behaviours.entry(offset).or_default().push(Rc::new(behaviour));
        self.clone()
    }

    /// A register is set to 0 by reading.
    pub(super) fn clears(&self, offset: usize) -> Self {
        self.on(offset, move |words, access| {
            if access == Access::Read {
                words.insert(offset, 0);
            }
        })
    }

    /// Bits of a register that reading sets.
    pub(super) fn sets(&self, offset: usize, bits: u32) -> Self {
        self.on(offset, move |words, access| {
            if access == Access::Read {
                *words.entry(offset).or_default() |= bits;
            }
        })
    }

    /// Bits of a register never change: some are 0, some 1.
    pub(super) fn stuck(&self, offset: usize, zeros: u32, ones: u32) -> Self {
        self.file.borrow_mut().stuck.insert(offset, (zeros, ones));
        self.clone()
    }

    /// Pulls the card out after so many accesses.
    pub(super) fn gone_after(&self, accesses: usize) -> Self {
        self.file.borrow_mut().left = Some(accesses);
        self.clone()
    }

    /// What a register holds.
    pub(super) fn word(&self, offset: usize) -> u32 {
        self.file.borrow().words.get(&offset).copied().unwrap_or_default()
    }

    /// All accesses until now.
    pub(super) fn steps(&self) -> Vec<Step> {
        self.file.borrow().steps.clone()
    }

    /// All that was written to a register.
    pub(super) fn written(&self, offset: usize) -> Vec<u32> {
        let written = |step: &Step| match step {
            Step::Write(at, value) if *at == offset => Some(*value),
            _ => None,
        };
        self.steps().iter().filter_map(written).collect()
    }

    /// When something was done first.
    pub(super) fn first(&self, what: impl Fn(Step) -> bool) -> usize {
        self.steps().iter().position(|step| what(*step)).expect("it was done")
    }

    /// When something was done last.
    pub(super) fn last(&self, what: impl Fn(Step) -> bool) -> usize {
        self.steps().iter().rposition(|step| what(*step)).expect("it was done")
    }

    /// Opens the card with so many pairs of queues, and does `then` with it.
    pub(super) fn open_with<T>(
        &self,
        pairs: usize,
        then: impl FnOnce(&Opened<'_>) -> T,
    ) -> (Result<T, Error>, u64) {
        let config = Config { played: self, command: Cell::new(0), bar: Cell::new(BAR) };
        // SAFETY: The configuration space that is played answers everywhere.
        let segment = unsafe { Segment::new(&config, 0, 0) };
        let function = segment.take_over(PciAddress::new(0, 0, 1, 0)).unwrap();
        let sizes = Sizes::DEFAULT;
        let memory = vec![0; pairs.max(1) * sizes.bytes() + Opened::ALIGN].leak();
        let memory = Dma::new(memory, Translation::IDENTITY);
        let mut handed = 0;
        let given = (0..pairs * sizes.sum()).map(|_| None).collect::<Vec<_>>().leak();
        let take = &mut |_, _| handed += 1;
        let rings = Rings { sizes, memory, given, longest: self.longest, take };
        let clock = Ticks::default();
        let mut map =
            |address: u64, _| Some(View(self.clone(), (address - u64::from(BAR)) as usize));
        let card = Card::open(&function, &mut map, rings, &clock);
        let outcome = card.map(|card| {
            assert_eq!(card.pairs(), handed, "each pair was handed out");
            then(&card)
        });
        (outcome, clock.0.get() / 1_000_000)
    }

    /// Opens the card with one pair of queues: why it could not be, and after how many ms.
    pub(super) fn error(&self) -> (Option<Error>, u64) {
        let (outcome, time) = self.open_with(1, |_| ());
        (outcome.err(), time)
    }

    /// Does `work` with a clock that steps.
    pub(super) fn timed<T>(&self, work: impl FnOnce(&Ticks) -> T) -> T {
        work(&Ticks::default())
    }

    /// Opens the card, and what it tells of its link.
    pub(super) fn report(&self) -> Report {
        self.report_with(|_| ()).0
    }

    /// The same once `meanwhile` has happened to the card, and how many ms it takes.
    pub(super) fn report_with(&self, meanwhile: impl FnOnce(&Self)) -> (Report, u64) {
        let clock = Ticks::default();
        let report = self.open_with(1, |card| {
            meanwhile(self);
            card.link_report(&clock)
        });
        (report.0.unwrap(), clock.0.get() / 1_000_000)
    }

    /// Opens the card, and what its link is.
    pub(super) fn link(&self) -> Link {
        self.open_with(1, |card| card.link()).0.unwrap()
    }
}

/// A card that was opened.
pub(super) type Opened<'p> = Card<'p, &'p Config<'p>, View>;

/// Registers from some offset on.
pub(super) struct View(Played, usize);

impl Mmio for View {
    fn read8(&self, _: usize) -> u8 {
        panic!("registers have 32 bits")
    }

    fn read16(&self, _: usize) -> u16 {
        panic!("registers have 32 bits")
    }

    fn read32(&self, offset: usize) -> u32 {
        let mut file = self.0.file.borrow_mut();
        let offset = self.1 + offset;
        if !file.is_there() {
            return u32::MAX;
        }
        file.behave(offset, Access::Reading);
        let (zeros, ones) = file.stuck.get(&offset).copied().unwrap_or_default();
        let value = file.words.get(&offset).copied().unwrap_or_default() & !zeros | ones;
        file.steps.push(Step::Read(offset, value));
        file.behave(offset, Access::Read);
        value
    }

    fn write8(&self, _: usize, _: u8) {
        panic!("registers have 32 bits")
    }

    fn write16(&self, _: usize, _: u16) {
        panic!("registers have 32 bits")
    }

    fn write32(&self, offset: usize, value: u32) {
        let mut file = self.0.file.borrow_mut();
        let offset = self.1 + offset;
        if file.is_there() {
            file.words.insert(offset, value);
            file.steps.push(Step::Write(offset, value));
            file.behave(offset, Access::Written(value));
        }
    }
}

/// A clock that runs on by 50 µs each time that it is read.
#[derive(Default)]
pub(super) struct Ticks(Cell<u64>);

impl Ticks {
    /// So many ms pass at once.
    pub(super) fn pass(&self, milliseconds: u64) {
        self.0.set(self.0.get() + milliseconds * 1_000_000);
    }

    /// Ms that have passed.
    pub(super) fn milliseconds(&self) -> u64 {
        self.0.get() / 1_000_000
    }
}

impl Clock for Ticks {
    fn now(&self) -> u64 {
        self.0.replace(self.0.get() + 50_000)
    }
}

/// Where the registers are on the bus.
const BAR: u32 = 0xfe00_0000;
const BAR_LEN: u32 = 0x8_0000;

/// A configuration space with one function.
pub(super) struct Config<'p> {
    played: &'p Played,
    command: Cell<u32>,
    bar: Cell<u32>,
}

impl ConfigRegionAccess for Config<'_> {
    unsafe fn read(&self, address: PciAddress, offset: u16) -> u32 {
        match (address.device(), offset) {
            (1, 0x00) => u32::from(self.played.device) << 16 | 0x8086,
            (1, 0x04) => self.command.get(),
            (1, 0x08) => 0x0200_0000,
            (1, 0x10) => self.bar.get(),
            (1, _) => 0,
            _ => u32::MAX,
        }
    }

    unsafe fn write(&self, _: PciAddress, offset: u16, value: u32) {
        match offset {
            0x04 => {
                let masters = |command: u32| command & 1 << 2 != 0;
                if masters(value) != masters(self.command.get()) {
                    let step = Step::Masters(masters(value));
                    self.played.file.borrow_mut().steps.push(step);
                }
                self.command.set(value & 0xffff);
            }
            0x10 => self.bar.set(value & !(BAR_LEN - 1)),
            _ => {}
        }
    }
}
