// SPDX-License-Identifier: EUPL-1.2
//! The guarded reader: bytes of a stranger become a [`Tree`] or a reason in German.
//!
//! quick-xml passes DOCTYPE, control characters, 700,000 attributes and wrong encodings; all of that is
//! refused here. Source of the limits: security page §2 and §3.

mod encoding;

use std::{collections::HashMap, ops::Range};

use quick_xml::{
    NsReader, XmlVersion,
    events::{BytesRef, BytesStart, Event},
    name::{PrefixDeclaration, QName, ResolveResult},
};

use crate::{
    norm::Name,
    tree::{AttributeNs, Node, NodeId, Ns, Tree},
};

/// Bounds of one document.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest file in bytes.
    pub bytes: usize,
    /// Deepest nesting of elements.
    pub depth: usize,
    /// Most attributes of one element, namespace declarations included.
    pub attributes: usize,
    /// Most elements in the document.
    pub elements: usize,
    /// Most different names of elements and attributes.
    pub names: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 20 << 20, depth: 64, attributes: 64, elements: 1_000_000, names: 1_000 }
    }
}

/// Why a file cannot be read. `code` is stable, `text` a German sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct ReadError {
    /// Stable code, e.g. `xml-doctype`.
    pub code: &'static str,
    /// German sentence for the clerk.
    pub text: String,
}

fn refuse<T>(code: &'static str, text: &str) -> Result<T, ReadError> {
    Err(error(code, text))
}

fn error(code: &'static str, text: &str) -> ReadError {
    ReadError { code, text: text.to_owned() }
}

fn malformed() -> ReadError {
    error("xml-malformed", "Die Datei ist kein fehlerfreies XML.")
}

/// Parses one document within `limits`.
///
/// # Errors
/// [`ReadError`] with a `xml-…` code: `too-large`, `encoding`, `control`, `doctype`, `entity`, `depth`,
/// `attributes`, `elements`, `include`, `second-root`, `malformed`.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Tree, ReadError> {
    if bytes.len() > limits.bytes {
        return refuse("xml-too-large", "Die XML-Datei ist größer als erlaubt.");
    }
    let source = encoding::decode(bytes)?;
    let mut reader = NsReader::from_str(&source);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.check_comments = true;
    let mut build = Builder::new(limits);
    let mut first = true;
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(|_| malformed())?;
        match event {
            Event::Start(start) => {
                let uri = match namespace {
                    ResolveResult::Bound(ns) => ns.0,
                    ResolveResult::Unbound => "",
                    ResolveResult::Unknown(_) => return Err(malformed()),
                };
                build.open(uri, start.local_name().into_inner())?;
                build.attributes(&start, |key| match reader.resolver().resolve_attribute(key).0 {
                    ResolveResult::Unbound => Ok(AttributeNs::None),
                    ResolveResult::Bound(ns) if ns.0 == XSI => Ok(AttributeNs::Xsi),
                    ResolveResult::Bound(_) => Ok(AttributeNs::Other),
                    ResolveResult::Unknown(_) => Err(malformed()),
                })?;
            }
            Event::End(_) => build.close(),
            Event::Text(text) => build.text(&text.xml10_content())?,
            Event::CData(data) => build.cdata(&data.xml10_content())?,
            Event::GeneralRef(reference) => build.text(resolve(&reference)?.encode_utf8(&mut [0; 4]))?,
            Event::DocType(_) => {
                return refuse("xml-doctype", "Die Datei enthält eine DTD. Das ist bei Rechnungen nicht erlaubt.");
            }
            Event::Decl(_) if !first => return Err(malformed()),
            Event::PI(pi) if pi.target().eq_ignore_ascii_case("xml") => return Err(malformed()),
            Event::Eof => break,
            // Empty elements arrive as Start and End: see the configuration above.
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => {}
        }
        first = false;
    }
    build.finish()
}

/// Namespace of XML Schema instances.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// One of the five predefined entities or a legal character reference.
fn resolve(reference: &BytesRef<'_>) -> Result<char, ReadError> {
    if reference.is_char_ref() {
        return match reference.resolve_char_ref() {
            Ok(Some(c)) if encoding::is_xml_char(c) => Ok(c),
            _ => refuse("xml-control", "Die Datei enthält unerlaubte Steuerzeichen."),
        };
    }
    match &*reference.xml10_content() {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => refuse("xml-entity", "Die Datei benutzt eigene Entitäten. Das ist bei Rechnungen nicht erlaubt."),
    }
}

/// An open element.
struct Frame {
    node: NodeId,
    last_child: Option<NodeId>,
    /// How often each child name has come, latest name first.
    seen: Vec<(Ns, u32, u32)>,
}

struct Builder<'l> {
    limits: &'l Limits,
    tree: Tree,
    symbols: HashMap<Box<str>, u32>,
    stack: Vec<Frame>,
    rooted: bool,
}

impl<'l> Builder<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self { limits, tree: Tree::default(), symbols: HashMap::new(), stack: Vec::new(), rooted: false }
    }

    fn symbol(&mut self, name: &str) -> Result<u32, ReadError> {
        if let Some(symbol) = self.symbols.get(name) {
            return Ok(*symbol);
        }
        if !is_name(name) {
            return Err(malformed());
        }
        if self.tree.names.len() >= self.limits.names {
            return refuse("xml-elements", "Die Datei enthält zu viele verschiedene Elemente.");
        }
        let symbol = self.tree.names.len() as u32;
        self.tree.names.push(name.into());
        self.symbols.insert(name.into(), symbol);
        Ok(symbol)
    }

    fn open(&mut self, uri: &str, local: &str) -> Result<(), ReadError> {
        if uri == "http://www.w3.org/2001/XInclude" {
            return refuse("xml-include", "Die Datei will andere Dateien einbinden. Das ist nicht erlaubt.");
        }
        if self.stack.is_empty() {
            if self.rooted {
                return refuse("xml-second-root", "Die Datei enthält mehr als ein Dokument.");
            }
            self.rooted = true;
            self.tree.root_uri = uri.to_owned();
        }
        if self.stack.len() >= self.limits.depth {
            return refuse("xml-depth", "Die Datei ist zu tief verschachtelt.");
        }
        if self.tree.nodes.len() >= self.limits.elements {
            return refuse("xml-elements", "Die Datei enthält zu viele Elemente.");
        }
        let (ns, name) = (Ns::of(uri), self.symbol(local)?);
        let id = NodeId(self.tree.nodes.len() as u32);
        let mut node = Node {
            ns,
            name,
            known: Name::of(ns, local),
            place: 1,
            parent: None,
            first_child: None,
            next: None,
            text: self.here(),
            attributes: 0..0,
            mixed: false,
        };
        if let Some(frame) = self.stack.last_mut() {
            node.parent = Some(frame.node);
            match frame.seen.iter().position(|(n, s, _)| (*n, *s) == (ns, name)) {
                Some(i) => {
                    frame.seen[i].2 += 1;
                    node.place = frame.seen[i].2;
                    frame.seen.swap(0, i);
                }
                None => frame.seen.push((ns, name, 1)),
            }
            match frame.last_child.replace(id) {
                Some(before) => self.tree.nodes[before.0 as usize].next = Some(id),
                None => {
                    let parent = &mut self.tree.nodes[frame.node.0 as usize];
                    parent.first_child = Some(id);
                    let own = self.tree.text[parent.text.start as usize..].trim_matches(WHITE).len();
                    parent.mixed = own > 0;
                    self.tree.text.truncate(parent.text.start as usize);
                    parent.text = parent.text.start..parent.text.start;
                    node.text = parent.text.clone();
                }
            }
        }
        self.tree.nodes.push(node);
        self.stack.push(Frame { node: id, last_child: None, seen: Vec::new() });
        Ok(())
    }

    fn attributes(
        &mut self,
        start: &BytesStart<'_>,
        namespace: impl Fn(QName<'_>) -> Result<AttributeNs, ReadError>,
    ) -> Result<(), ReadError> {
        let Some(frame) = self.stack.last() else {
            return Err(malformed());
        };
        let node = frame.node;
        let from = self.tree.attributes.len() as u32;
        for (n, attribute) in start.attributes().enumerate() {
            if n >= self.limits.attributes {
                return refuse("xml-attributes", "Ein Element der Datei hat zu viele Attribute.");
            }
            let attribute = attribute.map_err(|_| malformed())?;
            if attribute.value.contains('<') {
                return Err(malformed());
            }
            let value = attribute
                .normalized_value(XmlVersion::Explicit1_0)
                .map_err(|_| error("xml-entity", "Ein Attribut der Datei benutzt eine unbekannte Entität."))?;
            if !value.chars().all(encoding::is_xml_char) {
                return refuse("xml-control", "Die Datei enthält unerlaubte Steuerzeichen.");
            }
            if matches!(
                attribute.key.as_namespace_binding(),
                Some(PrefixDeclaration::Default | PrefixDeclaration::Named(_))
            ) {
                continue;
            }
            let ns = namespace(attribute.key)?;
            let name = self.symbol(attribute.key.local_name().into_inner())?;
            let begin = self.tree.text.len() as u32;
            self.tree.text.push_str(&value);
            self.tree.attributes.push((ns, name, begin..self.tree.text.len() as u32));
        }
        let here = self.here();
        let node = &mut self.tree.nodes[node.0 as usize];
        node.attributes = from..self.tree.attributes.len() as u32;
        node.text = here;
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), ReadError> {
        if text.contains("]]>") {
            return Err(malformed());
        }
        let Some(frame) = self.stack.last() else {
            return if text.trim_matches(WHITE).is_empty() { Ok(()) } else { Err(malformed()) };
        };
        let node = &mut self.tree.nodes[frame.node.0 as usize];
        if frame.last_child.is_some() {
            node.mixed |= !text.trim_matches(WHITE).is_empty();
        } else {
            self.tree.text.push_str(text);
            node.text.end = self.tree.text.len() as u32;
        }
        Ok(())
    }

    fn cdata(&mut self, text: &str) -> Result<(), ReadError> {
        match self.stack.is_empty() {
            true => Err(malformed()),
            false => self.text(text),
        }
    }

    fn close(&mut self) {
        self.stack.pop();
    }

    fn here(&self) -> Range<u32> {
        let at = self.tree.text.len() as u32;
        at..at
    }

    fn finish(self) -> Result<Tree, ReadError> {
        match self.rooted && self.stack.is_empty() {
            true => Ok(self.tree),
            false => Err(malformed()),
        }
    }
}

/// White space as XML knows it.
pub(crate) const WHITE: &[char] = &[' ', '\t', '\n', '\r'];

/// Letters and digits as XML names have them, a little wider for characters beyond ASCII.
fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '\u{B7}'))
}

#[cfg(test)]
mod tests;
