//! Listeners by TCP, on a wire that a test plays. Each is smoltcp, as is the port.

use frame::BUFFER;
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};

use super::*;
use crate::ether::Ether;

/// Bytes that a listener can hold and has not read.
const HELD: usize = 4096;

/// The other end of the port's wire, for one of those on it.
struct End {
    came: VecDeque<Bytes>,
    leaves: Vec<Bytes>,
}

impl Ether for End {
    fn take(&mut self, bytes: &mut [u8; BUFFER]) -> Option<usize> {
        let frame = self.came.pop_front()?;
        bytes[..frame.len()].copy_from_slice(&frame);
        Some(frame.len())
    }

    fn send(&mut self, bytes: &[u8]) {
        self.leaves.push(bytes.to_vec());
    }

    fn has_room(&self) -> bool {
        true
    }
}

/// A host with a connection.
struct Host {
    interface: Interface,
    adapter: Adapter<End>,
    sockets: SocketSet<'static>,
    socket: SocketHandle,
    heard: Bytes,
    /// It reads what it hears.
    reads: bool,
    /// It is there.
    lives: bool,
}

impl Host {
    /// The host 10.0.0.`number`, which connects.
    fn new(number: u8) -> Self {
        let mut adapter = Adapter::new(End { came: VecDeque::new(), leaves: Vec::new() });
        let address = V4 & !0xff | u128::from(number);
        let mac = 0x0200_0000_0000 | u64::from(number);
        let own = [Some((address, 120))];
        let interface = ether::interface(&mut adapter, mac, &own, number.into());
        let buffer = |len| SocketBuffer::new(vec![0; len].leak());
        let mut sockets = SocketSet::new(vec![SocketStorage::EMPTY].leak());
        let socket = sockets.add(Socket::new(buffer(HELD), buffer(64)));
        let mut host =
            Self { interface, adapter, sockets, socket, heard: vec![], reads: true, lives: true };
        host.call();
        host
    }

    fn call(&mut self) {
        let to = (core::net::Ipv4Addr::from_bits(V4 as u32), PORT);
        let context = self.interface.context();
        let connection = self.sockets.get_mut::<Socket<'_>>(self.socket);
        connection.connect(context, to, 40_000).unwrap();
    }

    fn connection(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.socket)
    }

    /// Hears `frames`, and says what it has to say.
    fn tick(&mut self, micros: u64, frames: &[Bytes]) -> Vec<Bytes> {
        if !self.lives {
            return vec![];
        }
        self.adapter.ether.came.extend(frames.iter().cloned());
        let time = Instant::from_micros(micros as i64);
        while self.adapter.take() {
            self.interface.poll(time, &mut self.adapter, &mut self.sockets);
        }
        self.interface.poll(time, &mut self.adapter, &mut self.sockets);
        while self.reads && self.connection().can_recv() {
            let mut bytes = [0; HELD];
            let count = self.connection().recv_slice(&mut bytes).unwrap();
            self.heard.extend(&bytes[..count]);
        }
        core::mem::take(&mut self.adapter.ether.leaves)
    }

    /// The numbers of the frames that it heard.
    fn numbers(&self) -> Vec<u32> {
        let frames = self.heard.chunks_exact(SAID);
        frames.map(|frame| u32::from_be_bytes(frame[..4].try_into().unwrap())).collect()
    }

    fn is_listening(&mut self) -> bool {
        self.connection().state() == State::Established
    }
}

impl Bench {
    /// So many milliseconds, with `hosts` on the wire.
    fn run(&mut self, millis: usize, hosts: &mut [&mut Host]) {
        for _ in 0..millis {
            let frames = self.says(&[]);
            for host in hosts.iter_mut() {
                let said = host.tick(self.micros, &frames);
                self.wire.borrow_mut().to.extend(said);
            }
        }
    }

    fn listeners(&self) -> u32 {
        self.management.tally().listeners
    }
}

#[test]
fn whoever_connects_is_greeted_and_hears_every_frame_in_order() {
    let (mut bench, mut host) = (Bench::new(1024), Host::new(2));
    bench.talker.until = 100;
    bench.run(50, &mut [&mut host]);
    assert_eq!((bench.talker.greetings, bench.listeners()), (1, 1));
    assert_eq!(host.numbers(), Vec::from_iter(0..100));
}

#[test]
fn who_comes_right_behind_the_last_word_of_another_is_not_refused() {
    let mut bench = Bench::new(1024);
    let [mut one, mut two, mut three] = [2, 3, 4].map(Host::new);
    bench.run(20, &mut [&mut one, &mut two]);
    bench.run(20, &mut [&mut one, &mut two, &mut three]);
    assert_eq!(three.connection().state(), State::Closed, "refused, and knows where the port is");
    one.connection().abort();
    three.call();
    let both = [&mut one, &mut three].map(|host| host.tick(bench.micros, &[])).concat();
    assert_eq!(both.len(), 2);
    bench.wire.borrow_mut().to.extend(both);
    bench.run(20, &mut [&mut two, &mut three]);
    assert!(three.is_listening());
    assert_eq!((bench.listeners(), bench.talker.greetings), (2, 3));
}

#[test]
fn while_nobody_listens_nothing_is_said() {
    let mut bench = Bench::new(1024);
    bench.talker.until = 100;
    bench.run(50, &mut []);
    assert_eq!((bench.talker.said, bench.talker.greetings), (0, 0));
}

#[test]
fn two_hear_the_same_and_a_third_is_refused() {
    let mut bench = Bench::new(1024);
    let [mut one, mut two, mut three] = [2, 3, 4].map(Host::new);
    bench.run(20, &mut [&mut one, &mut two]);
    bench.run(20, &mut [&mut one, &mut two, &mut three]);
    assert_eq!(three.connection().state(), State::Closed);
    bench.talker.until = 300;
    bench.run(200, &mut [&mut one, &mut two, &mut three]);
    assert_eq!((bench.talker.greetings, bench.listeners()), (2, 2));
    assert_eq!(one.numbers(), Vec::from_iter(0..300));
    assert_eq!(two.numbers(), one.numbers());
}

#[test]
fn what_a_listener_says_is_forgotten_and_one_that_says_no_more_goes_on_to_listen() {
    let (mut bench, mut host) = (Bench::new(1024), Host::new(2));
    bench.run(20, &mut [&mut host]);
    for _ in 0..100 {
        host.connection().send_slice(b"show ports\r\n").unwrap();
        bench.run(5, &mut [&mut host]);
    }
    host.connection().close();
    bench.run(20, &mut [&mut host]);
    bench.talker.until = 20;
    bench.run(50, &mut [&mut host]);
    assert_eq!((bench.listeners(), host.numbers().len()), (1, 20));
}

#[test]
fn who_hangs_up_makes_place_and_may_come_again() {
    let mut bench = Bench::new(1024);
    for number in 2..8 {
        let mut host = Host::new(number);
        bench.run(20, &mut [&mut host]);
        assert!(host.is_listening());
        assert_eq!(bench.listeners(), 1);
        host.connection().abort();
        bench.run(20, &mut [&mut host]);
        assert_eq!(bench.listeners(), 0);
    }
    assert_eq!(bench.talker.greetings, 6);
}

#[test]
fn a_listener_that_reads_nothing_stops_the_stream_alone_and_hears_all_of_it_later() {
    let (mut bench, mut host) = (Bench::new(1024), Host::new(2));
    host.reads = false;
    bench.talker.until = 1000;
    // It answers when it is asked whether it has room: it is slow, not dead.
    bench.run(300_000, &mut [&mut host]);
    let said = bench.talker.said;
    assert!((said as usize) < (WAITING + HELD) / SAID + 2, "{said}");
    host.reads = true;
    bench.run(100_000, &mut [&mut host]);
    assert_eq!(host.numbers(), Vec::from_iter(0..1000));
    assert_eq!(bench.management.tally().missed, 0);
}

#[test]
fn who_is_stuck_is_not_waited_for_and_the_other_misses_nothing() {
    let mut bench = Bench::new(1024);
    let [mut good, mut stuck] = [2, 3].map(Host::new);
    bench.run(20, &mut [&mut good, &mut stuck]);
    stuck.reads = false;
    bench.talker.until = 1000;
    bench.run(2000, &mut [&mut good, &mut stuck]);
    assert_eq!(good.numbers(), Vec::from_iter(0..1000));
    stuck.reads = true;
    bench.run(60_000, &mut [&mut good, &mut stuck]);
    bench.talker.until = 1010;
    bench.run(100, &mut [&mut good, &mut stuck]);
    // It has what waited for it, then a gap, then what is said now.
    let (numbers, missed) = (stuck.numbers(), bench.management.tally().missed);
    assert_eq!(numbers.len() as u64 + missed, 1010);
    let first = numbers.len() as u32 - 10;
    assert!(missed > 900 - u64::from(first), "{missed}");
    assert_eq!(numbers, Vec::from_iter((0..first).chain(1000..1010)));
    assert_eq!(good.numbers(), Vec::from_iter(0..1010));
}

#[test]
fn a_listener_that_is_gone_without_a_word_makes_place_in_the_end() {
    let (mut bench, mut host) = (Bench::new(1024), Host::new(2));
    bench.run(20, &mut [&mut host]);
    host.lives = false;
    bench.run(80_000, &mut [&mut host]);
    assert_eq!(bench.listeners(), 1);
    bench.run(11_000, &mut [&mut host]);
    assert_eq!(bench.listeners(), 0);
}
