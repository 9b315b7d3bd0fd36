//! Where the image of a recording is found.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use super::{BuildId, Image};
use crate::recording::Recording;

/// Where cargo xtask keeps images, below the folder that cargo builds into.
const KEPT: &str = "barecore/by-id";

/// Where to look for images.
#[derive(Clone, Debug, Args)]
pub(crate) struct Images {
    /// The image that the recording is of, for the texts of logs.
    #[arg(long, value_name = "FILE", conflicts_with = "elf_dir")]
    elf: Option<PathBuf>,
    /// A folder of images with their build ids for names, instead of by-id beside the recording and
    /// target/barecore/by-id.
    #[arg(long, value_name = "DIR")]
    elf_dir: Option<PathBuf>,
}

/// Puts the texts of all logs into `recording`, which was read from `file`, or why there are none.
///
/// # Errors
///
/// The image that the user names is not that of the recording, or none.
pub(crate) fn decode(recording: &mut Recording, file: &Path, images: &Images) -> Result<()> {
    let folders = images.folders(file);
    for boot in recording.boots.iter_mut().filter(|boot| !boot.logs.is_empty()) {
        let build = boot.build();
        let image = match &images.elf {
            Some(named) => Ok(Image::of_build(named, build)?),
            None => find(build, &folders),
        };
        boot.log_lines = match image {
            Ok(image) => boot.logs.iter().map(|frame| image.text(frame)).collect(),
            Err(reason) => vec![format!("{} without their texts: {reason:#}", boot.logs.len())],
        };
    }
    Ok(())
}

/// The image of this `build`, from one of `folders`.
fn find(build: Option<BuildId>, folders: &[PathBuf]) -> Result<Image> {
    let build = build.context("the recording does not say which image wrote them")?;
    let mut files = folders.iter().map(|folder| folder.join(build.to_string()));
    if let Some(file) = files.find(|file| file.is_file()) {
        return Image::of_build(&file, Some(build));
    }
    let looked: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
    bail!("there is no image {build} in {}", looked.join(" or "))
}

impl Images {
    /// The image of this `build`, for logs that are read as they come.
    ///
    /// # Errors
    ///
    /// It is not there, or the user names another.
    pub(crate) fn image(&self, build: BuildId) -> Result<Image> {
        match &self.elf {
            Some(named) => Image::of_build(named, Some(build)),
            None => find(Some(build), &self.folders(Path::new(""))),
        }
    }

    fn folders(&self, file: &Path) -> Vec<PathBuf> {
        if let Some(folder) = &self.elf_dir {
            return vec![folder.clone()];
        }
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
        let beside = file.parent().map(|folder| folder.join("by-id"));
        let mut folders: Vec<_> = beside.into_iter().chain([target.join(KEPT)]).collect();
        folders.dedup();
        folders
    }
}
