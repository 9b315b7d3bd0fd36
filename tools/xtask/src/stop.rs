//! An end that is not good, with the status that tells a script which kind it was.

use std::fmt;
use std::process::ExitCode;

/// The process's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Something was measured or tested, and did not hold.
    Verdict = 1,
    /// The call was wrong, or a program is missing.
    Usage = 2,
    /// A file that was to be read is damaged.
    Damaged = 3,
}

impl Code {
    /// The status for `error`: its own if it carries one, else that of a failed verdict.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        error.downcast_ref::<Stop>().map_or(Self::Verdict, |stop| stop.code)
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// An error that carries a status.
#[derive(Debug)]
pub(crate) struct Stop {
    code: Code,
    message: String,
}

impl Stop {
    /// The call was wrong, or a program is missing.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: Code::Usage, message: message.into() }
    }

    /// A file that was to be read is damaged.
    pub(crate) fn damaged(message: impl Into<String>) -> Self {
        Self { code: Code::Damaged, message: message.into() }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Stop {}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_status_survives_what_is_said_around_it() {
        let error = Err::<(), _>(Stop::damaged("cut")).context("while reading").unwrap_err();
        assert_eq!(Code::of(&error), Code::Damaged);
        assert_eq!(Code::of(&anyhow::anyhow!("plain")), Code::Verdict);
    }
}
