//! Where our driver and `ixgbe-driver` leave the registers of an 82599 differently: exactly as
//! docs/drivers.md has it, with the section of the datasheet that settles it.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use nic82599::registers as regs;
use nic82599::{Local, Register};

use crate::card::Bench;
use crate::other;

crate::facts![two_drivers_leave_an_82599_differently_where_it_is_documented_and_nowhere_else];

const DOCUMENT: &str = include_str!("../../../docs/drivers.md");
/// Above the table, in the document.
const HEADING: &str = "## Beside another driver";
/// Bytes of registers that drivers know of.
const SPACE: u32 = 0x2_0000;
/// The bit of AUTOC that clears itself.
const RESTART: u32 = 1 << 12;
/// What each driver has its own of: the places of rings.
const RINGS: [Register; 4] =
    [regs::RDBAL.at(0), regs::RDBAH.at(0), regs::TDBAL.at(0), regs::TDBAH.at(0)];
/// What memory keeps though the card does not, and what only the card writes.
const NOT_HELD: [Register; 2] = [regs::EIMC, regs::ANLP1];

/// What both drivers left behind: theirs, ours.
type Values = (u32, u32);

fn two_drivers_leave_an_82599_differently_where_it_is_documented_and_nowhere_else() -> Result<()> {
    let mut bench = Bench::new()?;
    let port = bench.start(1)?;
    let ours = registers(&bench.card);
    bench.end(port)?;
    let fresh = Bench::new()?;
    let after_reset = registers(&fresh.card);
    let theirs = other::bring_up(after_reset.clone())?;
    let found = differences(&after_reset, theirs, &ours);
    let documented = documented()?;
    let new: Vec<_> = found.iter().filter(|(name, it)| documented.get(*name) != Some(it)).collect();
    ensure!(new.is_empty(), "not documented (theirs, ours): {new:#x?}");
    let old: Vec<_> = documented.keys().filter(|name| !found.contains_key(*name)).collect();
    ensure!(old.is_empty(), "documented and not so any more: {old:?}");
    Ok(())
}

/// All registers, as a driver reads them.
fn registers(card: &Local) -> Vec<u32> {
    // A link that was down is told of once.
    let _before = card.read(regs::LINKS.0);
    (0..SPACE).step_by(4).map(|offset| card.read(offset)).collect()
}

/// Registers that differ, by name; of several alike the first one.
fn differences(before: &[u32], mut theirs: Vec<u32>, ours: &[u32]) -> BTreeMap<String, Values> {
    // Where a register has two addresses, they may have used the other one.
    for (word, before) in before.iter().enumerate() {
        let own = Register::at(4 * word as u32).0 as usize / 4;
        if own != word && theirs[word] != *before {
            theirs[own] = theirs[word];
        }
    }
    theirs[regs::AUTOC.0 as usize / 4] &= !RESTART;
    let mut found = BTreeMap::new();
    for (word, values) in theirs.into_iter().zip(ours.iter().copied()).enumerate() {
        let register = Register::at(4 * word as u32);
        let is_one = register.0 as usize == 4 * word;
        let is_compared = is_one && !RINGS.contains(&register) && !NOT_HELD.contains(&register);
        if is_compared && values.0 != values.1 {
            let name = register.to_string();
            let name = name.split('(').next().unwrap_or_default();
            found.entry(name.to_owned()).or_insert(values);
        }
    }
    found
}

/// The rows of the document's table.
fn documented() -> Result<BTreeMap<String, Values>> {
    let (_, table) = DOCUMENT.split_once(HEADING).unwrap_or_default();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let mut documented = BTreeMap::new();
    for row in rows {
        let words: Vec<&str> = row.split('`').skip(1).step_by(2).take(3).collect();
        let [name, theirs, ours] = words[..] else { anyhow::bail!("a row without values: {row}") };
        let value = |text: &str| u32::from_str_radix(text.trim_start_matches("0x"), 16);
        documented.insert(name.to_owned(), (value(theirs)?, value(ours)?));
    }
    Ok(documented)
}
