"""Tokens, hashes and identities, read and made by PyJWT, argon2-cffi and Python's BLAKE2b, which share no code with soglia."""
import base64
import hashlib
import hmac
import json
import os
import subprocess
from pathlib import Path

import argon2
import jwt
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "build/dev/tests"
TIMEOUT_S = 60
NOW_S = 1763800000
LIFE_S = 900
LEEWAY_S = 60
PASSWORDS = ["correct horse battery staple", "grüß dich, Elefant 🐘", "x" * 1024, "\u00e9\u0065\u0301 two forms"]


def run(command, *args, lines):
    """The program's answers to these lines."""
    program = Path(os.environ.get("SOGLIA_TESTS_BIN", FOLDER)) / "auth_tool"
    if not program.exists():
        raise FileNotFoundError(f"{program}: build it first, or name its folder in SOGLIA_TESTS_BIN")
    text = "".join(f"{line}\n" for line in lines)
    result = subprocess.run([program, command, *map(str, args)], input=text.encode(), capture_output=True, timeout=TIMEOUT_S,
                            check=False)
    assert result.returncode == 0, result.stderr.decode()
    answers = result.stdout.decode().split("\n")[:-1]
    assert len(answers) == len(lines)
    return answers


class Secrets:
    """A secrets file that soglia makes, read by us."""

    def __init__(self, path):
        self.path = path
        run("user", path, lines=["ada@example.org"])
        lines = [line.split() for line in path.read_text().splitlines() if line and not line.startswith("#")]
        self.keys = {name: bytes.fromhex(digits) for name, digits in lines}

    def derive(self, name, purpose):
        return hashlib.blake2b(purpose.encode(), key=self.keys[name], digest_size=32).digest()

    def session_key(self, kid="k1"):
        return self.derive(kid, "session")

    def rotate(self, kid):
        self.keys[kid] = hashlib.blake2b(kid.encode(), digest_size=32).digest()
        self.path.write_text(f"{kid} {self.keys[kid].hex()}\n" + self.path.read_text())


@pytest.fixture(name="secrets")
def secrets_fixture(tmp_path):
    return Secrets(tmp_path / "state" / "secrets")


def claims(**changes):
    usual = {"iss": "soglia", "aud": "soglia", "sub": "u1", "iat": NOW_S, "exp": NOW_S + LIFE_S, "auth_time": NOW_S, "jti": "0123456789"}
    return {name: value for name, value in (usual | changes).items() if value is not None}


def make(secrets, payload, kid="k1", algorithm="HS256", headers=None):
    key = "" if algorithm == "none" else secrets.session_key("k1" if kid not in secrets.keys else kid)
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": kid} | (headers or {}))


def is_read(secrets, token, now_s=NOW_S):
    answer, = run("session", secrets.path, now_s, lines=[token])
    assert answer in ("! the token is not valid", "! the token has expired: log in again") or not answer.startswith("!")
    return not answer.startswith("!")


def test_pyjwt_reads_our_tokens(secrets):
    token, = run("token", secrets.path, NOW_S, lines=["u1"])
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT", "kid": "k1"}
    read = jwt.decode(token, secrets.session_key(), algorithms=["HS256"], audience="soglia", issuer="soglia",
                      options={"require": ["iss", "aud", "sub", "iat", "exp", "auth_time", "jti"], "verify_exp": False})
    assert {name: read[name] for name in ("sub", "iat", "exp", "auth_time")} == {
        "sub": "u1", "iat": NOW_S, "exp": NOW_S + LIFE_S, "auth_time": NOW_S}
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, secrets.derive("identity", "session"), algorithms=["HS256"], audience="soglia", options={"verify_exp": False})


def test_we_read_tokens_of_pyjwt(secrets):
    answer, = run("session", secrets.path, NOW_S, lines=[make(secrets, claims(sub="ünïcode 🐘"))])
    assert answer == f"ünïcode 🐘 {NOW_S} {NOW_S + LIFE_S} {NOW_S}"
    assert is_read(secrets, make(secrets, claims(nbf=NOW_S)))
    assert is_read(secrets, make(secrets, claims(more={"deep": [1, 2.5, None]})))


@pytest.mark.parametrize("payload", [
    claims(iss="other"), claims(aud="other"), claims(aud=["soglia"]), claims(sub=None), claims(jti=None), claims(iat=None),
    claims(exp=None), claims(auth_time=None), claims(iss=None), claims(aud=None), claims(sub=""), claims(exp=NOW_S + 0.5),
    claims(nbf=NOW_S + LEEWAY_S + 1), claims(iat=NOW_S + LEEWAY_S + 1), claims(auth_time=str(NOW_S)), claims(sub="u" * 129),
], ids=lambda payload: json.dumps(payload)[:60])
def test_other_claims_of_pyjwt_are_refused(secrets, payload):
    # What PyJWT itself would refuse to encode is signed by hand.
    header = base64url(json.dumps({"alg": "HS256", "kid": "k1"}))
    body = f"{header}.{base64url(json.dumps(payload))}"
    signature = base64url(hmac.digest(secrets.session_key(), body.encode(), "sha256"))
    assert not is_read(secrets, f"{body}.{signature}")


def base64url(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else data.encode()).rstrip(b"=").decode()


@pytest.mark.filterwarnings("ignore:The HMAC key")
@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
def test_other_algorithms_of_pyjwt_are_refused(secrets, algorithm):
    assert not is_read(secrets, make(secrets, claims(), algorithm=algorithm))


def test_a_public_key_is_no_secret(secrets):
    """HS256 with the text of a key that the header brings along, and RS256 under its name."""
    header = base64url(json.dumps({"alg": "RS256", "kid": "k1"}))
    body = f"{header}.{base64url(json.dumps(claims()))}"
    signature = base64url(hmac.digest(secrets.session_key(), body.encode(), "sha256"))
    assert not is_read(secrets, f"{body}.{signature}")
    jwk = {"kty": "oct", "k": base64url(b"k" * 32)}
    assert not is_read(secrets, jwt.encode(claims(), b"k" * 32, headers={"kid": "k1", "jwk": jwk}))


def test_expired_tokens_of_pyjwt_are_refused(secrets):
    token = make(secrets, claims())
    assert is_read(secrets, token, NOW_S + LIFE_S + LEEWAY_S - 1)
    assert not is_read(secrets, token, NOW_S + LIFE_S + LEEWAY_S)


def test_keys_rotate(secrets):
    old = make(secrets, claims())
    secrets.rotate("k2")
    token, = run("token", secrets.path, NOW_S, lines=["u1"])
    assert jwt.get_unverified_header(token)["kid"] == "k2"
    assert jwt.decode(token, secrets.session_key("k2"), algorithms=["HS256"], audience="soglia", options={"verify_exp": False})["sub"] == "u1"
    assert is_read(secrets, old) and is_read(secrets, token)
    assert not is_read(secrets, make(secrets, claims(), kid="k3"))


def test_hashes_of_both_are_verified_by_both():
    ours = run("hash", 64 * 1024, 2, lines=[password.encode().hex() for password in PASSWORDS])
    hasher = argon2.PasswordHasher(time_cost=3, memory_cost=256, parallelism=4)
    for password, hashed in zip(PASSWORDS, ours, strict=True):
        parameters = argon2.extract_parameters(hashed)
        assert (parameters.type, parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (argon2.Type.ID, 64, 2, 1)
        assert hasher.verify(hashed, password)
        with pytest.raises(argon2.exceptions.VerifyMismatchError):
            hasher.verify(hashed, password + "x")
        theirs = hasher.hash(password)
        assert run("verify", lines=[f"{password.encode().hex()} {theirs}", f"{(password + 'x').encode().hex()} {theirs}"])[0] == "yes"
        assert run("verify", lines=[f"{b'other'.hex()} {theirs}"]) == ["no"]
    for kind in (argon2.Type.I, argon2.Type.D):
        other = argon2.PasswordHasher(time_cost=3, memory_cost=256, parallelism=1, type=kind).hash(PASSWORDS[0])
        assert run("verify", lines=[f"{PASSWORDS[0].encode().hex()} {other}"]) == ["no"]


def test_identities_are_keyed_blake2b(secrets):
    key = secrets.derive("identity", "user")
    expected = "u" + hashlib.blake2b(b"ada@example.org", key=key, digest_size=16).hexdigest()
    assert run("user", secrets.path, lines=["ada@example.org", "ADA@Example.org", " "])[0] == expected
    assert run("user", secrets.path, lines=["ada", "a@b@c"])[0].startswith("! address")


def test_webhook_secrets_are_keyed_blake2b(secrets):
    key = secrets.derive("identity", "webhook")
    expected = hashlib.blake2b(b"u1\0https://example.org/hook", key=key, digest_size=32).digest()
    assert run("webhook", secrets.path, lines=["u1 https://example.org/hook"]) == ["whsec_" + base64.b64encode(expected).decode()]


def test_fingerprints_are_keyed_blake2b(secrets):
    parts = [b"POST", b"/v1/users", b'{"a": 1}']
    framed = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    expected = hashlib.blake2b(framed, key=secrets.derive("identity", "fingerprint"), digest_size=16).hexdigest()
    assert run("fingerprint", secrets.path, lines=[b" ".join(parts).decode()]) == [expected]
