//! What is plugged into the two ports, and what runs over it.

use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ::qemu::frames::Frames;
use ::qemu::machine::Netdev;
use ::qemu::namespace::Namespaces;
use ::qemu::run_directory::RunDirectory;
use ::qemu::traffic::{Count, Pace, Source, Traffic};
use ::qemu::wire::Wire;
use anyhow::{Context as _, Result, ensure};

use super::capture::Capture;
use super::options::TrafficKind;

/// How long nothing may arrive while the last frames are waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is plugged in.
pub(super) enum Plugs {
    /// Datagram wires that we feed.
    Wires([Wire; 2]),
    /// Taps in namespaces that the host's own stack feeds.
    Taps(Namespaces),
}

/// What runs.
pub(super) enum Feed {
    /// Our own frames.
    Frames(Traffic),
    /// A ping from one namespace into the other.
    Ping(Namespaces, Child),
}

impl Plugs {
    /// Makes the sockets or taps that QEMU will open.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub(super) fn new(run: &RunDirectory, kind: &TrafficKind) -> Result<Self> {
        if *kind == TrafficKind::Tap {
            let taps = Namespaces::create();
            return taps.map(Self::Taps).context("--traffic tap needs root and iproute2");
        }
        Ok(Self::Wires([Wire::open(run, "wire0")?, Wire::open(run, "wire1")?]))
    }

    /// The same for a run that is only described: no tap is made, and no right is needed.
    ///
    /// # Errors
    ///
    /// The sockets cannot be made.
    pub(super) fn planned(run: &RunDirectory, kind: &TrafficKind) -> Result<Self> {
        match kind {
            TrafficKind::Tap => Ok(Self::Taps(Namespaces::planned())),
            _ => Self::new(run, kind),
        }
    }

    /// What the card on `side` is plugged into.
    pub(super) fn netdev(&self, side: usize) -> Netdev {
        match self {
            Self::Wires(wires) => wires[side].netdev(),
            Self::Taps(namespaces) => namespaces.netdev(side),
        }
    }

    /// Lets frames run, once the image is up.
    ///
    /// # Errors
    ///
    /// The capture or the namespaces cannot be used.
    pub(super) fn start(
        self,
        kind: &TrafficKind,
        capture: Option<&Capture>,
        rate: u32,
    ) -> Result<Feed> {
        let wires = match self {
            Self::Taps(namespaces) => return start_ping(namespaces),
            Self::Wires(wires) => wires,
        };
        let sources: [Option<Source>; 2] = match (kind, capture) {
            (TrafficKind::Generated, _) => {
                [Some(Box::new(Frames::mixed(0))), Some(Box::new(Frames::mixed(1)))]
            }
            (_, Some(capture)) => [Some(Box::new(capture.replay()?)), None],
            _ => [None, None],
        };
        Ok(Feed::Frames(Traffic::start(wires, sources, Pace::per_second(rate))))
    }
}

fn start_ping(namespaces: Namespaces) -> Result<Feed> {
    namespaces.plug_in()?;
    eprintln!("the namespaces are {} and {}; for example:", namespaces.name(0), namespaces.name(1));
    eprintln!("  sudo ip netns exec {} ping {}", namespaces.name(0), namespaces.address(1));
    let ping = namespaces
        .command(0, "ping")
        .args(["-q", "-i", "0.01", namespaces.address(1)])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .context("cannot run ping (package iputils-ping)")?;
    Ok(Feed::Ping(namespaces, ping))
}

impl Feed {
    /// Stops offering frames and waits until all have come out or none comes any more.
    ///
    /// # Errors
    ///
    /// The guest did not take what was offered.
    pub(super) fn drain(&mut self) -> Result<()> {
        match self {
            Self::Frames(traffic) => {
                traffic.halt()?;
                traffic.drain(PATIENCE);
            }
            Self::Ping(namespaces, ping) => {
                end(ping);
                settle(namespaces)?;
            }
        }
        Ok(())
    }

    /// Both directions so far.
    ///
    /// # Errors
    ///
    /// The host's counters cannot be read.
    pub(super) fn counts(&self) -> Result<[Count; 2]> {
        match self {
            Self::Frames(traffic) => Ok(traffic.counts()),
            Self::Ping(namespaces, _) => tap_counts(namespaces),
        }
    }

    /// Fails if a frame of a capture did not come out.
    ///
    /// # Errors
    ///
    /// One did not, or the capture was not sent to its end.
    pub(super) fn check_replay(&self, capture: &Capture) -> Result<()> {
        let [there, _] = self.counts()?;
        let sent =
            format!("{} of the capture's {} frames were sent", there.offered, capture.frames);
        ensure!(
            there.offered == capture.frames,
            "{sent}; give it more --seconds or a higher --rate"
        );
        let due = there.offered - there.misfits;
        ensure!(there.delivered == due, "{sent}, {due} were due, {} came out", there.delivered);
        println!(
            "replay: {sent}, {} came out byte for byte, {} were too short or too long and dropped, \
             {} were not sent (empty or longer than any Ethernet frame)",
            there.delivered, there.misfits, capture.left_out
        );
        Ok(())
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if let Self::Ping(_, ping) = self {
            end(ping);
        }
    }
}

fn end(child: &mut Child) {
    // A ping that has ended by itself cannot be killed, but is still to be waited for.
    let _ = child.kill();
    let _ = child.wait();
}

fn tap_counts(namespaces: &Namespaces) -> Result<[Count; 2]> {
    let [a, b] = [namespaces.counters(0)?, namespaces.counters(1)?];
    let count = |offered, delivered| Count { offered, misfits: 0, delivered, foreign: 0 };
    Ok([count(a.into_guest, b.from_guest), count(b.into_guest, a.from_guest)])
}

/// Waits until the taps' counters stand still.
fn settle(namespaces: &Namespaces) -> Result<()> {
    let mut last = (tap_counts(namespaces)?, Instant::now());
    while last.1.elapsed() < PATIENCE / 2 {
        thread::sleep(Duration::from_millis(50));
        let counts = tap_counts(namespaces)?;
        if counts != last.0 {
            last = (counts, Instant::now());
        }
    }
    Ok(())
}
