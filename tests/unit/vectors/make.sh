#!/usr/bin/env bash
# Makes the golden files of this folder with the openssl command line, so that the tests compare hooktop with another
# program. Bodies stand here as they must look on the wire. Keys are for tests only and are kept once made, so that a
# second run changes nothing. usage: tests/unit/vectors/make.sh
set -euo pipefail
cd "$(dirname "$0")"

# Keys ----------------------------------------------------------------------------------------------------------------
[ -e rsa.pem ] || openssl genrsa -out rsa.pem 2048
[ -e rsa_other.pem ] || openssl genrsa -out rsa_other.pem 2048
[ -e ed25519.pem ] || openssl genpkey -algorithm ed25519 -out ed25519.pem
openssl pkey -in rsa.pem -pubout -out rsa.pub.pem
openssl pkey -in rsa_other.pem -pubout -out rsa_other.pub.pem
[ -e rsa_short.pem ] || openssl genrsa -out rsa_short.pem 1024
[ -e rsa_locked.pem ] || openssl genrsa -aes128 -passout pass:locked -out rsa_locked.pem 2048
current='whsec_6k1vCP4d2WbTGrmQyQn0s4PZ4Nq7u3hYx8e5B1kTj0E='
previous='whsec_pJmT0cRk8cZ3cS3y9wq1mC6mZyYfTQf5yH5m3L2v7aI='

hex() { od -An -v -tx1 | tr -d ' \n'; }
decoded() { printf '%s' "${1#whsec_}" | openssl base64 -d -A | hex; }
text() { printf '%s' "$1" | hex; }
hmac() { openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" -binary; } # HEXKEY < message
raw_public() { openssl pkey -in "$1" -pubout -outform DER | tail -c 32; }
raw_private() { openssl pkey -in "$1" -outform DER | tail -c 32; }

# Bodies --------------------------------------------------------------------------------------------------------------
claim='{ "claim" : {"b": 1.0, "a":"\u00e9\u2028é", "n":12345678901234567890, "z":[{},"}:{"]} }'
printf '%s' '{"project_id" : "0193480d-5a78-7cc2-b1f4-a3d2e1f0a9b8","name":"Año 2026"}' >instaclaim.body
printf '%s' '{"event":"webhook.test","tenant_id":"0193480d-c412-7d86-b5e9-0f8a7c3d2e64",' \
    '"webhook_id":"0193480d-d60b-7a2c-9f35-8b1e4d7c0a96","webhook_status":"active",' \
    '"sent_at":"2026-11-20T14:02:58.440Z"}' >instaclaim.ping
printf '%s' '{"id":"evt_0193480d5a787cc2b1f4a3d2e1f0a9b8","type":"claim.created",' \
    '"timestamp":"2026-11-20T14:02:58Z","data":' "$claim" '}' >claimport.body
printf '%s' '{"type":"webhook.test","timestamp":"2026-11-20T14:02:58Z"}' >claimport.ping
printf '%s' '{"id":"evt_0193480d5a787cc2b1f4a3d2e1f0a9b8","timestamp":"2026-11-20T14:02:58.440Z",' \
    '"event_type":"document.submitted","event_name":"Document \"front.png\" \u2713 submitted",' \
    '"event_data":' "$claim" '}' >instnt.body
printf '%s' '{"id":"evt_0193480d5a787cc2b1f4a3d2e1f0a9b8","timestamp":"2026-11-20T14:02:58.440Z",' \
    '"event_type":"document.verification.success","event_name":"Document verification success",' \
    '"event_data":' "$claim" '}' >instnt_unnamed.body
printf '%s' '{"id":"evt_0193480de0017a3b8c5d1f2e3d4c5b6a","timestamp":"2026-11-20T14:02:58.440Z",' \
    '"event_type":"webhook.test","event_name":"Webhook test","event_data":{}}' >instnt.ping
printf '%s' '{ "claim" : {"b": 1.0, "a":"\u00e9\u2028é", "n":12345678901234567890, "z":[{},"}:{"]} ,' \
    '"event_name":"claim.label_added","source":"ui","performed_by":"Zo\u00eb \"Z\"\n\ud83d\ude00"}' >claimable.body
printf '%s' '{ "claim" : {"b": 1.0, "a":"\u00e9\u2028é", "n":12345678901234567890, "z":[{},"}:{"]} ,' \
    '"event_name":"claim.closed","source":"api","performed_by":"unknown"}' >claimable_bare.body
printf '%s' '{"event_name":"webhook.test","source":"api","performed_by":"hooktop"}' >claimable.ping
printf '%s' '{"type":"invoice.paid","timestamp":"2026-11-20T14:02:58.440Z","data":' "$claim" '}' >standard.body
printf '%s' '{"type":"webhook.test","timestamp":"2026-11-20T14:02:58.440Z","data":{}}' >standard.ping

# Signatures: "name value" per line ------------------------------------------------------------------------------------
at=1795183378
event=0193480d-5a78-7cc2-b1f4-a3d2e1f0a9b8
signed() { printf '%s.%s.' "$event" "$at" | cat - "$1"; } # Standard Webhooks' signed content
twice() { openssl dgst -sha256 -binary "$2" | openssl dgst -sha256 -sign "$1" | openssl base64 -A; }
{
    for which in current previous; do
        echo "secret_$which ${!which}"
        for body in instaclaim.body claimport.body claimport.ping; do
            echo "$body:$which:hex $(hmac "$(text "${!which}")" <$body | hex)"
        done
        for body in standard.body standard.ping claimable.body claimable.ping; do
            echo "$body:$which:base64 $(signed $body | hmac "$(decoded "${!which}")" | openssl base64 -A)"
        done
    done
    # Keys of one block of the hash, and of more.
    for n in 64 65 200; do
        key=$(printf 'k%.0s' $(seq "$n"))
        echo "secret_$n $key"
        echo "claimport.body:$n:hex $(hmac "$(text "$key")" <claimport.body | hex)"
    done
    # Mistakes that receivers make: the key in another form, a line feed more, the body hashed once.
    echo "mistake:claimport:decoded $(hmac "$(decoded "$current")" <claimport.body | hex)"
    echo "mistake:claimport:stripped $(hmac "$(text "${current#whsec_}")" <claimport.body | hex)"
    echo "mistake:standard:whole $(signed standard.body | hmac "$(text "$current")" | openssl base64 -A)"
    echo "mistake:standard:stripped $(signed standard.body | hmac "$(text "${current#whsec_}")" | openssl base64 -A)"
    echo "mistake:instnt:once $(openssl dgst -sha256 -sign rsa.pem instnt.body | openssl base64 -A)"
    for body in instnt.body instnt.ping; do
        echo "$body:rsa $(twice rsa.pem $body)"
        echo "$body:rsa_other $(twice rsa_other.pem $body)"
    done
    echo "whsk_seed whsk_$(raw_private ed25519.pem | openssl base64 -A)"
    echo "whsk_both whsk_$({ raw_private ed25519.pem; raw_public ed25519.pem; } | openssl base64 -A)"
    echo "whpk whpk_$(raw_public ed25519.pem | openssl base64 -A)"
    signed standard.body >signed.tmp
    echo "standard.body:ed25519 $(openssl pkeyutl -sign -rawin -inkey ed25519.pem -in signed.tmp | openssl base64 -A)"
    rm signed.tmp
} >signatures.txt

# The receiver's side of the RSA contract, by openssl: the digest goes to a verifier that hashes it again.
awk '$1 == "instnt.body:rsa" { print $2 }' signatures.txt | openssl base64 -d -A >sig.tmp
openssl dgst -sha256 -binary instnt.body | openssl dgst -sha256 -verify rsa.pub.pem -signature sig.tmp
rm sig.tmp
