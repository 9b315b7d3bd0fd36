//! A virtio network card that lies: QEMU has its registers, and this process its queues (vhost-user).
//!
//! A driver under QEMU sees a card like any other. What the card says of its queues is said here, by
//! hand: crates that keep rings would not write what cannot be true. `requests` is what QEMU asks,
//! `memory` the guest's memory, `ring` a ring as a device has it, and `lies` what is said there.
//!
//! Buffers that the card has are filled with a pattern, and looked at before each is used: nobody else
//! may write to them meanwhile.

#![allow(dead_code, reason = "test programs share this, and each needs a part of it")]

mod lies;
mod memory;
mod requests;
mod ring;

use std::collections::VecDeque;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context as _, Result};
use vhost::vhost_user::{BackendReqHandler, Error};

pub(crate) use lies::{Lie, frame};
use memory::Memory;
use ring::{Offer, Ring};

/// Bytes of the header in front of every frame (virtio 1.2, 5.1.6).
const HEADER: usize = 12;

/// A card that QEMU is connected to, or will be. Its thread ends when QEMU does.
pub(crate) struct Liar {
    card: Arc<Mutex<Card>>,
    socket: PathBuf,
}

impl Liar {
    /// A card that waits for QEMU at `socket`, and offers packed rings or does not.
    pub(crate) fn start(socket: &Path, is_packed: bool) -> Result<Self> {
        Self::with_pairs(socket, is_packed, 1)
    }

    /// The same with so many pairs of queues.
    pub(crate) fn with_pairs(socket: &Path, is_packed: bool, pairs: usize) -> Result<Self> {
        let listener = UnixListener::bind(socket).context("no socket for QEMU")?;
        let card = Arc::new(Mutex::new(Card::new(is_packed, pairs)));
        let backend = Arc::clone(&card);
        thread::spawn(move || {
            let Ok((stream, _)) = listener.accept() else { return };
            let mut requests = BackendReqHandler::from_stream(stream, backend);
            // QEMU enables queues before it accepts the feature for that, which is refused. What else
            // goes wrong is QEMU's end.
            while matches!(requests.handle_request(), Ok(()) | Err(Error::InactiveFeature(_))) {}
        });
        Ok(Self { card, socket: socket.to_owned() })
    }

    /// Where it waits for QEMU.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// The card itself. QEMU waits with what it asks as long as this is held.
    pub(crate) fn card(&self) -> MutexGuard<'_, Card> {
        self.card.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The card's side of the queues.
pub(crate) struct Card {
    is_packed: bool,
    memory: Option<Memory>,
    rings: Vec<Ring>,
    /// The pair of queues that is spoken of.
    pair: usize,
    /// Buffers that the driver gave, by queue: those that were not used yet, and those that never will
    /// be, because something else was said in their place.
    held: Vec<VecDeque<Offer>>,
    kept: Vec<Offer>,
    /// Buffers that somebody else wrote to while the card had them.
    spoiled: u64,
    /// How often a driver started it.
    starts: u64,
}

impl Card {
    fn new(is_packed: bool, pairs: usize) -> Self {
        Self {
            is_packed,
            memory: None,
            rings: (0..2 * pairs).map(|_| Ring::default()).collect(),
            pair: 0,
            held: vec![VecDeque::new(); 2 * pairs],
            kept: Vec::new(),
            spoiled: 0,
            starts: 0,
        }
    }

    /// The same card, and what is asked next is about this pair of its queues.
    pub(crate) fn of_pair(&mut self, pair: usize) -> &mut Self {
        self.pair = pair;
        self
    }

    /// The queue for receiving of the pair that is spoken of.
    fn rx(&self) -> usize {
        2 * self.pair
    }

    /// The one for sending.
    fn tx(&self) -> usize {
        2 * self.pair + 1
    }

    /// Whether a driver has started all queues.
    pub(crate) fn is_ready(&self) -> bool {
        self.memory.is_some() && self.rings.iter().all(Ring::is_running)
    }

    /// How often a driver started it.
    pub(crate) fn starts(&self) -> u64 {
        self.starts
    }

    /// Buffers for receiving that it has.
    pub(crate) fn buffers(&mut self) -> usize {
        self.collect(self.rx());
        self.held[self.rx()].len()
    }

    /// Buffers that somebody else wrote to while the card had them, up to now.
    pub(crate) fn spoiled(&mut self) -> u64 {
        let Some(memory) = &self.memory else { return self.spoiled };
        let all = self.held.iter().step_by(2).flatten().chain(&self.kept);
        self.spoiled + all.filter(|offer| !memory.is_patterned(offer)).count() as u64
    }

    /// Has `frame` come in, if there is a buffer.
    pub(crate) fn deliver(&mut self, frame: &[u8]) -> bool {
        self.deliver_with([0; HEADER], frame)
    }

    /// Frames that the driver sent since this was last asked; each is given back.
    pub(crate) fn sent(&mut self) -> Vec<Vec<u8>> {
        let frames = self.look_at_sent();
        self.give_back();
        frames
    }

    /// The same, but none is given back.
    pub(crate) fn look_at_sent(&mut self) -> Vec<Vec<u8>> {
        let tx = self.tx();
        let known = self.held[tx].len();
        self.collect(tx);
        let Some(memory) = &self.memory else { return Vec::new() };
        self.held[tx].iter().skip(known).map(|offer| memory.frame(offer)).collect()
    }

    /// Gives back all that was sent.
    pub(crate) fn give_back(&mut self) {
        let tx = self.tx();
        let used: Vec<_> = self.held[tx].drain(..).map(|offer| (offer.id.into(), 0)).collect();
        self.put(tx, &used);
    }

    /// Where it has written in the guest's memory, and where the driver may: rings, and frames that were
    /// sent. Each with its number of bytes.
    pub(crate) fn writes(&self) -> Vec<(u64, u64)> {
        let written = self.memory.iter().flat_map(|memory| memory.writes().iter().copied());
        written.chain(self.rings.iter().flat_map(|ring| ring.parts())).collect()
    }

    fn deliver_with(&mut self, header: [u8; HEADER], frame: &[u8]) -> bool {
        let Some(offer) = self.take(self.rx()) else { return false };
        let len = self.fill(&offer, header, frame);
        self.put(self.rx(), &[(offer.id.into(), len)]);
        true
    }

    /// Puts a frame into a buffer, and returns how many bytes were written.
    fn fill(&mut self, offer: &Offer, header: [u8; HEADER], frame: &[u8]) -> u32 {
        let bytes = [header.as_slice(), frame].concat();
        if let Some(memory) = &mut self.memory {
            memory.write(offer.address, &bytes);
        }
        bytes.len() as u32
    }

    /// The buffer that the driver gave first, which nobody has written to.
    fn take(&mut self, queue: usize) -> Option<Offer> {
        self.collect(queue);
        let offer = self.held[queue].pop_front()?;
        let memory = self.memory.as_ref()?;
        self.spoiled += u64::from(is_for_receiving(queue) && !memory.is_patterned(&offer));
        Some(offer)
    }

    /// The same, for good: it is never used.
    fn keep(&mut self, queue: usize) -> Option<Offer> {
        let offer = self.take(queue)?;
        if is_for_receiving(queue) {
            if let Some(memory) = &mut self.memory {
                memory.fill_with_pattern(&offer);
            }
            self.kept.push(offer);
        }
        Some(offer)
    }

    /// Takes over all that the driver has made available.
    fn collect(&mut self, queue: usize) {
        let Self { memory: Some(memory), rings, held, .. } = self else { return };
        while let Some(offer) = rings[queue].next(memory) {
            if is_for_receiving(queue) {
                memory.fill_with_pattern(&offer);
            } else {
                memory.note_written(&offer);
            }
            held[queue].push_back(offer);
        }
    }

    fn put(&mut self, queue: usize, used: &[(u32, u32)]) {
        if let Some(memory) = &mut self.memory {
            self.rings[queue].put(memory, used);
        }
    }
}

fn is_for_receiving(queue: usize) -> bool {
    queue.is_multiple_of(2)
}
