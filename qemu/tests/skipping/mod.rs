//! Tests that cannot be run here: neither passed nor failed, but said. All test programs of this crate
//! have this module.

use std::fmt;

use anyhow::Result;
use libtest_mimic::{Completion, Failed};

/// A reason why a test cannot be run here. Not a failure.
#[derive(Debug)]
pub(crate) struct Skipped(pub(crate) String);

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Skipped {}

/// How a test ended, from its result.
pub(crate) fn completion(result: Result<()>) -> Result<Completion, Failed> {
    match result {
        Ok(()) => Ok(Completion::Completed),
        Err(error) => match error.downcast_ref::<Skipped>() {
            Some(Skipped(reason)) => {
                eprintln!("\nSKIPPED: {reason}");
                Ok(Completion::ignored_with(format!("SKIPPED: {reason}")))
            }
            // All causes, the outermost first.
            None => Err(format!("{error:#}").into()),
        },
    }
}
