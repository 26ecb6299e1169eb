"""Payment card numbers (PANs) in a text: known first digits, length, and check digit; nothing that merely looks similar."""

import re
from collections.abc import Iterator

from flows.checks.readings import PlainText

# Contiguous, in groups of four, or as American Express and Diners Club print them. Not part of an id, a decimal, or a path.
_CANDIDATE = re.compile(
    r"(?:(?<!\w)|(?<=%[Bb]))(?<!\w[-./+:])(?<!\+)"
    r"(?:\d{13,19}|\d{4}(?:[ .-]{1,3}\d{4}){3}(?:[ .-]{1,3}\d{1,3})?|\d{4}[ .-]{1,3}\d{6}[ .-]{1,3}\d{4,5})"
    r"(?!\w)(?![-./:]\w)"
)
# First digits and lengths: ISO/IEC 7812 ranges as the schemes publish them.
_SCHEMES = (
    (r"4", (16, 19)),  # Visa
    (r"4(?![39])", (13,)),  # old Visa; not German and Austrian phone numbers
    (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),  # Mastercard
    (r"3[47]", (15,)),  # American Express
    (r"30[0-5]|3095|3[689]", (14, 16)),  # Diners Club
    (r"6011|64[4-9]|65", (16, 19)),  # Discover, and Elo and RuPay with it
    (r"35(?:2[89]|[3-8])", (16, 19)),  # JCB
    (r"62|81", (16, 17, 18, 19)),  # UnionPay
    (r"50(?:18|20|38|41|6[67]|9)|6(?:277|304|36[23]|7(?:59|6[1-3]))", (16, 18, 19)),  # Maestro, Elo
    (r"60[4-9]|508|82|353|356|589657|384100|637(?:095|568|599|609|612)", (16,)),  # RuPay, Cabal, Hipercard
)
_RANGES = tuple((re.compile(prefix), lengths) for prefix, lengths in _SCHEMES)
_SOME_DIGITS = re.compile(r"\d{4}[ .-]{0,3}\d{4}")
_WINDOW = 60
_OTHER = re.compile(
    r"(?<![a-z])(?:accounts?|acct|contas?|cuentas?|iban|clabe|agencia|reference|referencia|protocolo|pedidos?|orders?|invoices?"
    r"|fatura|factura|boleto|ticket|chamado|case"
    r"|tracking|rastreio|rastreamento|meeting id|reuniao|reunion|transac\w+|transaction|nsu|phone|telefone|telefono)"
    r"(?:[ _]\w{1,12}){0,3}(?:\s{0,2}[:#=]{1,2}\s{0,2}|[ ]{0,2})\Z"
)
"""Other long numbers, by the name right in front of them."""
_CARD = re.compile(r"(?<![a-z])(?:cards?|cartao|cartoes|tarjetas?|pans?|visa|mastercard|elo|amex)(?![a-z])")
_CNPJ_LENGTH = 14


def spans(reading: PlainText) -> Iterator[tuple[int, int]]:
    text = reading.flat
    if not _SOME_DIGITS.search(text):
        return
    for match in _CANDIDATE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if not (_known(digits) and _luhn(digits)) or _is_cnpj(digits) or _in_url(text, match.start()):
            continue
        before = reading.folded[max(0, match.start() - _WINDOW) : match.start()]
        if not _OTHER.search(before) or _CARD.search(before):
            yield match.span()


def _known(digits: str) -> bool:
    return len(set(digits)) > 1 and any(len(digits) in lengths and prefix.match(digits) for prefix, lengths in _RANGES)


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[::-2]))) % 10 == 0


def _is_cnpj(digits: str) -> bool:
    """A Brazilian company number is as long as a Diners Club card number."""
    if len(digits) != _CNPJ_LENGTH:
        return False
    from stdnum.br import cnpj  # noqa: PLC0415  rarely needed

    return bool(cnpj.is_valid(digits))


def _in_url(text: str, place: int) -> bool:
    before = text[max(0, place - 300) : place]
    return "://" in before[max(before.rfind(blank) for blank in " \n\t") + 1 :]
