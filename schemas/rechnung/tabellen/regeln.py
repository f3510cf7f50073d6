#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Writes regeln-<release>.tsv: every rule of EN 16931's artefacts, in their order, with its flag and its element.

    tabellen/regeln.py RELEASE UBL.sch CII.sch

The artefacts are ubl/schematron/preprocessed/EN16931-UBL-validation-preprocessed.sch and its CII sister of
ConnectingEurope/eInvoicing-EN16931 (EUPL-1.2), in the version of the release. Only facts are taken: rule id, flag, the
element a rule looks at; and of the hundreds of rules that only say how often something may occur, what and how often.

A line is: syntax, group, place, rule, flag, element, and for those hundreds how often at most and what. Within a group an
element is judged at the first place that fits it and at no other. An element is a path; `//` in front: anywhere; `|`
between two; `ram:*ID`: every name that ends so, without the one behind `!`; `?`: an element with a condition, which ../src/norm knows by its place.
What is a path below the element: `@` in front of an attribute, `//` for any depth of the whole document, `a|b` for either.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

HERE = pathlib.Path(__file__).parent
SCH = "{http://purl.oclc.org/dsdl/schematron}"
NAME = r"(?:[a-z]+:\w+|\*)"
PATH = rf"(?://)?(?:\((?:{NAME}\|)+{NAME}\)|{NAME})(?:/{NAME})*(?:/@\w+)?|//@\w+|@\w+"
# The prefix of our tables.
OURS = {"ubl": "inv"}


# The source of the artefact gives this rule two tests; compiled, the first one counts, the preprocessed file shows the other.
FIRST = {("cii", "CII-SR-282"): (0, "ram:BuyerTaxRepresentativeTradeParty")}


def tidy(text):
    text = " ".join(text.split())
    return re.sub(r"\b(\w+):", lambda m: OURS.get(m[1], m[1]) + ":", text)


def stripped(text):
    """Without brackets around the whole."""
    while text.startswith("(") and text.endswith(")"):
        depth, inner = 0, text[1:-1]
        for c in inner:
            depth += (c == "(") - (c == ")")
            if depth < 0:
                return text
        text = inner.strip()
    return text


def limit(test):
    """(how often at most, path) of a test that says no more than that."""
    test = stripped(test)
    for pattern, most in ((rf"not ?\(({PATH})\)", 0), (rf"not\((\(.*)\)", 0), (rf"count ?\(({PATH})\) ?<= ?1", 1)):
        found = re.fullmatch(pattern, test)
        if found and re.fullmatch(PATH, found[1]):
            return most, re.sub(r"[()]", "", found[1])
    return None


def element(context):
    """The element of a rule; `?` for one with a condition."""
    ends = r"\[ends-with\(name\(\), ?'(\w+)'\)"
    context = re.sub(rf"{ends}\]", r"\1", tidy(context))
    context = re.sub(rf"{ends} and not ?\(self::({NAME})\)\]", r"\1!\2", context)
    parts = re.split(r" ?\| ?", context)
    plain = all(re.fullmatch(rf"/{{0,2}}(?:{NAME}|[a-z]+:\*\w+(?:!{NAME})?|\*\w+)(/{NAME})*", part) for part in parts)
    return "|".join(parts) if plain else "?"


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    release, *files = sys.argv[1:]
    lines = ["# SPDX-License-Identifier: EUPL-1.2", f"# {release}: made by regeln.py from the artefacts of EN 16931, see there."]
    for syntax, file in zip(("ubl", "cii"), files):
        for group, pattern in enumerate(ElementTree.parse(file).getroot().iter(f"{SCH}pattern")):
            for place, rule in enumerate(pattern.findall(f"{SCH}rule")):
                where = element(rule.get("context"))
                for check in rule.findall(f"{SCH}assert"):
                    line = [syntax, ("model", "syntax", "codes")[group], str(place), check.get("id"), check.get("flag"), where]
                    found = FIRST.get((syntax, check.get("id"))) or limit(tidy(check.get("test")))
                    if found and re.match("UBL-|CII-", check.get("id")):
                        line += map(str, found)
                    lines.append("\t".join(line))
    (HERE / f"regeln-{release}.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
