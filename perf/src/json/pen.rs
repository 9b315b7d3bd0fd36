//! A document that is written in parts: the one place where brackets and commas are written by
//! hand.
//!
//! A document may be longer than any memory, so its parts are serialised one by one into a few
//! kilobytes and put together here. Whatever is in a part, names and strings included, is the
//! serialiser's work.

use core::fmt::{self, Display, Write};

use serde::Serialize;

/// Bytes that one part of a document takes at most.
pub const PART: usize = 4096;

/// Characters of a text that are serialised at a time: each takes six bytes at most.
const AT_A_TIME: usize = PART / 8;

/// Where a document that is being written stands: whether what comes next needs a comma before it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pen {
    comma: bool,
}

#[derive(Serialize)]
struct Opening {
    schema: &'static str,
    schema_version: u32,
}

impl Pen {
    /// Begins a document of `schema`, in its version `schema_version`, with these two members.
    ///
    /// # Errors
    ///
    /// Here and below those of `out`, and where a part is longer than [`PART`].
    pub fn begin(
        schema: &'static str,
        schema_version: u32,
        out: &mut impl Write,
    ) -> Result<Self, fmt::Error> {
        let mut pen = Self::default();
        out.write_str("{")?;
        pen.members(&Opening { schema, schema_version }, out)?;
        Ok(pen)
    }

    /// Adds all members of `object`, whose order and number are fixed.
    ///
    /// # Errors
    ///
    /// See [`Self::begin`].
    pub fn members(&mut self, object: &impl Serialize, out: &mut impl Write) -> fmt::Result {
        serialised(object, |part| {
            let members = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            self.put(members.filter(|members| !members.is_empty()).ok_or(fmt::Error)?, out)
        })
    }

    /// Adds one member.
    ///
    /// # Errors
    ///
    /// See [`Self::begin`].
    pub fn member(
        &mut self,
        key: &str,
        value: &impl Serialize,
        out: &mut impl Write,
    ) -> fmt::Result {
        self.name(key, out)?;
        self.element(value, out)
    }

    /// Adds an element to the array that was begun last.
    ///
    /// # Errors
    ///
    /// See [`Self::begin`].
    pub fn element(&mut self, value: &impl Serialize, out: &mut impl Write) -> fmt::Result {
        serialised(value, |part| self.put(part, out))
    }

    /// Adds a string that may be longer than a part.
    ///
    /// # Errors
    ///
    /// See [`Self::begin`].
    pub fn text(&mut self, key: &str, text: &impl Display, out: &mut impl Write) -> fmt::Result {
        self.name(key, out)?;
        self.put("\"", out)?;
        write!(Text { out }, "{text}")?;
        out.write_str("\"")
    }

    /// Begins a member that is an array.
    ///
    /// # Errors
    ///
    /// See [`Self::begin`].
    pub fn array(&mut self, key: &str, out: &mut impl Write) -> fmt::Result {
        self.open(key, "[", out)
    }

    /// Ends the array that was begun last.
    ///
    /// # Errors
    ///
    /// See [`Self::begin`].
    pub fn end_array(&mut self, out: &mut impl Write) -> fmt::Result {
        self.close("]", out)
    }

    /// Begins a member that is an object.
    ///
    /// # Errors
    ///
    /// See [`Self::begin`].
    pub fn object(&mut self, key: &str, out: &mut impl Write) -> fmt::Result {
        self.open(key, "{", out)
    }

    /// Ends the object that was begun last.
    ///
    /// # Errors
    ///
    /// See [`Self::begin`].
    pub fn end_object(&mut self, out: &mut impl Write) -> fmt::Result {
        self.close("}", out)
    }

    /// Ends the document, and its line.
    ///
    /// # Errors
    ///
    /// See [`Self::begin`].
    pub fn end(self, out: &mut impl Write) -> fmt::Result {
        out.write_str("}\n")
    }

    fn open(&mut self, key: &str, bracket: &str, out: &mut impl Write) -> fmt::Result {
        self.name(key, out)?;
        self.put(bracket, out)?;
        self.comma = false;
        Ok(())
    }

    fn close(&mut self, bracket: &str, out: &mut impl Write) -> fmt::Result {
        self.comma = true;
        out.write_str(bracket)
    }

    fn name(&mut self, key: &str, out: &mut impl Write) -> fmt::Result {
        serialised(&key, |part| self.put(part, out))?;
        self.comma = false;
        out.write_str(":")
    }

    fn put(&mut self, part: &str, out: &mut impl Write) -> fmt::Result {
        if core::mem::replace(&mut self.comma, true) {
            out.write_str(",")?;
        }
        out.write_str(part)
    }
}

/// Writes what goes between the quotation marks of a string.
struct Text<'a, W> {
    out: &'a mut W,
}

impl<W: Write> Write for Text<'_, W> {
    fn write_str(&mut self, mut text: &str) -> fmt::Result {
        while !text.is_empty() {
            let end = text.floor_char_boundary(AT_A_TIME);
            let (now, later) = text.split_at(end);
            serialised(&now, |part| {
                let inner = part.strip_prefix('"').and_then(|part| part.strip_suffix('"'));
                self.out.write_str(inner.ok_or(fmt::Error)?)
            })?;
            text = later;
        }
        Ok(())
    }
}

/// Has `use_it` look at `value` as JSON.
fn serialised(value: &impl Serialize, use_it: impl FnOnce(&str) -> fmt::Result) -> fmt::Result {
    let mut part = [0; PART];
    let len = serde_json_core::to_slice(value, &mut part).map_err(|_| fmt::Error)?;
    use_it(core::str::from_utf8(&part[..len]).map_err(|_| fmt::Error)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Serialize)]
    struct Two {
        one: u64,
        other: Option<u64>,
    }

    const TWO: Two = Two { one: u64::MAX, other: None };

    fn written(write: impl FnOnce(&mut Pen, &mut String) -> fmt::Result) -> String {
        let mut out = String::new();
        let mut pen = Pen::begin("s", 7, &mut out).unwrap();
        write(&mut pen, &mut out).unwrap();
        pen.end(&mut out).unwrap();
        out
    }

    fn read(text: &str) -> Value {
        assert_eq!(text.find('\n'), Some(text.len() - 1), "one line: {text}");
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    #[test]
    fn parts_become_one_document() {
        let text = written(|pen, out| {
            pen.members(&TWO, out)?;
            pen.array("none", out)?;
            pen.end_array(out)?;
            pen.array("some", out)?;
            pen.element(&TWO, out)?;
            pen.element(&1_u8, out)?;
            pen.end_array(out)?;
            pen.object("inner", out)?;
            pen.member("a", &"b", out)?;
            pen.member("c", &[1, 2], out)?;
            pen.end_object(out)?;
            pen.text("long", &"x", out)
        });
        let two = r#""one":18446744073709551615,"other":null"#;
        let expected = format!(
            "{{\"schema\":\"s\",\"schema_version\":7,{two},\"none\":[],\"some\":[{{{two}}},1],\
             \"inner\":{{\"a\":\"b\",\"c\":[1,2]}},\"long\":\"x\"}}\n"
        );
        assert_eq!(text, expected);
        read(&text);
    }

    #[test]
    fn a_part_that_is_too_long_is_an_error_and_nothing_is_written() {
        let (mut pen, mut out) = (Pen::default(), String::new());
        let long = "x".repeat(PART);
        assert!(pen.element(&long, &mut out).is_err());
        assert_eq!(out, "");
        assert!(pen.element(&&long[2..], &mut out).is_ok());
    }

    #[test]
    fn members_of_what_is_no_object_are_an_error() {
        let (mut pen, mut out) = (Pen::default(), String::new());
        assert!(pen.members(&1_u8, &mut out).is_err());
        assert_eq!(out, "");
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_it_was_written(
            text in prop::collection::vec(any::<char>(), 0..3000),
            key in "\\PC{0,9}",
        ) {
            let text: String = text.into_iter().collect();
            let document = written(|pen, out| pen.text(&key, &text, out));
            let expected = json!({ "schema": "s", "schema_version": 7, &key: text });
            prop_assert_eq!(read(&document), expected);
        }
    }

    #[test]
    fn control_characters_are_escaped_however_long_a_text_is() {
        let all: String = (0..=0x7f_u8).map(char::from).collect();
        let text = all.repeat(100) + "\u{2028}\u{10ffff}\"\\";
        let document = written(|pen, out| pen.text("t", &text, out));
        assert!(!document.trim_end().contains(|letter: char| letter < ' '));
        assert_eq!(read(&document)["t"], text);
    }
}
