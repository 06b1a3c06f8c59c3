"""Makes DPoP proofs (RFC 9449) with PyJWT, good ones and ones with exactly one thing wrong.

Reads one command a line from standard input and answers each with one line, so that a script pays for the start once:

  proof [member=value...]   a proof; every member is optional
      key=NAME              ec (default) or any other name: a P-256 key of that name; rsa (2048 bits), rsa1024, p192
      alg=ALG               default: what fits the key; HS256 signs with the public key as the secret; none
      htm=  htu=            default POST and nothing
      at=TOKEN              access token, for ath
      iat=SECONDS  exp=SECONDS   from now; exp is left out by default
      jti=  nonce=  ath=  typ=   these values instead
      jwk=private | of:NAME      the private members too; the public key of NAME
      without=a,b           leaves these members out, of header or claims
  jkt [key=NAME]            RFC 7638 thumbprint of that key
  token pem=FOLDER like=TOKEN [exp=SECONDS] [scope=a,b] [aud=URL] [typ=] [jkt=] [cnf=none]
                            TOKEN with these changes, signed by the key in FOLDER that its kid names

A command that cannot be done is answered with a line that starts with "error:".
"""
import base64
import hashlib
import json
import pathlib
import sys
import time
import uuid

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

keys = {}


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value, size=None):
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def key_named(name):
    if name not in keys:
        if name.startswith("rsa"):
            keys[name] = rsa.generate_private_key(65537, int(name[3:] or 2048))
        else:
            keys[name] = ec.generate_private_key(ec.SECP192R1() if name == "p192" else ec.SECP256R1())
    return keys[name]


def jwk_of(key, private=False):
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        jwk = {"e": number(numbers.public_numbers.e), "kty": "RSA", "n": number(numbers.public_numbers.n)}
        secret = {"d": number(numbers.d)}
    else:
        size = key.curve.key_size // 8
        public = key.public_key().public_numbers()
        jwk = {"crv": f"P-{key.curve.key_size}", "kty": "EC", "x": number(public.x, size), "y": number(public.y, size)}
        secret = {"d": number(key.private_numbers().private_value, size)}
    return {**jwk, **secret} if private else jwk


def thumbprint(key):
    canonical = json.dumps(jwk_of(key), sort_keys=True, separators=(",", ":"))
    return b64(hashlib.sha256(canonical.encode()).digest())


def proof(options):
    key = key_named(options.get("key", "ec"))
    alg = options.get("alg", "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256")
    now = int(time.time())
    shown = options.get("jwk", "")
    jwk = jwk_of(key_named(shown[3:])) if shown.startswith("of:") else jwk_of(key, shown == "private")
    header = {"typ": options.get("typ", "dpop+jwt"), "jwk": jwk}
    claims = {
        "jti": options.get("jti") or str(uuid.uuid4()),
        "htm": options.get("htm", "POST"),
        "htu": options.get("htu", ""),
        "iat": now + int(options.get("iat", 0)),
    }
    if "exp" in options:
        claims["exp"] = now + int(options["exp"])
    if "nonce" in options:
        claims["nonce"] = options["nonce"]
    if "at" in options:
        claims["ath"] = b64(hashlib.sha256(options["at"].encode()).digest())
    if "ath" in options:
        claims["ath"] = options["ath"]
    for name in filter(None, options.get("without", "").split(",")):
        header.pop(name, None)
        claims.pop(name, None)
    secret = {"none": None, "HS256": json.dumps(jwk)}.get(alg, key)
    return jwt.encode(claims, secret, algorithm=alg, headers=header)


def signing_key(folder, kid):
    for file in sorted(pathlib.Path(folder).rglob("*")):
        if not file.is_file():
            continue
        try:
            key = serialization.load_pem_private_key(file.read_bytes(), None)
        except ValueError:
            continue
        if thumbprint(key) == kid:
            return key
    raise ValueError(f"no key {kid} in {folder}")


def token(options):
    header = jwt.get_unverified_header(options["like"])
    claims = jwt.decode(options["like"], options={"verify_signature": False})
    if "exp" in options:
        claims["iat"] = int(time.time()) + int(options["exp"]) - 600
        claims["exp"] = claims["iat"] + 600
    if "scope" in options:
        claims["scope"] = options["scope"].replace(",", " ")
    if "aud" in options:
        claims["aud"] = [options["aud"]]
    if "jkt" in options:
        claims["cnf"] = {"jkt": options["jkt"]}
    if options.get("cnf") == "none":
        claims.pop("cnf", None)
    if "typ" in options:
        header["typ"] = options["typ"]
    return jwt.encode(claims, signing_key(options["pem"], header["kid"]), algorithm=header["alg"], headers=header)


def answer(line):
    verb, *words = line.split()
    options = dict(word.split("=", 1) for word in words)
    if verb == "proof":
        return proof(options)
    if verb == "jkt":
        return thumbprint(key_named(options.get("key", "ec")))
    if verb == "token":
        return token(options)
    raise ValueError(f"unknown command {verb}")


for command in sys.stdin:
    try:
        print(answer(command), flush=True)
    except Exception as problem:  # the script that asked says which check it was for
        print(f"error: {type(problem).__name__}: {problem}", flush=True)
