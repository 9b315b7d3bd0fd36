//! Traces as comma-separated values, with the names of columns in the first line.
//!
//! Cells hold numbers and names, so nothing in them needs quotes; those around a whole cell, which
//! some programs always write, are taken off. Lines that begin with `#`, and empty ones, are left
//! out.

use std::io::Read;

use anyhow::{Context as _, Error, Result, anyhow};
use csv::{ByteRecord, ReaderBuilder, Terminator, Trim};

use super::Row;
use super::columns::{COLUMNS, Column, REQUIRED};
use super::lines::Lines;
use super::order::{Fault, Order};

/// A trace that is being read.
pub(super) struct CsvFile<R> {
    /// What messages call it.
    name: String,
    csv: csv::Reader<Lines<R>>,
    columns: Vec<&'static Column>,
    order: Order,
    line: Line,
    /// Nothing is read behind an error.
    failed: bool,
}

/// The cells of a line, and its number.
#[derive(Default)]
struct Line {
    cells: ByteRecord,
    number: u64,
}

impl<R: Read> CsvFile<R> {
    /// Reads the header line of what `input` holds.
    pub(super) fn new(name: String, input: R) -> Result<Self> {
        let csv = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .quoting(false)
            .trim(Trim::All)
            .comment(Some(b'#'))
            .terminator(Terminator::Any(b'\n'))
            .from_reader(Lines::new(input));
        let (columns, order, line) = (Vec::new(), Order::default(), Line::default());
        let mut file = Self { name, csv, columns, order, line, failed: false };
        file.read_header()?;
        Ok(file)
    }

    /// Whether it tells in which rooms time was spent.
    pub(super) fn has_rooms(&self) -> bool {
        self.columns.iter().any(|column| column.is_of_room())
    }

    fn read_header(&mut self) -> Result<()> {
        self.read_line()?;
        for cell in &self.line.cells {
            let place = self.columns.len();
            let fresh =
                |column: &&Column| self.columns.iter().all(|other| other.name != column.name);
            let Some(column) = Column::named(bare(cell)).filter(fresh) else {
                return Err(self.fault(place, &unused_names(&self.columns), bare(cell)));
            };
            self.columns.push(column);
        }
        for name in REQUIRED {
            if self.columns.iter().all(|column| column.name != name) {
                let Self { name: file, line, .. } = self;
                let number = line.number;
                return Err(anyhow!("{file}: line {number}: expected a column {name}, found none"));
            }
        }
        Ok(())
    }

    /// Reads the next line that holds anything. False if there is none.
    fn read_line(&mut self) -> Result<bool> {
        let Self { name, csv, line, .. } = self;
        let found = csv.read_byte_record(&mut line.cells).map_err(plain);
        let found = found.with_context(|| name.clone())?;
        // The reader stands behind the end of the line.
        line.number = csv.position().line().saturating_sub(1).max(1);
        Ok(found)
    }

    fn read_row(&mut self) -> Result<Option<Row>> {
        if !self.read_line()? {
            return Ok(None);
        }
        let (expected, found) = (self.columns.len(), self.line.cells.len());
        if expected != found {
            let Self { name, line, .. } = self;
            let number = line.number;
            return Err(anyhow!(
                "{name}: line {number}: expected {expected} cells, one for each column, found {found}"
            ));
        }
        let mut row = Row::default();
        for (place, (column, cell)) in self.columns.iter().zip(&self.line.cells).enumerate() {
            let cell = bare(cell);
            column.put(&mut row, cell).map_err(|expected| self.fault(place, &expected, cell))?;
        }
        self.order.admit(&mut row).map_err(|fault| self.misplaced(&fault))?;
        Ok(Some(row))
    }

    fn misplaced(&self, Fault { column, expected, found }: &Fault) -> Error {
        let place = self.columns.iter().position(|other| other.name == *column);
        self.fault(place.unwrap_or(0), expected, found.to_string().as_bytes())
    }

    fn fault(&self, place: usize, expected: &str, found: &[u8]) -> Error {
        let Self { name, line: Line { number, .. }, .. } = self;
        let title = self.columns.get(place).map(|column| format!(" ({})", column.name));
        let (title, place, found) = (title.unwrap_or_default(), place + 1, shown(found));
        anyhow!("{name}: line {number}, column {place}{title}: expected {expected}, found {found}")
    }
}

impl<R: Read> Iterator for CsvFile<R> {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Result<Row>> {
        if self.failed {
            return None;
        }
        let row = self.read_row().transpose();
        self.failed = matches!(row, Some(Err(_)));
        row
    }
}

/// A cell without the quotes around it.
fn bare(cell: &[u8]) -> &[u8] {
    let inside = cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\""));
    inside.unwrap_or(cell)
}

/// The beginning of a cell, so that it can do no harm to a terminal.
fn shown(cell: &[u8]) -> String {
    const MOST: usize = 32;
    match cell {
        [] => "nothing".to_owned(),
        _ if cell.len() > MOST => format!("\"{}...\"", cell[..MOST].escape_ascii()),
        _ => format!("\"{}\"", cell.escape_ascii()),
    }
}

fn unused_names(used: &[&Column]) -> String {
    let is_used = |name: &str| used.iter().any(|column| column.name == name);
    let unused = COLUMNS.iter().map(|column| column.name).filter(|name| !is_used(name));
    unused.fold("one of the names:".to_owned(), |text, name| text + " " + name)
}

/// The error of the input itself, which says all there is to say.
fn plain(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => anyhow!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trace::lines::LONGEST;

    fn file(text: &[u8]) -> Result<CsvFile<&[u8]>> {
        CsvFile::new("t.csv".to_owned(), text)
    }

    fn rows(text: &str) -> Vec<Row> {
        file(text.as_bytes()).unwrap().map(Result::unwrap).collect()
    }

    fn error(text: &str) -> String {
        let first = match file(text.as_bytes()) {
            Ok(mut file) => file.find_map(Result::err).unwrap(),
            Err(error) => error,
        };
        format!("{first:#}")
    }

    #[test]
    fn a_line_becomes_a_row() {
        let rows = rows("iteration,packets,cycles,flags\n7,32,900,nmi\n9,,5,\n");
        assert_eq!((rows[0].number, rows[0].packets, rows[0].cycles), (7, 32, 900));
        assert!(rows[0].flags.has(perf::Flags::NMI));
        assert_eq!((rows[1].number, rows[1].packets, rows[1].start), (9, 0, Some(900)));
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn all_ways_to_end_lines_and_to_quote_cells_are_read() {
        let plain = rows("iteration,cycles\n1,2\n3,4\n");
        for text in [
            "iteration,cycles\r\n1,2\r\n3,4\r\n",
            "\u{feff}iteration,cycles\n1,2\n3,4",
            "# from a lab\n\niteration, cycles\n\n 1 ,2\n# idle\n3,4\n\n",
            "\"iteration\",\"cycles\"\n\"1\",\"2\"\n3,4\n",
        ] {
            assert_eq!(rows(text), plain, "{text:?}");
        }
    }

    #[test]
    fn an_error_names_file_line_column_and_what_was_expected() {
        assert_eq!(
            error("# a\niteration,cycles\n\n1,2\n# b\n2,abc\n3,4\n"),
            "t.csv: line 6, column 2 (cycles): expected a whole number from 0 to 9007199254740991, \
             found \"abc\""
        );
        assert_eq!(
            error("iteration,cycles\n1,2\n1,2"),
            "t.csv: line 3, column 1 (iteration): expected a number above 1, that of the line \
             before, found \"1\""
        );
        assert_eq!(
            error("iteration,cycles\n1,2\n2,"),
            "t.csv: line 3, column 2 (cycles): expected a whole number from 0 to \
             9007199254740991, found nothing"
        );
        assert_eq!(
            error("iteration,cycles\n1\n"),
            "t.csv: line 2: expected 2 cells, one for each column, found 1"
        );
    }

    #[test]
    fn a_header_that_is_wrong_says_so() {
        assert_eq!(error(""), "t.csv: line 1: expected a column iteration, found none");
        assert_eq!(error("iteration\n"), "t.csv: line 1: expected a column cycles, found none");
        let unknown = error("iteration,cycles,fil\n");
        assert!(
            unknown.starts_with("t.csv: line 1, column 3: expected one of the names: start_tsc "),
            "{unknown}"
        );
        assert!(unknown.ends_with(" flags, found \"fil\""), "{unknown}");
        let twice = error("iteration,cycles,cycles\n");
        assert!(twice.ends_with("found \"cycles\""), "{twice}");
    }

    #[test]
    fn a_line_that_is_too_long_is_refused() {
        let text = format!("iteration,cycles\n1,{}", "0".repeat(LONGEST));
        assert_eq!(error(&text), "t.csv: line 2: expected at most 4096 bytes, found more");
    }

    #[test]
    fn what_was_found_is_shown_harmless_and_short() {
        let text = error("iteration,cycles\n1,\u{1b}[31m\n");
        assert!(text.ends_with("found \"\\x1b[31m\""), "{text}");
        let text = error(&format!("iteration,cycles\n1,{}\n", "9".repeat(100)));
        assert!(text.ends_with(&format!("found \"{}...\"", "9".repeat(32))), "{text}");
    }

    #[test]
    fn there_is_nothing_behind_an_error() {
        let mut file = file(b"iteration,cycles\n1,x\n2,3\n").unwrap();
        assert!(file.next().unwrap().is_err());
        assert!(file.next().is_none());
    }

    #[test]
    fn rooms_are_known_where_a_column_is_about_one_beside_upcalls() {
        let has_rooms = |header: &str| file(header.as_bytes()).unwrap().has_rooms();
        assert!(!has_rooms("iteration,cycles,upcall_cycles,sleep_cycles\n"));
        assert!(has_rooms("iteration,cycles,tx_cycles\n"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail_in_another_way(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let text = [b"iteration,cycles,flags\n", &bytes[..]].concat();
            for bytes in [&bytes, &text] {
                let _rows = file(bytes).map(|file| file.filter_map(Result::ok).count());
            }
        }

        #[test]
        fn no_cells_make_it_fail_in_another_way(cells in "([0-9]{0,20}[,\n]){0,60}") {
            let text = format!("iteration,cycles,start_tsc,sleep_cycles\n{cells}");
            let _rows = file(text.as_bytes()).map(|file| file.filter_map(Result::ok).count());
        }
    }
}
