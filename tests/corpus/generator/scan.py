# SPDX-License-Identifier: EUPL-1.2
"""What a scanner makes of a sheet: skew, noise, uneven light, specks, bitonal threshold. Seeded, so runs are equal."""

import io
import time

import numpy
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from .blatt import FONTS

# PDF dates must not depend on the clock.
STAMP = time.struct_time((2026, 11, 20, 8, 15, 0, 4, 324, 0))


def grey(image, seed, skew=0.0, noise=3.0, ground=246):
    """A grey or colour scan: `skew` degrees clockwise, light falls off to one edge."""
    rng = numpy.random.default_rng(seed)
    fill = (255,) * len(image.getbands()) if len(image.getbands()) > 1 else 255
    turned = image.rotate(-skew, Image.BICUBIC, fillcolor=fill).filter(ImageFilter.GaussianBlur(0.7))
    data = numpy.asarray(turned, dtype=numpy.float32) * (ground / 255)
    light = numpy.linspace(0, 9, data.shape[1], dtype=numpy.float32)
    data -= light[None, :, None] if data.ndim == 3 else light[None, :]
    grain = rng.normal(0, noise, data.shape[:2]).astype(numpy.float32)
    data += grain[..., None] if data.ndim == 3 else grain
    return Image.fromarray(numpy.clip(data, 0, 255).astype(numpy.uint8), image.mode)


def bitonal(image, seed, skew=0.0, specks=25):
    """A black and white scan with rough edges, specks and the shadow of the sheet's edge."""
    rng = numpy.random.default_rng(seed)
    turned = image.rotate(-skew, Image.BICUBIC, fillcolor=255).filter(ImageFilter.GaussianBlur(0.9))
    data = numpy.asarray(turned, dtype=numpy.float32)
    data = data + rng.normal(0, 14, data.shape)
    black = data < 140
    height, width = black.shape
    for y, x, r in zip(rng.integers(0, height, specks), rng.integers(0, width, specks), rng.integers(1, 4, specks)):
        black[y:y + r, x:x + r] = True
    edge = rng.integers(0, 3, height)
    for y in range(height):
        black[y, :edge[y]] = True
    return Image.fromarray(numpy.where(black, 0, 255).astype(numpy.uint8), "L").convert("1", dither=Image.NONE)


def stamp(image, lines, x, y, angle, ink):
    """The receipt stamp of the post room; x, y in pixels, `lines` are (text, size in mm)."""
    unit = image.width / 210
    plate = Image.new("L", (round(58 * unit), round(22 * unit)), 0)
    draw = ImageDraw.Draw(plate)
    draw.rectangle([1, 1, plate.width - 2, plate.height - 2], outline=255, width=max(2, round(0.5 * unit)))
    for n, (text, size) in enumerate(lines):
        font = ImageFont.truetype(f"{FONTS}Sans-Bold.ttf", size * unit)
        draw.text((plate.width / 2, (5 + n * 6) * unit), text, font=font, anchor="mm", fill=255)
    mask = plate.rotate(angle, Image.BICUBIC, expand=True).point(lambda v: v * 0.85)
    image.paste(Image.new(image.mode, mask.size, ink), (round(x), round(y)), mask)


def jpeg(image, dpi, quality):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, dpi=(dpi, dpi), optimize=True)
    return out.getvalue()


def pdf_g4(pages, dpi, title):
    """Image-only PDF: Pillow writes black and white pages as CCITT group 4."""
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=dpi, title=title, producer="Scanner Musterstadt",
                  creator="make_demo.py", creationDate=STAMP, modDate=STAMP)
    return out.getvalue()
