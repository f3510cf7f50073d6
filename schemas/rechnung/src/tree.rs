// SPDX-License-Identifier: EUPL-1.2
//! A flat read-only XML tree: nodes in document order, texts in one buffer. Made by [`crate::xml::parse`].

use std::{fmt::Write, ops::Range};

use crate::norm::Name;

/// Namespaces the invoice syntaxes use; everything else is [`Ns::Foreign`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ns {
    /// UBL 2.1 Invoice.
    Inv,
    /// UBL 2.1 CreditNote.
    Cn,
    /// UBL aggregates.
    Cac,
    /// UBL basic components.
    Cbc,
    /// UBL extensions.
    Ext,
    /// CII message (also the message of ZUGFeRD 1).
    Rsm,
    /// CII aggregates.
    Ram,
    /// CII unqualified data types.
    Udt,
    /// CII qualified data types.
    Qdt,
    /// Any other namespace.
    Foreign,
    /// No namespace.
    Absent,
}

/// Namespace of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeNs {
    /// None: the attributes of the invoice syntaxes.
    None,
    /// XML Schema instance.
    Xsi,
    /// Any other, `xml:` included.
    Other,
}

impl Ns {
    pub(crate) fn of(uri: &str) -> Self {
        match uri {
            "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" => Self::Inv,
            "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2" => Self::Cn,
            "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" => Self::Cac,
            "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2" => Self::Cbc,
            "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2" => Self::Ext,
            "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" | ZUGFERD_1 => Self::Rsm,
            "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
            | "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:12" => Self::Ram,
            "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
            | "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:15" => Self::Udt,
            "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"
            | "urn:un:unece:uncefact:data:standard:QualifiedDataType:12" => Self::Qdt,
            "" => Self::Absent,
            _ => Self::Foreign,
        }
    }

    /// By the prefix that the tables of this crate use.
    pub(crate) fn of_prefix(prefix: &str) -> Option<Self> {
        const ALL: [Ns; 9] = [Ns::Inv, Ns::Cn, Ns::Cac, Ns::Cbc, Ns::Ext, Ns::Rsm, Ns::Ram, Ns::Udt, Ns::Qdt];
        ALL.into_iter().find(|ns| ns.prefix().strip_suffix(':') == Some(prefix))
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Inv => "inv:",
            Self::Cn => "cn:",
            Self::Cac => "cac:",
            Self::Cbc => "cbc:",
            Self::Ext => "ext:",
            Self::Rsm => "rsm:",
            Self::Ram => "ram:",
            Self::Udt => "udt:",
            Self::Qdt => "qdt:",
            Self::Foreign | Self::Absent => "*:",
        }
    }
}

/// Message namespace of ZUGFeRD 1 (2014): read as far as its elements are those of CII.
pub(crate) const ZUGFERD_1: &str = "urn:ferd:CrossIndustryDocument:invoice:1p0";

/// A node of one [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub ns: Ns,
    pub name: u32,
    /// The same, when a schema has it.
    pub known: Option<Name>,
    /// 1-based place among the siblings of the same name.
    pub place: u32,
    pub parent: Option<NodeId>,
    pub first_child: Option<NodeId>,
    pub next: Option<NodeId>,
    pub text: Range<u32>,
    pub attributes: Range<u32>,
    /// Text besides child elements: no invoice syntax has that.
    pub mixed: bool,
}

/// The parsed document.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) names: Vec<Box<str>>,
    pub(crate) text: String,
    /// (namespace, name, value range in `text`)
    pub(crate) attributes: Vec<(AttributeNs, u32, Range<u32>)>,
    pub(crate) root_uri: String,
}

impl Tree {
    /// The document element; every parsed document has one.
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// Namespace URI of the document element.
    pub fn root_namespace(&self) -> &str {
        &self.root_uri
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// Namespace and local name.
    pub fn name(&self, id: NodeId) -> (Ns, &str) {
        let node = self.node(id);
        (node.ns, &self.names[node.name as usize])
    }

    /// The element's own text, comments and CDATA joined, not trimmed; empty when it has child elements.
    pub fn text(&self, id: NodeId) -> &str {
        let range = &self.node(id).text;
        &self.text[range.start as usize..range.end as usize]
    }

    /// The name, when the schemas of the invoice syntaxes have it.
    pub fn known(&self, id: NodeId) -> Option<Name> {
        self.node(id).known
    }

    /// Attributes in document order, without declarations of namespaces: namespace, local name, value.
    pub fn attributes(&self, id: NodeId) -> impl Iterator<Item = (AttributeNs, &str, &str)> {
        let range = &self.node(id).attributes;
        self.attributes[range.start as usize..range.end as usize].iter().map(|(ns, name, value)| {
            (*ns, &*self.names[*name as usize], &self.text[value.start as usize..value.end as usize])
        })
    }

    /// Value of an attribute without namespace.
    pub fn attribute(&self, id: NodeId, name: &str) -> Option<&str> {
        self.attributes(id).find(|(ns, n, _)| *ns == AttributeNs::None && *n == name).map(|(.., value)| value)
    }

    /// Child elements in document order.
    pub fn children(&self, id: NodeId) -> Children<'_> {
        Children { tree: self, next: self.node(id).first_child }
    }

    /// First child of that name.
    pub fn child(&self, id: NodeId, ns: Ns, name: &str) -> Option<NodeId> {
        self.children(id).find(|c| self.name(*c) == (ns, name))
    }

    /// First node reached by these child names, all in one namespace.
    pub fn find(&self, from: NodeId, ns: Ns, path: &[&str]) -> Option<NodeId> {
        path.iter().try_fold(from, |at, name| self.child(at, ns, name))
    }

    /// The element around this one.
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).parent
    }

    /// Whether the element has text beside child elements.
    pub fn is_mixed(&self, id: NodeId) -> bool {
        self.node(id).mixed
    }

    /// Every element in document order.
    pub fn all(&self) -> impl Iterator<Item = NodeId> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never true for a parsed document.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Where the element stands, as the conformance data writes it:
    /// `/inv:Invoice[1]/cac:LegalMonetaryTotal[1]/cbc:PayableAmount[1]`.
    pub fn location(&self, id: NodeId) -> String {
        let mut chain = Vec::with_capacity(8);
        let mut at = Some(id);
        while let Some(node) = at {
            chain.push(node);
            at = self.parent(node);
        }
        let mut out = String::with_capacity(chain.len() * 32);
        for id in chain.into_iter().rev() {
            let node = self.node(id);
            let _ = write!(out, "/{}{}[{}]", node.ns.prefix(), self.names[node.name as usize], node.place);
        }
        out
    }
}

/// Iterator over child elements.
pub struct Children<'t> {
    tree: &'t Tree,
    next: Option<NodeId>,
}

impl Iterator for Children<'_> {
    type Item = NodeId;
    fn next(&mut self) -> Option<NodeId> {
        let id = self.next?;
        self.next = self.tree.node(id).next;
        Some(id)
    }
}
