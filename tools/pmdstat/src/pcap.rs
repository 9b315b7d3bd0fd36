//! `pmdstat pcap`: what `capture show` wrote into a console's log, as a pcap file.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use pcap_file::{DataLink, TsResolution};
use perf::capture::{End, Head, Row, Title};

use crate::talk::say;

/// Which capture to take, and where to.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Options {
    /// The console's log; - is standard input.
    log: PathBuf,
    /// The file that is written; standard output if none is named.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The capture of this number; the last one if none is named.
    #[arg(long, value_name = "N")]
    capture: Option<u32>,
}

const EXAMPLE: &str = "\
Example: what came in by port 0, of a log that has the answer to capture show
  pmdstat pcap console.log -o port0.pcap
  pmdstat pcap console.log | tshark -r -";

/// Bytes of a line that are looked at: more than any line of a capture has.
const LINE: u64 = 4096;

/// Frames that are good, and how many there should be.
#[derive(Debug, PartialEq, Eq)]
struct Listing {
    title: Title,
    frames: Vec<(Head, Vec<u8>)>,
}

/// Writes the capture.
pub(crate) fn run(options: &Options) -> Result<()> {
    let name = options.log.display();
    let listings = read(open(&options.log)?).with_context(|| format!("cannot read {name}"))?;
    let is_it = |listing: &Listing| options.capture.is_none_or(|it| it == listing.title.number);
    let Some(listing) = listings.into_iter().rev().find(is_it) else {
        match options.capture {
            Some(number) => bail!("{name} has no capture {number}"),
            None => bail!("{name} has no capture: expected what capture show writes"),
        }
    };
    write(&listing, options.output.as_deref())?;
    let missing = listing.missing();
    let Title { number, frames, .. } = listing.title;
    ensure!(
        missing.is_empty(),
        "capture {number}: {} of {frames} frames are missing or damaged, and left out: {missing:?} \
         (capture show writes them again)",
        missing.len()
    );
    say(format_args!("capture {number}: {frames} frames"));
    Ok(())
}

fn open(log: &Path) -> Result<Box<dyn BufRead>> {
    if log == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(log).with_context(|| format!("cannot open {}", log.display()))?;
    Ok(Box::new(BufReader::new(file)))
}

/// All captures in `log`. What is no line of a capture is passed over.
fn read(mut log: impl BufRead) -> io::Result<Vec<Listing>> {
    let mut listings = Vec::new();
    let (mut is_open, mut frame) = (false, None);
    loop {
        let mut line = Vec::new();
        if log.by_ref().take(LINE).read_until(b'\n', &mut line)? == 0 {
            close(frame, &mut listings);
            return Ok(listings);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if let Ok(title) = line.parse() {
            close(frame.take(), &mut listings);
            listings.push(Listing { title, frames: Vec::new() });
            is_open = true;
        } else if line.parse::<End>().is_ok() {
            close(frame.take(), &mut listings);
            is_open = false;
        } else if let (true, Ok(head)) = (is_open, line.parse()) {
            close(frame.replace((head, Vec::new())), &mut listings);
        } else if let (Some((_, bytes)), Ok(Row { at, bytes: row })) = (&mut frame, line.parse())
            && usize::from(at) == bytes.len()
        {
            bytes.extend(row);
        }
    }
}

/// Adds `frame` to the last of `listings` if it is whole.
fn close(frame: Option<(Head, Vec<u8>)>, listings: &mut [Listing]) {
    let whole = frame.filter(|(head, bytes)| head.is_of(bytes));
    if let (Some(frame), Some(listing)) = (whole, listings.last_mut()) {
        listing.frames.push(frame);
    }
}

impl Listing {
    /// Numbers of frames that are not there.
    fn missing(&self) -> Vec<u16> {
        let is_there = |number: &u16| self.frames.iter().any(|(head, _)| head.frame == *number);
        (1..=self.title.frames).filter(|number| !is_there(number)).collect()
    }

    fn pcap(&self) -> Result<Vec<u8>> {
        // Not that of the capture: some readers refuse frames that were longer than this.
        let header = PcapHeader {
            snaplen: u16::MAX.into(),
            datalink: DataLink::ETHERNET,
            ts_resolution: TsResolution::NanoSecond,
            ..PcapHeader::default()
        };
        let mut file = PcapWriter::with_header(Vec::new(), header)?;
        for (head, bytes) in &self.frames {
            let time = Duration::from_nanos(head.nanos);
            file.write_packet(&PcapPacket::new(time, head.length.into(), bytes))?;
        }
        Ok(file.into_writer())
    }
}

fn write(listing: &Listing, output: Option<&Path>) -> Result<()> {
    let bytes = listing.pcap().context("the capture fits no pcap file")?;
    match output {
        Some(path) => {
            fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
        }
        None => {
            let mut out = io::stdout();
            ensure!(
                !out.is_terminal(),
                "a terminal cannot show a pcap file; name one with -o FILE"
            );
            Ok(out.write_all(&bytes)?)
        }
    }
}

#[cfg(test)]
mod tests {
    use pcap_file::pcap::PcapReader;

    use super::*;

    /// A console's log with a capture of two frames in it.
    fn log() -> String {
        let title = Title { number: 4, port: 0, snaplen: 20, frames: 2, is_unix: true };
        let mut log = format!("barecore> capture show\r\n{title} match=tcp\r\n");
        for (frame, bytes) in [(1, vec![1; 20]), (2, vec![2; 17])] {
            let head = Head::new((frame, u64::from(frame) * 1_000_000_001), 60, &bytes);
            log += &format!("{head}\r\n");
            Row::all(&bytes).for_each(|row| log += &format!("{row}\r\n"));
        }
        log + "# capture 4: end\r\nbarecore> "
    }

    fn listings(log: &str) -> Vec<Listing> {
        read(log.as_bytes()).unwrap()
    }

    #[test]
    fn what_the_console_wrote_becomes_a_file_that_others_read() {
        let text = log();
        let [listing] = &listings(&text)[..] else { panic!("not one capture") };
        assert!(listing.missing().is_empty());
        let bytes = listing.pcap().unwrap();
        let mut file = PcapReader::new(&bytes[..]).unwrap();
        assert_eq!(file.header().datalink, DataLink::ETHERNET);
        let first = file.next_packet().unwrap().unwrap();
        assert_eq!((first.timestamp.as_nanos(), first.orig_len), (1_000_000_001, 60));
        assert_eq!(first.data, &[1; 20][..]);
        assert_eq!(file.next_packet().unwrap().unwrap().data, &[2; 17][..]);
        assert!(file.next_packet().is_none());
    }

    #[test]
    fn frames_that_a_console_damaged_are_known_by_number() {
        let whole = log();
        for (damage, expected) in [
            (whole.replacen("01 01", "01 00", 1), vec![1]),
            (whole.replacen("frame=2", "frame=7", 1), vec![2]),
            (whole.replacen("length=60", "length=61", 1), vec![1]),
            (whole.replacen("0010  02\r\n", "", 1), vec![2]),
            (whole.split_inclusive("0010  01").next().unwrap().to_owned(), vec![1, 2]),
        ] {
            assert_eq!(listings(&damage)[0].missing(), expected, "{damage}");
        }
    }

    #[test]
    fn no_byte_of_a_log_can_be_changed_without_notice_where_it_matters() {
        let whole = log();
        let expected = &listings(&whole)[0];
        for place in 0..whole.len() {
            let mut damaged = whole.clone().into_bytes();
            damaged[place] ^= 4;
            let listings = read(&damaged[..]).unwrap();
            let all = listings.iter().flat_map(|listing| &listing.frames);
            all.for_each(|frame| assert!(expected.frames.contains(frame), "{place}"));
        }
    }

    #[test]
    fn the_last_of_several_captures_is_the_last() {
        let both = log() + &log().replace("capture 4", "capture 5");
        let numbers: Vec<_> = listings(&both).iter().map(|it| it.title.number).collect();
        assert_eq!(numbers, [4, 5]);
        assert_eq!(listings("barecore> \n1.5 frame=1\n"), []);
    }
}
