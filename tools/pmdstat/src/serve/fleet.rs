//! All machines together.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maud::{DOCTYPE, html};

use super::host::{Host, Now};
use crate::exposition::Exposition;

/// Machines, each on a line of its own.
pub(super) struct Fleet {
    hosts: Vec<Mutex<Host>>,
    /// How long one may say nothing.
    silence: Duration,
}

impl Fleet {
    /// These.
    pub(super) fn new(hosts: impl Iterator<Item = Host>, silence: Duration) -> Self {
        Self { hosts: hosts.map(Mutex::new).collect(), silence }
    }

    /// The one with this number, which exists.
    pub(super) fn host(&self, number: usize) -> MutexGuard<'_, Host> {
        self.hosts[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What Prometheus reads.
    pub(super) fn metrics(&self, now: Now) -> String {
        let mut page = Exposition::default();
        for (number, label) in self.labels().iter().enumerate() {
            let host = self.host(number);
            host.add(label, host.is_up(now, self.silence), &mut page);
        }
        page.text()
    }

    /// A page for people: what there is to read, and who is up.
    pub(super) fn overview(&self, now: Now) -> String {
        let rows = self.labels().into_iter().enumerate().map(|(number, label)| {
            let host = self.host(number);
            let state = match (host.is_up(now, self.silence), host.is_open()) {
                (true, _) => "up",
                (false, true) => "silent",
                (false, false) => "closed",
            };
            (label, host.line().to_owned(), state)
        });
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head { meta charset="utf-8"; title { "pmdstat serve" } }
                body {
                    h1 { "pmdstat serve" }
                    p { a href="/metrics" { "metrics" } " for Prometheus, " a href="/-/healthy" { "healthy" } }
                    table {
                        tr { th { "host" } th { "line" } th { "state" } }
                        @for (label, line, state) in rows {
                            tr { td { (label) } td { (line) } td { (state) } }
                        }
                    }
                }
            }
        };
        page.into_string()
    }

    /// What each is called. Where two machines have the same name, the later one goes by its line's.
    fn labels(&self) -> Vec<String> {
        let names = (0..self.hosts.len()).map(|number| {
            let host = self.host(number);
            (host.name().to_owned(), host.line().to_owned())
        });
        let names: Vec<_> = names.collect();
        let mut taken: BTreeSet<String> = names.iter().map(|(_, line)| line.clone()).collect();
        let label = |(name, line): (String, String)| match taken.insert(name.clone()) {
            true => name,
            false => line,
        };
        names.into_iter().map(label).collect()
    }
}
