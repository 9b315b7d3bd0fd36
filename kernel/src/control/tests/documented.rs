//! Commands that documents tell of are not only well-formed: they are carried out.

use super::*;
use crate::documents;

/// Those that a machine without a suspicious iteration refuses, as it should.
const WITHOUT_EVENTS: [&str; 2] = ["show event 1", "show event 99"];

#[test]
fn every_command_of_the_documents_is_carried_out() {
    let commands = documents::commands();
    assert!(commands.len() > 40, "{commands:?}");
    for command in commands {
        let answer = Desk::new().says(&format!("{command}\r"));
        let is_refused = answer.contains("error:");
        assert_eq!(is_refused, WITHOUT_EVENTS.contains(&command), "{answer}");
    }
}
