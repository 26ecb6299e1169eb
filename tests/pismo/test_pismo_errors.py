import pickle
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import jwt
import pytest

from pismo import PismoError, PismoErrorKind
from pismo.errors import read_error

SHAPES = [
    ({"code": "WDIV0001", "message": "m", "details": {"field": "x"}}, "WDIV0001", "m"),
    ({"code": "EOA0030", "message": "m"}, "EOA0030", "m"),
    ({"error_code": "ERR9786", "message": "m"}, "ERR9786", "m"),
    ({"message": "m"}, None, "m"),
    ({"message": {"code": "ECAD0001", "message": "m"}}, "ECAD0001", "m"),
    ({"code": "D1", "details": "d", "http_status_code": 400, "message": "m"}, "D1", "m"),
    ({"code": "C1", "error_code": "E1", "message": "m"}, "C1", "m"),
    ({"error": "m", "error_code": "E2", "message": "", "status": 400}, "E2", "m"),
    ({"code": "P1", "message": "m", "violations": [{"field": "x"}]}, "P1", "m"),
    ({"correlationId": "c", "errors": [{"code": "CR1", "message": "m"}]}, "CR1", "m"),
    ({"correlationId": "c", "errors": ["m"]}, None, "m"),
]


def error(status: int, body: object = None, service: str = "programs", **headers: str) -> PismoError:
    return read_error(service, status, {name.replace("_", "-"): text for name, text in headers.items()}, body, "cid")


@pytest.mark.parametrize(("body", "code", "message"), SHAPES)
def test_every_shape_is_read(body: object, code: str | None, message: str) -> None:
    read = error(400, body)
    assert (read.code, read.message, read.status, read.kind) == (code, message, 400, PismoErrorKind.REFUSED)


@pytest.mark.parametrize("body", [None, [], {}, 3, {"message": None}, {"errors": []}, {"code": {"x": 1}}])
def test_a_body_that_says_nothing(body: object) -> None:
    assert (error(404, body).code, error(404, body).message) == (None, "Not Found")
    assert error(599, body).message == "no message"


@pytest.mark.parametrize(
    ("status", "kind", "transient"),
    [
        (302, PismoErrorKind.UNEXPECTED, False),
        (400, PismoErrorKind.REFUSED, False),
        (401, PismoErrorKind.UNAUTHORIZED, False),
        (403, PismoErrorKind.FORBIDDEN, False),
        (404, PismoErrorKind.NOT_FOUND, False),
        (408, PismoErrorKind.UNAVAILABLE, True),
        (422, PismoErrorKind.REFUSED, False),
        (429, PismoErrorKind.RATE_LIMITED, True),
        (500, PismoErrorKind.UNAVAILABLE, True),
        (504, PismoErrorKind.UNAVAILABLE, True),
    ],
)
def test_kind_of_a_status(status: int, kind: PismoErrorKind, *, transient: bool) -> None:
    assert error(status).kind == kind
    assert error(status).transient is transient


def test_a_code_means_something_only_in_its_service() -> None:
    assert error(400, {"code": "EOA0100"}, "orgs-core").kind == PismoErrorKind.NOT_FOUND
    assert error(400, {"code": "EOA0100"}, "programs").kind == PismoErrorKind.REFUSED


def test_retry_after() -> None:
    assert error(429).retry_after is None
    assert error(429, retry_after="7").retry_after == 7
    assert error(429, retry_after="soon").retry_after is None
    assert error(429, retry_after="inf").retry_after is None
    assert error(429, retry_after="-3").retry_after == 0
    later = error(429, retry_after=format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)).retry_after
    assert later is not None
    assert 50 < later <= 60


def test_a_secret_that_comes_back_is_scrubbed() -> None:
    token = jwt.encode({"tenant": "TN-1"}, "k" * 64, algorithm="HS512")
    body = {"code": f"x{token}", "message": f"Token {token}\nof secret s3cret is bad {'!' * 400}"}
    read = read_error("passport", 401, {}, body, "cid", secrets=("s3cret", ""))
    for text in (str(read), repr(read), str(read.args), str(vars(read))):
        assert token not in text
        assert "s3cret" not in text
    assert len(read.message) <= 200


def test_it_survives_a_job_engine() -> None:
    before = error(429, {"code": "EOA0018", "message": "m"}, retry_after="7")
    after = pickle.loads(pickle.dumps(before))  # noqa: S301  our own bytes
    assert isinstance(after, PismoError)
    assert vars(after) == vars(before)
    assert str(after) == "programs: rate_limited 429 EOA0018: m (x-cid cid)"
