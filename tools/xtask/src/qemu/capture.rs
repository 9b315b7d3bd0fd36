//! Frames from a capture file, pcap or pcapng.
//!
//! The file is read twice: once before anything is started, to learn whether it is whole, and
//! once to send it, so that a capture of any size needs little memory.

use std::fs::File;
use std::path::{Path, PathBuf};

use ::qemu::frames::LONGEST;
use anyhow::Result;
use pcap_file::DataLink;
use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::{Block, PcapNgReader};

use crate::stop::Stop;

/// The longest frame that is offered, in bytes: the longest of an Ethernet, one VLAN tag more.
///
/// The image counts frames above [`LONGEST`] as oversize. Much longer ones, which captures with
/// segmentation offload hold, do not fit the card's buffers, and QEMU would drop them without
/// counting.
const LONGEST_OFFERED: usize = LONGEST + 4;

/// The first bytes of a pcapng file (its section header's block type, section 4.1).
const PCAPNG_MAGIC: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// A capture file that was found to be whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Capture {
    path: PathBuf,
    /// Frames that can be offered.
    pub(crate) frames: u64,
    /// Frames that cannot: empty, or longer than [`LONGEST_OFFERED`].
    pub(crate) left_out: u64,
}

impl Capture {
    /// Reads the file at `path` through.
    ///
    /// # Errors
    ///
    /// It cannot be read, is cut or damaged, or holds something else than Ethernet frames.
    pub(crate) fn check(path: &Path) -> Result<Self> {
        let mut capture = Self { path: path.to_owned(), frames: 0, left_out: 0 };
        for frame in Reader::open(path)? {
            match frame {
                Ok(frame) if can_be_offered(&frame) => capture.frames += 1,
                Ok(_) => capture.left_out += 1,
                Err(reason) => {
                    let good = capture.frames + capture.left_out;
                    let file = path.display();
                    let text = format!("{file}: {good} frames are good, then {reason}");
                    return Err(Stop::damaged(text).into());
                }
            }
        }
        Ok(capture)
    }

    /// The frames that can be offered, in order.
    ///
    /// # Errors
    ///
    /// The file is no longer there.
    pub(crate) fn replay(&self) -> Result<impl Iterator<Item = Vec<u8>> + Send + use<>> {
        Ok(Reader::open(&self.path)?.map_while(Result::ok).filter(|frame| can_be_offered(frame)))
    }
}

fn can_be_offered(frame: &[u8]) -> bool {
    (1..=LONGEST_OFFERED).contains(&frame.len())
}

enum Reader {
    Pcap(PcapReader<File>),
    PcapNg(PcapNgReader<File>),
    Ended,
}

impl Reader {
    fn open(path: &Path) -> Result<Self> {
        let name = path.display();
        let file = File::open(path)
            .map_err(|error| Stop::damaged(format!("cannot read {name}: {error}")))?;
        let reader = if starts_as_pcapng(path) {
            PcapNgReader::new(file).map(Self::PcapNg)
        } else {
            PcapReader::new(file).map(Self::Pcap)
        };
        let reader = reader.map_err(|error| {
            Stop::damaged(format!("{name} is no capture file (pcap or pcapng): {error}"))
        })?;
        match &reader {
            Self::Pcap(pcap) if pcap.header().datalink != DataLink::ETHERNET => {
                let text =
                    format!("{name} holds no Ethernet frames but {:?}", pcap.header().datalink);
                Err(Stop::damaged(text).into())
            }
            _ => Ok(reader),
        }
    }

    /// The next frame, or why there is none though the file goes on.
    fn read(&mut self) -> Option<Result<Vec<u8>, String>> {
        match self {
            Self::Pcap(reader) => {
                let packet = reader.next_packet()?;
                Some(packet.map(|packet| packet.data.into_owned()).map_err(reason))
            }
            Self::PcapNg(reader) => read_pcapng(reader),
            Self::Ended => None,
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Vec<u8>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.read();
        if matches!(next, None | Some(Err(_))) {
            *self = Self::Ended;
        }
        next
    }
}

fn starts_as_pcapng(path: &Path) -> bool {
    let mut magic = [0; 4];
    let read = File::open(path).and_then(|mut file| io_read(&mut file, &mut magic));
    read.is_ok() && magic == PCAPNG_MAGIC
}

fn io_read(file: &mut File, buffer: &mut [u8]) -> std::io::Result<()> {
    std::io::Read::read_exact(file, buffer)
}

fn read_pcapng(reader: &mut PcapNgReader<File>) -> Option<Result<Vec<u8>, String>> {
    loop {
        let frame = match reader.next_block()? {
            Ok(Block::EnhancedPacket(block)) => block.data.into_owned(),
            Ok(Block::SimplePacket(block)) => block.data.into_owned(),
            Ok(Block::Packet(block)) => block.data.into_owned(),
            Ok(Block::InterfaceDescription(block)) if block.linktype != DataLink::ETHERNET => {
                return Some(Err(format!("comes an interface of type {:?}", block.linktype)));
            }
            Ok(_) => continue,
            Err(error) => return Some(Err(reason(error))),
        };
        return Some(Ok(frame));
    }
}

fn reason(error: pcap_file::PcapError) -> String {
    match error {
        pcap_file::PcapError::IncompleteBuffer => "the file is cut".to_owned(),
        pcap_file::PcapError::IoError(error)
            if error.kind() == std::io::ErrorKind::UnexpectedEof =>
        {
            "the file is cut".to_owned()
        }
        other => format!("comes damage: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use ::qemu::frames::Frames;
    use ::qemu::run_directory::RunDirectory;
    use pcap_file::pcap::{PcapPacket, PcapWriter};
    use pcap_file::pcapng::PcapNgWriter;
    use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketBlock;
    use pcap_file::pcapng::blocks::interface_description::InterfaceDescriptionBlock;

    use super::*;
    use crate::stop::Code;

    fn frames() -> Vec<Vec<u8>> {
        Frames::mixed(0).take(12).collect()
    }

    fn pcap(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut writer = PcapWriter::new(Vec::new()).unwrap();
        for frame in frames {
            let packet = PcapPacket::new(Duration::ZERO, frame.len() as u32, frame);
            writer.write_packet(&packet).unwrap();
        }
        writer.into_writer()
    }

    fn pcapng(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut writer = PcapNgWriter::new(Vec::new()).unwrap();
        let card = InterfaceDescriptionBlock {
            linktype: DataLink::ETHERNET,
            snaplen: 0xffff,
            options: Vec::new(),
        };
        writer.write_pcapng_block(card).unwrap();
        for frame in frames {
            let block = EnhancedPacketBlock {
                interface_id: 0,
                timestamp: Duration::ZERO,
                original_len: frame.len() as u32,
                data: frame.into(),
                options: Vec::new(),
            };
            writer.write_pcapng_block(block).unwrap();
        }
        writer.into_inner()
    }

    fn checked(bytes: &[u8]) -> Result<Capture> {
        let run = RunDirectory::new()?;
        fs::write(run.file("capture"), bytes)?;
        let capture = Capture::check(&run.file("capture"))?;
        let replayed = capture.replay()?.count() as u64;
        assert_eq!(replayed, capture.frames);
        Ok(capture)
    }

    #[test]
    fn both_formats_give_back_what_was_written() {
        let run = RunDirectory::new().unwrap();
        for bytes in [pcap(&frames()), pcapng(&frames())] {
            fs::write(run.file("capture"), bytes).unwrap();
            let capture = Capture::check(&run.file("capture")).unwrap();
            assert_eq!(capture.replay().unwrap().collect::<Vec<_>>(), frames());
        }
    }

    #[test]
    fn a_cut_file_tells_how_many_frames_were_good() {
        let whole = pcap(&frames());
        let error = checked(&whole[..whole.len() - 1]).unwrap_err();
        assert_eq!(Code::of(&error), Code::Damaged);
        assert!(error.to_string().ends_with("11 frames are good, then the file is cut"), "{error}");
    }

    #[test]
    fn a_file_cut_anywhere_is_cut_or_shorter_but_never_misread() {
        for whole in [pcap(&frames()[..2]), pcapng(&frames()[..2])] {
            for length in 0..whole.len() {
                if let Ok(capture) = checked(&whole[..length]) {
                    assert!(capture.frames < 2);
                }
            }
        }
    }

    #[test]
    fn a_file_with_any_byte_changed_is_read_or_refused() {
        for whole in [pcap(&frames()[..2]), pcapng(&frames()[..2])] {
            for position in 0..whole.len() {
                for value in [0, 0xff] {
                    let mut bytes = whole.clone();
                    bytes[position] = value;
                    let _ = checked(&bytes);
                }
            }
        }
    }

    #[test]
    fn frames_that_no_wire_can_carry_are_left_out_and_counted() {
        let sizes = [0, 1, 1514, 1518, 1519, 9000].map(|size| vec![7; size]);
        let capture = checked(&pcap(&sizes)).unwrap();
        assert_eq!((capture.frames, capture.left_out), (3, 3));
    }

    #[test]
    fn something_else_is_no_capture() {
        let error = checked(b"#!/bin/sh\necho no capture at all here\n").unwrap_err();
        assert_eq!(Code::of(&error), Code::Damaged);
        assert!(error.to_string().contains("no capture file"), "{error}");
    }
}
