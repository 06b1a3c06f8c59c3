"""verify_pyjwt.py JWKS ISSUER AUDIENCE TOKEN-FILE: exits 0 when PyJWT accepts the token."""
import json
import sys

import jwt

jwks_file, issuer, audience, token_file = sys.argv[1:]
token = open(token_file).read()
kid = jwt.get_unverified_header(token)["kid"]
key = next(k for k in json.load(open(jwks_file))["keys"] if k["kid"] == kid)
claims = jwt.decode(
    token,
    jwt.PyJWK(key).key,
    algorithms=["ES256"],
    issuer=issuer,
    audience=audience,
    options={"require": ["exp", "iat", "iss", "aud", "sub"]},
)
assert claims["scope"] == "s" and claims["client_id"] == claims["sub"], claims
