package example

import (
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"encoding/pem"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/ssh"
)

//go:embed private.pem
var privateKey []byte

//go:embed secret.txt
var secret string

const rsaKey = `-----BEGIN RSA PRIVATE KEY-----
MIIEowIBAAKCAQEA
-----END RSA PRIVATE KEY-----`

func keys(token *jwt.Token, file []byte) {
	_, _ = jwt.ParseRSAPrivateKeyFromPEM(privateKey)      // finds: use:RSA hardcoded-key
	_, _ = jwt.ParseRSAPrivateKeyFromPEM([]byte(rsaKey))  // finds: use:RSA hardcoded-key
	_, _ = jwt.ParseRSAPrivateKeyFromPEM(file)            // finds: use:RSA
	_, _ = token.SignedString([]byte(secret))             // finds: hardcoded-key
	_, _ = ssh.ParsePrivateKey([]byte(rsaKey))            // finds: use:SSH hardcoded-key
	_, _ = ssh.ParsePrivateKey(privateKey)                // finds: use:SSH hardcoded-key
	block, _ := pem.Decode([]byte(rsaKey))
	_, _ = x509.ParsePKCS1PrivateKey(block.Bytes)         // finds: use:RSA hardcoded-key
	_, _ = tls.X509KeyPair(file, privateKey)              // finds: use:TLS hardcoded-key
	_, _ = tls.LoadX509KeyPair("cert.pem", "key.pem")     // finds: use:TLS
}

//go:embed public.pem
var publicKey []byte

// A text.
var other []byte

func public() {
	_, _ = jwt.ParseRSAPublicKeyFromPEM(publicKey)  // finds: use:RSA
	_, _ = jwt.ParseRSAPrivateKeyFromPEM(other)     // finds: use:RSA
	_, _ = jwt.ParseRSAPrivateKeyFromPEM(publicKey) // finds: use:RSA
	_ = x509.NewCertPool().AppendCertsFromPEM(publicKey) // finds: use:X.509
}
