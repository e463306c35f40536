# Makes the private PKI and the key rings of a development stack under $VA_DEV_DIR/pki, and what it
# shares with MHV's stand-in under $VA_DEV_DIR/secrets. Sourced.
# What exists and is still good for a week is kept, so that a browser's trust in the CA lasts.

pki_dir() { printf '%s/pki' "$VA_DEV_DIR"; }

# still_good CERT: it is there and outlives the next week.
still_good() { [[ -s $1 ]] && openssl x509 -in "$1" -noout -checkend 604800 >/dev/null; }

# make_ca: EC P-256; everything else in the folder is made anew with it.
make_ca() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 825 \
    -subj "/CN=Development CA of this checkout" \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
    -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout ca.key -out ca.crt
}

# make_leaf NAME SAN EKU: a P-256 certificate of the CA.
make_leaf() {
  local name=$1 san=$2 eku=$3
  still_good "$name.crt" && return 0
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 \
    -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
  openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -sha256 -days 397 \
    -set_serial "0x$(openssl rand -hex 15)" -out "$name.crt" -extfile <(
      echo "basicConstraints=critical,CA:FALSE"
      echo "keyUsage=critical,digitalSignature"
      echo "extendedKeyUsage=$eku"
      echo "subjectAltName=$san"
    )
  rm -f "$name.csr"
}

# make_saml NAME: an RSA-2048 key that signs SAML messages and opens what is encrypted to us, and its
# self-signed certificate.
make_saml() {
  still_good "$1.crt" && return 0
  openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 825 -subj "/CN=$1 (development)" \
    -addext basicConstraints=critical,CA:FALSE \
    -addext keyUsage=critical,digitalSignature,keyEncipherment \
    -keyout "$1.key" -out "$1.crt"
}

# make_key_ring FILE KEY_ID: one AES-256 or HMAC key, marked current.
make_key_ring() {
  [[ -s $1 ]] || printf '%s:%s:current\n' "$2" "$(openssl rand -hex 32)" >"$1"
}

# make_ring FILE POLICY PEM: a ring of private keys; the one in PEM is current.
make_ring() {
  [[ -s $1 ]] || printf 'ring %s\ndev-1:%s:current:%s\n' "$2" "$3" "$(date -u +%FT%TZ)" >"$1"
}

# make_signing_ring NAME POLICY GENPKEY_OPTION...: a ring of private keys for tokens, and the public JWK
# Set of it, which is always written anew, so that the two never differ. `signinctl keys rotate` goes on
# from there.
make_signing_ring() {
  local name=$1 policy=$2
  shift 2
  if [[ ! -s $name.ring ]]; then
    [[ -s $name.key ]] || openssl genpkey "$@" -out "$name.key"
    make_ring "$name.ring" "signing $policy" "$name.key"
  fi
  "$signinctl" keys publish "$name.ring" --out "$name.jwks"
}

# make_secret FILE: one line of random hex.
make_secret() {
  [[ -s $1 ]] || openssl rand -hex 24 >"$1"
}

make_pki() {
  local service signinctl
  signinctl=$(realpath "$(bin_dir)/signinctl")
  mkdir -p "$(pki_dir)"
  chmod 700 "$(pki_dir)"
  cd "$(pki_dir)"
  umask 077
  if ! still_good ca.crt; then
    rm -f ./*.crt ./*.key ./*.pem ./*.ring ./*.jwks
    make_ca
  fi
  for service in "${VA_SERVICES[@]}" dev-client; do
    make_leaf "$service" "DNS:$service.va.internal,DNS:localhost,IP:127.0.0.1" serverAuth,clientAuth
  done
  # An operator at the keyboard: signinctl account, signinctl merge.
  make_leaf operator DNS:operator.va.internal clientAuth
  make_leaf gateway-tls DNS:localhost serverAuth
  # The world outside; on another site than the gateway (decision E2).
  make_leaf simulators IP:127.0.0.1 serverAuth
  make_saml saml-sp
  # Partners keep our metadata for a day.
  make_ring saml-sp.ring 'saml-signing RSA-2048 publish=24h overlap=24h' saml-sp.key
  make_saml saml-idp
  make_key_ring sealed-box.keys dev-1
  make_key_ring lookup.keys dev-1
  # Decision tokens between the services (decision E6), and the keyed hash of the ICN in them.
  # The overlap is a token's life and what a busy machine needs to read the ring.
  make_signing_ring decision 'ES256 publish=5m overlap=15m' -algorithm EC -pkeyopt ec_paramgen_curve:P-256
  make_key_ring decision-icn.keys dev-1
  # Pseudonyms of people in every service's audit trail.
  make_key_ring audit-pseudonym.keys dev-1
  # How mhv-account proves itself to MHV, and both services to its stand-in.
  make_signing_ring mhv-sts 'RS256 publish=1h overlap=15m' -algorithm RSA -pkeyopt rsa_keygen_bits:2048
  mkdir -p "$VA_DEV_DIR/secrets"
  chmod 700 "$VA_DEV_DIR/secrets"
  make_secret "$VA_DEV_DIR/secrets/mhv-api.key"
  make_secret "$VA_DEV_DIR/secrets/mhv-app.token"
  cd "$VA_ROOT"
}
