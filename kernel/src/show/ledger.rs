//! `show ledger` and `show drops`: where every frame ended.

use core::fmt::{self, Display, Formatter, Write};

use dataplane::{Account, Ledger, Reason};

/// What became of the frames of one port, or of all.
#[derive(Clone, Copy)]
pub(super) struct Sum {
    pub(super) sum: Account,
    /// Whether every PMD's part was read between two of its iterations.
    whole: bool,
}

impl Sum {
    const NOTHING: Self = Self { sum: Account::ZERO, whole: true };

    fn and(mut self, account: Option<Account>) -> Self {
        self.whole &= account.is_some();
        self.sum.add(&account.unwrap_or_default());
        self
    }

    /// Whether all was seen, and what did not end yet are the `parked` frames and no others.
    fn is_exact(&self, parked: u64) -> bool {
        self.whole && u64::try_from(self.sum.unaccounted()) == Ok(parked)
    }
}

impl Display for Sum {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Account { received, forwarded, .. } = self.sum;
        let (dropped, in_flight) = (self.sum.dropped_in_all(), self.sum.unaccounted());
        write!(out, "received={received} forwarded={forwarded} dropped={dropped} ")?;
        write!(out, "in-flight={in_flight}")
    }
}

/// What all PMDs did with the frames of `port`.
pub(super) fn account(port: usize, ledgers: impl Iterator<Item = &'static Ledger>) -> Sum {
    ledgers.fold(Sum::NOTHING, |sum, ledger| sum.and(ledger.account(port)))
}

/// Writes a line for each of the first `ports` ports, and one for all.
///
/// # Errors
///
/// Those of `out`.
pub fn ledger(
    ports: usize,
    ledgers: impl Iterator<Item = &'static Ledger> + Clone,
    out: &mut impl Write,
) -> fmt::Result {
    let mut total = Sum::NOTHING;
    for port in 0..ports {
        let account = account(port, ledgers.clone());
        writeln!(out, "ledger port={port} {account}")?;
        total = total.and(account.whole.then_some(account.sum));
    }
    let exact = total.is_exact(ledgers.map(Ledger::parked).sum());
    writeln!(out, "ledger total {total} exact={}", if exact { "yes" } else { "no" })
}

/// Writes a line for each of the first `ports` ports and each reason that frames were dropped
/// for, and the sum.
///
/// # Errors
///
/// Those of `out`.
pub fn drops(
    ports: usize,
    ledgers: impl Iterator<Item = &'static Ledger> + Clone,
    out: &mut impl Write,
) -> fmt::Result {
    writeln!(out, "port  stage  reason  frames")?;
    let mut total = 0;
    for port in 0..ports {
        let account = account(port, ledgers.clone()).sum;
        for (reason, frames) in Reason::ALL.into_iter().zip(account.dropped) {
            if frames > 0 {
                write!(out, "{port:<4}  {:<5}  ", reason.stage())?;
                writeln!(out, "{:<6}  {frames}", reason.name())?;
            }
        }
        total += account.dropped_in_all();
    }
    writeln!(out, "total {total}")
}
