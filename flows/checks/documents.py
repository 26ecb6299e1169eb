"""Check digits of company document numbers, where the country has a standard. A failed check is a warning people can override."""

import importlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from flows.checks.iso_codes import alpha2, alpha3
from flows.checks.other_names import names_of
from flows.checks.spelling import words

# Country -> its companies' ids, most common first: "name as shown|python-stdnum module" or "name|=pattern", where an id has a
# format but no check digits. Personal ids are included where sole traders use them.
_STANDARDS: dict[str, tuple[str, ...]] = {
    "AE": ("TRN|=100[0-9]{12}",),
    "AL": ("NIPT|al.nipt",),
    "AR": ("CUIT|ar.cuit",),
    "AT": ("UID|at.uid", "Firmenbuchnummer|at.businessid", "TIN|at.tin"),
    "AU": ("ABN|au.abn", "ACN|au.acn"),
    "AZ": ("VÖEN|az.voen",),
    "BE": ("Ondernemingsnummer|be.vat",),
    "BG": ("EIK|bg.vat",),
    "BR": ("CNPJ|br.cnpj", "CPF|br.cpf"),
    "BY": ("УНП|by.unp",),
    "CA": ("BN|ca.bn", "Corporation number|=[0-9]{6,7}[0-9]?"),
    "CH": ("UID|ch.uid", "VAT|ch.vat"),
    "CL": ("RUT|cl.rut",),
    "CN": ("USCC|cn.uscc",),
    "CO": ("NIT|co.nit",),
    "CR": ("Cédula jurídica|cr.cpj", "Cédula física|cr.cpf"),
    "CY": ("VAT|cy.vat", "HE|=HE[0-9]{1,6}"),
    "CZ": ("IČO|cz.dic",),
    "DE": ("USt-IdNr.|de.vat", "Steuernummer|de.stnr", "Handelsregister|=.*HR[AB][0-9]{1,6}[A-Z]{0,2}"),
    "DK": ("CVR|dk.cvr",),
    "DO": ("RNC|do.rnc", "Cédula|do.cedula"),
    "DZ": ("NIF|dz.nif",),
    "EC": ("RUC|ec.ruc",),
    "EE": ("Registrikood|ee.registrikood", "KMKR|ee.kmkr"),
    "EG": ("TRN|eg.tn",),
    "ES": ("NIF|es.nif", "CIF|es.cif"),
    "FI": ("Y-tunnus|fi.ytunnus", "ALV|fi.alv"),
    "FO": ("V-tal|fo.vn",),
    "FR": ("SIREN|fr.siren", "SIRET|fr.siret", "TVA|fr.tva"),
    "GB": ("VAT|gb.vat", "Company number|=(?:[0-9]{7,8}|[A-Z]{2}[0-9]{6}|R[0-9]{7}|[A-Z]{2}[0-9]{5}R)", "UTR|gb.utr"),
    "GH": ("TIN|gh.tin",),
    "GN": ("NIFp|gn.nifp",),
    "GR": ("AFM|gr.vat",),
    "GT": ("NIT|gt.nit",),
    "HR": ("OIB|hr.oib", "MBS|=[0-9]{8,9}"),
    "HU": ("Adószám|hu.anum", "Cégjegyzékszám|=[0-9]{10}"),
    "ID": ("NPWP|id.npwp",),
    "IE": ("VAT|ie.vat", "CRO|=[0-9]{5,6}"),
    "IL": ("HP|il.hp", "ID|il.idnr"),
    "IN": ("GSTIN|in_.gstin", "PAN|in_.pan", "CIN|=[LU][0-9]{5}[A-Z]{2}[0-9]{4}[A-Z]{3}[0-9]{6}", "LLPIN|=[A-Z]{3}[0-9]{4}"),
    "IS": ("Kennitala|is_.kennitala", "VSK|is_.vsk"),
    "IT": ("Partita IVA|it.iva", "Codice fiscale|it.codicefiscale", "REA|=[A-Z]{2}[0-9]{6,7}"),
    "JP": ("法人番号|jp.cn",),
    "KE": ("PIN|ke.pin",),
    "KR": ("사업자등록번호|kr.brn", "법인등록번호|=[0-9]{13}"),
    "LI": ("PEID|li.peid",),
    "LT": ("PVM|lt.pvm", "Įmonės kodas|=[0-9]{9}"),
    "LU": ("TVA|lu.tva", "RCS|=[A-Z][0-9]{1,6}"),
    "LV": ("PVN|lv.pvn",),
    "MA": ("ICE|ma.ice",),
    "MC": ("TVA|mc.tva",),
    "MD": ("IDNO|md.idno",),
    "ME": ("PIB|me.pib",),
    "MK": ("ЕДБ|mk.edb",),
    "MT": ("VAT|mt.vat", "Company number|=C[0-9]{1,6}"),
    "MU": ("BRN|=C[0-9]{5,9}",),
    "MX": ("RFC|mx.rfc",),
    "MZ": ("NUIT|mz.nuit",),
    "NL": ("RSIN|nl.btw", "KvK|=[0-9]{8}"),
    "NO": ("Organisasjonsnummer|no.orgnr", "MVA|no.mva"),
    "NZ": ("NZBN|=9429[0-9]{9}", "IRD|nz.ird", "Company number|=[0-9]{5,7}"),
    "PE": ("RUC|pe.ruc",),
    "PL": ("NIP|pl.nip", "REGON|pl.regon", "KRS|=[0-9]{10}"),
    "PT": ("NIPC|pt.nif",),
    "PY": ("RUC|py.ruc",),
    "RO": ("CUI|ro.cui", "ONRC|ro.onrc"),
    "RS": ("PIB|rs.pib", "Matični broj|=[0-9]{8}"),
    "RU": ("ИНН|ru.inn", "ОГРН|ru.ogrn"),
    "SE": ("Organisationsnummer|se.orgnr", "VAT|se.vat"),
    "SG": ("UEN|sg.uen",),
    "SI": ("DDV|si.ddv", "Matična številka|=[0-9]{7}(?:[0-9]{3})?"),
    "SK": ("IČ DPH|sk.dph", "IČO|=[0-9]{6,8}", "DIČ|=[0-9]{10}"),
    "SM": ("COE|sm.coe",),
    "SN": ("NINEA|sn.ninea",),
    "SV": ("NIT|sv.nit",),
    "TH": ("TIN|th.tin",),
    "TN": ("MF|tn.mf",),
    "TR": ("VKN|tr.vkn", "TC kimlik|tr.tckimlik", "MERSIS|=[0-9]{16}"),
    "TW": ("統一編號|tw.ubn",),
    "UA": ("ЄДРПОУ|ua.edrpou", "РНТРС|ua.rntrc"),
    "US": ("EIN|us.ein",),
    "UY": ("RUT|uy.rut",),
    "VE": ("RIF|ve.rif",),
    "VN": ("MST|vn.mst",),
    "ZA": ("Tax number|za.tin", "Registration number|=(?:19|20)[0-9]{10}|[KB][0-9]{10}", "VAT|=4[0-9]{9}"),
}
_ALSO = {"MX": "&"}
"""Signs besides letters and digits that belong to a country's ids: a Mexican RFC begins with letters of the company's name."""
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_LABEL = re.compile(r"[\W_]*((?:[^\W\d_]\.)+[^\W\d_]?(?![^\W_])|[^\W\d_]+)")
"""A word, or letters with dots: ``C.N.P.J.``, ``N.º``."""
_LABEL_BEHIND = re.compile(r"[\W_]([^\W\d_]+)[\W_]*$")
_LABEL_WORDS = """
n no nr nro num numero number nummer code codigo reg registro
a the of in for and with under de da do del el la o e y con sob inscrita inscrito
id ident identification identificacion identificacao irs employer fein federal fiscal tax
vat gst tin tributario tributaria unico rol ruc run rut cif nif iva lei crn acn abn pan
business company companies house registered registration england wales
empresa sociedad matriz sede cgc mf me cuil homoclave contribuinte contribuyente
ced cedula jur juridica partita p pi piva cf rcs tva siren siret btw kvk uid ust ustid umsatzsteuer mwst
org orgnr steuer nit rtn 统一社会信用代码
"""
_LABELS = frozenset(words(_LABEL_WORDS))
"""Words of what numbers are called, besides those of their standards' names."""
_CHECK_DIGIT = re.compile(r"[\s,-]*\b(?:d\.?\s?v|d[ií]gito(?: de)? verifica(?:dor|ci[oó]n))\b[\s.:-]*(?=\d\W*$)", re.IGNORECASE)
"""``213.123.432 DV 1``, as in Colombia."""
_ORDINAL = re.compile("[º°ª]")
_AROUND = re.compile(r"^[^\w&]+|[^\w&]+$")
_ANOTHER = re.compile(r"\s[/|-]\s|[,;]")
"""Between numbers of several kinds: ``CNPJ … / IE …``."""
_RUN = re.compile(r"\S*\d\S*(?:\s+\S*\d\S*)*")
_REGISTERED = frozenset({"company", "companies", "crn", "registered", "registration", "reg", "tax", "hra", "hrb"})
"""Words that stand before a company's number, whatever its standard is called."""
_LEAST_LENGTH, _LEAST_LETTERED = 7, 6
"""Letters and digits of a number of another kind: what follows and is shorter belongs to the number before it. And of one that its
letters tell from telephones and postal codes."""
_LOOSE = re.compile(r"\s*([./-])\s*")
_EVERYWHERE = "LEI|lei"  # ISO 17442
_LEI = re.compile("[0-9A-Z]{18}[0-9]{2}")
_MAX_CHARS = 100
"""No country's numbers have nearly as many, whatever is put between their digits. What follows isn't read."""


@dataclass(frozen=True)
class DocumentCheck:
    """``standard``: the id it is, or was checked against (CNPJ, EIN…). ``ok``: None if no standard is known for the country.

    ``compact``: only letters, digits and what else belongs to the country's ids, uppercase.
    """

    standard: str | None
    ok: bool | None
    compact: str


def check_document(number: str, country: str) -> DocumentCheck:
    """``country``: ISO 3166-1 alpha-2 or alpha-3, in any case. What the number is called may stand before or behind it. Never raises."""
    found = _check(number, country)
    without = plain_number(number, country)
    return found if found.ok or without == number else _check(without, country)


def plain_number(number: str, country: str) -> str:
    """``CNPJ nº 11.222.333/0001-81`` without ``CNPJ nº``, and without another number behind it. What has no known label is left as it is.
    Dashes and digits of other kinds become plain ones. Never raises."""
    if len(number) > _MAX_CHARS:
        return number
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", _ORDINAL.sub(" ", number)).replace("&amp;", "&")).strip()
    whole = _without_labels(_CHECK_DIGIT.sub("-", plain), country)
    right = next((part for part in whole if _check(part, country).ok), None) or next(_right_parts(plain, country), None)
    if right is not None:
        return _LOOSE.sub(r"\1", right)
    return whole[-1] if whole[-1][:1].isdigit() else plain


def _right_parts(text: str, country: str) -> Iterator[str]:
    """Parts of the text that are right numbers. Not what goes on behind: ``552008443`` of ``552008443 00014``. Digits without check
    digits tell only behind their name, or as the only number that begins the text: many a telephone number has as many."""
    names = _first_words(country, formats=True) | _REGISTERED
    runs = (run for piece in _ANOTHER.split(text) for run in _RUN.findall(piece))
    several = sum(len(run) >= _LEAST_LENGTH - 2 for run in runs) > 1
    for start, end in chain(_pieces(text), _first(text, country)):
        if _goes_on(text[end:]):
            continue
        piece = text[start:end]
        named = not names.isdisjoint("".join(words(word)) for word in _LABEL.findall(re.split("[0-9]", piece)[0]))
        begins = start == 0 and piece[:1].isdigit() and not several
        for part in _without_labels(piece, country):
            lettered = part.isalnum() and not part.isdigit() and len(part) >= _LEAST_LETTERED
            if _check(part, country, formats=named or begins or lettered).ok:
                yield part


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Where each begins and ends, between signs that stand between numbers."""
    start = 0
    for sign in _ANOTHER.finditer(text):
        yield start, sign.start()
        start = sign.end()
    yield start, len(text)


def _first(text: str, country: str) -> Iterator[tuple[int, int]]:
    """Where the first number begins and ends; and if the text doesn't begin with it, rather the first behind the name of a standard.
    Others are of another kind: of a registry, or a telephone."""
    labels = [] if text[:1].isdigit() else [(word.span(1), "".join(words(word[1]))) for word in _LABEL.finditer(text)]
    names = (span for those in (_first_words(country), _REGISTERED) for span, word in labels if word in those)
    name = next(names, None)
    if name and (run := _RUN.search(text, name[1])):
        yield name[0], run.end()
    else:
        run = _RUN.search(text)
    if run:
        yield run.span()
        yield run.start(), run.start() + len(run[0].split()[0])


def _goes_on(behind: str) -> bool:
    """Whether what stands behind a number is too short for another one."""
    run = _RUN.match(behind.lstrip(" ,;./|-"))
    return run is not None and sum(sign.isalnum() for sign in run[0]) < _LEAST_LENGTH


def _first_words(country: str, *, formats: bool = False) -> set[str]:
    """Those of the names of the country's numbers, such as "company" of "Company number"; ``formats``: only without check digits."""
    entries = _STANDARDS.get(alpha2(country) or "", ())
    names = (name for name, rule in (entry.split("|", 1) for entry in entries) if rule.startswith("=") or not formats)
    return {word for name in names for word in (words(name)[0], "".join(words(name)))}


def _names(country: str) -> set[str]:
    """Words of what the country's numbers are called, and of what the country is."""
    code = alpha2(country) or ""
    names = " ".join(entry.partition("|")[0] for entry in _STANDARDS.get(code, ()))
    called = " ".join((names, code, alpha3(code) or "", *names_of(code)))
    return {*words(called), *("".join(words(name)) for name in names.split())}


def _without_labels(text: str, country: str) -> list[str]:
    """The text, and what is left of it as one word after the other of what such numbers are called is cut off, without signs around."""
    its_own = _names(country)
    parts, cuts, start, end = [text], list[int](), 0, len(text)
    while (label := _LABEL_BEHIND.search(text, start, end)) and "".join(words(label[1])) in _LABELS | its_own:
        end = label.start()
        parts.append(text[:end])
    while (label := _LABEL.match(text, start, end)) and (word := "".join(words(label[1]))) in _LABELS | its_own:
        if start in cuts and word not in its_own:
            cuts.remove(start)  # no number begins so: "Company No. 123456" isn't NO123456
        start = label.end()
        if len(word) > 1 or word == "n":  # a single letter may be the number's own
            cuts.append(start)
    parts += [text[cut:end] for cut in cuts]
    return [_AROUND.sub("", part) for part in parts]


def _check(number: str, country: str, *, formats: bool = True) -> DocumentCheck:
    """``formats``: whether one without check digits is enough."""
    code = alpha2(country) or ""
    folded = unicodedata.normalize("NFKC", number[:_MAX_CHARS]).upper()
    compact = _compact(folded.replace("&AMP;", "&"), code)
    rules = _STANDARDS.get(code, ())
    if _LEI.fullmatch(compact) and len({len(group) for group in folded.split()}) == 1:
        rules = (*rules, _EVERYWHERE)
    names: list[str] = []
    likely = ""  # the standard whose format fits but whose check digits don't
    for name, rule in (entry.split("|", 1) for entry in rules):
        fits, valid = _measure(rule, compact)
        if valid and (formats or not rule.startswith("=")):
            return DocumentCheck(name, ok=True, compact=compact)
        names.append(name)
        likely = likely or (name if fits else "")
    if not names:
        return DocumentCheck(None, ok=None, compact=compact)
    return DocumentCheck(likely or names[0], ok=False, compact=compact)


def _compact(text: str, country: str) -> str:
    also = _ALSO.get(country, "")
    return "".join(sign for sign in text if sign.isalnum() or sign in also)


def _measure(rule: str, compact: str) -> tuple[bool, bool]:
    """(the format fits, the number is valid)."""
    if rule.startswith("="):
        found = re.fullmatch(rule[1:], compact) is not None
        return found, found
    from stdnum.exceptions import InvalidChecksum, ValidationError  # noqa: PLC0415  not needed at startup

    try:
        importlib.import_module(f"stdnum.{rule}").validate(compact)
    except InvalidChecksum:
        return True, False
    except ValidationError:
        return False, False
    return True, True
