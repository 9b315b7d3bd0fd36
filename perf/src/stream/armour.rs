//! Frames as lines of printable characters, for a line that text shares.
//!
//! ```text
//! @@ | base64( kind:1 | sequence:4 | payload | crc:4 ) | line end
//! ```
//!
//! Base64 is that of RFC 4648 section 4 without padding. Whatever stands before the last `@@` of a
//! line is passed over, for firmware likes to speak in the middle of one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::frame::{BODY, Frame};
use super::kind::Damage;

/// What an armoured frame begins with.
pub const MARK: &str = "@@";
/// Characters of an armoured frame at most, the line's end left out.
pub const LINE: usize = MARK.len() + BODY.div_ceil(3) * 4;

/// Writes `frame` into `line`, and returns the text that it is there.
pub fn encode<'l>(frame: &Frame<'_>, line: &'l mut [u8; LINE]) -> &'l str {
    let mut body = [0; BODY];
    let len = frame.write(&mut body);
    line[..MARK.len()].copy_from_slice(MARK.as_bytes());
    let armoured = STANDARD_NO_PAD.encode_slice(&body[..len], &mut line[MARK.len()..]);
    let end = armoured.map_or(0, |len| MARK.len() + len);
    core::str::from_utf8(&line[..end]).unwrap_or("")
}

/// The frame in `line`, if there is one; it is written into `body`.
pub(super) fn decode<'b>(
    line: &[u8],
    body: &'b mut [u8; super::LINE],
) -> Option<Result<Frame<'b>, Damage>> {
    let mark = line.windows(MARK.len()).rposition(|bytes| bytes == MARK.as_bytes())?;
    let text = line[mark + MARK.len()..].trim_ascii_end();
    if text.is_empty() {
        return None;
    }
    let len = STANDARD_NO_PAD.decode_slice(text, body);
    Some(len.map_err(|_| Damage::Garbled).and_then(|len| Frame::read(&body[..len])))
}
