//! A program with its arguments, runnable and printable as a line for a POSIX shell.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program and its arguments. Its `Display` can be pasted into a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    program: PathBuf,
    arguments: Vec<String>,
}

impl CommandLine {
    /// The line that runs `program` with `arguments`.
    #[must_use]
    pub fn new(program: &Path, arguments: Vec<String>) -> Self {
        Self { program: program.to_owned(), arguments }
    }

    /// What the program is given, in order.
    #[must_use]
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The same, ready to be started.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.program.to_string_lossy()))?;
        self.arguments.iter().try_for_each(|word| write!(f, " {}", quoted(word)))
    }
}

/// `word` as one shell word: bare where that is safe, else in single quotes.
#[must_use]
pub fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=+.,:/@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_a_shell_would_split_or_expand_are_quoted() {
        let words = ["-append", "ports=all forward=0:1", "it's", "$HOME", "", "a,b=c"];
        let line = CommandLine::new(Path::new("/usr/bin/q"), words.map(str::to_owned).to_vec());
        assert_eq!(
            line.to_string(),
            r"/usr/bin/q -append 'ports=all forward=0:1' 'it'\''s' '$HOME' '' a,b=c"
        );
    }
}
