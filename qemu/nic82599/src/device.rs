//! A card that runs: its threads, and what a test can ask of it and do to it.

use std::net::Shutdown;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd};

use super::cable::Cable;
use super::card::Card;
use super::config::Config;
use super::faults::Fault;
use super::patch::Patch;
use super::proxy;
use super::registers::Register;
use super::sfp::ModuleKind;
use super::statistics::Statistics;
use super::trace::Access;
use super::violations::Violation;

/// How often time is looked at, for reports of descriptors that wait for company.
const TICK: Duration = Duration::from_millis(2);

/// The same while the other side of the cable is full.
const SHORT_TICK: Duration = Duration::from_micros(100);

/// Frames that are taken from the cable at once.
const BURST: usize = 64;

/// The longest frame that a cable carries, and more.
const BUFFER: usize = 1 << 16;

/// What a card is like.
#[derive(Clone, Debug)]
pub struct Options {
    /// The two ends of its cable: its own and the other one. Without, the link stays down.
    pub cable: Option<(PathBuf, PathBuf)>,
    /// Its address, as in the NVM.
    pub mac: [u8; 6],
    /// Whether it has a PCI Express capability.
    pub has_pcie: bool,
    /// Whether frames wait on the cable while the packet buffer is full, as with flow control;
    /// else they are missed.
    pub is_lossless: bool,
    /// How many register accesses are kept, from the first one on.
    pub trace: usize,
    /// What goes wrong from the beginning.
    pub faults: Vec<Fault>,
}

impl Options {
    /// A card with this address and no cable, all of it in order, nothing recorded.
    #[must_use]
    pub fn new(mac: [u8; 6]) -> Self {
        Self { cable: None, mac, has_pcie: true, is_lossless: false, trace: 0, faults: Vec::new() }
    }
}

/// A card that runs in this process. Its threads end when it is dropped.
#[derive(Debug)]
pub struct Device {
    card: Arc<Mutex<Card>>,
    stream: UnixStream,
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Device {
    /// Starts a card. QEMU has to inherit the descriptor that comes with it, for its device
    /// `x-pci-proxy-dev`; once QEMU runs, this process may close it.
    ///
    /// # Errors
    ///
    /// The cable cannot be opened, or the system has no sockets left.
    pub fn start(options: Options) -> Result<(Self, OwnedFd)> {
        let cable = open_cable(&options)?;
        let far_end = cable.as_ref().map(Cable::try_clone).transpose()?;
        let card = Arc::new(Mutex::new(made(&options, cable)));
        let (stream, qemu) = UnixStream::pair().context("no pair of sockets")?;
        fcntl_setfd(&qemu, FdFlags::empty()).context("QEMU cannot inherit its socket")?;
        let is_over = Arc::new(AtomicBool::new(false));
        let threads = vec![
            serve(stream.try_clone()?, Arc::clone(&card)),
            run(far_end, options.is_lossless, Arc::clone(&card), Arc::clone(&is_over)),
        ];
        Ok((Self { card, stream, is_over, threads }, qemu.into()))
    }

    /// Rules that were broken, in order; of those alike only the first four.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.card().violations.first().to_vec()
    }

    /// What the card's own books say.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.card().statistics.clone()
    }

    /// The value behind `register`, without the effects that a driver's reading has.
    #[must_use]
    pub fn peek(&self, register: Register) -> u32 {
        self.card().value(register)
    }

    /// The register accesses that were kept.
    #[must_use]
    pub fn accesses(&self) -> Vec<Access> {
        self.card().trace.first().to_vec()
    }

    /// Register accesses, kept or not.
    #[must_use]
    pub fn access_count(&self) -> u64 {
        self.card().trace.count()
    }

    /// Plugs the cable in, or pulls it out.
    pub fn set_link(&self, is_up: bool) {
        let mut card = self.card();
        card.plug(is_up);
        card.raise();
    }

    /// Puts a module into the cage, in place of what was there.
    pub fn plug_module(&self, kind: ModuleKind) {
        self.card().plug_module(kind);
    }

    /// Leaves the cage empty.
    pub fn pull_module(&self) {
        self.card().pull_module();
    }

    /// Has what this card sends arrive at `other`, and before the write that sends it is answered:
    /// however slow the cards are, a guest that counts time in its own instructions finds it there.
    pub fn patch(&self, other: &Self) {
        self.card().patch = Some(Patch::new(Arc::downgrade(&other.card)));
    }

    /// Has `fault` happen from now on.
    pub fn inject(&self, fault: Fault) {
        inject(&mut self.card(), fault);
    }

    /// Has no fault happen any more. What was held up goes on.
    pub fn heal(&self) {
        self.card().heal();
    }

    fn card(&self) -> MutexGuard<'_, Card> {
        locked(&self.card)
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.is_over.store(true, Relaxed);
        // A QEMU that has ended has closed the socket already.
        let _ = self.stream.shutdown(Shutdown::Both);
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// The card's end of its cable, if it has one.
pub(super) fn open_cable(options: &Options) -> Result<Option<Cable>> {
    let cable = options.cable.as_ref().map(|(own, peer)| {
        Cable::open(own, peer).with_context(|| format!("no cable at {}", own.display()))
    });
    cable.transpose()
}

/// A card of this kind.
pub(super) fn made(options: &Options, cable: Option<Cable>) -> Card {
    let config = Config::new(options.has_pcie);
    let mut card = Card::new(options.mac, config, cable, options.trace);
    options.faults.iter().for_each(|fault| inject(&mut card, *fault));
    card
}

/// Has `fault` happen to `card` from now on.
pub(super) fn inject(card: &mut Card, fault: Fault) {
    match fault {
        Fault::NvmChecksumWrong => card.nvm.spoil(false),
        Fault::NvmSectionDamaged => card.nvm.spoil(true),
        Fault::ModuleUnknown => card.module.become_unknown(),
        _ => {}
    }
    card.faults.add(fault);
    card.look_at_link();
}

fn locked(card: &Mutex<Card>) -> MutexGuard<'_, Card> {
    card.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread that answers QEMU.
fn serve(stream: UnixStream, card: Arc<Mutex<Card>>) -> JoinHandle<()> {
    thread::spawn(move || {
        // An error is QEMU's end in the middle of a message, and its own message is better.
        let _ = proxy::serve(stream, &card);
    })
}

/// The thread that receives from the cable, and on which the card's time passes.
fn run(
    cable: Option<Cable>,
    is_lossless: bool,
    card: Arc<Mutex<Card>>,
    is_over: Arc<AtomicBool>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = vec![0; BUFFER];
        while !is_over.load(Relaxed) {
            wait(cable.as_ref(), is_lossless, &card);
            let mut card = locked(&card);
            for _ in 0..BURST {
                let may = !is_lossless || card.has_room();
                let frame = cable.as_ref().filter(|_| may).and_then(|it| it.receive(&mut buffer));
                let Some(length) = frame else { break };
                card.arrive(&buffer[..length]);
            }
            card.tick();
        }
    })
}

/// Waits until a frame comes, an interrupt was served, or time has passed.
fn wait(cable: Option<&Cable>, is_lossless: bool, card: &Mutex<Card>) {
    let (resample, is_blocked, has_room) = {
        let card = locked(card);
        let has_room = !is_lossless || card.has_room();
        (card.interrupts.resample(), card.transmitter.is_blocked(), has_room)
    };
    let tick = if is_blocked { SHORT_TICK } else { TICK };
    let limit = Timespec { tv_sec: 0, tv_nsec: tick.subsec_nanos().into() };
    let mut files = Vec::new();
    if let Some(cable) = cable.filter(|_| has_room) {
        files.push(PollFd::from_borrowed_fd(cable.as_fd(), PollFlags::IN));
    }
    if let Some(resample) = &resample {
        files.push(PollFd::from_borrowed_fd(resample.as_fd(), PollFlags::IN));
    }
    // A wait that a signal ends is a short one.
    let _ = poll(&mut files, Some(&limit));
    let is_served = resample.is_some() && files.last().is_some_and(|it| !it.revents().is_empty());
    if is_served {
        locked(card).interrupts.take_resample();
    }
}
