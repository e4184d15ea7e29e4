# /etc/cryptoserve/cryptoserve.hcl for the unit beside this file; config.hcl.example has every word.
storage "sqlite" {
  path = "/var/lib/cryptoserve/cryptoserve.db"
}

listener "tcp" {
  address       = "0.0.0.0:8200"
  tls_cert_file = "/etc/cryptoserve/tls/tls.crt"
  tls_key_file  = "/etc/cryptoserve/tls/tls.key"
}

audit "file" "main" {
  options {
    file_path = "/var/log/cryptoserve/audit.log"
  }
}

# Unseals without people, with the key that the unit loads as a credential.
# seal "static" {
#   current_key_id = "2026-01"
#   current_key    = "file:///run/credentials/cryptoserve.service/unseal.key"
# }
