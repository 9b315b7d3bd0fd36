//! The dashboard, the alerts and the document name what there is, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::player::Player;
use crate::promql::{Samples, named, samples};
use crate::serve::Serve;

/// What is shipped.
pub(crate) const DASHBOARD: &str = include_str!("../../grafana/barecore.json");
pub(crate) const ALERTS: &str = include_str!("../../prometheus/alerts.yml");
const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/fleet.md"));

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name, run: fn() -> Result<(), Failed>| Trial::test(name, run);
    vec![
        test("what_is_misspelt_in_an_expression_is_found", misspelt),
        test("every_metric_and_label_of_the_dashboard_is_there", dashboard),
        test("every_metric_and_label_of_the_alerts_is_there", alerts),
        test("the_document_lists_every_metric_with_its_labels", document),
    ]
}

/// The page about a machine that tells all there is.
pub(crate) fn page() -> String {
    let mut player = Player::at_port("lab1");
    let serve = Serve::start(&[player.source()]);
    player.attend();
    serve.page_with("all of a machine", |page| page.contains("barecore_card_total{"))
}

fn misspelt() -> Result<(), Failed> {
    let page = "a{host=\"x\",core=\"1\"} 1\nb_bucket{host=\"x\",le=\"9\"} 2\n";
    let wrong = |expression: &str| named(expression).map(|it| it.missing(&samples(page), &[]));
    let right =
        "sum by (host, le) (rate(b_bucket{host=~\"$host\"}[5m])) / on (host) a{core=\"1\"} > 0.5";
    assert_eq!(wrong(right), Ok(vec![]));
    assert_eq!(wrong("rate(c[5m])"), Ok(vec!["c".into()]));
    assert_eq!(wrong("sum by (port) (a)"), Ok(vec!["port".into()]));
    assert_eq!(wrong("a{core=\"2\"}"), Ok(vec!["a{core=[\"2\"]}".into()]));
    assert_eq!(wrong("a{core!~\"1|3\"}").map(|missing| missing.len()), Ok(1));
    assert_eq!(wrong("a{queue=~\"$queue\"}").map(|missing| missing.len()), Ok(1));
    assert!(wrong("rates(a[5m])").is_err() && wrong("a{").is_err() && wrong("a ? b").is_err());
    Ok(())
}

/// Expressions with the labels that stand in their legends: those of the dashboard's panels, and of its
/// annotations.
pub(crate) fn expressions() -> [Vec<(String, Vec<String>)>; 2] {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let annotations = dashboard["annotations"]["list"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let named = |it: &Value, legend| (text(&it["expr"]), between(&text(&it[legend]), "{{", "}}"));
    let panels = targets.map(|target| named(target, "legendFormat")).collect();
    [panels, annotations.iter().map(|it| named(it, "titleFormat")).collect()]
}

/// What stands between `begin` and `end` in `text`.
fn between(text: &str, begin: &str, end: &str) -> Vec<String> {
    let parts = text.split(begin).skip(1);
    parts.map(|part| part.split(end).next().unwrap().trim().to_owned()).collect()
}

fn check(expression: &str, labels: &[String], samples: &Samples<'_>) {
    let named = named(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    assert_eq!(named.missing(samples, labels), [""; 0], "{expression}");
}

fn dashboard() -> Result<(), Failed> {
    let (page, expressions) = (page(), expressions().concat());
    let samples = samples(&page);
    expressions.iter().for_each(|(expression, legend)| check(expression, legend, &samples));
    assert!(expressions.len() > 25, "{}", expressions.len());
    let queries = between(DASHBOARD, "\"definition\": \"label_values(", ")\"");
    for query in &queries {
        let (metric, label) = query.rsplit_once(", ").unwrap();
        check(&metric.replace("\\\"", "\""), &[label.to_owned()], &samples);
    }
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let known: BTreeSet<&str> = dashboard["templating"]["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variable| variable["name"].as_str().unwrap())
        .chain(["__rate_interval"])
        .collect();
    let is_in = |letter: char| letter.is_alphanumeric() || letter == '_';
    for (expression, _) in &expressions {
        for part in expression.split('$').skip(1) {
            let name = part.split(|letter| !is_in(letter)).next().unwrap();
            assert!(known.contains(name), "{expression}");
        }
    }
    let ids: BTreeSet<_> =
        dashboard["panels"].as_array().unwrap().iter().map(|it| it["id"].as_u64()).collect();
    assert_eq!(ids.len(), dashboard["panels"].as_array().unwrap().len());
    assert_eq!(queries.len(), 2);
    Ok(())
}

fn alerts() -> Result<(), Failed> {
    let page = page();
    let samples = samples(&page);
    let alerts: Vec<&str> = ALERTS.split("- alert: ").skip(1).collect();
    for alert in &alerts {
        let expression = alert.lines().find_map(|line| line.trim().strip_prefix("expr: ")).unwrap();
        let labels = between(alert, "$labels.", " }}");
        check(expression, &labels, &samples);
    }
    assert!(alerts.len() >= 10);
    Ok(())
}

/// Metrics with kind, labels and what they tell, as the page has them.
fn on(page: &str) -> BTreeMap<&str, (&str, BTreeSet<&str>, &str)> {
    let samples = samples(page);
    let labels = |metric: &str| {
        let own = [metric.to_owned(), format!("{metric}_count")];
        let own = own.iter().find_map(|name| samples.get(&**name));
        own.unwrap_or_else(|| panic!("no sample of {metric}")).keys().copied().collect()
    };
    let announced =
        |begin| page.lines().filter_map(move |line| line.strip_prefix(begin)?.split_once(' '));
    let both = announced("# TYPE ").zip(announced("# HELP "));
    both.map(|((metric, kind), (_, help))| (metric, (kind, labels(metric), help))).collect()
}

fn document() -> Result<(), Failed> {
    let page = page();
    let mut there = on(&page);
    for row in DOCUMENT.lines().filter(|line| line.starts_with("| `barecore_")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [metric, kind, labels, help] = cells[..] else { panic!("{row}") };
        let labels = labels.split(", ").map(|label| label.trim_matches('`')).collect();
        assert_eq!(there.remove(metric.trim_matches('`')), Some((kind, labels, help)), "{row}");
    }
    assert!(there.is_empty(), "not in docs/fleet.md: {:?}", there.keys());
    Ok(())
}
