# SPDX-License-Identifier: EUPL-1.2
"""Check digits: IBAN (ISO 13616), Leitweg-ID (ISO 7064 modulo 97), VAT id (ISO 7064 modulo 11, 10)."""


def _mod97(text):
    return int("".join(str(int(c, 36)) for c in text)) % 97


def iban(blz, konto):
    """German IBAN of a bank code and an account number, without blanks."""
    bban = f"{blz:0>8}{konto:0>10}"
    iban_ = f"DE{98 - _mod97(bban + 'DE00'):02d}{bban}"
    assert _mod97(iban_[4:] + iban_[:4]) == 1
    return iban_


def groups(iban_):
    """As printed: blocks of four."""
    return " ".join(iban_[i:i + 4] for i in range(0, len(iban_), 4))


def leitweg(grob, fein):
    """Leitweg-ID with its check digits."""
    digits = 98 - _mod97(grob + fein + "00")
    return f"{grob}-{fein}-{digits:02d}"


def ust_id(eight):
    """German VAT id of eight invented digits."""
    product = 10
    for c in eight:
        total = (int(c) + product) % 10 or 10
        product = 2 * total % 11
    return f"DE{eight}{(11 - product) % 10}"
