//! The page about it in docs.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result};

use super::Outcome;
use crate::machine::{processor, said, when};
use crate::workspace::root;

/// Where it is.
const PAGE: &str = "docs/dataplane-peers.md";
const HEAD: &str = "\
# Beside Open vSwitch and testpmd

Written by `cargo xtask bench dataplane --peers`: this dataplane (`hosted peer`, built for the oldest
x86-64), Open vSwitch with DPDK and dpdk-testpmd (mac forwarding), as Debian packages them, take turns on
one processor in one run; those that do not run are stopped. All are fed by null ports with the very same
frames of 64 bytes: a buffer from the pool, a copy, a hash as a card gives it, freed when sent. Metrics are
off in all.

Cycles of the time-stamp counter for a packet (for an iteration where none comes, for an upcall), the best
tenth of windows; the ratio is the median over rounds of ours by theirs, which holds where the machine is
slow for a while. An upcall of Open vSwitch is what its own `pmd-perf-show` says of it, with rules that
have it look at address and port.

";

const NATIVE: &str = "
## Both built for this processor

The same run with this dataplane built for the processor that it runs on, beside what Open vSwitch would
take if it were, too: Debian's figure above times what such a build of the same version was measured to
take of Debian's (0.74 to 1.0, by path; not measured for all). No bound is held against it.

";

/// Writes it.
pub(super) fn write(outcomes: &[Outcome]) -> Result<()> {
    let mut text = HEAD.to_owned();
    text += "| path | here | OVS | here / OVS | at most | testpmd | here / testpmd |\n";
    text += "|---|---|---|---|---|---|---|\n";
    for Outcome { name, ours, ovs, ratio, testpmd, most, .. } in outcomes {
        let verdict = if ratio > most { " (exceeded)" } else { "" };
        write!(text, "| {name} | {ours:.0} | {ovs:.0} | {ratio:.2} | {most:.2}{verdict} |")?;
        match testpmd {
            Some((cycles, ratio)) => writeln!(text, " {cycles:.0} | {ratio:.2} |")?,
            None => writeln!(text, " | |")?,
        }
    }
    text += NATIVE;
    text += "| path | here | here / OVS |\n|---|---|---|\n";
    for (name, (cycles, ratio)) in outcomes.iter().filter_map(|it| Some((&it.name, it.native?))) {
        let ratio = ratio.map_or_else(|| "not known".to_owned(), |ratio| format!("{ratio:.2}"));
        writeln!(text, "| {name} | {cycles:.0} | {ratio} |")?;
    }
    writeln!(text, "\n{}.", what_and_when()?)?;
    print!("{text}");
    fs::write(root().join(PAGE), text).with_context(|| format!("cannot write {PAGE}"))?;
    eprintln!("wrote {PAGE}");
    Ok(())
}

/// Date, commit, versions and processor.
fn what_and_when() -> Result<String> {
    let version = said("ovs-vsctl", &["--version"])?;
    let version = version.lines().next().unwrap_or_default();
    Ok(format!("{}; {version}; {}", when()?, processor()?))
}
