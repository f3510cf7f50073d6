# SPDX-License-Identifier: EUPL-1.2
"""A sheet of A4 paper, drawn in millimetres, either as a picture or as a PDF page."""

import io

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

FONTS = "/usr/share/fonts/truetype/liberation/Liberation"
FACES = {"sans": "Sans-Regular", "sans-b": "Sans-Bold", "serif": "Serif-Regular", "serif-b": "Serif-Bold",
         "mono": "Mono-Regular", "serif-i": "Serif-Italic"}
BREITE, HOEHE = 210, 297

for _name, _file in FACES.items():
    pdfmetrics.registerFont(TTFont("L" + _name, f"{FONTS}{_file}.ttf"))


def wrap(text, width_mm, face, size):
    """Lines of a paragraph, measured with the font's own widths."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            trial = f"{line} {word}".strip()
            if pdfmetrics.stringWidth(trial, "L" + face, size) > width_mm * 72 / 25.4 and line:
                lines.append(line)
                line = word
            else:
                line = trial
        lines.append(line)
    return lines


class Bild:
    """A page as a grey or colour picture."""

    def __init__(self, dpi, mode="L", ground=None):
        self.dpi, self.mode = dpi, mode
        size = (round(BREITE * dpi / 25.4), round(HOEHE * dpi / 25.4))
        self.image = Image.new(mode, size, ground or ("white" if mode == "RGB" else 255))
        self.draw = ImageDraw.Draw(self.image)

    def px(self, mm):
        return mm * self.dpi / 25.4

    def text(self, x, y, text, face="sans", size=11, align="l", ink=None):
        """Baseline at y mm; align l, r or c at x mm."""
        font = ImageFont.truetype(f"{FONTS}{FACES[face]}.ttf", size * self.dpi / 72)
        anchor = {"l": "ls", "r": "rs", "c": "ms"}[align]
        fill = ink or ("black" if self.mode == "RGB" else 25)
        self.draw.text((self.px(x), self.px(y)), text, font=font, anchor=anchor, fill=fill)

    def line(self, x0, y0, x1, y1, width=0.3, ink=None):
        fill = ink or ("black" if self.mode == "RGB" else 60)
        self.draw.line([self.px(v) for v in (x0, y0, x1, y1)], fill=fill, width=max(1, round(self.px(width))))

    def box(self, x0, y0, x1, y1, ink):
        self.draw.rectangle([self.px(v) for v in (x0, y0, x1, y1)], fill=ink)

    def paste(self, picture, x, y, width):
        """A picture with its left upper corner at x, y; sharp edges."""
        size = round(self.px(width))
        scaled = picture.resize((size, round(size * picture.height / picture.width)), Image.NEAREST)
        self.image.paste(scaled, (round(self.px(x)), round(self.px(y))))

    def curve(self, points, ink=70, width=0.45):
        """A stroke of a pen through points in mm (Catmull-Rom)."""
        path = []
        padded = [points[0], *points, points[-1]]
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:]):
            for i in range(12):
                t = i / 12
                path.append(tuple(self.px(0.5 * (2 * b[k] + (c[k] - a[k]) * t + (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k]) * t * t
                                                 + (3 * b[k] - a[k] - 3 * c[k] + d[k]) * t ** 3)) for k in (0, 1)))
        self.draw.line(path, fill=ink, width=max(2, round(self.px(width))), joint="curve")

    def next_page(self):
        raise NotImplementedError("a picture has one page")


class Pdf:
    """A PDF with embedded fonts; the same bytes at each run."""

    def __init__(self, title, author, encrypt=None):
        self.buffer = io.BytesIO()
        self.canvas = canvas.Canvas(self.buffer, pagesize=A4, invariant=1, encrypt=encrypt, lang="de-DE",
                                    initialFontName="Lsans")
        self.canvas.setTitle(title)
        self.canvas.setAuthor(author)
        self.canvas.setCreator("make_demo.py")

    def text(self, x, y, text, face="sans", size=11, align="l", ink=None):
        self.canvas.setFont("L" + face, size)
        self.canvas.setFillColor(ink or "#000000")
        draw = {"l": self.canvas.drawString, "r": self.canvas.drawRightString, "c": self.canvas.drawCentredString}[align]
        draw(x * 72 / 25.4, (HOEHE - y) * 72 / 25.4, text)

    def line(self, x0, y0, x1, y1, width=0.3, ink=None):
        self.canvas.setStrokeColor(ink or "#000000")
        self.canvas.setLineWidth(width * 72 / 25.4)
        self.canvas.line(x0 * 72 / 25.4, (HOEHE - y0) * 72 / 25.4, x1 * 72 / 25.4, (HOEHE - y1) * 72 / 25.4)

    def box(self, x0, y0, x1, y1, ink):
        self.canvas.setFillColor(ink)
        self.canvas.rect(x0 * 72 / 25.4, (HOEHE - y1) * 72 / 25.4, (x1 - x0) * 72 / 25.4, (y1 - y0) * 72 / 25.4, stroke=0, fill=1)

    def curve(self, points, ink=None, width=0.45):
        """No pen in a born-digital letter."""

    def next_page(self):
        self.canvas.showPage()

    def bytes(self):
        self.canvas.save()
        return self.buffer.getvalue()
