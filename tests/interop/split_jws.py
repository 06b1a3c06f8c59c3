"""split_jws.py JWKS TOKEN-FILE FOLDER: writes key.pem, input and signature.der for `openssl dgst -verify`."""
import base64
import json
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text):
    return int.from_bytes(decode(text), "big")


jwks_file, token_file, folder = sys.argv[1:]
head, payload, signature = open(token_file).read().split(".")
jwk = json.load(open(jwks_file))["keys"][0]
key = ec.EllipticCurvePublicNumbers(number(jwk["x"]), number(jwk["y"]), ec.SECP256R1()).public_key()
raw = decode(signature)
with open(f"{folder}/key.pem", "wb") as out:
    out.write(key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
with open(f"{folder}/input", "w") as out:
    out.write(f"{head}.{payload}")
with open(f"{folder}/signature.der", "wb") as out:
    out.write(utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")))
