"""Tokens that nobody gave out: made by PyJWT with the keys of an installation, or with others."""
import time
import uuid
from hashlib import blake2b

import jwt

ALGORITHM = "HS256"
LIFE_S = 900


def session_key(soglia, kid="k1"):
    """The key that soglia signs log-ins with: BLAKE2b of the purpose's name, keyed by the secret of that name."""
    for line in (soglia.state / "secrets").read_text(encoding="ascii").splitlines():
        name, _, digits = line.partition(" ")
        if name == kid:
            return blake2b(b"session", key=bytes.fromhex(digits), digest_size=32).digest()
    raise AssertionError(f"the secrets have no {kid}")


def made(key, user_id, age_s=0, kid="k1"):
    """A token for the user as soglia would have made it `age_s` ago, signed with any key."""
    now = int(time.time()) - age_s
    claims = {"iss": "soglia", "aud": "soglia", "sub": user_id, "iat": now, "exp": now + LIFE_S, "auth_time": now, "jti": uuid.uuid4().hex}
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": kid})


def bad(soglia, user_id, good):
    """What must not pass for that user, by what is wrong with it; `good` is a token that would."""
    key = session_key(soglia)
    head, claims, signature = good.split(".")
    other = "A" if signature[0] != "A" else "B"
    return {
        "forged": made(bytes(32), user_id),
        "signature": f"{head}.{claims}.{other}{signature[1:]}",
        "unsigned": f"{head}.{claims}.",
        "no algorithm": jwt.encode(jwt.decode(good, options={"verify_signature": False}), "", algorithm="none", headers={"kid": "k1"}),
        "expired": made(key, user_id, age_s=LIFE_S + 120),
        "of tomorrow": made(key, user_id, age_s=-86400),
        "wrong kid": made(key, user_id, kid="k2"),
        "identity as kid": made(blake2b(b"session", key=bytes(32), digest_size=32).digest(), user_id, kid="identity"),
        "nobody": made(key, ""),
        "no token": "x",
    }
