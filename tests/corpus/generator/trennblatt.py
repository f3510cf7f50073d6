# SPDX-License-Identifier: EUPL-1.2
"""Separator sheets with QR code or Code 128."""

import io

import barcode
import qrcode
from barcode.writer import ImageWriter
from PIL import Image

from .blatt import Bild

DPI = 300


def qr(inhalt, zeilen):
    """Sheet with a QR code; `zeilen` say in words what the code says."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, box_size=10, border=4)
    code.add_data(inhalt)
    code.make(fit=True)
    return sheet(code.make_image().convert("L"), 75, 67, zeilen)


def code128(inhalt, zeilen):
    """Sheet with a bar code across."""
    out = io.BytesIO()
    barcode.get("code128", inhalt, writer=ImageWriter()).write(out, {"write_text": False, "module_height": 22, "module_width": 0.4, "dpi": DPI})
    return sheet(Image.open(out).convert("L"), 120, 45, zeilen)


def sheet(picture, width, x, zeilen):
    blatt = Bild(DPI)
    blatt.text(105, 40, "TRENNBLATT", "sans-b", 40, "c")
    blatt.text(105, 52, "Stadt Musterstadt · Poststelle", "sans", 14, "c")
    blatt.paste(picture, x, 75, width)
    for n, zeile in enumerate(zeilen):
        blatt.text(105, 185 + n * 12, zeile, "sans-b" if n == 0 else "sans", 22, "c")
    blatt.text(105, 280, "Vor das erste Blatt des Schreibens legen. Das Trennblatt wird nicht abgelegt.", "sans", 10, "c")
    return blatt.image
