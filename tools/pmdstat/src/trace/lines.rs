//! A limit on how long a line may be, so that no file can fill the memory.

use std::io::{self, ErrorKind, Read};

/// Bytes that a line has at most, without its end.
pub(super) const LONGEST: usize = 4096;

/// Bytes that come in lines, the last of which ends like the others. The first that is too long
/// ends them with an error.
pub(super) struct Lines<R> {
    input: R,
    /// Lines that ended, and bytes of the one under way.
    ended: u64,
    length: usize,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, ended: 0, length: 0 }
    }

    fn count(&mut self, bytes: &[u8]) -> io::Result<()> {
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let ends = line.ends_with(b"\n");
            self.length += line.len() - usize::from(ends);
            if self.length > LONGEST {
                let number = self.ended + 1;
                let text = format!("line {number}: expected at most {LONGEST} bytes, found more");
                return Err(io::Error::new(ErrorKind::InvalidData, text));
            }
            if ends {
                self.ended += 1;
                self.length = 0;
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut read = self.input.read(buffer)?;
        if read == 0
            && self.length > 0
            && let Some(first) = buffer.first_mut()
        {
            (*first, read) = (b'\n', 1);
        }
        self.count(&buffer[..read])?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> io::Result<String> {
        let mut read = String::new();
        Lines::new(text.as_bytes()).read_to_string(&mut read).map(|_| read)
    }

    #[test]
    fn lines_of_the_longest_length_go_through_unchanged() {
        let line = "x".repeat(LONGEST);
        let text = format!("{line}\n{line}\n\n{line}\n");
        assert_eq!(read(&text).unwrap(), text);
    }

    #[test]
    fn the_last_line_gets_the_end_that_it_lacks() {
        assert_eq!(read("a\nb").unwrap(), "a\nb\n");
        assert_eq!(read("").unwrap(), "");
    }

    #[test]
    fn a_longer_line_is_named() {
        let text = format!("a\nb\n{}", "x".repeat(LONGEST + 1));
        let error = read(&text).unwrap_err().to_string();
        assert_eq!(error, "line 3: expected at most 4096 bytes, found more");
    }
}
