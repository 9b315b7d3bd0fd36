//! Where `pmdstat show` and `pmdstat report` look for the texts of logs, and what they refuse.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod tool;

use std::fs;
use std::path::PathBuf;

use tool::{pmdstat, recording};

/// The build id of the recording: bytes that count up.
const BUILD: &str = "000102030405060708090a0b0c0d0e0f10111213";

/// A folder of this test program's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("pmdstat-logs-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The smallest ELF with a build id: a header and a segment of notes (System V ABI, chapter 5). It is
/// `first` and the 19 numbers behind it.
fn elf(first: u8) -> Vec<u8> {
    let halves = |words: &[u16]| words.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<_>>();
    let words = |words: &[u32]| words.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<_>>();
    let longs = |words: &[u64]| words.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<_>>();
    let ident = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let header = [ident, halves(&[2, 62]), words(&[1]), longs(&[0, 64, 0]), words(&[0])];
    let sizes = halves(&[64, 56, 1, 64, 0, 0]);
    let segment = [words(&[4, 4]), longs(&[120, 0, 0, 36, 36, 4])];
    let build: Vec<u8> = (first..).take(20).collect();
    let note = [words(&[4, 20, 3]), b"GNU\0".to_vec(), build];
    [header.concat(), sizes, segment.concat(), note.concat()].concat()
}

#[test]
fn without_an_image_logs_are_counted_and_it_is_said_where_one_was_looked_for() {
    let folder = Folder::new("absent");
    let file = folder.path("run.pmd");
    fs::write(&file, recording()).unwrap();
    let run = pmdstat(&format!("show {file}"), "");
    let beside = folder.path("by-id");
    let line =
        format!("\nlogs: 1\n1 without their texts: there is no image {BUILD} in {beside} or ");
    assert!(run.status == Some(0) && run.out.contains(&line), "{run:?}");
    let run = pmdstat(&format!("show {file} --elf-dir /no/where"), "");
    assert!(run.out.contains(&format!("there is no image {BUILD} in /no/where\n")), "{run:?}");
    let run = pmdstat(&format!("report {file}"), "");
    assert!(run.out.contains("1 without their texts: "), "{run:?}");
}

#[test]
fn an_image_of_another_build_is_refused_with_both_ids() {
    let folder = Folder::new("other");
    let image = folder.path("image");
    fs::write(&image, elf(1)).unwrap();
    let other = "0102030405060708090a0b0c0d0e0f1011121314";
    let words = format!("{image} has the build id {other}, the recording is of {BUILD}\n");
    for verb in ["show", "report"] {
        let run = pmdstat(&format!("{verb} - --elf {image}"), recording());
        assert_eq!(
            (run.status, &*run.out, run.talk),
            (Some(1), "", format!("error: {words}")),
            "{verb}"
        );
    }
    fs::rename(&image, folder.path(BUILD)).unwrap();
    let run = pmdstat(&format!("show - --elf-dir {}", folder.path("")), recording());
    assert!(
        run.out.contains(&format!("has the build id {other}, the recording is of ")),
        "{run:?}"
    );
}

#[test]
fn what_is_no_image_is_refused() {
    let folder = Folder::new("none");
    let image = folder.path("image");
    for (bytes, reason) in [(elf(0), "no texts of logs in "), (vec![7; 100], "is no image: ")] {
        fs::write(&image, bytes).unwrap();
        let run = pmdstat(&format!("show - --elf {image}"), recording());
        assert!(run.status == Some(1) && run.talk.contains(reason), "{run:?}");
    }
}
