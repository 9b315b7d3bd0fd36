//! What values of the command line look like.

use core::ops::RangeInclusive;

use heapless::Vec;
use perf::gaps::Wish;
use serial::Place;

use super::{
    CORES, CpuMask, DESCRIPTORS, Forward, Hostname, HwWatchdog, MTU, Numbers, Options, Ports, RXQS,
    Stream, Wanted, Watchdog,
};
use crate::address::Nic;
use crate::isolation::{COARSEST, LEAST_US, LONGEST, SECONDS};
use crate::logs::Chosen;
use crate::port_name::PortName;

pub(super) fn watchdog(options: &mut Options, text: &str) -> Option<()> {
    options.watchdog = match text {
        "report" => Watchdog::Report,
        "reset" => Watchdog::Reset,
        "off" => Watchdog::Off,
        _ => return None,
    };
    Some(())
}

pub(super) fn stream(options: &mut Options, text: &str) -> Option<()> {
    options.stream = match text {
        "auto" => Stream::Auto,
        "virtio" => Stream::Virtio,
        "ttyS0" => Stream::Serial(Place::COM1),
        "ttyS1" => Stream::Serial(Place::COM2),
        "net" => Stream::Net,
        "shared" => Stream::Shared,
        "none" => Stream::None,
        _ => return None,
    };
    Some(())
}

/// `none` is no name, as for other keys; who calls a machine so has none.
pub(super) fn hostname(options: &mut Options, text: &str) -> Option<()> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_label = !text.is_empty() && text.bytes().all(is_good);
    if !is_label || text.starts_with('-') || text.ends_with('-') {
        return None;
    }
    options.hostname = Hostname::try_from(if text == "none" { "" } else { text }).ok()?;
    Some(())
}

pub(super) fn log(options: &mut Options, text: &str) -> Option<()> {
    options.log = Chosen::DEFAULT.with(text)?;
    Some(())
}

pub(super) fn smc_enable(options: &mut Options, text: &str) -> Option<()> {
    options.flows.smc = text.parse().ok()?;
    Some(())
}

/// The longest that a crash's report may be left to be read, in seconds.
const LONGEST_PAUSE: u32 = 86_400;

/// As Linux's key of that name: seconds, and 0 for never.
pub(super) fn panic(options: &mut Options, text: &str) -> Option<()> {
    options.panic = match text {
        "halt" => None,
        "reboot" => Some(0),
        seconds => {
            let seconds = number(seconds).filter(|seconds| *seconds <= LONGEST_PAUSE)?;
            Some(seconds).filter(|seconds| *seconds > 0)
        }
    };
    Some(())
}

/// Seconds that core 0 may stand still unless it is said how many, the fewest and the most.
const STILL: u32 = 30;
const LEAST_STILL: u32 = 4;
const MOST_STILL: u32 = 600;

pub(super) fn hw_watchdog(options: &mut Options, text: &str) -> Option<()> {
    let (chip, seconds) = text.split_once(':').map_or((text, None), |(chip, it)| (chip, Some(it)));
    let is_ib700 = match (chip, seconds) {
        ("off", None) => {
            options.hw_watchdog = None;
            return Some(());
        }
        ("auto", _) => false,
        ("ib700", _) => true,
        _ => return None,
    };
    let seconds = within(seconds, LEAST_STILL..=MOST_STILL, STILL)?;
    options.hw_watchdog = Some(HwWatchdog { is_ib700, seconds });
    Some(())
}

/// Frames that a card is tried with unless it is said how many, and at most.
const TEST: u32 = 1_000_000;
const LONGEST_TEST: u32 = 100_000_000;

pub(super) fn test(options: &mut Options, text: &str) -> Option<()> {
    let (mut frames, mut wish) = (None, None);
    for word in text.split(',').filter(|_| text != "none") {
        let mut parts = word.split(':');
        match (parts.next()?, parts.next(), parts.next()) {
            ("nictest", count, None) if frames.is_none() => {
                frames = Some(within(count, 1..=LONGEST_TEST, TEST)?);
            }
            ("hwlat", seconds, least) if wish.is_none() => {
                let micros = u64::from(within(seconds, 1..=LONGEST, SECONDS)?) * 1_000_000;
                wish = Some(Wish { micros, least: within(least, 1..=COARSEST, LEAST_US)? });
            }
            _ => return None,
        }
        parts.next().is_none().then_some(())?;
    }
    (options.nictest, options.hwlat) = (frames, wish);
    Some(())
}

/// The number that `text` is, in `range`, or `default` if there is no text.
fn within(text: Option<&str>, range: RangeInclusive<u32>, default: u32) -> Option<u32> {
    let Some(text) = text else { return Some(default) };
    number(text).filter(|number| range.contains(number))
}

pub(super) fn power(options: &mut Options, text: &str) -> Option<()> {
    options.prefers_performance = match text {
        "performance" => true,
        "leave" => false,
        _ => return None,
    };
    Some(())
}

/// A number in decimal digits and nothing else.
pub(super) fn number(text: &str) -> Option<u32> {
    let decimal = text.bytes().all(|byte| byte.is_ascii_digit());
    decimal.then(|| text.parse().ok()).flatten()
}

pub(super) fn ports(options: &mut Options, text: &str) -> Option<()> {
    options.ports = match text {
        "none" => Ports::None,
        "all" => Ports::All,
        list => Ports::These(wanted(list)?),
    };
    Some(())
}

pub(super) fn boot_nic(options: &mut Options, text: &str) -> Option<()> {
    options.takes_boot_nic = match text {
        "leave" => false,
        "take" => true,
        _ => return None,
    };
    Some(())
}

/// NICs with commas between, with `NAME@` before those that have a name; none of them twice, and no name.
fn wanted<const N: usize>(list: &str) -> Option<Vec<Wanted, N>> {
    let mut all: Vec<Wanted, N> = Vec::new();
    for text in list.split(',') {
        let (name, nic) = match text.split_once('@') {
            Some((name, nic)) => (Some(PortName::parse(name)?), nic),
            None => (None, text),
        };
        let nic = Nic::parse(nic)?;
        let is_known = |own: &Wanted| own.nic == nic || name.is_some() && own.name == name;
        (!all.iter().any(is_known)).then_some(())?;
        all.push(Wanted { nic, name }).ok()?;
    }
    Some(all)
}

pub(super) fn forward(options: &mut Options, text: &str) -> Option<()> {
    let mut forward = Forward::default();
    for pair in text.split(',').filter(|_| text != "none") {
        let (a, b) = pair.split_once(':')?;
        let [a, b] = [a, b].map(|port| number(port)?.try_into().ok());
        forward.join(a?, b?).then_some(())?;
    }
    options.forward = forward;
    Some(())
}

/// `N` and `CORE:N`, with commas between, each core once. More than the most stands for the most, as
/// in Open vSwitch.
/// The longest sleep that can be asked for, in microseconds (Open vSwitch's).
const LONGEST_SLEEP: u32 = 10_000;

pub(super) fn sleep_max(options: &mut Options, text: &str) -> Option<()> {
    options.sleep_max = numbers(text, 0, |micros| Some(micros.min(LONGEST_SLEEP)))?;
    Some(())
}

pub(super) fn tx_steering(options: &mut Options, text: &str) -> Option<()> {
    options.steers_by_hash = match text {
        "thread" => false,
        "hash" => true,
        _ => return None,
    };
    Some(())
}

pub(super) fn smt(options: &mut Options, text: &str) -> Option<()> {
    options.uses_siblings = match text {
        "idle" => false,
        "use" => true,
        _ => return None,
    };
    Some(())
}

pub(super) fn n_rxq(options: &mut Options, text: &str) -> Option<()> {
    let queues = 1..=RXQS as u32;
    options.n_rxq = numbers(text, 1, |count| queues.contains(&count).then_some(count))?;
    Some(())
}

/// Descriptors of a ring, as in Open vSwitch but for the smallest rings, which a burst would not fit into.
const RING_SIZES: RangeInclusive<u32> = 64..=4096;

pub(super) fn n_rxq_desc(options: &mut Options, text: &str) -> Option<()> {
    options.n_rxq_desc = ring_sizes(text)?;
    Some(())
}

pub(super) fn n_txq_desc(options: &mut Options, text: &str) -> Option<()> {
    options.n_txq_desc = ring_sizes(text)?;
    Some(())
}

fn ring_sizes(text: &str) -> Option<Numbers> {
    let is_allowed = |size: &u32| RING_SIZES.contains(size) && size.is_power_of_two();
    numbers(text, DESCRIPTORS, |size| Some(size).filter(is_allowed))
}

/// MTUs, from the least of IPv4 (RFC 791, 3.2) to what jumbo frames usually have.
const MTUS: RangeInclusive<u32> = 68..=9000;

pub(super) fn mtu_request(options: &mut Options, text: &str) -> Option<()> {
    options.mtu = numbers(text, MTU, |mtu| MTUS.contains(&mtu).then_some(mtu))?;
    Some(())
}

/// A number for all that are not named, `default` unless there is one, and `NAME:NUMBER` for others.
pub(super) fn numbers(
    text: &str,
    default: u32,
    allowed: impl Fn(u32) -> Option<u32>,
) -> Option<Numbers> {
    let mut numbers = Numbers::same(default);
    for word in text.split(',') {
        match word.split_once(':') {
            None => numbers.all = allowed(number(word)?)?,
            Some((name, text)) => {
                let name = number(name)?.try_into().ok()?;
                numbers.named.iter().all(|(own, _)| *own != name).then_some(())?;
                numbers.named.push((name, allowed(number(text)?)?)).ok()?;
            }
        }
    }
    Some(numbers)
}

pub(super) fn pmd_cpu_mask(options: &mut Options, text: &str) -> Option<()> {
    options.pmd_cpu_mask = match text {
        "all" => CpuMask::ALL,
        digits => mask(digits.strip_prefix("0x").unwrap_or(digits))?,
    };
    Some(())
}

/// The mask in `digits`, the last of which stands for cores 0 to 3.
fn mask(digits: &str) -> Option<CpuMask> {
    let mut words = [0; CORES / 64];
    for (place, digit) in digits.chars().rev().enumerate() {
        let cores = u64::from(digit.to_digit(16)?);
        match words.get_mut(place / 16) {
            Some(word) => *word |= cores << (place % 16 * 4),
            None if cores > 0 => return None,
            None => {}
        }
    }
    let useful = words != [0; CORES / 64] && words[0] & 1 == 0;
    useful.then_some(CpuMask(words))
}
