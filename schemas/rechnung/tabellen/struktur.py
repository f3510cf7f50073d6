#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Writes struktur-ubl.tsv, struktur-cii.tsv and namen.tsv from the facts of the schemas.

    tabellen/struktur.py JAR [FOLDER]

FOLDER holds ubl-invoice.tsv, ubl-creditnote.tsv and cii.tsv: order, cardinality and simple types, derived mechanically
from the run-time schemas of UBL 2.1 (OASIS) and the uncoupled schemas of CII D16B (UN/CEFACT). Default:
$EAKTE_SHARED/conformance/einvoice/structure, $EAKTE_SHARED being ../shared. JAR is com.helger.cii:ph-cii-d16b of Maven
Central: its copy of the schemas says which attributes have a fixed value, which the tables of FOLDER do not.

A line of the tables is a type, or what it holds:

    cac:PartyType                                     a type whose elements follow
    <tab>cbc:EndpointID<tab>0..1<tab>Identifier       an element in its place: how often, and its type
    <tab>|udt:Indicator<tab>1..1<tab>boolean          one of a choice: exactly one of those marked
    <tab>*                                            anything of another namespace
    Identifier = normalizedString                     a type of text, with its base type
    <tab>@schemeID<tab>0..1<tab>normalizedString      an attribute
    <tab>@listID<tab>0..1<tab>token<tab>5305          an attribute that has this value when it is there
"""
import csv
import os
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree
import zipfile

HERE = pathlib.Path(__file__).parent
SOURCES = {"ubl": ["ubl-invoice.tsv", "ubl-creditnote.tsv"], "cii": ["cii.tsv"]}
ROOTS = {"ubl": ["inv:Invoice inv:InvoiceType", "cn:CreditNote cn:CreditNoteType"],
         "cii": ["rsm:CrossIndustryInvoice rsm:CrossIndustryInvoiceType"]}


def read(files):
    """Types by name: elements in order, base type, attributes."""
    types = {}
    for file in files:
        with open(file, newline="") as source:
            for row in csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE):
                entry = types.setdefault(row["type"], {"children": {}, "base": None, "attributes": {}})
                if row["kind"] == "attribute":
                    entry["attributes"][row["child"]] = (row["min"], row["datatype"])
                elif row["kind"] == "text":
                    entry["base"] = row["datatype"]
                else:
                    key = (int(row["pos"]), row["child"])
                    entry["children"].setdefault(key, row)
    return types


def fixed_values(jar):
    """Fixed values by type and attribute."""
    values, xsd = {}, "{http://www.w3.org/2001/XMLSchema}"
    with zipfile.ZipFile(jar) as archive:
        for file, prefix in (("QualifiedDataType_100pD16B", "qdt"), ("UnqualifiedDataType_100pD16B", "udt")):
            names = [n for n in archive.namelist() if n.endswith(f"_{file}.xsd")]
            schema = ElementTree.fromstring(archive.read(names[0]))
            for typ in schema.findall(f"{xsd}complexType"):
                for attribute in typ.iter(f"{xsd}attribute"):
                    if "fixed" in attribute.attrib:
                        values[f"{prefix}:{typ.get('name')}", f"@{attribute.get('name')}"] = attribute.get("fixed")
    return values


def fix(types, values):
    for name, entry in types.items():
        entry["attributes"] = {a: (least, kind, values.get((name, a), "")) for a, (least, kind) in entry["attributes"].items()}
    return types


def name_inner(types):
    """An element with a type of its own, without a name: the listed attributes are its, and its base is a string."""
    for name, entry in list(types.items()):
        inner = [child for (_, child), row in entry["children"].items() if row["kind"] == "anon"]
        if inner:
            assert len(inner) == 1, name
            types[f"{name}/{inner[0]}"] = {"children": {}, "base": "string", "attributes": entry["attributes"]}
            entry["attributes"] = {}
    return types


def base(name):
    """`token [minLength=1; maxLength=3]` and `xsd:string` in our words."""
    name = name.removeprefix("xsd:")
    # The codes of CII's date formats: a token, the schemas list none.
    name = "token" if name == "qdt:FormattedDateTimeFormatContentType" else name
    if " [" in name:
        kind, facets = name.rstrip("]").split(" [")
        limits = dict(part.split("=") for part in facets.split("; "))
        assert set(limits) == {"minLength", "maxLength"}, name
        return f"{kind}({limits['minLength']}..{limits['maxLength']})"
    return name


def simple_names(types):
    """Types of text that are alike become one, named by the first of them."""
    alike, names = {}, {}
    for name, entry in sorted(types.items()):
        if entry["base"] is not None:
            key = (base(entry["base"]), tuple(sorted(entry["attributes"].items())))
            names[name] = alike.setdefault(key, name)
    return names


def write(kind, types):
    simple = simple_names(types)
    lines = ["# SPDX-License-Identifier: EUPL-1.2", f"# {kind}: made by struktur.py from the schemas, see there."]
    lines += [f"> {root.replace(' ', chr(9))}" for root in ROOTS[kind]]
    elements = set(root.split()[0] for root in ROOTS[kind])
    for name, entry in sorted(types.items()):
        if entry["base"] is not None:
            if simple[name] != name:
                continue
            lines.append(f"{name} = {base(entry['base'])}")
            for attribute, (least, datatype, value) in sorted(entry["attributes"].items()):
                lines.append(f"\t{attribute}\t{least}..1\t{base(datatype)}" + (f"\t{value}" if value else ""))
            continue
        assert not entry["attributes"], name
        lines.append(name)
        for (_, child), row in sorted(entry["children"].items(), key=lambda item: item[0][0]):
            if row["kind"] == "wildcard":
                lines.append("\t*")
                continue
            mark = "|" if row["group"].startswith("choice") else ""
            inner = row["child_type"] or f"{name}/{child}"
            inner = simple.get(inner, inner)
            lines.append(f"\t{mark}{child}\t{row['min']}..{row['max']}\t{inner}")
            elements.add(child)
    (HERE / f"struktur-{kind}.tsv").write_text("\n".join(lines) + "\n")
    return elements


def write_names(elements):
    lines = ["# SPDX-License-Identifier: EUPL-1.2", "# Every element of the schemas and rules: made by struktur.py, see there.", *sorted(elements)]
    (HERE / "namen.tsv").write_text("\n".join(lines) + "\n")


def main():
    if not sys.argv[1:]:
        sys.exit(__doc__)
    shared = pathlib.Path(os.environ.get("EAKTE_SHARED", "../shared"))
    folder = pathlib.Path(sys.argv[2]) if sys.argv[2:] else shared / "conformance/einvoice/structure"
    elements, values = set(), fixed_values(sys.argv[1])
    for kind, files in SOURCES.items():
        elements |= write(kind, name_inner(fix(read([folder / file for file in files]), values)))
    # Rules also name elements that no schema has.
    for file in HERE.glob("regeln-*.tsv"):
        elements |= set(re.findall(r"\b(?:inv|cn|cac|cbc|ext|rsm|ram|udt|qdt):[A-Z]\w*", file.read_text()))
    write_names(elements)


if __name__ == "__main__":
    main()
