//! A host at the other end of a wire that answers ARP requests and pings.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use qemu::wire::Wire;

const MAC: [u8; 6] = [2, 0xBA, 0x5E, 0, 0, 2];
const LIMIT: Duration = Duration::from_millis(50);
const ARP: [u8; 2] = [8, 6];
const IPV4: [u8; 2] = [8, 0];
const ICMP: u8 = 1;
const ECHO: u8 = 8;

/// The host. It falls silent when dropped.
pub(crate) struct Responder {
    is_over: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Responder {
    /// Answers on `wire` for every IPv4 address that is asked for.
    pub(crate) fn start(wire: Wire) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicU64::new(0));
        let (over, count) = (Arc::clone(&is_over), Arc::clone(&answered));
        let thread = thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while !over.load(Relaxed) {
                let Ok(Some(length)) = wire.receive(&mut buffer, LIMIT) else { continue };
                if answer(&mut buffer[..length]) && wire.send(&buffer[..length], LIMIT).is_ok() {
                    count.fetch_add(1, Relaxed);
                }
            }
        });
        Self { is_over, answered, thread: Some(thread) }
    }

    /// Frames that were answered.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Relaxed)
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.is_over.store(true, Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Turns `frame` into its own answer, if there is one.
fn answer(frame: &mut [u8]) -> bool {
    match frame.get(12..14).and_then(|kind| kind.try_into().ok()) {
        Some(ARP) if frame.len() >= 42 && frame[21] == 1 => {
            answer_arp(frame);
            true
        }
        Some(IPV4) if frame.len() >= 42 && frame[23] == ICMP && frame[34] == ECHO => {
            answer_ping(frame);
            true
        }
        _ => false,
    }
}

fn answer_arp(frame: &mut [u8]) {
    turn(frame);
    frame[21] = 2;
    let (asker, asked) = (frame[22..32].to_vec(), frame[38..42].to_vec());
    frame[22..28].copy_from_slice(&MAC);
    frame[28..32].copy_from_slice(&asked);
    frame[32..42].copy_from_slice(&asker);
}

/// Addresses change places, which changes no checksum; the type of the message does.
fn answer_ping(frame: &mut [u8]) {
    turn(frame);
    let (from, to) = (frame[26..30].to_vec(), frame[30..34].to_vec());
    frame[26..30].copy_from_slice(&to);
    frame[30..34].copy_from_slice(&from);
    frame[34] = 0;
    let sum = u32::from(u16::from_be_bytes([frame[36], frame[37]])) + (u32::from(ECHO) << 8);
    let folded = (sum & 0xFFFF) + (sum >> 16);
    frame[36..38].copy_from_slice(&(folded as u16).to_be_bytes());
}

fn turn(frame: &mut [u8]) {
    let sender = frame[6..12].to_vec();
    frame[..6].copy_from_slice(&sender);
    frame[6..12].copy_from_slice(&MAC);
}
