#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Spielt für die Demo und die Tests die Finanzsoftware: holt Buchungen ab und antwortet mit Dateien.

  finanz.py DATENORDNER                      zeigt alle Buchungen
  finanz.py DATENORDNER quittieren           nimmt neue Buchungen an, jede bekommt eine Belegnummer
  finanz.py DATENORDNER ablehnen GRUND       lehnt neue Buchungen ab
  finanz.py DATENORDNER zahlen               bezahlt, was quittiert und nicht storniert ist
  finanz.py DATENORDNER stornieren GRUND     storniert, was quittiert und nicht bezahlt ist

Der Datenordner ist der von „eakte serve --data“. Abgeholte Dateien liegen danach in uebergabe/finanzsoftware.
"""

import json
import os
import pathlib
import shutil
import sys


class Finanz:
    def __init__(self, data):
        self.root = pathlib.Path(data) / "uebergabe"
        self.taken = self.root / "finanzsoftware"
        self.taken.mkdir(parents=True, exist_ok=True)
        self.book = self.taken / "belege.json"
        self.rows = json.loads(self.book.read_text()) if self.book.exists() else []

    def save(self):
        part = self.book.with_suffix(".tmp")
        part.write_text(json.dumps(self.rows, indent=1, ensure_ascii=False))
        part.rename(self.book)

    def fetch(self):
        """Takes bookings and reversals away, as a finance system does: the file, then what it names."""
        for path in sorted((self.root / "ausgang").glob("*.json")):
            if path.name.startswith("."):
                continue
            content = json.loads(path.read_text())
            for extra in content.get("anlagen", []):
                shutil.move(self.root / "ausgang" / extra["datei"], self.taken / extra["datei"])
            shutil.move(path, self.taken / path.name)
            if content["format"] == "eakte-storno-1":
                for row in self.rows:
                    if row["buchung"] == content["buchung"] and row["stand"] != "storniert":
                        row["stand"] = "storniert"
                continue
            row = {k: content[k] for k in ("buchung", "betrag", "referenz", "faellig")}
            row["lieferant"] = content["kreditor"]["name"]
            self.rows.append({**row, "stand": "neu", "beleg": None, "tag": content["uebergeben"][:10]})
        self.save()

    def answer(self, name, content):
        """A receiver takes a file when it is complete: written under another name, then renamed."""
        folder = self.root / "eingang"
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{name}.tmp"
        with open(part, "w", encoding="utf-8") as out:
            json.dump(content, out, ensure_ascii=False)
            out.flush()
            os.fsync(out.fileno())
        part.rename(folder / f"{name}.json")

    def number(self):
        return str(1900000001 + sum(1 for row in self.rows if row["beleg"]) + sum(1 for row in self.rows if row.get("storno")))

    def run(self, act, reason):
        self.fetch()
        for row in self.rows:
            if act == "quittieren" and row["stand"] == "neu":
                row.update(stand="quittiert", beleg=self.number())
                self.answer(f"quittung-{row['beleg']}", {"art": "quittung", "buchung": row["buchung"], "beleg": row["beleg"], "datum": row["tag"]})
            elif act == "ablehnen" and row["stand"] == "neu":
                row["stand"] = "abgelehnt"
                self.answer(f"ablehnung-{row['buchung']}", {"art": "ablehnung", "buchung": row["buchung"], "grund": reason, "datum": row["tag"]})
            elif act == "zahlen" and row["stand"] == "quittiert":
                row["stand"] = "bezahlt"
                self.answer(f"zahlung-{row['beleg']}", {"art": "zahlung", "beleg": row["beleg"], "betrag": row["betrag"], "datum": row["tag"]})
            elif act == "stornieren" and row["stand"] == "quittiert":
                row["storno"] = self.number()
                row["stand"] = "storniert"
                self.answer(f"storno-{row['beleg']}", {"art": "storno", "beleg": row["beleg"], "storno_beleg": row["storno"], "grund": reason, "datum": row["tag"]})
        self.save()
        for row in self.rows:
            print(f"{row['stand']:<10} {row['beleg'] or '-':<11} {row['betrag']:>12}  {row['referenz']}, {row['lieferant']}")
        if not self.rows:
            print("Keine Buchung.")


def main():
    args = [a for a in sys.argv[1:] if not a.startswith("--")]
    acts = {"": 1, "quittieren": 2, "ablehnen": 3, "zahlen": 2, "stornieren": 3}
    act = args[1] if len(args) > 1 else ""
    if not args or act not in acts or len(args) != acts[act]:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    Finanz(args[0]).run(act, args[2] if len(args) > 2 else "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
