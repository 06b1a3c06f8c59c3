"""foreign_client.py ISSUER RESOURCE ALG plain|nonce: exits 0 when our servers accept proofs signed by PyJWT.

Credentials come from CLIENT_ID and CLIENT_SECRET.
"""
import base64
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

import jwt

from forge import Forge

issuer, resource, alg, mode = sys.argv[1:]
forge = Forge()
key = {"key": "ec" if alg == "ES256" else "rsa", "alg": alg}


def send(request):
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as response:
        return response.code, response.headers, response.read().decode()


def expect(condition, what, reply):
    if not condition:
        sys.exit(f"{what}; got {reply[0]} {dict(reply[1])} {reply[2]}")


def get_json(url):
    reply = send(urllib.request.Request(url))
    expect(reply[0] == 200, f"GET {url}", reply)
    return json.loads(reply[2])


def request_token(endpoint, nonce=None):
    form = {"grant_type": "client_credentials", "scope": "mcp:echo", "resource": resource}
    credentials = f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}".encode()
    headers = {
        "Authorization": "Basic " + base64.b64encode(credentials).decode(),
        "DPoP": forge.proof(htu=endpoint, nonce=nonce, **key),
    }
    return send(urllib.request.Request(endpoint, urllib.parse.urlencode(form).encode(), headers))


def call(token, body, session=None, proof=None):
    headers = {
        "Authorization": f"DPoP {token}",
        "DPoP": proof or forge.proof(htu=resource, at=token, **key),
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    }
    if session:
        headers["Mcp-Session-Id"] = session
    return send(urllib.request.Request(resource, json.dumps({"jsonrpc": "2.0", **body}).encode(), headers))


metadata = get_json(f"{issuer}/.well-known/oauth-authorization-server")
endpoint = metadata["token_endpoint"]
assert alg in metadata["dpop_signing_alg_values_supported"], metadata

reply = request_token(endpoint)
if mode == "nonce":
    expect(reply[0] == 400 and json.loads(reply[2])["error"] == "use_dpop_nonce", "a demand for a nonce", reply)
    reply = request_token(endpoint, reply[1]["DPoP-Nonce"])
expect(reply[0] == 200 and json.loads(reply[2])["token_type"] == "DPoP", "a DPoP token", reply)
token = json.loads(reply[2])["access_token"]

kid = jwt.get_unverified_header(token)["kid"]
signer = next(k for k in get_json(metadata["jwks_uri"])["keys"] if k["kid"] == kid)
claims = jwt.decode(token, jwt.PyJWK(signer).key, algorithms=["ES256"], issuer=issuer, audience=resource)
assert claims["cnf"] == {"jkt": forge.thumbprint(key["key"])}, claims

hello = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "interop", "version": "1"}}
reply = call(token, {"id": 1, "method": "initialize", "params": hello})
expect(reply[0] == 200, "a session", reply)
session = reply[1]["Mcp-Session-Id"]
reply = call(token, {"method": "notifications/initialized"}, session)
expect(reply[0] == 202, "initialized", reply)

echo = {"id": 2, "method": "tools/call", "params": {"name": "echo", "arguments": {"text": f"{alg} works"}}}
proof = forge.proof(htu=resource, at=token, **key)
reply = call(token, echo, session, proof)
expect(reply[0] == 200 and f'"{alg} works"' in reply[2], "the echo", reply)
reply = call(token, echo, session, proof)
expect(reply[0] == 401 and "invalid_token" in reply[1]["WWW-Authenticate"], "a replay refused", reply)
forge.close()
