//! What is typed here.

use std::io::{self, Read as _};
use std::sync::mpsc::Sender;
use std::thread;

use anyhow::Result;

use super::Event;
use crate::raw_input::{LEAVE, RawInput};

/// Tells of what is typed, in a thread of its own; the terminal is as before once what is returned is dropped.
///
/// # Errors
///
/// Standard input is no terminal.
pub(super) fn open(tell: Sender<Event>) -> Result<RawInput> {
    let input = RawInput::new()?;
    thread::spawn(move || pass_on(&tell));
    Ok(input)
}

/// Tells of what is typed until the user leaves.
fn pass_on(tell: &Sender<Event>) {
    let mut keys = [0; 256];
    while let Ok(count @ 1..) = io::stdin().read(&mut keys) {
        let typed = &keys[..count];
        let end = typed.iter().position(|key| *key == LEAVE);
        let sent = tell.send(Event::Typed(typed[..end.unwrap_or(count)].to_vec()));
        if sent.is_err() || end.is_some() {
            break;
        }
    }
    // Whoever no longer listens has ended already.
    let _ = tell.send(Event::Left);
}
