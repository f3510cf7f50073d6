// SPDX-License-Identifier: EUPL-1.2
#![allow(clippy::unwrap_used)]
use super::*;

fn code(xml: &[u8]) -> &'static str {
    match parse(xml, &Limits::default()) {
        Ok(_) => "ok",
        Err(e) => e.code,
    }
}

#[test]
fn texts_are_joined_over_comments_and_cdata() {
    let tree =
        parse(b"<a b='1 &amp; 2'> <c>11<!-- x -->9<![CDATA[.0]]>&#48;</c> <c/></a>", &Limits::default()).unwrap();
    let first = tree.children(tree.root()).next().unwrap();
    assert_eq!(tree.text(first), "119.00");
    assert_eq!(tree.attribute(tree.root(), "b"), Some("1 & 2"));
    assert_eq!(tree.location(tree.children(tree.root()).nth(1).unwrap()), "/*:a[1]/*:c[2]");
    assert!(!tree.is_mixed(tree.root()));
}

#[test]
fn what_is_not_xml_of_an_invoice_is_refused() {
    for (xml, expected) in [
        (&b"<a/>"[..], "ok"),
        (b"<?xml version='1.0' encoding='UTF-8'?><a/>", "ok"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE4</a>", "ok"),
        (b"\xFF\xFE<\0a\0/\0>\0", "xml-encoding"),
        (b"<a>\xE4</a>", "xml-encoding"),
        (b"<?xml version='1.0' encoding='UTF-7'?><a/>", "xml-encoding"),
        (b"<?xml version='1.0' encoding='UTF-16'?><a/>", "xml-encoding"),
        (b"<!DOCTYPE a><a/>", "xml-doctype"),
        (b"<a>&x;</a>", "xml-entity"),
        (b"<a b='&x;'/>", "xml-entity"),
        (b"<a>&#1;</a>", "xml-control"),
        (b"<a b='&#1;'/>", "xml-control"),
        (b"<a>\0</a>", "xml-control"),
        (b"<a/><b/>", "xml-second-root"),
        (b"<a/>x", "xml-malformed"),
        (b"<a/><![CDATA[]]>", "xml-malformed"),
        (b"x<a/>", "xml-malformed"),
        (b"", "xml-malformed"),
        (b"<a>", "xml-malformed"),
        (b"<a></b>", "xml-malformed"),
        (b"<a>]]></a>", "xml-malformed"),
        (b"<a b='1' b='2'/>", "xml-malformed"),
        (b"<a b='<'/>", "xml-malformed"),
        (b"<x:a/>", "xml-malformed"),
        (b"<a x:b='1'/>", "xml-malformed"),
        (b"<1a/>", "xml-malformed"),
        (b"<a><?xml version='1.0'?></a>", "xml-malformed"),
        (b"<a xmlns:x='http://www.w3.org/2001/XInclude'><x:include href='f'/></a>", "xml-include"),
    ] {
        assert_eq!(code(xml), expected, "{}", String::from_utf8_lossy(xml));
    }
}

#[test]
fn utf16_is_read_when_mark_and_declaration_agree() {
    let text = "<?xml version='1.0' encoding='UTF-16'?><a>ä</a>";
    let bytes = |mark: [u8; 2], unit: fn(u16) -> [u8; 2]| {
        mark.into_iter().chain(text.encode_utf16().flat_map(unit)).collect::<Vec<_>>()
    };
    assert_eq!(code(&bytes([0xFF, 0xFE], u16::to_le_bytes)), "ok");
    assert_eq!(code(&bytes([0xFE, 0xFF], u16::to_be_bytes)), "ok");
    assert_eq!(code(&bytes([0xFE, 0xFF], u16::to_le_bytes)), "xml-encoding");
}

#[test]
fn limits_hold_at_their_edge() {
    let nested = |n: usize| [b"<a>".repeat(n), b"</a>".repeat(n)].concat();
    assert_eq!(code(&nested(64)), "ok");
    assert_eq!(code(&nested(65)), "xml-depth");
    let wide = |n: usize| format!("<a {}/>", (0..n).map(|i| format!("b{i}='' ")).collect::<String>()).into_bytes();
    assert_eq!(code(&wide(64)), "ok");
    assert_eq!(code(&wide(65)), "xml-attributes");
    let small = Limits { bytes: 10, elements: 2, ..Limits::default() };
    assert_eq!(parse(b"<a><b/><b/></a>", &small).unwrap_err().code, "xml-too-large");
    assert_eq!(parse(b"<a><b/><b/></a>", &Limits { bytes: 99, ..small }).unwrap_err().code, "xml-elements");
}
