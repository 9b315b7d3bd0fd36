//! What expressions of Prometheus name: a reader of just that.

use std::collections::{BTreeMap, BTreeSet};

/// Functions and aggregations that are used; a word before a bracket that is none of them is a mistake.
const FUNCTIONS: [&str; 5] = ["sum", "rate", "increase", "histogram_quantile", "time"];
/// Words before labels.
const GROUPINGS: [&str; 3] = ["by", "on", "group_left"];
const OPERATORS: [&str; 3] = ["and", "or", "unless"];
/// What Prometheus itself adds: a metric, and labels of it.
const OWN: (&str, [&str; 2]) = ("up", ["job", "instance"]);

/// Labels and their values, by name of the samples.
pub(crate) type Samples<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<&'a str>>>;

/// The samples on a page. No value on the pages that are looked at has a comma or a quotation mark.
pub(crate) fn samples(page: &str) -> Samples<'_> {
    let mut samples = Samples::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (id, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = id.strip_suffix('}').unwrap().split_once('{').unwrap();
        let known = samples.entry(name).or_default();
        for label in labels.split(',') {
            let (label, value) = label.split_once('=').unwrap();
            known.entry(label).or_default().insert(value.trim_matches('"'));
        }
    }
    samples
}

/// What an expression names.
#[derive(Debug, Default)]
pub(crate) struct Named {
    metrics: BTreeSet<String>,
    /// Metric, label, and values that it is compared with, as far as they are known.
    matchers: Vec<(String, String, Vec<String>)>,
    labels: BTreeSet<String>,
}

/// What `expression` names; else what of it is not understood.
pub(crate) fn named(expression: &str) -> Result<Named, String> {
    let tokens = tokens(expression)?;
    let (mut named, mut rest) = (Named::default(), &tokens[..]);
    while let [first, behind @ ..] = rest {
        rest = match (&**first, behind.first().map(|next| &**next)) {
            (word, Some("(")) if GROUPINGS.contains(&word) => {
                let end = end_of(behind, ")")?;
                named.labels.extend(behind[1..end].iter().filter(|it| *it != ",").cloned());
                &behind[end + 1..]
            }
            (word, _)
                if !is_word(word) || [&FUNCTIONS[..], &OPERATORS].concat().contains(&word) =>
            {
                behind
            }
            (word, Some("(")) => return Err(format!("{word} is no function")),
            (metric, Some("{")) => {
                let end = end_of(behind, "}")?;
                named.match_labels(metric, &behind[1..end])?;
                &behind[end + 1..]
            }
            (metric, _) => {
                named.metrics.insert(metric.to_owned());
                behind
            }
        };
    }
    Ok(named)
}

impl Named {
    fn match_labels(&mut self, metric: &str, tokens: &[String]) -> Result<(), String> {
        self.metrics.insert(metric.to_owned());
        for matcher in tokens.split(|token| token == ",") {
            let [label, _, value] = matcher else { return Err(format!("{matcher:?}")) };
            let text = value.trim_matches('"');
            let values = text.split('|').filter(|value| !value.contains(['$', '*']));
            let values = values.map(str::to_owned).collect();
            self.matchers.push((metric.to_owned(), label.clone(), values));
        }
        Ok(())
    }

    /// What of this is not among `samples`, which `others` of their labels are used with.
    pub(crate) fn missing(&self, samples: &Samples<'_>, others: &[String]) -> Vec<String> {
        let is_own = |metric: &String| metric == OWN.0;
        let mut missing: Vec<String> = self.metrics.iter().cloned().collect();
        missing.retain(|metric| !is_own(metric) && !samples.contains_key(&**metric));
        for (metric, label, values) in self.matchers.iter().filter(|it| !is_own(&it.0)) {
            let known = samples.get(&**metric).and_then(|labels| labels.get(&**label));
            let is_known = |value: &String| known.is_some_and(|known| known.contains(&**value));
            if known.is_none() || !values.iter().all(is_known) {
                missing.push(format!("{metric}{{{label}={values:?}}}"));
            }
        }
        let has = |label: &String| {
            let metrics = self.metrics.iter().filter_map(|metric| samples.get(&**metric));
            let is_own = self.metrics.contains(OWN.0) && OWN.1.contains(&&**label);
            is_own || metrics.into_iter().any(|labels| labels.contains_key(&**label))
        };
        missing.extend(self.labels.iter().chain(others).filter(|label| !has(label)).cloned());
        missing
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
}

fn end_of(tokens: &[String], bracket: &str) -> Result<usize, String> {
    tokens
        .iter()
        .position(|token| token == bracket)
        .ok_or(format!("no {bracket} behind {tokens:?}"))
}

/// Words, texts with their quotation marks, operators and brackets. What stands in square brackets is a time, and
/// left out.
fn tokens(expression: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '"' => rest[1..].find('"').map(|end| end + 2).ok_or("a text has no end")?,
            '[' => {
                rest = rest.split_once(']').ok_or("a time has no end")?.1.trim_start();
                continue;
            }
            '=' | '!' | '>' | '<' => rest.find(|it| !"=~!<>".contains(it)).unwrap_or(rest.len()),
            it if it.is_alphanumeric() || it == '_' => {
                let is_in = |it: char| it.is_alphanumeric() || "_:.".contains(it);
                rest.find(|it| !is_in(it)).unwrap_or(rest.len())
            }
            '(' | ')' | '{' | '}' | ',' | '+' | '-' | '*' | '/' => 1,
            other => return Err(format!("{other} is not understood")),
        };
        let (token, behind) = rest.split_at(len);
        tokens.push(token.to_owned());
        rest = behind.trim_start();
    }
    Ok(tokens)
}
