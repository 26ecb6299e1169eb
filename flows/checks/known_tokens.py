"""Tokens that live longer than a day: API tokens by their issuer's prefix, refresh tokens by name, JWTs by their claims."""

import base64
import json
import math
import re
from collections.abc import Iterator

from flows.checks.readings import PlainText, Span
from flows.checks.tokens import BEYOND_SECONDS

MAX_LIFETIME = 86_400
"""The longest lifetime of a JWT that counts as short-lived."""
_FOR_EVER = 1e12  # seconds

_AN = "[A-Za-z0-9]"
_ANY = "[A-Za-z0-9_-]"
# By prefix and minimum length as the issuers document them or publish them for secret scanners. The first word, in lower case, says
# whether to look at all.
_PREFIXED = (
    ("gh", rf"gh[pousr]_{_AN}{{36,}}+"),
    ("github_pat_", r"github_pat_[A-Za-z0-9_]{40,}+"),
    ("gl", rf"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|ffct|imt)-{_ANY}{{20,}}+|gloas-[0-9a-f]{{64}}"),
    ("tt3", r"AT[AC]TT3[A-Za-z0-9_=-]{40,}+"),  # Atlassian
    ("atbb", rf"ATBB{_AN}{{28,}}+"),  # Bitbucket
    ("pmak-", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),  # Postman
    ("aiza", rf"AIza{_ANY}{{35}}"),
    ("gocspx-", rf"GOCSPX-{_ANY}{{28}}"),
    ("ya29.", rf"ya29\.{_ANY}{{30,}}+"),
    ("1//0", rf"1//0{_ANY}{{30,}}+"),
    ("_live_", rf"[srp]k_live_{_AN}{{16,}}+"),  # Stripe, Pagar.me
    ("_test_", rf"[sr]k_test_{_AN}{{24,}}+"),
    ("whsec_", r"whsec_[A-Za-z0-9+/]{24,}+={0,2}"),
    ("sk-", rf"sk-(?:ant-|proj-|svcacct-|admin-|or-v1-){_ANY}{{30,}}+|sk-{_AN}{{40,}}+"),  # OpenAI, Anthropic, OpenRouter
    ("hv", rf"hv[sbr]\.{_ANY}{{24,}}+"),  # Vault
    ("atlasv1", rf"{_AN}{{14}}\.atlasv1\.{_ANY}{{60,}}+"),  # Terraform
    ("npm_", rf"npm_{_AN}{{36}}"),
    ("pypi-", rf"pypi-AgEI{_ANY}{{50,}}+"),
    ("rubygems_", r"rubygems_[a-f0-9]{48}"),
    ("oy2", r"oy2[a-z0-9]{43}"),  # NuGet
    ("dckr_", rf"dckr_(?:pat|oat)_{_ANY}{{20,}}+"),
    ("do", r"do[opr]_v1_[a-f0-9]{64}"),
    ("dapi", r"dapi[a-f0-9]{32}(?:-\d)?"),  # Databricks
    ("dp.", rf"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{{2,35}}\.)?{_AN}{{40,}}+"),  # Doppler
    ("sg.", rf"SG\.{_ANY}{{22}}\.{_ANY}{{43}}"),  # SendGrid
    ("key-", r"key-[a-f0-9]{32}"),  # Mailgun
    ("-us", r"[a-f0-9]{32}-us\d{1,2}"),  # Mailchimp
    ("xkeysib-", rf"xkeysib-[a-f0-9]{{64}}-{_AN}{{16}}"),  # Brevo
    ("sk", r"SK[0-9a-f]{32}"),  # Twilio
    ("shp", r"shp(?:at|ca|pa|ss|ua)_[a-fA-F0-9]{32}"),  # Shopify
    ("sq0", rf"sq0[a-z]{{3}}-{_ANY}{{22,}}+"),  # Square
    ("access_token$", r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}"),  # Braintree
    ("access-", r"access-(?:sandbox|production|development)-[0-9a-f-]{36}"),  # Plaid
    ("app_usr-", r"(?:APP_USR|TEST)-\d{10,20}-\d{4,8}-[0-9a-f]{32}[0-9a-z_-]*+"),  # Mercado Pago
    ("nra", r"NRAK-[A-Z0-9]{27}"),  # New Relic
    ("nr", r"NR(?:II|IQ|JS|BR)-[A-Za-z0-9_-]{19,}+"),
    ("sntry", r"sntry[us]_[A-Za-z0-9+/=_-]{40,}+"),
    ("gl", r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_[A-Za-z0-9+/]{32,}+={0,2}"),  # Grafana
    ("figd_", rf"figd_{_ANY}{{36,}}+"),
    ("lin_", rf"lin_(?:api|oauth)_{_AN}{{32,}}+"),
    ("ntn_", rf"ntn_{_AN}{{40,}}+"),  # Notion
    ("secret_", rf"secret_{_AN}{{43}}"),
    ("hf_", rf"hf_{_AN}{{30,}}+"),  # Hugging Face
    ("r8_", rf"r8_{_AN}{{37,}}+"),
    ("gsk_", rf"gsk_{_AN}{{40,}}+"),
    ("ccipat_", rf"CCIPAT_{_AN}{{20,}}_[a-f0-9]{{40}}"),
    ("hrku-", rf"HRKU-{_ANY}{{36,}}+"),
    ("nfp_", rf"nfp_{_AN}{{36}}"),
    ("pscale_", rf"pscale_(?:tkn|pw|oauth)_{_ANY}{{32,}}+"),
    ("sb", rf"sbp_[a-f0-9]{{40}}|sb_secret_{_ANY}{{20,}}+"),  # Supabase
    ("sq", r"sq[apu]_[a-f0-9]{40}"),  # SonarQube
    ("akcp", rf"AKCp{_AN}{{60,}}+"),  # Artifactory
    ("pul-", r"pul-[a-f0-9]{40}"),
    ("pat", rf"pat{_AN}{{14}}\.[a-f0-9]{{64}}"),  # Airtable
    ("tskey-", rf"tskey-(?:auth|api|client)-{_AN}{{8,}}+(?:-{_AN}{{16,}}+)?"),
    ("eaa", rf"EAA[A-Z]{_AN}{{80,}}+"),  # Facebook
    (":aa", rf"\d{{8,10}}:AA{_ANY}{{32,33}}"),  # Telegram
    ("sl.", rf"sl\.(?:u\.)?{_ANY}{{60,}}+"),  # Dropbox
    ("ops_", rf"ops_eyJ{_ANY}{{100,}}+"),  # 1Password
    ("a3-", r"A3-[A-Z0-9]{6}-[A-Z0-9]{6}-?[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}"),
    ("age-", r"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{50,58}"),
    ("xprv", rf"[xyz]prv{_AN}{{100,}}+"),
    ("8q~", r"[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}"),  # Microsoft Entra
    ("7q~", r"[A-Za-z0-9_~.-]{3}7Q~[A-Za-z0-9_~.-]{31,34}"),
    ("azdo", rf"{_AN}{{70,80}}AZDO{_AN}{{4}}"),  # Azure DevOps
    ("xoxe", r"xoxe-\d-[A-Za-z0-9]{100,}+"),
    ("iqojb3jpz2lu", r"IQoJb3JpZ2lu[A-Za-z0-9+/%_-]{60,}+={0,2}"),  # AWS's session tokens
    ("ogzxivyxdz", r"F[wQ]oGZXIvYXdz[A-Za-z0-9+/%_-]{60,}+={0,2}"),
    ("/webhooks/", rf"discord(?:app)?\.com/api/webhooks/\d{{15,22}}/{_ANY}{{60,}}+"),
    ("webhook.office.com", r"webhook\.office\.com/webhookb2/[^\s\"'<>]{40,400}+"),
)
_HINTED = tuple((hint, re.compile(rf"(?<![A-Za-z0-9_-])(?:{pattern})")) for hint, pattern in _PREFIXED)

_SIGNED = re.compile(
    r"(?:accountkey|sharedaccesskey|sharedsecretvalue)=([a-z0-9+/]{40,100}+={0,2})"
    r"|[?&]sig(?:nature)?=([a-z0-9+/%_-]{40,140}+={0,2})|sharedaccesssignature [^\s]{0,200}?sig=([a-z0-9+/%_-]{40,140}+)"
    r"|x-(?:amz|goog)-(?:signature|security-token)=([a-z0-9%_+/-]{40,2000}+)"
)
"""Keys and signatures of Azure, AWS, and Google in connection strings and addresses."""
_ACCESS_KEY_ID = re.compile(r"(?<![A-Z0-9])A[KS]IA[A-Z2-7]{16}(?![A-Za-z0-9])")
_ACCESS_KEY = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])")
_REFRESH = re.compile(r"""["']refresh\\{0,3}["']\s{0,3}:\s{0,3}\\{0,3}["'](eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]{8,})""")


def issued(reading: PlainText) -> Iterator[Span]:
    """By prefix or parameter, or by the refresh token's name in Pismo's response."""
    text, small = reading.flat, reading.folded
    if not reading.has_runs:
        return
    for hint, pattern in _HINTED:
        if hint in small:
            yield from (match.span() for match in pattern.finditer(text))
    if "refresh" in small:
        yield from (match.span(1) for match in _REFRESH.finditer(text))


def signed(reading: PlainText) -> Iterator[Span]:
    """Secrets of cloud accounts."""
    text, small = reading.flat, reading.folded
    if "sig" in small or "sharedaccess" in small or "accountkey" in small or "security-token" in small:
        yield from (match.span(match.lastindex or 0) for match in _SIGNED.finditer(small))
    if "akia" in small or "asia" in small:
        for access in _ACCESS_KEY_ID.finditer(text):
            for key in _ACCESS_KEY.finditer(text, access.end(), access.end() + 160):
                if "EXAMPLE" not in key[0] and any(map(str.isdigit, key[0])):
                    yield key.span()
                    break


def lives_long(payload: str, now: float) -> bool:
    """Whether a JWT with this payload (base64url) lives longer than a day, from when it was issued, or if it doesn't say so, from ``now``
    (seconds since 1970). One that doesn't say when it ends counts as short-lived. One that was issued in the future is for where a token
    is asked for, which goes by the bot's own clock: see `flows.checks.pasted_tokens`."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return False
    if not isinstance(claims, dict):
        return False
    begins, ends = _seconds(claims.get("iat")), _seconds(claims.get("exp"))
    return ends is not None and ends - (now if begins is None else begins) > MAX_LIFETIME


def _seconds(time: object) -> float | None:
    """Whichever way it is written: as a number or a text, in seconds or milliseconds."""
    if isinstance(time, bool) or not isinstance(time, int | float | str):
        return None
    try:
        seconds = float(time)
    except ValueError:
        return None
    except OverflowError:  # JSON has numbers that no float can hold
        return _FOR_EVER
    seconds = seconds / 1000 if abs(seconds) >= BEYOND_SECONDS else seconds
    return None if math.isnan(seconds) else max(-_FOR_EVER, min(_FOR_EVER, seconds))
