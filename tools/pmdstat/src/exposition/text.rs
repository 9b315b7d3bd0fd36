//! The text: <https://prometheus.io/docs/instrumenting/exposition_formats>, version 0.0.4.

use std::collections::HashSet;
use std::fmt::{Display, Write as _};

use super::metrics::Metric;

/// A page that Prometheus reads.
#[derive(Debug, Default)]
pub(crate) struct Exposition(Vec<Family>);

/// A metric and its samples.
#[derive(Debug)]
pub(crate) struct Family {
    metric: &'static Metric,
    lines: String,
    /// Labels of the samples that are there. A second one of the same would have the whole page refused.
    known: HashSet<String>,
}

/// Labels of a sample.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels(String);

impl Exposition {
    /// The samples of `metric`.
    pub(crate) fn family(&mut self, metric: &'static Metric) -> &mut Family {
        let known = self.0.iter().position(|family| family.metric.name == metric.name);
        let place = known.unwrap_or_else(|| {
            self.0.push(Family { metric, lines: String::new(), known: HashSet::new() });
            self.0.len() - 1
        });
        &mut self.0[place]
    }

    /// The page.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for Family { metric, lines, .. } in &self.0 {
            let Metric { name, kind, help } = metric;
            text += &format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{lines}");
        }
        text
    }
}

impl Family {
    /// Adds a sample, unless there is one with these labels.
    pub(crate) fn add(&mut self, labels: &Labels, value: impl Display) {
        if self.known.insert(labels.0.clone()) {
            self.line("", labels, value);
        }
    }

    /// Adds a histogram: samples up to each wall, samples beyond the last, and the sum of all if that is known.
    pub(crate) fn add_histogram(
        &mut self,
        labels: &Labels,
        (walls, bins): (&[u32], &[u64]),
        sum: Option<u64>,
    ) {
        if !self.known.insert(labels.0.clone()) {
            return;
        }
        let mut below = 0_u64;
        let walls = walls.iter().map(|wall| wall.to_string()).chain(["+Inf".to_owned()]);
        for (wall, samples) in walls.zip(bins) {
            below = below.saturating_add(*samples);
            self.line("_bucket", &labels.clone().and("le", wall), below);
        }
        self.line("_count", labels, below);
        if let Some(sum) = sum {
            self.line("_sum", labels, sum);
        }
    }

    fn line(&mut self, ending: &str, Labels(labels): &Labels, value: impl Display) {
        let name = self.metric.name;
        // Strings take all that is written.
        let _ = writeln!(self.lines, "{name}{ending}{{{labels}}} {value}");
    }
}

impl Labels {
    /// That of a machine.
    pub(crate) fn of(host: &str) -> Self {
        Self::default().and("host", host)
    }

    /// With one more.
    pub(crate) fn and(mut self, name: &str, value: impl Display) -> Self {
        let comma = if self.0.is_empty() { "" } else { "," };
        self.0 += &format!("{comma}{name}=\"{}\"", escaped(&value.to_string()));
        self
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
