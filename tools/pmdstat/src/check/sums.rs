//! Ledgers: whether every frame ended once, in every copy of each PMD's.

use perf::stream::Table;

use super::Verdict;
use crate::recording::{Boot, Ledger, Sums};

pub(super) fn check(boot: &Boot, verdict: &mut Verdict) {
    let (mut judged, mut unsure) = (0, 0);
    for ((_, core), copies) in boot.copies.iter().filter(|((table, _), _)| *table == Table::Ledger)
    {
        for copy in copies.iter() {
            let ledger = Ledger::of_copy(boot, copy);
            let Some(ledger) = ledger.filter(|ledger| ledger.sums() != Sums::NotJudged) else {
                unsure += 1;
                continue;
            };
            judged += 1;
            if ledger.sums() == Sums::Wrong {
                let (came, ended, parked) = (ledger.came(), ledger.ended(), ledger.parked());
                let millisecond = boot.base().millisecond(copy.at);
                verdict.find(format!(
                    "ledger of core {core} at {millisecond} ms: {ended} frames ended and {parked} wait, expected \
                     the {came} that came"
                ));
            }
        }
    }
    verdict.remark(format!("{judged} copies of ledgers were judged"));
    if unsure > 0 {
        verdict.remark(format!(
            "{unsure} copies of ledgers were not, as frames of them may be missing"
        ));
    }
}
