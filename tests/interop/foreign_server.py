"""foreign_server.py PORT RESOURCE-PORT plain|nonce: an authorization server and an MCP server that check proofs of
possession (RFC 9449) with PyJWT. They share no line with the ones under test.

GET /report at the second one answers what they have seen. Before they listen they make sure that they refuse bad proofs.
"""
import base64
import hashlib
import http.server
import json
import secrets
import sys
import threading
import time
import urllib.parse

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from forge import Forge

port, resource_port = int(sys.argv[1]), int(sys.argv[2])
demands_nonces = sys.argv[3] == "nonce"
issuer = f"http://localhost:{port}"
token_endpoint = f"{issuer}/token"
resource = f"http://localhost:{resource_port}/mcp"
signing_key = ec.generate_private_key(ec.SECP256R1())

lock = threading.Lock()
spent = set()
report = {"token": 0, "resource": 0, "nonce_demands": 0, "refused": []}


class Refused(Exception):
    pass


class NonceDemanded(Exception):
    pass


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def thumbprint(jwk):
    required = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}[jwk["kty"]]
    canonical = json.dumps({name: jwk[name] for name in required}, sort_keys=True, separators=(",", ":"))
    return b64(hashlib.sha256(canonical.encode()).digest())


def check(condition, what):
    if not condition:
        raise Refused(what)


def check_proof(proofs, method, url, token=None, nonce=None):
    """RFC 9449 section 4.3; the thumbprint of the key."""
    check(proofs is not None and len(proofs) == 1, "exactly one proof")
    try:
        header = jwt.get_unverified_header(proofs[0])
        jwk, alg = header["jwk"], header["alg"]
        check(alg in ("ES256", "RS256", "PS256"), f"alg {alg}")
        check(not {"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & jwk.keys(), "private key")
        key = jwt.PyJWK(jwk, algorithm=alg).key
        claims = jwt.decode(proofs[0], key, algorithms=[alg], options={"require": ["jti", "iat"]})
    except (KeyError, jwt.PyJWTError) as problem:
        raise Refused(f"{type(problem).__name__}: {problem}") from problem
    check(header.get("typ") == "dpop+jwt", f"typ {header.get('typ')}")
    check(claims.get("htm") == method, f"htm {claims.get('htm')} for {method}")
    check(claims.get("htu") == url, f"htu {claims.get('htu')} for {url}")
    check(abs(time.time() - claims["iat"]) <= 60, "iat")
    expected = b64(hashlib.sha256(token.encode()).digest()) if token else None
    check(claims.get("ath") == expected, "ath")
    with lock:
        check(claims["jti"] not in spent, "jti was used before")
        spent.add(claims["jti"])
    if nonce is not None and claims.get("nonce") != nonce:
        raise NonceDemanded
    return thumbprint(jwk)


def check_yourself():
    forge = Forge()
    url, token = "http://localhost/self", "a.b.c"

    def accepts(proofs):
        try:
            check_proof(proofs, "POST", url, token)
            return True
        except Refused:
            return False

    good = forge.proof(htu=url, at=token)
    assert accepts([good]) and not accepts([good]), "the first time only"
    assert not accepts(None) and not accepts([forge.proof(htu=url, at=token)] * 2), "one proof"
    for wrong in (
        {"htm": "GET"},
        {"htu": url + "/"},
        {"at": "a.b.d"},
        {"without": "ath"},
        {"without": "jti"},
        {"without": "jwk"},
        {"iat": -3600},
        {"typ": "JWT"},
        {"alg": "none"},
        {"jwk": "private"},
        {"jwk": "of:another"},
    ):
        assert not accepts([forge.proof(**{"htu": url, "at": token, **wrong})]), wrong
    forge.close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()

    def reply(self, status, content=None, **fields):
        payload = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        if payload:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def refused(self, reason):
        with lock:
            report["refused"].append(f"{self.command} {self.path}: {reason}")

    def log_message(self, *arguments):
        pass


class AuthorizationServer(Handler):
    nonce = secrets.token_urlsafe(16) if demands_nonces else None

    def do_GET(self):
        if self.path == "/.well-known/oauth-authorization-server":
            return self.reply(200, {
                "issuer": issuer,
                "token_endpoint": token_endpoint,
                "jwks_uri": f"{issuer}/jwks",
                "response_types_supported": ["code"],
                "grant_types_supported": ["client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "dpop_signing_alg_values_supported": ["ES256", "RS256", "PS256"],
            })
        if self.path == "/jwks":
            numbers = signing_key.public_key().public_numbers()
            point = {"x": b64(numbers.x.to_bytes(32, "big")), "y": b64(numbers.y.to_bytes(32, "big"))}
            return self.reply(200, {"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "alg": "ES256", **point}]})
        self.reply(404)

    def do_POST(self):
        form = urllib.parse.parse_qs(self.body())
        try:
            check(self.path == "/token", "path")
            expected = base64.b64encode(b"us:interop-secret").decode()
            check(self.headers["Authorization"] == f"Basic {expected}", "client")
            check(form["grant_type"] == ["client_credentials"] and form["resource"] == [resource], "form")
            jkt = check_proof(self.headers.get_all("DPoP"), "POST", token_endpoint, nonce=self.nonce)
        except NonceDemanded:
            with lock:
                report["nonce_demands"] += 1
            return self.reply(400, {"error": "use_dpop_nonce"}, DPoP_Nonce=self.nonce)
        except Refused as refusal:
            self.refused(refusal)
            return self.reply(400, {"error": "invalid_dpop_proof"})
        now = int(time.time())
        claims = {"iss": issuer, "aud": resource, "sub": "us", "iat": now, "exp": now + 600, "cnf": {"jkt": jkt}}
        token = jwt.encode(claims, signing_key, algorithm="ES256", headers={"typ": "at+jwt", "kid": "1"})
        with lock:
            report["token"] += 1
        self.reply(200, {"access_token": token, "token_type": "DPoP", "expires_in": 600, "scope": "mcp:echo"})


class McpServer(Handler):
    # A nonce is good for one request; every answer brings the next one.
    nonce = secrets.token_urlsafe(16) if demands_nonces else None

    def authorized(self):
        scheme, _, token = (self.headers["Authorization"] or "").partition(" ")
        nonce = McpServer.nonce
        try:
            check(scheme == "DPoP", "scheme")
            claims = jwt.decode(token, signing_key.public_key(), algorithms=["ES256"], audience=resource)
            jkt = check_proof(self.headers.get_all("DPoP"), self.command, resource, token, nonce)
            check(jkt == claims["cnf"]["jkt"], "key of another")
        except NonceDemanded:
            with lock:
                report["nonce_demands"] += 1
            self.reply(401, DPoP_Nonce=nonce, WWW_Authenticate='DPoP error="use_dpop_nonce", algs="ES256 RS256 PS256"')
            return False
        except (Refused, KeyError, jwt.PyJWTError) as refusal:
            self.refused(refusal)
            self.reply(401, WWW_Authenticate='DPoP error="invalid_token"')
            return False
        with lock:
            report["resource"] += 1
        return True

    def accept(self, status, content=None, **fields):
        if demands_nonces:
            McpServer.nonce = fields["DPoP_Nonce"] = secrets.token_urlsafe(16)
        self.reply(status, content, **fields)

    def do_GET(self):
        if self.path == "/report":
            with lock:
                return self.reply(200, report)
        self.reply(401, WWW_Authenticate="DPoP")

    def do_DELETE(self):
        if self.authorized():
            self.accept(204)

    def do_POST(self):
        call = json.loads(self.body())
        if not self.authorized():
            return None
        if call["method"] == "initialize":
            result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                      "serverInfo": {"name": "foreign", "version": "1"}}
            return self.accept(200, {"jsonrpc": "2.0", "id": call["id"], "result": result}, Mcp_Session_Id="one")
        if "id" not in call:
            return self.accept(202)
        content = [{"type": "text", "text": call["params"]["arguments"]["text"]}]
        self.accept(200, {"jsonrpc": "2.0", "id": call["id"], "result": {"content": content}})


check_yourself()
servers = [
    http.server.ThreadingHTTPServer(("127.0.0.1", port), AuthorizationServer),
    http.server.ThreadingHTTPServer(("127.0.0.1", resource_port), McpServer),
]
for server in servers:
    threading.Thread(target=server.serve_forever).start()
