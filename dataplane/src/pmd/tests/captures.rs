//! Frames that are captured on their way.

use handover::Inbox;

use super::*;
use crate::capture::{self, Capture, Captured, EACH, Kept, Lent, Memory, Wish};
use crate::key::{Key, Mask};
use crate::network::Network;
use crate::rules::parse_filter;

/// Frames that there is memory for.
const ROOM: usize = 100;

/// The control core's ends of what captures go by.
pub(super) struct Desk {
    pub(super) lent: Sender<&'static mut Capture>,
    pub(super) back: Inbox<&'static mut Capture>,
}

pub(super) fn desk(bench: &mut Bench) -> Desk {
    let (lent, inbox) = leak(Mailbox::<&'static mut Capture, 2>::new()).open();
    let (sender, back) = leak(Mailbox::<&'static mut Capture, 2>::new()).open();
    bench.pmd.set_captures(Lent { lent: inbox, back: sender });
    Desk { lent, back }
}

/// Has the next `frames` frames of `port` that fit `matching` captured, with 64 bytes of each.
pub(super) fn capture(
    port: u16,
    matching: &str,
    network: &Network,
    frames: u16,
) -> &'static mut Capture {
    let like = capture::like(port, &parse_filter(matching).unwrap(), network).unwrap();
    let (kept, bytes) = (vec![Kept::default(); ROOM].leak(), vec![0; ROOM * EACH].leak());
    let capture = leak(Capture::new(Memory { frames: kept, bytes }));
    capture.begin(&Wish { number: 3, like, snaplen: 64, frames });
    capture
}

/// The same, among these ports and without tunnels.
fn plain(port: u16, matching: &str, frames: u16) -> &'static mut Capture {
    let network = played::network(2);
    assert!(capture::like(2, &parse_filter("").unwrap(), &network).is_none());
    capture(port, matching, &network, frames)
}

/// All frames that were captured.
fn all(capture: &Capture) -> impl Iterator<Item = Captured<'_>> {
    (0..).map_while(|index| capture.frame(index))
}

fn lend(bench: &mut Bench, desk: &mut Desk, capture: &'static mut Capture) {
    assert!(desk.lent.send(capture).is_ok());
    bench.run(HOUSEKEEPING);
}

#[test]
fn the_next_frames_of_a_port_are_captured_and_forwarded_as_ever() {
    let mut bench = Bench::new(2, &[(0, 1)]);
    let mut desk = desk(&mut bench);
    lend(&mut bench, &mut desk, plain(1, "", 40));
    (0..50).for_each(|number| bench.send(0, frame(number, 60)));
    (50..120).for_each(|number| bench.send(1, frame(number, 100)));
    bench.run(HOUSEKEEPING);
    let capture = desk.back.take().expect("it is full");
    assert_eq!((capture.wish().number, capture.count(), all(capture).count()), (3, 40, 40));
    for (captured, number) in all(capture).zip(50..) {
        assert_eq!((captured.bytes, captured.len), (&frame(number, 64)[..], 100));
    }
    let times: Vec<_> = all(capture).map(|captured| captured.at).collect();
    assert!(times.is_sorted() && times[0] > 0);
    assert_eq!((bench.gone(1).len(), bench.gone(0).len()), (50, 70));
    assert_eq!(bench.frames_at_home(), FRAMES);
}

#[test]
fn only_frames_that_fit_are_captured_and_what_was_asked_back_comes_before_it_is_full() {
    use etherparse::PacketBuilder;
    let mut bench = Bench::with(2, &["in_port=0,actions=1"], 64);
    let mut desk = desk(&mut bench);
    lend(&mut bench, &mut desk, plain(0, "udp,tp_dst=9", 10));
    let packet = |port| {
        let mut bytes = Vec::new();
        let built = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([1; 4], [2; 4], 64);
        built.udp(7, port).write(&mut bytes, &[5; 1472]).unwrap();
        bytes
    };
    [8, 9, 10, 9].into_iter().for_each(|port| bench.send(0, packet(port)));
    bench.send(0, frame(0, 5));
    bench.run(1);
    for number in [4, 3] {
        assert!(desk.back.take().is_none());
        assert!(bench.orders.send(Order::EndCapture(number)).is_ok());
        bench.run(HOUSEKEEPING);
    }
    let capture = desk.back.take().expect("it was asked for");
    let kept: Vec<_> = all(capture).map(|captured| captured.bytes).collect();
    assert_eq!(kept, [&packet(9)[..64]; 2]);
    // Every byte of the largest, and what is too short to be one.
    let whole = capture;
    let mut wish = Wish { number: 4, snaplen: u16::MAX, ..*whole.wish() };
    wish.like = (Key::ZERO, Mask::NONE);
    whole.begin(&wish);
    lend(&mut bench, &mut desk, whole);
    bench.send(0, packet(1));
    bench.send(0, frame(1, 5));
    bench.send(0, frame(2, 1600));
    assert!(bench.orders.send(Order::EndCapture(4)).is_ok());
    bench.run(HOUSEKEEPING + 1);
    let capture = desk.back.take().expect("it was asked for");
    let kept: Vec<_> = all(capture).map(|it| (it.bytes.len(), it.len)).collect();
    assert_eq!(kept, [(1514, 1514), (5, 5), (1600, 1600)]);
}

#[test]
fn as_many_frames_are_kept_as_there_is_memory_for_and_longer_ones_are_fewer() {
    let capture = plain(0, "", u16::MAX);
    for (len, snaplen, kept, fit) in [
        (EACH, u16::MAX, EACH, ROOM),
        (60, u16::MAX, 60, ROOM),
        (1600, u16::MAX, 1600, ROOM * EACH / 1600),
        (9018, u16::MAX, 9018, ROOM * EACH / 9018),
        (1600, EACH as u16, EACH, ROOM),
        (1600, 128, 128, ROOM),
    ] {
        capture.begin(&Wish { snaplen, ..*capture.wish() });
        let mut frame = Frame::over(leak([const { Buffer::new() }; 5]));
        assert!(frame.copy_from(&vec![7; len]));
        (0..=ROOM as u64).for_each(|now| capture.keep(&frame, now));
        core::mem::forget(frame);
        assert!(capture.is_full() && capture.frame(fit).is_none());
        assert_eq!((capture.count(), all(capture).count()), (fit, fit), "{len}, {snaplen}");
        assert!(all(capture).zip(0..).all(|(it, now)| it.at == now && it.bytes == vec![7; kept]));
    }
}
