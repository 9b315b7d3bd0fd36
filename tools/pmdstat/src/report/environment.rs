//! Which machine it was, and how it was set.

use maud::{Markup, html};

use crate::logs::BuildId;
use crate::recording::Boot;

/// That of `boot`.
pub(super) fn section(boot: &Boot) -> Markup {
    html! {
        h3 { "The machine" }
        @match &boot.greeting {
            None => { p.none { "It did not say who it is." } }
            Some(greeting) => {
                p {
                    "Stream version " (greeting.version) ", build id "
                    code { (BuildId(greeting.build)) } "."
                }
            }
        }
        @if boot.facts.is_empty() {
            p.none { "It told no facts." }
        } @else {
            table.facts {
                tr { th { "of" } th { "name" } th { "value" } }
                @for ((about, name), value) in &boot.facts {
                    tr { td { (about) } td { (name) } td { (value) } }
                }
            }
        }
        @if !boot.crash.is_empty() { h4 { "It crashed" } pre { (boot.crash) } }
        (notes(boot))
    }
}

/// What operators noted down.
fn notes(boot: &Boot) -> Markup {
    let base = boot.base();
    let notes =
        boot.events.iter().filter_map(|(number, event)| Some((number, event.note.as_ref()?)));
    let notes: Vec<_> = notes.collect();
    html! {
        @if !notes.is_empty() {
            h4 { "What an operator noted down" }
            table.notes {
                tr { th { "event" } th { "boot_ns" } th { "text" } }
                @for (number, (at, text)) in notes {
                    tr { td.n { (number) } td.n { (base.nanos_since_boot(*at)) } td { (text) } }
                }
            }
        }
    }
}
