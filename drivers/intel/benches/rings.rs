//! What a frame costs in the rings: received, one byte of it touched, sent; in cycles of the time-stamp
//! counter, for batches of 1 to 64. `cargo xtask bench drivers` builds it as the image is built.
//!
//! The card is memory: it writes descriptors while nobody looks at the clock, and no bytes of frames.
//! So this is the driver's own work, with rings and frames in the cache, without PCIe.

#![expect(unsafe_code, reason = "the card that is played shares memory with the driver")]

use std::arch::x86_64::{_mm_lfence, _rdtsc};
use std::hint::black_box;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, Release};

use bus::pci::{ConfigRegionAccess, PciAddress, Segment};
use bus::{Clock, Dma, Mmio, Registers, Translation};
use frame::{Buffer, Burst, Frame, LocalPool, Outbox, RxQueue as _, TxQueue as _};
use handover::PoolStore;
use intel::{Rings, Rx, Sizes, Tx};

/// Frames of a batch, in turn: those of ixy's published figures, and its ends.
const BATCHES: [usize; 4] = [1, 8, 32, 64];
/// Frames of a window, and windows of each batch.
const FRAMES: usize = 4096;
const WINDOWS: usize = 400;
/// Descriptors of a ring.
const RING: usize = 512;

/// An 82599 whose link needs no module, its registers and where they are.
const CARD: u32 = 0x10f8_8086;
const BAR: u64 = 0xfe00_0000;
const SPACE: usize = 0x2_0000;
const CTRL: usize = 0;
const RESET: u32 = 1 << 26 | 1 << 3;
/// What bring-up waits for: NVM and DMA are ready, the way in is halted, a partner is there.
const READY: [(usize, u32); 4] =
    [(0x1_0010, 1 << 9), (0x2f00, 1 << 3), (0x8d04, 1), (0x42b0, 1 << 16)];
/// Where the rings are, by their registers, and the tail of the transmit ring.
const RECEIVE: usize = 0x1000;
const TRANSMIT: usize = 0x6000;
const TAIL: usize = TRANSMIT + 0x18;

/// A frame of 60 bytes is here, and a descriptor's frame is sent; and that it is to be told.
const RECEIVED: u64 = 60 << 32 | 0b11;
const SENT: u64 = 1 << 32;
const REPORT: u64 = 1 << 27;

/// Registers from some offset on, in memory. A reset ends at once.
struct Part {
    registers: Registers,
    is_whole: bool,
}

impl Mmio for Part {
    fn read8(&self, offset: usize) -> u8 {
        self.registers.read8(offset)
    }

    fn read16(&self, offset: usize) -> u16 {
        self.registers.read16(offset)
    }

    fn read32(&self, offset: usize) -> u32 {
        self.registers.read32(offset)
    }

    fn write8(&self, offset: usize, value: u8) {
        self.registers.write8(offset, value);
    }

    fn write16(&self, offset: usize, value: u16) {
        self.registers.write16(offset, value);
    }

    #[inline]
    fn write32(&self, offset: usize, value: u32) {
        let is_reset = self.is_whole && offset == CTRL && value & RESET != 0;
        self.registers.write32(offset, if is_reset { 0 } else { value });
    }
}

/// The configuration space of that card, at one place; its BAR keeps its address.
struct Config;

impl ConfigRegionAccess for Config {
    unsafe fn read(&self, _: PciAddress, offset: u16) -> u32 {
        match offset {
            0x00 => CARD,
            0x08 => 0x0200_0000,
            // All that can be changed is what is there: as large as its address is aligned.
            0x10 => BAR as u32,
            _ => 0,
        }
    }

    unsafe fn write(&self, _: PciAddress, _: u16, _: u32) {}
}

/// A clock that runs fast, so that no wait takes long.
struct Fast;

impl Clock for Fast {
    fn now(&self) -> u64 {
        static NOW: AtomicU64 = AtomicU64::new(0);
        NOW.fetch_add(100_000, Relaxed)
    }
}

/// Driver and card.
struct Bench {
    rx: Box<Rx<Part>>,
    tx: Box<Tx<Part>>,
    pool: Box<LocalPool>,
    burst: Burst,
    outbox: Outbox,
    registers: NonNull<u8>,
    received: usize,
    sent: usize,
}

impl Bench {
    fn new() -> Self {
        let registers = NonNull::from(vec![0_u64; SPACE / 8].leak()).cast();
        let whole = part(registers, 0, SPACE);
        READY.iter().for_each(|(offset, value)| whole.write32(*offset, *value));
        let mut map = |address: u64, len| Some(part(registers, (address - BAR) as usize, len));
        // SAFETY: The configuration space answers everywhere.
        let segment = Box::leak(Box::new(unsafe { Segment::new(Config, 0, 0) }));
        let function = segment.take_over(PciAddress::new(0, 0, 0, 0)).expect("it is there");
        type Card = intel::Card<'static, Config, Part>;
        let sizes = Sizes::DEFAULT;
        let memory = vec![0; sizes.bytes() + Card::ALIGN].leak();
        let memory = Dma::new(memory, Translation::IDENTITY);
        let given = (0..sizes.sum()).map(|_| None).collect::<Vec<_>>().leak();
        let mut queues = None;
        let take = &mut |rx, tx| queues = Some((Box::new(rx), Box::new(tx)));
        let rings = Rings { sizes, memory, given, longest: 0, take };
        let card = Card::open(&function, &mut map, rings, &Fast).expect("it can be opened");
        std::mem::forget(card);
        let (mut rx, tx) = queues.expect("it has a pair");
        let mut pool = Box::new(LocalPool::new(store(1200)));
        rx.start(&mut pool);
        let (burst, outbox) = Default::default();
        Self { rx, tx, pool, burst, outbox, registers, received: 0, sent: 0 }
    }

    /// The card puts so many frames into its receive ring.
    fn deliver(&mut self, count: usize) {
        for _ in 0..count {
            self.word(RECEIVE, self.received).store(RECEIVED, Release);
            self.received = (self.received + 1) % RING;
        }
    }

    /// The card sends what it has, and reports what it was asked to.
    fn finish(&mut self) {
        let tail = part(self.registers, TAIL, 4).read32(0) as usize;
        while self.sent != tail {
            let word = self.word(TRANSMIT, self.sent);
            if word.load(Relaxed) & REPORT != 0 {
                word.store(SENT, Release);
            }
            self.sent = (self.sent + 1) % RING;
        }
    }

    /// The second word of a descriptor.
    fn word(&self, ring: usize, place: usize) -> &'static AtomicU64 {
        let base = part(self.registers, ring, 8);
        let base = u64::from(base.read32(0)) | u64::from(base.read32(4)) << 32;
        let word = std::ptr::with_exposed_provenance(base as usize + 16 * place + 8);
        // SAFETY: The driver told the card that its ring is there, all of which is atomic words.
        unsafe { &*word }
    }

    /// The driver's work on a batch.
    fn forward(&mut self, count: usize) {
        while self.outbox.len() < count {
            self.rx.rx(&mut self.pool, &mut self.burst);
            for mut frame in core::mem::take(&mut self.burst) {
                frame.bytes_mut()[0] += 1;
                let _there_is_room = self.outbox.push(frame);
            }
        }
        self.tx.tx(&mut self.pool, &mut self.outbox);
    }

    /// Cycles for each frame of a window, but for those that reading the clock takes.
    fn window(&mut self, batch: usize, reading: u64) -> f64 {
        let mut cycles = 0;
        for _ in 0..FRAMES / batch {
            self.deliver(batch);
            self.finish();
            let start = now();
            self.forward(black_box(batch));
            cycles += (now() - start).saturating_sub(reading);
        }
        cycles as f64 / FRAMES as f64
    }
}

/// The time-stamp counter, when all that was begun before is over, and nothing after it has begun.
fn now() -> u64 {
    // SAFETY: The instruction is of SSE2, which every 64-bit processor has.
    unsafe { _mm_lfence() };
    // SAFETY: Linux lets programs read the counter.
    let now = unsafe { _rdtsc() };
    // SAFETY: As above.
    unsafe { _mm_lfence() };
    now
}

/// Cycles from one reading of the clock to the next.
fn reading() -> u64 {
    let mut cycles: Vec<u64> = (0..1001).map(|_| (now(), now())).map(|(a, b)| b - a).collect();
    cycles.sort_unstable();
    cycles[cycles.len() / 2]
}

fn part(registers: NonNull<u8>, offset: usize, len: usize) -> Part {
    assert!(offset + len <= SPACE);
    // SAFETY: The memory is longer than that.
    let start = unsafe { registers.add(offset) };
    // SAFETY: It is there for good, and reached in this way only.
    let registers = unsafe { Registers::new(start, len) };
    Part { registers, is_whole: len == SPACE }
}

fn store(frames: usize) -> &'static PoolStore {
    let slots: Vec<Option<Frame>> = (0..frames).map(|_| None).collect();
    let buffers: Vec<Buffer> = (0..frames).map(|_| Buffer::new()).collect();
    Box::leak(Box::new(PoolStore::new(slots.leak(), buffers.leak())))
}

fn main() {
    let mut bench = Bench::new();
    let mut windows = BATCHES.map(|_| Vec::new());
    let reading = reading();
    for _ in 0..WINDOWS {
        for (batch, windows) in BATCHES.into_iter().zip(&mut windows) {
            windows.push(bench.window(batch, reading));
        }
    }
    let exchanges = bench.pool.exchanges();
    for (batch, mut windows) in BATCHES.into_iter().zip(windows) {
        windows.sort_by(f64::total_cmp);
        let at = |part: usize| windows[windows.len() / part];
        println!("rings of Intel's cards, batch {batch}\t{:.1}\tcycles", at(10));
        println!("rings of Intel's cards, batch {batch}, median\t{:.1}\tcycles", at(2));
    }
    assert!(exchanges < 32, "the pool lives on its own stack: {exchanges} exchanges");
    // Its frames would be counted as lost.
    std::mem::forget(bench);
}
