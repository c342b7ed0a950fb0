//! What a request carries: JSON, a query string or `multipart/form-data`, read into one shape.
//!
//! Called by `server`. It knows no method and refuses nothing but what cannot be read.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The arguments of a call, files apart.
#[derive(Clone, Debug, Default)]
pub struct Body {
    pub fields: Map<String, Value>,
    pub files: BTreeMap<String, Upload>,
}

/// A file as it was uploaded.
#[derive(Clone, Debug, PartialEq)]
pub struct Upload {
    pub name: String,
    pub mime: String,
    pub bytes: Vec<u8>,
}

/// The arguments that are JSON even where the transport only knows text.
const STRUCTURED: [&str; 9] = [
    "reply_markup",
    "entities",
    "caption_entities",
    "reply_parameters",
    "link_preview_options",
    "allowed_updates",
    "commands",
    "scope",
    "media",
];

impl Body {
    /// Reads the arguments from query string and body; `None` when the body is not what its
    /// content type says.
    pub fn read(query: &str, content_type: &str, bytes: &[u8]) -> Option<Body> {
        let mut body = Body::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = unescaped(&value.replace('+', " "));
            body.put(&unescaped(name), json!(value));
        }
        if let Some(boundary) = boundary(content_type) {
            body.read_parts(&boundary, bytes)?;
        } else if !bytes.is_empty() {
            let Value::Object(fields) = serde_json::from_slice(bytes).ok()? else {
                return None;
            };
            for (name, value) in fields {
                body.put(&name, value);
            }
        }
        Some(body)
    }

    /// The arguments as one JSON value for the log of requests, uploads by name, type and size.
    pub fn logged(&self) -> Value {
        let mut fields = self.fields.clone();
        for (name, file) in &self.files {
            fields.insert(
                name.clone(),
                json!({ "file_name": file.name, "mime_type": file.mime, "file_size": file.bytes.len() }),
            );
        }
        Value::Object(fields)
    }

    /// An argument that is not null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// A text argument; absent is empty, as the Bot API has it.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A number, written as a number or as text.
    pub fn number(&self, name: &str) -> Option<i64> {
        let value = self.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// A flag, written as a flag or as text.
    pub fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => matches!(text.as_str(), "true" | "True" | "1" | "yes"),
            _ => false,
        }
    }

    /// The upload that a field names, directly or as `attach://…`.
    pub fn upload(&self, name: &str) -> Option<&Upload> {
        self.files
            .get(name)
            .or_else(|| self.files.get(self.text(name).strip_prefix("attach://")?))
    }

    fn put(&mut self, name: &str, value: Value) {
        let value = match &value {
            Value::String(text) if STRUCTURED.contains(&name) => {
                serde_json::from_str(text).unwrap_or(value)
            }
            _ => value,
        };
        self.fields.insert(name.to_owned(), value);
    }

    fn read_parts(&mut self, boundary: &str, bytes: &[u8]) -> Option<()> {
        let delimiter = format!("\r\n--{boundary}");
        let opening = format!("--{boundary}");
        let mut rest = bytes.strip_prefix(opening.as_bytes())?;
        while !rest.starts_with(b"--") {
            rest = rest.strip_prefix(b"\r\n")?;
            let head_end = find(rest, b"\r\n\r\n")?;
            let head = String::from_utf8_lossy(&rest[..head_end]).into_owned();
            rest = &rest[head_end + 4..];
            let end = find(rest, delimiter.as_bytes())?;
            let content = &rest[..end];
            rest = &rest[end + delimiter.len()..];
            let name = parameter(&head, "name")?;
            match parameter(&head, "filename") {
                Some(file_name) => {
                    let upload = Upload {
                        name: file_name,
                        mime: header(&head, "content-type")
                            .unwrap_or_else(|| "application/octet-stream".to_owned()),
                        bytes: content.to_vec(),
                    };
                    self.files.insert(name, upload);
                }
                None => self.put(&name, json!(String::from_utf8_lossy(content))),
            }
        }
        Some(())
    }
}

fn boundary(content_type: &str) -> Option<String> {
    let rest = content_type.strip_prefix("multipart/form-data")?;
    let (_, boundary) = rest.split_once("boundary=")?;
    let boundary = boundary.split(';').next()?.trim();
    Some(boundary.trim_matches('"').to_owned())
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
}

fn parameter(head: &str, name: &str) -> Option<String> {
    let disposition = header(head, "content-disposition")?;
    disposition
        .split(';')
        .filter_map(|part| part.trim().split_once('='))
        .find_map(|(found, value)| {
            if found == name {
                Some(value.trim_matches('"').to_owned())
            } else if found.strip_suffix('*') == Some(name) {
                let (_, escaped) = value.split_once("''")?;
                Some(unescaped(escaped))
            } else {
                None
            }
        })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

fn unescaped(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let pair = [
                    bytes.next().unwrap_or_default(),
                    bytes.next().unwrap_or_default(),
                ];
                let hex = std::str::from_utf8(&pair).unwrap_or_default();
                out.push(u8::from_str_radix(hex, 16).unwrap_or(b'?'));
            }
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
