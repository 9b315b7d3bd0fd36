//! A server of pages that can only be read: no state, no body in a request, a connection to each.
//!
//! What asks is not trusted: heads of requests are short, every wait has an end, and few connections are open
//! at a time.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Kinds of pages.
pub(super) const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const TEXT: &str = "text/plain; charset=utf-8";

/// Fields of a request's head.
const FIELDS: usize = 64;
/// Bytes that are written between two looks at the clock.
const PIECE: usize = 1 << 16;
/// The pause before another connection is taken where one could not be.
const PAUSE: Duration = Duration::from_millis(100);

/// A page.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) kind: &'static str,
    pub(super) body: String,
}

/// What a client may take of us.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes of a request's head.
    pub(super) head: usize,
    /// How long asking may take, and how long taking the answer.
    pub(super) asking: Duration,
    pub(super) answering: Duration,
    /// Connections at a time.
    pub(super) connections: usize,
}

impl Limits {
    pub(super) const USUAL: Self = Self {
        head: 8192,
        asking: Duration::from_secs(5),
        answering: Duration::from_secs(60),
        connections: 16,
    };
}

/// Answers with the page that `pages` has for a path, for good.
pub(super) fn serve(
    listener: &TcpListener,
    limits: &'static Limits,
    pages: impl Fn(&str) -> Option<Page> + Send + Sync + 'static,
) -> ! {
    // Whoever is served holds one; so does this loop.
    let pages = Arc::new(pages);
    loop {
        match listener.accept() {
            Ok((stream, _)) if Arc::strong_count(&pages) > limits.connections => {
                // One that will not take that either is closed all the same.
                let _ = refuse(&stream, "503 Service Unavailable", limits);
            }
            Ok((stream, _)) => {
                let pages = Arc::clone(&pages);
                // Without a thread there is no answer, but there is a next connection.
                let _ = thread::Builder::new().spawn(move || answer(stream, limits, &*pages));
            }
            // There are too many open files, or it went away again.
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// Answers one request.
fn answer(
    mut stream: TcpStream,
    limits: &Limits,
    pages: &impl Fn(&str) -> Option<Page>,
) -> io::Result<()> {
    match read_path(&mut stream, limits) {
        Ok(path) => match pages(&path) {
            Some(page) => respond(&stream, "200 OK", &page, limits),
            None => refuse(&stream, "404 Not Found", limits),
        },
        Err(status) => refuse(&stream, status, limits),
    }?;
    discard(&mut stream, limits)
}

/// The path that is asked for, without what stands behind a question mark; else what is wrong.
fn read_path(stream: &mut TcpStream, limits: &Limits) -> Result<String, &'static str> {
    let end = Instant::now() + limits.asking;
    let (mut head, mut piece) = (Vec::new(), [0; 1024]);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return Err("408 Request Timeout");
        }
        let count = match stream.read(&mut piece) {
            Ok(0) => return Err("400 Bad Request"),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Err("408 Request Timeout"),
        };
        head.extend(&piece[..count]);
        if let Some(path) = parse(&head)? {
            return Ok(path);
        }
        if head.len() > limits.head {
            return Err("431 Request Header Fields Too Large");
        }
    }
}

/// The path in `head`, once all of that is there.
fn parse(head: &[u8]) -> Result<Option<String>, &'static str> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err("431 Request Header Fields Too Large"),
        Err(_) => return Err("400 Bad Request"),
    }
    if request.method != Some("GET") {
        return Err("405 Method Not Allowed");
    }
    let target = request.path.unwrap_or_default();
    Ok(Some(target.split('?').next().unwrap_or_default().to_owned()))
}

fn refuse(stream: &TcpStream, status: &str, limits: &Limits) -> io::Result<()> {
    respond(stream, status, &Page { kind: TEXT, body: format!("{status}\n") }, limits)
}

fn respond(mut stream: &TcpStream, status: &str, page: &Page, limits: &Limits) -> io::Result<()> {
    let Page { kind, body } = page;
    let len = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len}\r\nAllow: GET\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    );
    let end = Instant::now() + limits.answering;
    for piece in [head.as_bytes(), body.as_bytes()].into_iter().flat_map(|all| all.chunks(PIECE)) {
        let left = end.saturating_duration_since(Instant::now());
        // A limit of 0 is an error, which is what is wanted.
        stream.set_write_timeout(Some(left))?;
        stream.write_all(piece)?;
    }
    stream.shutdown(Shutdown::Write)
}

/// Takes what was not looked at: closing before would take the answer away from who sent it.
fn discard(stream: &mut TcpStream, limits: &Limits) -> io::Result<()> {
    let end = Instant::now() + limits.asking;
    let mut piece = [0; 4096];
    for _ in 0..PIECE / piece.len() {
        stream.set_read_timeout(Some(end.saturating_duration_since(Instant::now())))?;
        if stream.read(&mut piece)? == 0 {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
