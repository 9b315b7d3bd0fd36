//! The page that holds it all.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{durations, environment, ledger, percentiles, scatter, story, timeline, worst};
use crate::recording::{Boot, Recording};

/// Colours, light and dark, and what they are used for.
const STYLE: &str = include_str!("page.css");

/// The page of `recording`, which was read from `name`.
pub(super) fn of(recording: &Recording, name: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Barecore: " (name) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "What happened" }
                p.note { "From " code { (name) } "." }
                ol.story { @for line in story::lines(recording) { li { (line) } } }
                @for (number, boot) in (1..).zip(&recording.boots) {
                    (start(boot, number, recording.boots.len()))
                }
                @if !recording.text.is_empty() { (folded("Text between the frames", &recording.text)) }
            }
        }
    }
}

/// What happened from one start of the machine to the next.
fn start(boot: &Boot, number: usize, count: usize) -> Markup {
    html! {
        section {
            @if count > 1 { h2 { "Start " (number) " of " (count) } }
            (timeline::section(boot))
            (durations::section(boot))
            (percentiles::section(boot))
            (scatter::section(boot))
            (worst::section(boot))
            (ledger::section(boot))
            (environment::section(boot))
            @if !boot.log_lines.is_empty() { (folded("Logs", &boot.log_lines)) }
        }
    }
}

/// The last of `lines`, to be looked at by who wants to.
fn folded(what: &str, lines: &[String]) -> Markup {
    const LINES: usize = 200;
    let last = &lines[lines.len().saturating_sub(LINES)..];
    html! {
        details {
            summary { (what) ": the last " (last.len()) " of " (lines.len()) " lines" }
            pre { @for line in last { (line) "\n" } }
        }
    }
}
