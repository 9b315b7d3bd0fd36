//! The protocol between QEMU 7.2 and a PCI device that lives in another process
//! (`x-pci-proxy-dev`).
//!
//! QEMU is the client. A message is a header of 16 bytes and its payload, all numbers in the
//! host's byte order:
//!
//! ```text
//!  0         4         8               16
//! +---------+---------+----------------+- - - - -
//! | command | nothing | payload bytes  | payload
//! +---------+---------+----------------+- - - - -
//! ```
//!
//! Descriptors ride on the header. The protocol is private to QEMU and bound to its version.

use std::fs::File;
use std::io::{self, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::card::Card;
use super::memory::Section;

/// Descriptors that one message can bring.
const MOST_FILES: usize = 8;

const HEADER: usize = 16;

/// The longest payload, that of the memory table: three rows of eight numbers.
const LONGEST: usize = 3 * 8 * MOST_FILES;

/// Commands, in the order of QEMU's enumeration.
mod commands {
    pub(super) const SYNC_MEMORY: u32 = 0;
    pub(super) const RETURN: u32 = 1;
    pub(super) const CONFIG_WRITE: u32 = 2;
    pub(super) const CONFIG_READ: u32 = 3;
    pub(super) const BAR_WRITE: u32 = 4;
    pub(super) const BAR_READ: u32 = 5;
    pub(super) const SET_INTERRUPT: u32 = 6;
    pub(super) const RESET: u32 = 7;
}

/// A message from QEMU.
#[derive(Debug)]
struct Message {
    command: u32,
    payload: Vec<u8>,
    files: Vec<File>,
}

/// Serves QEMU at the other end of `stream` until it closes its end.
///
/// # Errors
///
/// QEMU says what this protocol does not know, or the socket is broken.
pub(crate) fn serve(mut stream: UnixStream, card: &Mutex<Card>) -> io::Result<()> {
    while let Some(message) = Message::receive(&mut stream)? {
        let mut card = card.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = message.act(&mut card)? {
            stream.write_all(&reply(value))?;
        }
    }
    Ok(())
}

fn reply(value: u64) -> [u8; HEADER + 8] {
    let mut bytes = [0; HEADER + 8];
    bytes[..4].copy_from_slice(&commands::RETURN.to_ne_bytes());
    bytes[8..16].copy_from_slice(&8_u64.to_ne_bytes());
    bytes[16..].copy_from_slice(&value.to_ne_bytes());
    bytes
}

impl Message {
    /// The next message, or nothing if QEMU has closed its end.
    fn receive(stream: &mut UnixStream) -> io::Result<Option<Self>> {
        let mut header = [0; HEADER];
        let (length, files) = receive_with_files(stream, &mut header)?;
        if length == 0 {
            return Ok(None);
        }
        stream.read_exact(&mut header[length..])?;
        let command = u32::from_ne_bytes(array(&header, 0)?);
        let size = u64::from_ne_bytes(array(&header, 8)?);
        let size = usize::try_from(size).ok().filter(|size| *size <= LONGEST);
        let mut payload = vec![0; size.ok_or_else(|| wrong("a payload is too long"))?];
        stream.read_exact(&mut payload)?;
        Ok(Some(Self { command, payload, files }))
    }

    /// Does what QEMU asks for, and says what is to be answered, if anything is.
    fn act(self, card: &mut Card) -> io::Result<Option<u64>> {
        match self.command {
            commands::SYNC_MEMORY => card.set_memory(self.sections()?),
            commands::CONFIG_WRITE => {
                card.write_config(self.word(0)?, self.word(4)?, self.word(8)?);
                return Ok(Some(0));
            }
            commands::CONFIG_READ => {
                return Ok(Some(card.read_config(self.word(0)?, self.word(8)?).into()));
            }
            commands::BAR_WRITE => {
                card.write(self.long(0)?, self.long(8)?, self.word(16)?);
                return Ok(Some(0));
            }
            commands::BAR_READ => return Ok(Some(card.read(self.long(0)?, self.word(16)?))),
            commands::SET_INTERRUPT => {
                let mut files = self.files.into_iter();
                card.connect_interrupt(files.next(), files.next());
            }
            commands::RESET => {
                card.power_on();
                return Ok(Some(0));
            }
            _ => return Err(wrong("an unknown command")),
        }
        Ok(None)
    }

    /// The rows of a memory table; there are as many as there are files.
    fn sections(self) -> io::Result<Vec<Section>> {
        let rows: io::Result<Vec<_>> = (0..self.files.len())
            .map(|row| {
                let column = |number| self.long(8 * (number * MOST_FILES + row));
                Ok((column(0)?, column(1)?, column(2)?))
            })
            .collect();
        let sections = rows?.into_iter().zip(self.files);
        Ok(sections
            .map(|((guest, size, offset), file)| Section { guest, size, file, offset })
            .collect())
    }

    fn word(&self, at: usize) -> io::Result<u32> {
        array(&self.payload, at).map(u32::from_ne_bytes)
    }

    fn long(&self, at: usize) -> io::Result<u64> {
        array(&self.payload, at).map(u64::from_ne_bytes)
    }
}

/// Receives up to all of `bytes`, and the descriptors that ride on them.
fn receive_with_files(stream: &UnixStream, bytes: &mut [u8]) -> io::Result<(usize, Vec<File>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FILES))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let received = loop {
        match recvmsg(stream, &mut [IoSliceMut::new(bytes)], &mut ancillary, flags) {
            Err(rustix::io::Errno::INTR) => {}
            other => break other?,
        }
    };
    let rights = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(files) => Some(files),
        _ => None,
    });
    Ok((received.bytes, rights.flatten().map(|file: OwnedFd| File::from(file)).collect()))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> io::Result<[u8; N]> {
    let slice = bytes.get(at..at + N).ok_or_else(|| wrong("a payload is too short"))?;
    slice.try_into().map_err(|_| wrong("a payload is too short"))
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("QEMU's proxy protocol: {what}"))
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;
    use std::os::fd::AsFd as _;
    use std::sync::Arc;
    use std::thread::{self, JoinHandle};

    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

    use super::super::config::Config;
    use super::super::memory::tests::played;
    use super::*;

    /// QEMU's end, and a card at the other one.
    struct Client {
        stream: UnixStream,
        card: Arc<Mutex<Card>>,
        server: JoinHandle<io::Result<()>>,
    }

    impl Client {
        fn start() -> Self {
            let (stream, far) = UnixStream::pair().unwrap();
            let card = Card::new([2, 0, 0, 0, 0, 1], Config::new(true), None, 0);
            let card = Arc::new(Mutex::new(card));
            let theirs = Arc::clone(&card);
            let server = thread::spawn(move || serve(far, &theirs));
            Self { stream, card, server }
        }

        fn send(&mut self, command: u32, payload: &[u8]) {
            self.stream.write_all(&header(command, payload.len())).unwrap();
            self.stream.write_all(payload).unwrap();
        }

        fn ask(&mut self, command: u32, payload: &[u8]) -> u64 {
            self.send(command, payload);
            let mut reply = [0; 24];
            self.stream.read_exact(&mut reply).unwrap();
            assert_eq!(reply[..16], header(commands::RETURN, 8));
            u64::from_ne_bytes(reply[16..].try_into().unwrap())
        }

        /// Has the server see the end, and returns how it ended.
        fn end(self) -> io::Result<()> {
            drop(self.stream);
            self.server.join().unwrap()
        }
    }

    fn header(command: u32, length: usize) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..4].copy_from_slice(&command.to_ne_bytes());
        bytes[8..].copy_from_slice(&(length as u64).to_ne_bytes());
        bytes
    }

    fn config(address: u32, value: u32, length: u32) -> Vec<u8> {
        [address, value, length].iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    fn bar(address: u64, value: u64) -> Vec<u8> {
        [address, value, 4].iter().flat_map(|long| long.to_ne_bytes()).collect()
    }

    #[test]
    fn configuration_and_registers_are_asked_for_and_answered() {
        let mut client = Client::start();
        assert_eq!(client.ask(commands::CONFIG_READ, &config(0, 0, 4)), 0x10FB_8086);
        assert_eq!(client.ask(commands::CONFIG_WRITE, &config(4, 6, 2)), 0);
        assert_eq!(client.ask(commands::CONFIG_READ, &config(4, 0, 2)), 6);
        // The address is the guest's; what is above the BAR's size says nothing.
        assert_eq!(client.ask(commands::BAR_READ, &bar(0xFEB8_5400, 0)), 2);
        assert_eq!(client.ask(commands::BAR_WRITE, &bar(0xFEB8_5400, 7)), 0);
        assert_eq!(client.ask(commands::BAR_READ, &bar(0xFEB8_A200, 0)), 7);
        assert_eq!(client.ask(commands::RESET, &[]), 0);
        assert_eq!(client.ask(commands::BAR_READ, &bar(0xFEB8_A200, 0)), 2);
        client.end().unwrap();
    }

    #[test]
    fn the_memory_table_comes_with_files_and_has_no_answer() {
        let mut client = Client::start();
        let section = played(0x1000, 0x1000);
        let mut table = [0_u64; 3 * MOST_FILES];
        (table[0], table[MOST_FILES]) = (section.guest, section.size);
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let files = [section.file.as_fd()];
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(&files)));
        let head = header(commands::SYNC_MEMORY, LONGEST);
        let head = [IoSlice::new(&head)];
        sendmsg(&client.stream, &head, &mut ancillary, SendFlags::empty()).unwrap();
        let payload: Vec<u8> = table.iter().flat_map(|long| long.to_ne_bytes()).collect();
        client.stream.write_all(&payload).unwrap();
        // The answer to what comes next shows that the table was taken.
        client.ask(commands::CONFIG_READ, &config(0, 0, 4));
        assert!(client.card.lock().unwrap().memory.contains(0x1000, 0x1000));
        client.end().unwrap();
    }

    #[test]
    fn what_is_no_message_ends_the_service() {
        let mut client = Client::start();
        client.send(99, &[]);
        assert_eq!(client.end().unwrap_err().kind(), io::ErrorKind::InvalidData);
        let mut client = Client::start();
        client.send(commands::CONFIG_READ, &[0; 4]);
        assert_eq!(client.end().unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
