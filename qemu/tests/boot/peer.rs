//! A host at the other end of a wire that speaks IP (smoltcp): it listens to the image's stream by TCP, and
//! may stop to read what it hears.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use qemu::wire::Wire;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{Socket, SocketBuffer};
use smoltcp::time::Instant as Time;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, IpEndpoint};

use crate::rig::{LIMIT, LOOK_AGAIN};

/// Bytes that it holds unread.
const HELD: usize = 4096;
/// The longest frame.
const LONGEST: usize = 1514;
/// How long it waits for a frame before it looks what else is to be done.
const PATIENCE: Duration = Duration::from_millis(1);

/// The host. It goes with what is dropped.
pub(crate) struct Peer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    /// It reads nothing.
    is_deaf: AtomicBool,
    is_over: AtomicBool,
    heard: Mutex<Vec<u8>>,
}

impl Peer {
    /// Connects to `image` from the address `own` at this `wire`.
    pub(crate) fn connect(wire: Wire, own: IpCidr, image: IpEndpoint) -> Self {
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        let thread = thread::spawn(move || Host::new(wire, own, image).run(&theirs));
        Self { shared, thread: Some(thread) }
    }

    /// Has it read what it hears, or not.
    pub(crate) fn set_deaf(&self, is_deaf: bool) {
        self.shared.is_deaf.store(is_deaf, Relaxed);
    }

    /// Waits until `judge` finds in what was heard what it looks for.
    pub(crate) fn hear_until<T>(&self, judge: impl Fn(&[u8]) -> Option<T>) -> Result<T> {
        let end = Instant::now() + LIMIT;
        loop {
            let heard = self.shared.heard.lock().ok().context("the host at the wire is gone")?;
            if let Some(found) = judge(&heard) {
                return Ok(found);
            }
            ensure!(Instant::now() < end, "{} bytes were heard and no more", heard.len());
            drop(heard);
            thread::sleep(LOOK_AGAIN);
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Relaxed);
        let _ended = self.thread.take().map(JoinHandle::join);
    }
}

struct Host {
    cable: Cable,
    interface: Interface,
    sockets: SocketSet<'static>,
    socket: SocketHandle,
    started: Instant,
}

impl Host {
    fn new(wire: Wire, own: IpCidr, image: IpEndpoint) -> Self {
        let mut cable = Cable { wire, frame: None };
        let config = Config::new(EthernetAddress([2, 0, 0, 0, 0, 2]).into());
        let mut interface = Interface::new(config, &mut cable, Time::ZERO);
        interface.update_ip_addrs(|addresses| {
            let _there_is_room = addresses.push(own);
        });
        let buffer = |len| SocketBuffer::new(vec![0; len]);
        let mut socket = Socket::new(buffer(HELD), buffer(64));
        let from: (IpAddress, u16) = (own.address(), 40_000);
        socket.connect(interface.context(), image, from).expect("nobody has that port");
        let mut sockets = SocketSet::new(Vec::new());
        let socket = sockets.add(socket);
        Self { cable, interface, sockets, socket, started: Instant::now() }
    }

    fn run(mut self, shared: &Shared) {
        let mut bytes = [0; LONGEST];
        while !shared.is_over.load(Relaxed) {
            let came = self.cable.wire.receive(&mut bytes, PATIENCE);
            self.cable.frame = came.ok().flatten().map(|len| bytes[..len].to_vec());
            let time = Time::from_micros(self.started.elapsed().as_micros() as i64);
            self.interface.poll(time, &mut self.cable, &mut self.sockets);
            let socket: &mut Socket<'_> = self.sockets.get_mut(self.socket);
            while !shared.is_deaf.load(Relaxed) && socket.can_recv() {
                let mut heard = shared.heard.lock().expect("nobody fails while it is held");
                let _came = socket.recv(|bytes| {
                    heard.extend_from_slice(bytes);
                    (bytes.len(), ())
                });
            }
        }
    }
}

/// The wire as smoltcp sees it, and the frame that came last.
struct Cable {
    wire: Wire,
    frame: Option<Vec<u8>>,
}

struct Received(Vec<u8>);
struct Sending<'a>(&'a Wire);

impl Device for Cable {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sending<'a>;

    fn receive(&mut self, _: Time) -> Option<(Received, Sending<'_>)> {
        Some((Received(self.frame.take()?), Sending(&self.wire)))
    }

    fn transmit(&mut self, _: Time) -> Option<Sending<'_>> {
        Some(Sending(&self.wire))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = LONGEST;
        capabilities
    }
}

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

impl TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut frame = vec![0; len];
        let written = write(&mut frame);
        // What finds no room is sent again.
        let _sent = self.0.send(&frame, PATIENCE);
        written
    }
}
