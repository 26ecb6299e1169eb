"""What the customer runs on their own machine to get a short-lived access token. The secret is asked for there, isn't shown, and
is in neither the shell's history nor any process's arguments. Only what is printed may be pasted.

A JWT names one permission group: of several that were approved, the command asks which. Where none are known, it asks for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flows.forms.fields import Answers
from flows.forms.parity import PRODUCTION, TEST
from flows.forms.step import Script, Situation
from flows.steps.authentication import groups, registration
from flows.steps.authentication.environment_choice import opened
from flows.steps.authentication.scripts import as_json, for_machine, posix, powershell
from flows.steps.environments import SANDBOX
from flows.steps.org_details import org_id, production_org_id

_SECONDS = 600

# All of it is one command, in parentheses: a shell reads it to the end before it asks for anything.
_POSIX_ASK = """\
printf 'Server key: '; read -r key
trap 'stty echo' EXIT; stty -echo; printf 'Server secret (not shown): '; read -r secret; stty echo; echo"""
_POSIX_CALL = "curl -sS --fail --cert mtls.crt --key mtls.key"
_POSIX_PRINT = r"""sed -nE 's/.*"(access_token|token)" *: *"([^"]*)".*/\2/p'"""
_POSIX = {
    "basic": """\
( set -e
{ask}
quoted() {{ printf '%s' "$1" | sed 's/[\\\\"]/\\\\&/g'; }}
printf '{{"server_key":"%s","server_secret":"%s"}}' "$(quoted "$key")" "$(quoted "$secret")" |
{call} -H 'Content-Type: application/json' --data @- {url} |
{token}
)""",
    "oauth2": """\
( set -e
{ask}
{named}
printf '%s' "$secret" |
{call} -d grant_type=client_credentials --data-urlencode "client_id=$key" --data-urlencode "scope=$scope" \\
 --data-urlencode {secret_field}@- {url} |
{token}
)""",
    "oidc": """\
( set -e
{named}
b64() {{ openssl base64 -A | tr '+/' '-_' | tr -d '='; }}
now=$(date +%s)
head=$(printf '%s' '{{"alg":"RS256","typ":"JWT"}}' | b64)
body=$(printf '%s,"pismo":{{"group":"%s"}},"iat":%s,"exp":%s}}' {claims} "$group" "$now" "$((now + {seconds}))" | b64)
signature=$(printf '%s.%s' "$head" "$body" | openssl dgst -sha256 -sign {private} -binary | b64)
printf 'Signed JWT:\\n%s\\n\\nAccess token:\\n' "$head.$body.$signature"
printf '{{"token":"%s"}}' "$head.$body.$signature" |
{call} -H 'Content-Type: application/json' --data @- {url} |
{token}
)""",
}

_POWERSHELL_ASK = """\
$key = Read-Host 'Server key'
$secret = Read-Host 'Server secret' -MaskInput"""
_POWERSHELL_CERTIFICATE = """\
$type = [Security.Cryptography.X509Certificates.X509Certificate2]
$certificate = $type::new($type::CreateFromPemFile("$PWD/mtls.crt", "$PWD/mtls.key").Export('Pfx'))"""
_POWERSHELL_CALL = """\
$answer = Invoke-RestMethod -Method Post -Uri {url} -Certificate $certificate -Body $body{json}
$answer.access_token ?? $answer.token"""
_POWERSHELL = {
    "basic": """\
& {{
$ErrorActionPreference = 'Stop'
{ask}
{certificate}
$body = @{{ server_key = $key; server_secret = $secret }} | ConvertTo-Json
{call}
}}""",
    "oauth2": """\
& {{
$ErrorActionPreference = 'Stop'
{ask}
{named}
{certificate}
$body = @{{ grant_type = 'client_credentials'; client_id = $key; {secret_field} = $secret; scope = $scope }}
{call}
}}""",
    "oidc": """\
& {{
$ErrorActionPreference = 'Stop'
{named}
{certificate}
$rsa = [Security.Cryptography.RSA]::Create(); $rsa.ImportFromPem((Get-Content {private} -Raw))
function b64($bytes) {{ [Convert]::ToBase64String($bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_') }}
$now = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
$claims = {claims} + ',"pismo":{{"group":"' + $group + '"}},"iat":' + $now + ',"exp":' + ($now + {seconds}) + '}}'
$signed = (b64 ([Text.Encoding]::ASCII.GetBytes('{{"alg":"RS256","typ":"JWT"}}'))) + '.' + (b64 ([Text.Encoding]::ASCII.GetBytes($claims)))
$padding = [Security.Cryptography.RSASignaturePadding]::Pkcs1
$signature = $rsa.SignData([Text.Encoding]::ASCII.GetBytes($signed), [Security.Cryptography.HashAlgorithmName]::SHA256, $padding)
$jwt = $signed + '.' + (b64 $signature)
"Signed JWT:", $jwt, "", "Access token:"
$body = @{{ token = $jwt }} | ConvertTo-Json
{call}
}}""",
}
_PATHS = {"basic": "/passport/v2/s2s/access-token", "oauth2": "/passport/v2/oauth/token", "oidc": "/passport/v1/oauth2/token"}


@dataclass(frozen=True)
class _Place:
    """An environment: its address, the organization there, the claims that were recorded for its key, the file with that private key.
    ``posix``, ``windows``: the keys of its scripts."""

    base: str
    org_id: str
    claims: Answers
    private: str
    posix: str
    windows: str


def token_scripts(answers: Answers, situation: Situation) -> tuple[Script, ...]:
    """For the approved method and the test environment; none until the claims of OpenID Connect are recorded."""
    base = str(situation.done.get("environments.test_ready", {}).get("base_url") or SANDBOX)
    given = registration.claims(situation, TEST)
    there = _Place(base, org_id(situation), given, "rsakey.pem", "token_posix", "token_windows")
    return for_machine(_scripts(situation, there), answers, situation)


def production_token_scripts(answers: Answers, situation: Situation) -> tuple[Script, ...]:
    """The same for production while it is open, at the address that was recorded for it."""
    ready = situation.done.get("production.environment_ready", {}) if opened(situation) else {}
    base = str(ready.get("base_url") or "")
    given = registration.claims(situation, PRODUCTION)
    keys = "token_production_posix", "token_production_windows"
    there = _Place(base, production_org_id(situation), given, "rsakey-production.pem", *keys)
    return for_machine(_scripts(situation, there), answers, situation)


def token_scripts_of_both(answers: Answers, situation: Situation) -> tuple[Script, ...]:
    """Those of test, then those of production as soon as there are any."""
    return (*token_scripts(answers, situation), *production_token_scripts(answers, situation))


def _scripts(situation: Situation, there: _Place) -> tuple[Script, ...]:
    method = str(situation.get("authentication", "method", ""))
    if method not in _PATHS or not (there.base and there.org_id) or (method == "oidc" and not there.claims):
        return ()
    url = there.base.rstrip("/") + _PATHS[method]
    claims = as_json({**there.claims, "tenant_id": there.org_id})[:-1]
    named = groups.approved(situation)
    usual = {"secret_field": situation.secret_field, "seconds": _SECONDS, "private": there.private}
    call = _POWERSHELL_CALL.format(url=powershell(url), json="" if method == "oauth2" else " -ContentType 'application/json'")
    return (
        Script(
            there.posix,
            _POSIX[method].format(
                ask=_POSIX_ASK,
                call=_POSIX_CALL,
                token=_POSIX_PRINT,
                url=posix(url),
                claims=posix(claims),
                named=_named_posix(method, named),
                **usual,
            ),
        ),
        Script(
            there.windows,
            _POWERSHELL[method].format(
                ask=_POWERSHELL_ASK,
                certificate=_POWERSHELL_CERTIFICATE,
                call=call,
                claims=powershell(claims),
                named=_named_powershell(method, named),
                **usual,
            ),
        ),
    )


def _named_posix(method: str, named: Sequence[str]) -> str:
    """Sets ``scope`` to all groups, or ``group`` to one of them."""
    if method == "oauth2":
        return f"scope={posix(' '.join(named))}" if named else "printf 'Permission groups: '; read -r scope"
    if len(named) == 1:
        return f"group={posix(named[0])}"
    first = f"\ngroup=${{group:-{named[0]}}}" if named else ""
    return f"printf '%s: ' {posix(_which(named))}; read -r group{first}"


def _named_powershell(method: str, named: Sequence[str]) -> str:
    if method == "oauth2":
        return f"$scope = {powershell(' '.join(named))}" if named else "$scope = Read-Host 'Permission groups'"
    if len(named) == 1:
        return f"$group = {powershell(named[0])}"
    first = f"\nif (-not $group) {{ $group = {powershell(named[0])} }}" if named else ""
    return f"$group = Read-Host {powershell(_which(named))}{first}"


def _which(named: Sequence[str]) -> str:
    """The first is taken if nothing is typed."""
    more = f", or {', '.join(named[1:])}" if named else ""
    return f"Permission group ({named[0]}{more})" if named else "Permission group, e.g. pismo-v1:accounts:rw"
