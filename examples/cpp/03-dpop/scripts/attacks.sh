# The attacks on tier 03: tokens without their proofs, proofs with one thing wrong, scopes that are missing. Sourced by
# verify.sh, whose functions and variables it uses.
# shellcheck shell=bash disable=SC2034,SC2154

# N1 to N3 something is missing
SESSION='' mcp '' "$INITIALIZE"
refused N1 "a request without a token" DPoP -
has N1 "the challenge names the algorithms" "$HEADERS" 'algs="ES256'
has N1 "and points to the resource metadata" "$HEADERS" "resource_metadata=\"$prm_url\""
has N1 "and there is one for Bearer too" "$HEADERS" "www-authenticate: Bearer "
MCP_SCHEME=Bearer mcp "$both" "$ECHO_CANARY"
refused N2 "a stolen token under Bearer, without a proof," DPoP invalid_token
agent AGENT_DROP_DPOP_PROOF=1
is N2 "the agent without its proof ends with exit code 1" "$CODE" 1
has N2 "and names HTTP 401" "$ERR" "401"
mcp "$both" "$ECHO_CANARY"
refused N3 "a stolen token under DPoP, without a proof," DPoP invalid_token

# N4, N5 a proof that is somebody else's
prove "$both" "$ECHO_CANARY" key=thief
refused N4 "a proof by another key" DPoP invalid_token
prove "$both" "$ECHO_CANARY" key=thief jwk=of:ec
refused N4 "a proof that shows the right key and is signed by another" DPoP invalid_dpop_proof 401 signature
prove "$both" "$ADD"
status N5 "a request is accepted" 200
mcp "$both" "$ADD" -H "DPoP: $FORGED"
refused N5 "the same request once more" DPoP invalid_token

# N6 to N10 a proof that is wrong in one member
origin=${RESOURCE_URI%/mcp}
wrong() { # ID WHAT WHY member=value...
  prove "$both" "$ECHO_CANARY" "${@:4}"
  refused "$1" "$2" DPoP invalid_dpop_proof 401 "$3"
}
wrong N6 "htm GET on a POST" htm htm=GET
wrong N6 "htm post" htm htm=post
wrong N7 "htu with another path" htu htu="$origin/other"
wrong N7 "htu with a slash at the end" htu htu="$RESOURCE_URI/"
wrong N7 "htu with %2F for a slash" htu htu="$origin/%2Fmcp"
wrong N7 "htu with another host" htu htu="${RESOURCE_URI/localhost/127.0.0.1}"
wrong N7 "htu with another port" htu htu="http://localhost:1/mcp"
wrong N7 "htu with another scheme" htu htu="https${RESOURCE_URI#http}"
wrong N8 "a proof of long ago" iat iat=-3600
wrong N8 "a proof from the future" iat iat=3600
wrong N8 "an expired proof" "(exp)" exp=-3600
wrong N9 "a proof without ath" ath without=ath
wrong N9 "ath of another token" ath at="$echo_only"
wrong N10 "typ JWT" typ typ=JWT
wrong N10 "alg none" alg alg=none
wrong N10 "alg HS256 with the public key as its secret" alg alg=HS256
wrong N10 "a proof without jwk" jwk without=jwk
wrong N10 "jwk with its private part" jwk jwk=private
wrong N10 "a proof without jti" jti without=jti
wrong N10 "a proof without iat" iat without=iat
if [[ -d $as_keys ]]; then
  for weak in rsa1024 p192; do
    forge jkt key=$weak
    forge token pem="$as_keys" like="$both" jkt="$FORGED"
    prove "$FORGED" "$ECHO_CANARY" key=$weak
    refused N10 "a key of kind $weak, even with a token bound to it," DPoP invalid_dpop_proof 401 jwk
  done
else
  skipped N10 "keys that are too weak" "the signing key is out of reach with AS_MODE=$AS_MODE"
fi
mcp "$both" "$ECHO_CANARY" -H 'DPoP: garbage'
refused N10 "a field that holds no proof" DPoP invalid_dpop_proof

# N11 two proofs
forge proof htu="$RESOURCE_URI" at="$both"
one=$FORGED
forge proof htu="$RESOURCE_URI" at="$both"
mcp "$both" "$ECHO_CANARY" -H "DPoP: $one" -H "DPoP: $FORGED"
refused N11 "a request with two fields" DPoP invalid_dpop_proof
mcp "$both" "$ECHO_CANARY" -H "DPoP: $one,$FORGED"
refused N11 "a field with two proofs" DPoP invalid_dpop_proof

# N12, N13 tokens and servers that know nothing of DPoP
token_request "mcp:echo mcp:add" "$RESOURCE_URI"
plain=$(json .access_token)
is N12 "a token request without a proof gives a Bearer token" "$(json .token_type)" Bearer
MCP_SCHEME=Bearer mcp "$plain" "$ECHO_CANARY"
refused N12 "that token" DPoP invalid_token
prove "$plain" "$ECHO_CANARY"
refused N12 "that token with a proof" DPoP invalid_token
port=$(free_port)
uri=http://localhost:$port/mcp
register_resource N13 "$(jq -cn --arg uri "$uri" '{slug:"demo-bearer-only", uri:$uri, backend_kind:"mint", display_name:"Bearer only", scopes:[{name:"mcp:echo"}]}')"
side_server bearer-only "$RUN_DIR/bearer-server" "$port" AUTHPLANE_RESOURCE="$uri" || _fail N13 "a server that checks no proofs starts" "none"
bound_token mcp:echo ec "$uri"
SESSION='' MCP_URL=$uri prove "$TOKEN" "$INITIALIZE" htu="$uri"
refused N13 "a bound token at a server that checks no proofs" Bearer invalid_token
SESSION='' MCP_SCHEME=Bearer MCP_URL=$uri mcp "$TOKEN" "$INITIALIZE"
refused N13 "the same token as a bearer token" Bearer invalid_token

# N14 the token endpoint
token_refused() { # WHAT member=value...
  forge proof htu="$token_endpoint" "${@:2}"
  TOKEN_PROOF=$FORGED token_request mcp:echo "$RESOURCE_URI"
  is N14 "token endpoint: $1 is refused" "$STATUS $(json .error)" "400 invalid_dpop_proof"
}
TOKEN_PROOF=garbage token_request mcp:echo "$RESOURCE_URI"
is N14 "token endpoint: a garbled proof is refused" "$STATUS $(json .error)" "400 invalid_dpop_proof"
token_refused "htu of the MCP server" htu="$RESOURCE_URI"
token_refused "htm GET" htm=GET
token_refused "a proof of long ago" iat=-3600
token_refused "alg none" alg=none
token_refused "alg HS256" alg=HS256
token_refused "jwk with its private part" jwk=private
token_refused "the public key of another" jwk=of:another
token_refused "an RSA key of 1024 bits" key=rsa1024
forge proof htu="$token_endpoint"
TOKEN_PROOF=$FORGED token_request mcp:echo "$RESOURCE_URI"
status N14 "token endpoint: a proof is accepted once" 200
TOKEN_PROOF=$FORGED token_request mcp:echo "$RESOURCE_URI"
is N14 "token endpoint: and refused the second time" "$STATUS $(json .error)" "400 invalid_dpop_proof"

# N15 a good proof for a token that is no longer good
if [[ -d $as_keys ]]; then
  forge token pem="$as_keys" like="$both"
  prove "$FORGED" "$ADD"
  status N15 "the forge makes tokens that are accepted when nothing is wrong with them" 200
  forge token pem="$as_keys" like="$both" exp=-3600
  prove "$FORGED" "$ECHO_CANARY"
  refused N15 "an expired token with a good proof" DPoP invalid_token
else
  skipped N15 "an expired token with a good proof" "the signing key is out of reach with AS_MODE=$AS_MODE"
fi
skipped N15 "a revoked token with a good proof" "this server judges tokens by itself, without asking the authorization server"

# N16 grants that would carry a binding on: this authorization server has neither, so there is nothing to take over
for grant in refresh_token urn:ietf:params:oauth:grant-type:token-exchange; do
  forge proof key=thief htu="$token_endpoint"
  request POST "$ISSUER_URL/oauth/token" -u "$CLIENT_ID:$CLIENT_SECRET" -H "DPoP: $FORGED" \
    --data-urlencode "grant_type=$grant" -d refresh_token=x --data-urlencode "subject_token=$both" \
    --data-urlencode subject_token_type=urn:ietf:params:oauth:token-type:access_token
  status N16 "${grant##*:} with another key is refused; the grant is not offered here" 400
done

# S one scope a tool
S_ADD=$(tool_call add_numbers '{"a":20000001,"b":22000000}') sum=42000001
SESSION=$echo_session
prove "$echo_only" '{"jsonrpc":"2.0","id":3,"method":"tools/list"}'
is S1 "a token for mcp:echo alone may list the tools" "$STATUS $(json '[.result.tools[].name] | join(" ")')" "200 echo add_numbers"
CANARY=$sum
prove "$echo_only" "$S_ADD"
refused S1 "add_numbers with it" DPoP insufficient_scope 403
has S1 "and the challenge names the scope to ask for" "$(header www-authenticate)" 'scope="mcp:add"'
bound_token mcp:add
open_session "$TOKEN"
prove "$TOKEN" "$S_ADD"
is S2 "a token for mcp:add alone adds" "$STATUS $(json '.result.content[0].text')" "200 $sum"
CANARY='this tool must not run'
prove "$TOKEN" "$ECHO_CANARY"
refused S2 "echo with it" DPoP insufficient_scope 403
has S2 "and the challenge names the scope to ask for" "$(header www-authenticate)" 'scope="mcp:echo"'
if [[ -d $as_keys ]]; then
  forge token pem="$as_keys" like="$both" scope=
  none=$FORGED
  open_session "$none"
  prove "$none" "$ECHO_CANARY"
  refused S3 "echo without any scope" DPoP insufficient_scope 403
  prove "$none" "$ADD"
  refused S3 "add_numbers without any scope" DPoP insufficient_scope 403
else
  skipped S3 "a token without any scope" "the signing key is out of reach with AS_MODE=$AS_MODE"
fi

# 1.N the mistakes of tier 01, each with a proof that fits the token
SESSION=$session
prove garbage "$ECHO_CANARY"
refused 1.N1 "a garbage token" DPoP invalid_token
prove "$TOKEN.x" "$ECHO_CANARY"
refused 1.N1 "a token with a fourth part" DPoP invalid_token
other=$origin/other
register_resource 1.N2 "$(jq -cn --arg uri "$other" '{slug:"demo-mcp-other", uri:$uri, backend_kind:"mint", display_name:"Other", scopes:[{name:"mcp:echo"}]}')"
bound_token mcp:echo ec "$other"
prove "$TOKEN" "$ECHO_CANARY"
refused 1.N2 "a token for another resource" DPoP invalid_token
IFS=. read -r head payload signature <<<"$both"
[[ $signature == A* ]] && flipped=B${signature:1} || flipped=A${signature:1}
prove "$head.$payload.$flipped" "$ECHO_CANARY"
refused 1.N3 "a flipped signature" DPoP invalid_token
prove "$(printf '{"alg":"none","typ":"at+jwt"}' | b64url).$payload." "$ECHO_CANARY"
refused 1.N3 "alg none" DPoP invalid_token
retyped=$(b64url_decode <<<"$head" | jq -c '.typ = "JWT"' | tr -d '\n' | b64url)
prove "$retyped.$payload.$signature" "$ECHO_CANARY"
refused 1.N3 "a wrong typ" DPoP invalid_token
forge jkt key=thief
rebound=$(b64url_decode <<<"$payload" | jq -c --arg jkt "$FORGED" '.cnf.jkt = $jkt' | tr -d '\n' | b64url)
prove "$head.$rebound.$signature" "$ECHO_CANARY" key=thief
refused 1.N3 "a token rewritten for the key of the thief" DPoP invalid_token
token_request mcp:unknown "$RESOURCE_URI"
is 1.N4 "a scope outside the catalogue is refused" "$STATUS $(json .error)" "400 invalid_scope"
token_request mcp:echo "$RESOURCE_URI" "$CLIENT_ID" wrong-secret
is 1.N5 "a wrong client secret is refused" "$STATUS $(json .error)" "401 invalid_client"
token_request mcp:echo "$RESOURCE_URI/unregistered"
is 1.N5 "an unregistered resource is refused" "$STATUS $(json .error)" "400 invalid_target"
SESSION='' prove "$both" "$ADD"
status 1.N6 "a call without a session is refused" 400
MCP_ACCEPT=text/html prove "$both" "$ADD"
status 1.N6 "a client that takes neither JSON nor SSE is refused" 406
CURL=(-H 'Content-Type: text/plain')
prove "$both" "$ADD"
status 1.N6 "another content type is refused" 415
