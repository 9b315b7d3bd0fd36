//! What the project's documents have a reader type: those beside README.md, and those in `docs`.
//!
//! The first word behind a fence says what a block is, so that tests know:
//!
//! | word | what stands there |
//! |---|---|
//! | `console` | behind `$ ` a command for a shell of the host, behind `barecore> ` a line for the console; all else is an answer |
//! | `conf` | a file for `put`, or words of the kernel's command line, which are a line of such a file |
//! | `text` | anything else: drawings, answers, other programs' files |
//!
//! A second word, [`APART`], is for lines that end the machine, or that need what the machine of the boot test lacks.

use std::path::{Path, PathBuf};
use std::{fs, iter};

use anyhow::{Context as _, Result};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

/// The words that a block may begin with.
pub const KINDS: [&str; 3] = ["console", "conf", "text"];

/// The word of blocks whose lines for the console are checked, but not typed.
pub const APART: &str = "apart";

/// One document.
#[derive(Debug, Default)]
pub struct Document {
    /// Its path from the project's folder.
    pub name: String,
    /// Its blocks of code.
    pub blocks: Vec<Block>,
    /// What stands between single backticks.
    pub spans: Vec<String>,
    /// Where its links and pictures lead to.
    pub links: Vec<String>,
}

/// A block of code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// What stands behind its fence.
    pub info: String,
    /// Its lines.
    pub text: String,
}

/// The project's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All documents, in order of their names.
///
/// # Errors
///
/// One cannot be read.
pub fn all() -> Result<Vec<Document>> {
    let root = root();
    let mut paths = texts(&root)?;
    paths.extend(texts(&root.join("docs"))?);
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).context(path.display().to_string())?;
        let name = path.strip_prefix(&root).unwrap_or(path).display().to_string();
        Ok(Document::read(name, &text))
    };
    paths.iter().map(read).collect()
}

/// The documents in `folder`.
fn texts(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).context(folder.display().to_string())?;
    let paths: std::io::Result<Vec<_>> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect();
    Ok(paths?.into_iter().filter(|path| path.extension().is_some_and(|it| it == "md")).collect())
}

impl Document {
    /// The document `name` that `text` is.
    #[must_use]
    pub fn read(name: String, text: &str) -> Self {
        let mut document = Self { name, ..Self::default() };
        let mut is_in_block = false;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let info = match kind {
                        CodeBlockKind::Fenced(info) => info.into_string(),
                        CodeBlockKind::Indented => String::new(),
                    };
                    document.blocks.push(Block { info, text: String::new() });
                    is_in_block = true;
                }
                Event::End(_) => is_in_block = false,
                Event::Text(text) if is_in_block => {
                    document.blocks.last_mut().into_iter().for_each(|block| block.text += &text);
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push(dest_url.into_string());
                }
                Event::Code(span) => document.spans.push(span.into_string()),
                _ => {}
            }
        }
        document
    }

    /// Links to files of the project that are not there.
    pub fn broken_links(&self) -> impl Iterator<Item = &str> {
        let folder = root().join(&self.name).parent().map(Path::to_owned).unwrap_or_default();
        let inside = self.links.iter().filter(|link| !link.contains("://"));
        inside.map(String::as_str).filter(move |link| {
            let file = link.split('#').next().unwrap_or_default();
            !folder.join(file).exists()
        })
    }

    /// The lines that the boot test types.
    pub fn typed(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().filter(|block| !block.is_apart()).flat_map(Block::for_the_console)
    }
}

impl Block {
    /// Its first word.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.info.split_whitespace().next().unwrap_or_default()
    }

    /// Whether its lines are not to be typed.
    #[must_use]
    pub fn is_apart(&self) -> bool {
        self.info.split_whitespace().nth(1) == Some(APART)
    }

    /// Commands for a shell of the host; what a backslash ends goes on in the next line.
    pub fn for_the_host(&self) -> impl Iterator<Item = String> {
        let mut lines = self.dialogue();
        iter::from_fn(move || {
            let mut command = lines.find_map(|line| line.strip_prefix("$ "))?.to_owned();
            while command.ends_with('\\') {
                command.pop();
                command += lines.next().unwrap_or_default().trim_start();
            }
            Some(command)
        })
    }

    /// Lines for the console. What stands further behind a prompt was printed there.
    pub fn for_the_console(&self) -> impl Iterator<Item = &str> {
        let lines = self.dialogue().filter_map(|line| line.strip_prefix("barecore> "));
        lines.filter(|line| !line.starts_with(' '))
    }

    /// The lines of a block of the kind `console`.
    fn dialogue(&self) -> impl Iterator<Item = &str> {
        (self.kind() == "console").then(|| self.text.lines()).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
Try [this](b.md) and `pmdstat show`.

| a | b |
|---|---|
| `on\\|off` | |

```console
$ kexec --load \\
    barecore.img
barecore> help
barecore>   a notice
error: an answer
```

```console apart
barecore> exit
```

```conf
ports=all
```
";

    #[test]
    fn commands_are_told_from_answers_and_the_host_from_the_console() {
        let document = Document::read("a.md".to_owned(), TEXT);
        let [first, apart, file] = &document.blocks[..] else { panic!("{document:#?}") };
        assert_eq!(first.for_the_host().collect::<Vec<_>>(), ["kexec --load barecore.img"]);
        assert_eq!(first.for_the_console().collect::<Vec<_>>(), ["help"]);
        assert_eq!(apart.for_the_console().collect::<Vec<_>>(), ["exit"]);
        assert_eq!((file.kind(), file.text.as_str()), ("conf", "ports=all\n"));
        assert_eq!(document.typed().collect::<Vec<_>>(), ["help"]);
        assert_eq!(document.spans, ["pmdstat show", "on|off"]);
        assert_eq!(document.broken_links().collect::<Vec<_>>(), ["b.md"]);
    }

    #[test]
    fn every_document_is_read() -> Result<()> {
        let names: Vec<_> = all()?.into_iter().map(|document| document.name).collect();
        for name in ["README.md", "docs/flows.md", "docs/pxe.md"] {
            assert!(names.iter().any(|it| it == name), "{name}: {names:?}");
        }
        Ok(())
    }
}
