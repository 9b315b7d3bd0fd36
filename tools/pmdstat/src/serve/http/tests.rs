use super::*;

const LONG: Limits = Limits {
    head: 2048,
    asking: Duration::from_secs(600),
    answering: Duration::from_secs(600),
    connections: 4,
};

/// A server with one page, and how to ask it.
fn server(limits: &'static Limits) -> impl Fn() -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let page =
        |path: &str| (path == "/page").then(|| Page { kind: TEXT, body: "here\n".repeat(100_000) });
    thread::spawn(move || serve(&listener, limits, page));
    move || TcpStream::connect(address).unwrap()
}

fn answer_to(mut stream: TcpStream, request: &[u8]) -> String {
    stream.write_all(request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn status(answer: &str) -> &str {
    answer.strip_prefix("HTTP/1.1 ").unwrap().split(' ').next().unwrap()
}

#[test]
fn a_page_comes_whole_with_its_length() {
    let connect = server(&LONG);
    let answer = answer_to(connect(), b"GET /page?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!((status(head), body.len()), ("200", 500_000));
    assert!(head.contains("\r\nContent-Length: 500000\r\n"), "{head}");
}

#[test]
fn what_is_no_request_for_a_page_is_refused() {
    let connect = server(&LONG);
    let field = "a: b\r\n".repeat(FIELDS + 1);
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(3000));
    for (request, expected) in [
        ("GET /other HTTP/1.1\r\n\r\n", "404"),
        ("GET /page/.. HTTP/1.1\r\n\r\n", "404"),
        ("POST /page HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "405"),
        ("HEAD /page HTTP/1.1\r\n\r\n", "405"),
        ("what\r\n\r\n", "400"),
        ("\x16\x03\x01\x02\x00\x01", "400"),
        (&format!("GET /page HTTP/1.1\r\n{field}\r\n"), "431"),
        (&long[..2500], "431"),
    ] {
        assert_eq!(status(&answer_to(connect(), request.as_bytes())), expected, "{request}");
    }
}

#[test]
fn a_client_that_does_not_ask_is_sent_away_and_others_are_served_meanwhile() {
    const SHORT: Limits = Limits { asking: Duration::from_millis(1), ..LONG };
    let mut answer = String::new();
    server(&SHORT)().read_to_string(&mut answer).unwrap();
    assert_eq!(status(&answer), "408");
    let connect = server(&LONG);
    let mut slow = connect();
    slow.write_all(b"GET /pa").unwrap();
    assert_eq!(status(&answer_to(connect(), b"GET /page HTTP/1.1\r\n\r\n")), "200");
    assert_eq!(status(&answer_to(slow, b"ge HTTP/1.1\r\n\r\n")), "200");
}

#[test]
fn connections_beyond_the_limit_are_sent_away_until_others_end() {
    let connect = server(&LONG);
    let held: Vec<_> = (0..LONG.connections).map(|_| connect()).collect();
    assert_eq!(status(&answer_to(connect(), b"")), "503");
    for stream in held {
        assert_eq!(status(&answer_to(stream, b"GET /page HTTP/1.1\r\n\r\n")), "200");
    }
    // The last of those ends when its thread sees that it was closed.
    while status(&answer_to(connect(), b"GET /page HTTP/1.1\r\n\r\n")) != "200" {}
}
