# SPDX-License-Identifier: EUPL-1.2
"""Files that must not hurt anybody: each breaks one expectation."""

import struct
import zlib

from reportlab.lib.pdfencrypt import StandardEncryption

from .blatt import Pdf


def dateien(pdf):
    """Name to bytes; `pdf` is a sound PDF to cut."""
    geheim = Pdf("Verschlüsselt", "make_demo.py", encrypt=StandardEncryption("geheim", "besitzer", strength=128))
    geheim.text(25, 40, "Dieses Dokument öffnet nur, wer das Kennwort kennt.")
    geheim.next_page()
    unbekannt = bytes((i * 197 + 31 * (i >> 8) + 7) % 256 for i in range(4096))
    return {
        "empty.pdf": b"",
        "truncated.pdf": pdf[:len(pdf) * 2 // 5],
        "encrypted.pdf": geheim.bytes(),
        "unknown.bin": b"\x00\x91\xfe" + unbekannt,
        "huge-image.png": riesig(30000),
        "text-as.pdf": "Dies ist nur ein Text. Die Endung behauptet, es sei ein PDF.\n".encode(),
    }


def riesig(seite):
    """A white square of `seite` pixels, black and white: small as a file, huge when unpacked."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(9)
    zeile = b"\x00" + b"\xff" * ((seite + 7) // 8)
    data = b"".join(packer.compress(zeile) for _ in range(seite)) + packer.flush()
    kopf = struct.pack(">IIBBBBB", seite, seite, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", kopf) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
