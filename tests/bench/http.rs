//! The smallest HTTP client that keeps its connection: the client must not be what is measured.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result, bail};

pub struct Connection {
    stream: BufReader<TcpStream>,
    token: String,
    body: Vec<u8>,
}

impl Connection {
    pub fn open(port: u16, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::with_capacity(1 << 16, stream),
            token: token.to_owned(),
            body: Vec::new(),
        })
    }

    /// Sends a request and reads the whole answer; answers its size in bytes.
    pub fn send(&mut self, method: &str, path: &str, body: &str) -> Result<usize> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let ok = line
            .split(' ')
            .nth(1)
            .is_some_and(|status| status.starts_with('2'));
        let mut length = None;
        loop {
            let mut header = String::new();
            self.stream.read_line(&mut header)?;
            if header.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = Some(value.trim().parse::<usize>()?);
            }
        }
        let length = length.context("an answer without a length")?;
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body)?;
        if !ok {
            bail!(
                "{method} {path}: {line}{}",
                String::from_utf8_lossy(&self.body)
            );
        }
        Ok(length)
    }
}
