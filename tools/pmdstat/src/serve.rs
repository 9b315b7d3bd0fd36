//! `pmdstat serve`: many machines on their lines, and one page about them for Prometheus.
//!
//! A thread to each line keeps what its [`Host`] last counted, so that memory is bounded however long it runs;
//! [`http`] hands out what the [`Fleet`] makes of that when somebody asks. docs/fleet.md tells how to use it.

mod fleet;
mod host;
mod http;
mod trust;

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::source::{self, Source, attach};
use crate::talk;
use fleet::Fleet;
use host::{Host, Now};
use http::{Limits, Page};

/// Whom to listen to, and where to tell of it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    #[arg(required = true, value_name = "SOURCES", help = "Lines of machines, or @FILE with one in each line of it", long_help = source::HELP)]
    sources: Vec<String>,
    /// Where Prometheus finds it; the port 0 is one that is free.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:19878")]
    listen: SocketAddr,
    /// A machine that sent no frame for so long is not up. On a line that text shares statistics come
    /// every 10 s, and while somebody types there only events.
    #[arg(long, value_name = "SECONDS", default_value_t = 90)]
    silence: u64,
}

const EXAMPLES: &str = "Examples:\n  \
    pmdstat serve lab1=10.0.0.1:7878 lab2=10.0.0.2:7878\n  \
    pmdstat serve --listen 0.0.0.0:19878 rack1=conserver:7001 rack2=conserver:7002\n  \
    pmdstat serve 'box=exec:ipmitool -I lanplus -H bmc1 -E sol activate' run/com1.sock\n\n\
    Whoever reaches the address reads all of it; nothing can be changed by it.";

/// Listens and tells, for good.
///
/// # Errors
///
/// The address cannot be had, or sources cannot be told apart.
pub(crate) fn run(options: &Options) -> Result<()> {
    let sources = source::all(&options.sources)?;
    check_names(&sources)?;
    let address = options.listen;
    let listener = TcpListener::bind(address).with_context(|| format!("cannot have {address}"))?;
    let count = sources.len();
    talk::say(format_args!("http://{}/metrics tells of {count} sources", listener.local_addr()?));
    let silence = Duration::from_secs(options.silence);
    let fleet = Arc::new(Fleet::new(sources.iter().cloned().map(Host::new), silence));
    let follow = |(number, source): (usize, &Source)| {
        let (own, name) = (Arc::clone(&fleet), source.name.clone());
        attach(source.clone(), move |happening| {
            happening.remark(&name).into_iter().for_each(|text| talk::say(format_args!("{text}")));
            own.host(number).take(happening, Now::read());
        })
    };
    let _attached: Vec<_> = sources.iter().enumerate().map(follow).collect();
    http::serve(&listener, &Limits::USUAL, move |path| page(&fleet, path))
}

fn page(fleet: &Fleet, path: &str) -> Option<Page> {
    match path {
        "/metrics" => Some(Page { kind: http::METRICS, body: fleet.metrics(Now::read()) }),
        "/" => Some(Page { kind: http::HTML, body: fleet.overview(Now::read()) }),
        "/-/healthy" => Some(Page { kind: http::TEXT, body: "pmdstat is healthy\n".to_owned() }),
        _ => None,
    }
}

/// What sources are called becomes a label: one for each, and none that tells secrets.
fn check_names(sources: &[Source]) -> Result<()> {
    let mut names = BTreeSet::new();
    for source in sources {
        let name = &source.name;
        ensure!(
            source.is_named() || !source.is_command(),
            "{name} needs a name before it (NAME={name}): its words would be a label"
        );
        ensure!(names.insert(name), "two sources are called {name}");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
