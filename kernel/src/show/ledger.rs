//! `show ledger` and `show drops`: where every frame ended.

use core::fmt::{self, Display, Formatter, Write};

use dataplane::{Account, LOCAL, Ledger, Reading, Reason};

/// What the ledgers of all PMDs say together; none if one of them cannot be read, because its PMD
/// stands still in the middle of writing.
pub(super) fn gather(mut ledgers: impl Iterator<Item = &'static Ledger>) -> Option<Reading> {
    ledgers.try_fold(Reading::EMPTY, |mut sum, ledger| {
        sum.add(&ledger.read()?);
        Some(sum)
    })
}

/// Says that there is nothing to show.
///
/// # Errors
///
/// Those of `out`.
pub(crate) fn unreadable(out: &mut impl Write) -> fmt::Result {
    writeln!(out, "error: a PMD stands still while it writes its ledger (ask again)")
}

/// The accounts of the first `ports` ports, and that of this machine itself if it ever sent.
pub(super) fn accounts(ports: usize, reading: &Reading) -> impl Iterator<Item = (usize, &Account)> {
    let is_shown = move |(port, account): &(usize, &Account)| {
        *port < ports || *port == usize::from(LOCAL) && account.received > 0
    };
    reading.accounts.iter().enumerate().filter(is_shown)
}

/// The name of a port: its number, or LOCAL.
pub(super) struct Name(pub(super) usize);

impl Display for Name {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if self.0 == usize::from(LOCAL) { out.pad("LOCAL") } else { self.0.fmt(out) }
    }
}

/// What became of all frames of the first `ports` ports, and of those of this machine itself.
pub(super) fn total(ports: usize, reading: &Reading) -> Account {
    let mut total = Account::ZERO;
    accounts(ports, reading).for_each(|(_, account)| total.add(account));
    total
}

/// How many frames of each of the first `ports` ports were dropped for each reason, where any were.
pub(super) fn each_drop(
    ports: usize,
    reading: &Reading,
) -> impl Iterator<Item = (usize, Reason, u64)> {
    let each = accounts(ports, reading).flat_map(|(port, account)| {
        let reasons = Reason::ALL.into_iter().zip(account.dropped);
        reasons.map(move |(reason, frames)| (port, reason, frames))
    });
    each.filter(|(_, _, frames)| *frames > 0)
}

/// Whether the frames that did not end yet are those that PMDs say are parked, and no others.
pub(super) fn is_exact(total: &Account, reading: &Reading) -> bool {
    u64::try_from(total.unaccounted()) == Ok(reading.parked)
}

/// What became of the frames of one port, or of all.
struct Ended<'a>(&'a Account);

impl Display for Ended<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Account { received, copied, forwarded, .. } = *self.0;
        let (dropped, in_flight) = (self.0.dropped_in_all(), self.0.unaccounted());
        write!(
            out,
            "received={received} copied={copied} forwarded={forwarded} dropped={dropped} "
        )?;
        write!(out, "in-flight={in_flight}")
    }
}

/// Writes a line for each of the first `ports` ports, and one for all.
///
/// # Errors
///
/// Those of `out`.
pub fn ledger(
    ports: usize,
    ledgers: impl Iterator<Item = &'static Ledger>,
    out: &mut impl Write,
) -> fmt::Result {
    let Some(reading) = gather(ledgers) else { return unreadable(out) };
    for (port, account) in accounts(ports, &reading) {
        writeln!(out, "ledger port={} {}", Name(port), Ended(account))?;
    }
    let total = total(ports, &reading);
    let exact = if is_exact(&total, &reading) { "yes" } else { "no" };
    writeln!(out, "ledger total {} exact={exact}", Ended(&total))
}

/// Writes a line for each of the first `ports` ports and each reason that frames were dropped
/// for, and the sum.
///
/// # Errors
///
/// Those of `out`.
pub fn drops(
    ports: usize,
    ledgers: impl Iterator<Item = &'static Ledger>,
    out: &mut impl Write,
) -> fmt::Result {
    let Some(reading) = gather(ledgers) else { return unreadable(out) };
    writeln!(out, "port  stage  reason  frames")?;
    for (port, reason, frames) in each_drop(ports, &reading) {
        let (port, stage, reason) = (Name(port), reason.stage(), reason.name());
        writeln!(out, "{port:<4}  {stage:<5}  {reason:<6}  {frames}")?;
    }
    writeln!(out, "total {}", total(ports, &reading).dropped_in_all())
}
