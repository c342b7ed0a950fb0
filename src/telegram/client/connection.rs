//! One connection to the Bot API server, over which one request after the other goes: HTTP/1.1, as far
//! as a client needs it that asks and waits.
//!
//! Whoever asks also reads the answer, in their own task and from a buffer of their own, so that an
//! idle connection has neither, and no task must wake another for each request.

use std::future::poll_fn;
use std::io::{self, Error, ErrorKind};
use std::pin::Pin;
use std::task::Poll;

use hyper::body::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// The largest answer that is read, in bytes: a hundred updates are far smaller.
const LARGEST: usize = 16 * 1024 * 1024;

/// The largest head of an answer, in bytes.
const LARGEST_HEAD: usize = 16 * 1024;

/// The most headers of an answer.
const MOST_HEADERS: usize = 64;

/// Room for what most answers are: a message with its buttons.
const ROOM: usize = 2048;

/// A connection over which nothing is on its way.
pub struct Connection<S> {
    stream: S,
}

/// An answer, whatever it says.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// What follows the head.
    pub body: Bytes,
    /// Whether the connection may be used again.
    pub is_open: bool,
}

/// What the head of an answer says.
struct Head {
    /// Its length in bytes.
    length: usize,
    status: u16,
    body: Body,
    is_open: bool,
}

/// How long what follows the head is.
#[derive(Clone, Copy)]
enum Body {
    /// So many bytes.
    Long(usize),
    /// It comes in chunks that say how long they are.
    Chunked,
    /// It ends with the connection.
    ToTheEnd,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Over this stream, on which nothing was sent yet.
    pub fn new(stream: S) -> Connection<S> {
        Connection { stream }
    }

    /// Whether it may be used again: it was not closed meanwhile, and nothing came that nobody asked
    /// for.
    pub async fn is_open(&mut self) -> bool {
        let mut byte = [0];
        poll_fn(|cx| {
            let read = Pin::new(&mut self.stream).poll_read(cx, &mut ReadBuf::new(&mut byte));
            Poll::Ready(read.is_pending())
        })
        .await
    }

    /// Send a whole request, head and body, and read the answer.
    ///
    /// # Errors
    ///
    /// The connection broke, or the answer is none, or too large. It cannot be used again.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        let mut come = Vec::with_capacity(ROOM);
        let head = loop {
            match read_head(&come)? {
                // It only announces the answer.
                Some(head) if (100..200).contains(&head.status) => drop(come.drain(..head.length)),
                Some(head) => break head,
                None if come.len() > LARGEST_HEAD => return Err(strange("its head is too long")),
                None => self.more(&mut come).await?,
            }
        };
        let (body, is_whole) = match head.body {
            Body::Long(length) => {
                let end = head.length + length;
                come.reserve_exact(end.saturating_sub(come.len()));
                while come.len() < end {
                    self.more(&mut come).await?;
                }
                // More than was announced belongs to no question.
                let is_whole = come.len() == end;
                (Bytes::from(come).slice(head.length..end), is_whole)
            }
            Body::Chunked => loop {
                if let Some((body, rest)) = dechunked(&come[head.length..])? {
                    break (body.into(), rest == 0);
                }
                self.more(&mut come).await?;
            },
            Body::ToTheEnd => {
                while self.read(&mut come).await? > 0 {}
                (Bytes::from(come).slice(head.length..), false)
            }
        };
        Ok(Answer {
            status: head.status,
            body,
            is_open: head.is_open && is_whole,
        })
    }

    /// Read something.
    async fn more(&mut self, come: &mut Vec<u8>) -> io::Result<()> {
        match self.read(come).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    async fn read(&mut self, come: &mut Vec<u8>) -> io::Result<usize> {
        if come.len() > LARGEST {
            return Err(strange("it is too large"));
        }
        self.stream.read_buf(come).await
    }
}

/// Read the head of an answer; nothing while it is not all there.
fn read_head(come: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(come).map_err(|_| strange("it is none"))?;
    let httparse::Status::Complete(length) = parsed else {
        return Ok(None);
    };
    let status = response.code.unwrap_or_default();
    let mut is_open = response.version == Some(1);
    let (mut announced, mut encoding) = (None, None);
    for header in response.headers.iter() {
        let value = header.value.trim_ascii();
        if header.name.eq_ignore_ascii_case("content-length") {
            let text = str::from_utf8(value)
                .ok()
                .filter(|_| !value.starts_with(b"+"));
            let bytes: Option<usize> = text.and_then(|text| text.parse().ok());
            let bytes = bytes.ok_or_else(|| strange("it has no length"))?;
            if announced.is_some_and(|other| other != bytes) {
                return Err(strange("it has two lengths"));
            }
            announced = Some(bytes);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            encoding = Some(value);
        } else if header.name.eq_ignore_ascii_case("connection") {
            is_open &= !value.eq_ignore_ascii_case(b"close");
        }
    }
    let body = match (encoding, announced) {
        _ if status == 204 || status == 304 => Body::Long(0),
        (Some(encoding), _) if encoding.eq_ignore_ascii_case(b"chunked") => Body::Chunked,
        (Some(_), _) => return Err(strange("its encoding is unknown")),
        (None, Some(bytes)) if bytes > LARGEST => return Err(strange("it is too large")),
        (None, Some(bytes)) => Body::Long(bytes),
        (None, None) => Body::ToTheEnd,
    };
    Ok(Some(Head {
        length,
        status,
        body,
        is_open,
    }))
}

/// Put chunks together; with the body how many bytes follow the last. Nothing while they are not all
/// there.
fn dechunked(mut rest: &[u8]) -> io::Result<Option<(Vec<u8>, usize)>> {
    let mut body = Vec::new();
    loop {
        let size = httparse::parse_chunk_size(rest);
        let (start, size) = match size.map_err(|_| strange("a chunk has no length"))? {
            httparse::Status::Complete(found) => found,
            httparse::Status::Partial => return Ok(None),
        };
        rest = &rest[start..];
        if size == 0 {
            break;
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size > LARGEST - body.len() {
            return Err(strange("it is too large"));
        }
        let Some((chunk, after)) = rest.split_at_checked(size) else {
            return Ok(None);
        };
        body.extend_from_slice(chunk);
        rest = match after {
            [b'\r', b'\n', after @ ..] => after,
            [] | [b'\r'] => return Ok(None),
            _ => return Err(strange("a chunk is longer than it says")),
        };
    }
    // Headers may follow, which say nothing that matters here.
    let mut trailers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    match httparse::parse_headers(rest, &mut trailers) {
        Ok(httparse::Status::Complete((end, _))) => Ok(Some((body, rest.len() - end))),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(_) => Err(strange("what follows it is no header")),
    }
}

fn strange(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    /// What is read when these bytes come, one piece after the other, and then the end.
    async fn read(pieces: &[&[u8]]) -> io::Result<Answer> {
        let (ours, mut theirs) = duplex(1 << 20);
        let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
        let serving = tokio::spawn(async move {
            for piece in pieces {
                theirs.write_all(&piece).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        let answer = Connection::new(ours).ask(b"?").await;
        serving.await.unwrap();
        answer
    }

    fn answer(status: u16, body: &'static [u8], is_open: bool) -> Answer {
        Answer {
            status,
            body: Bytes::from_static(body),
            is_open,
        }
    }

    #[tokio::test]
    async fn answers_are_read_wherever_they_are_cut() {
        let cases: [(&[u8], Answer); 6] = [
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                answer(200, b"hello", true),
            ),
            (
                b"HTTP/1.1 502 Bad Gateway\r\ncontent-length:0\r\nConnection: close\r\n\r\n",
                answer(502, b"", false),
            ),
            (
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
                answer(400, b"{}", true),
            ),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\nA;x=1\r\nlo, world.\r\n0\r\nx: y\r\n\r\n",
                answer(200, b"hello, world.", true),
            ),
            (
                b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                answer(200, b"hello", false),
            ),
            (b"HTTP/1.1 200 OK\r\n\r\nto the end", answer(200, b"to the end", false)),
        ];
        for (bytes, expected) in cases {
            for cut in 0..bytes.len() {
                let (before, after) = bytes.split_at(cut);
                let read = read(&[before, after]).await.expect("An answer.");
                assert_eq!(read, expected, "cut at {cut}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_answer_is_an_error() {
        let cases: [&[u8]; 9] = [
            b"",
            b"nonsense\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nhello\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n",
        ];
        for bytes in cases {
            let read = read(&[bytes]).await;
            assert!(read.is_err(), "{}", String::from_utf8_lossy(bytes));
        }
        let endless = [
            b"HTTP/1.1 200 OK\r\nx: ".to_vec(),
            vec![b'a'; 2 * LARGEST_HEAD],
        ]
        .concat();
        assert!(read(&[&endless]).await.is_err());
    }

    #[tokio::test]
    async fn a_connection_is_open_until_it_ends_or_says_what_nobody_asked() {
        let (ours, mut theirs) = duplex(1024);
        let mut connection = Connection::new(ours);
        assert!(connection.is_open().await);
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        theirs.write_all(whole).await.unwrap();
        assert_eq!(
            connection.ask(b"?").await.unwrap(),
            answer(200, b"{}", true)
        );
        assert!(connection.is_open().await);
        theirs
            .write_all(&[&whole[..], b"HTTP/1.1"].concat())
            .await
            .unwrap();
        let more = connection.ask(b"?").await.unwrap();
        assert!(!more.is_open, "What else came is lost.");
        theirs.write_all(b"x").await.unwrap();
        assert!(!connection.is_open().await);
        drop(theirs);
        assert!(!connection.is_open().await);
    }
}
