//! Logs: defmt frames, and the texts of them, which stand in the image and not in the recording.
//!
//! An image is known by its build id, which greetings tell. One of another build would make other texts of
//! the same frames, and is refused.

mod find;

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use defmt_decoder::{Location, Table};
use object::Object as _;

pub(crate) use find::{Images, decode};

/// What an image was built from, and nothing else has: its note of the type `NT_GNU_BUILD_ID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildId(pub [u8; 20]);

impl BuildId {
    /// That of the image in `elf`.
    ///
    /// # Errors
    ///
    /// It is no ELF, or has no such note.
    pub fn of(elf: &[u8]) -> Result<Self> {
        let note = object::File::parse(elf)?.build_id()?.context("it has no build id")?;
        Ok(Self(note.try_into().context("its build id is no SHA-1")?))
    }
}

impl Display for BuildId {
    /// All of it, or as many digits as a precision asks for.
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let digits: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        out.pad(&digits)
    }
}

/// What an image for all calls the workspace's root, so that it is the same wherever it was built.
pub const ANYWHERE: &str = "/barecore";

/// An image, for the texts of its logs.
pub struct Image {
    table: Table,
    places: BTreeMap<u64, Location>,
}

impl Image {
    /// The one in the file at `path`.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is no image that logs.
    pub fn open(path: &Path) -> Result<Self> {
        Self::of_build(path, None)
    }

    /// The same, if it is of this `build`.
    ///
    /// # Errors
    ///
    /// It is not; and as [`Self::open`].
    pub(crate) fn of_build(path: &Path, build: Option<BuildId>) -> Result<Self> {
        let name = path.display();
        let elf = fs::read(path).with_context(|| format!("cannot read {name}"))?;
        let own = BuildId::of(&elf).with_context(|| format!("{name} is no image"))?;
        if let Some(build) = build {
            ensure!(own == build, "{name} has the build id {own}, the recording is of {build}");
        }
        let table = Table::parse(&elf).and_then(|table| table.context("it has none"));
        let table = table.with_context(|| format!("no texts of logs in {name}"))?;
        // An image without debug sections is still readable, only without source lines.
        let places = table.get_locations(&elf).unwrap_or_default();
        Ok(Self { table, places })
    }

    /// What the log in `frame` says: time, level, source line and text.
    #[must_use]
    pub fn text(&self, frame: &[u8]) -> String {
        let Ok((decoded, _)) = self.table.decode(frame) else {
            return format!("a frame of {} bytes that this image did not write", frame.len());
        };
        let time = decoded.display_timestamp().map(|time| format!("{time} ")).unwrap_or_default();
        let level = decoded.level().map_or("print", |level| level.as_str()).to_uppercase();
        let place = self.places.get(&decoded.index()).map(place).unwrap_or_default();
        format!("{time}{level:<5} {place}{}", decoded.display_message())
    }
}

/// Where a log stands, from the workspace's root on if it is in that.
fn place(location: &Location) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let mut roots = here.into_iter().chain([Path::new(ANYWHERE)]);
    let file = roots.find_map(|root| location.file.strip_prefix(root).ok());
    format!("{}:{} ", file.unwrap_or(&location.file).display(), location.line)
}
