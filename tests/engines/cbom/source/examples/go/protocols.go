package example

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/mldsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"github.com/flynn/noise"
	"github.com/golang-jwt/jwt/v5"
	"github.com/go-ldap/ldap/v3"
	"github.com/miekg/pkcs11"
	dsig "github.com/russellhaering/goxmldsig"
	"golang.org/x/crypto/ocsp"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// Where a mode runs.

func run(key, iv, nonce, text []byte) ([]byte, error) {
	block, err := aes.NewCipher(key) // finds: use:AES
	if err != nil {
		return nil, err
	}
	aead, _ := cipher.NewGCM(block)     // finds: use:AES
	sealed := aead.Seal(nil, nonce, text, nil) // finds: use:AES
	stream := cipher.NewCTR(block, iv)  // finds: use:AES unauthenticated-mode
	stream.XORKeyStream(text, text)     // finds: use:AES
	return aead.Open(nil, nonce, sealed, nil) // finds: use:AES
}

// Keys from numbers and bytes.

func keys(seed, point []byte, number *big.Int) {
	_ = ed25519.PrivateKey(seed)                                   // finds: use:Ed25519
	_, _ = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point) // finds: use:ECDSA
	_ = &ecdsa.PublicKey{Curve: elliptic.P384(), X: number, Y: number} // finds: use:ECDSA
	_ = &ecdsa.PublicKey{}
	_ = &rsa.PublicKey{ // finds: use:RSA
		N: number,
		E: 65537,
	}
	key, _ := mldsa.GenerateKey(mldsa.MLDSA65()) // finds: use:ML-DSA-65
	key.Sign(nil, seed, nil)                     // finds: use:ML-DSA-65
	wgtypes.GeneratePrivateKey()                 // finds: use:X25519
}

func certificates(raw []byte, roots *x509.CertPool) {
	template := x509.Certificate{ // finds: use:X.509
		NotAfter: time.Now(),
	}
	_ = x509.Certificate{}
	template.Verify(x509.VerifyOptions{Roots: roots}) // finds: use:X.509
	ocsp.ParseResponse(raw, nil)                      // finds: use:X.509
}

func connections(config *tls.Config) {
	dialer := tls.Dialer{Config: config} // finds: use:TLS
	dialer.Dial("tcp", "example.org:443")
	ldap.DialTLS("tcp", "example.org:636", config) // finds: use:TLS
	config.CurvePreferences = []tls.CurveID{
		tls.X25519MLKEM768, // finds: use:X25519MLKEM768
		tls.X25519,         // finds: use:X25519
	}
}

func files(text string) {
	age.ParseHybridRecipient(text) // finds: use:X25519MLKEM768
	agessh.ParseRecipient(text)    // finds: use:SSH
}

func handshakes(agreement noise.DHFunc) {
	noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly, noise.HashBLAKE2s) // finds: use:X25519 use:ChaCha20-Poly1305 use:BLAKE2s
	noise.NewCipherSuite(agreement, noise.CipherAESGCM, noise.HashSHA256)          // finds: use:AES use:SHA-256
}

func signatures(context *dsig.SigningContext, store dsig.X509KeyStore) {
	dsig.NewDefaultSigningContext(store).SetSignatureMethod(dsig.RSASHA256SignatureMethod) // finds: use:RSA
	dsig.NewDefaultSigningContext(store).SetSignatureMethod(dsig.RSASHA1SignatureMethod)   // finds: use:RSA weak-hash
	dsig.NewDefaultValidationContext(nil)
}

// The program calls both: neither verifies what the other reads.

func both(text string, key []byte) {
	unverified(text)
	verified(text, key)
}

func unverified(text string) {
	jwt.NewParser().ParseUnverified(text, jwt.MapClaims{}) // finds: unverified-signature
}

func verified(text string, key []byte) {
	jwt.Parse(text, func(*jwt.Token) (any, error) { return key, nil }) // finds: use:JSON_Web_Signature
}

func modules() {
	pkcs11.NewMechanism(pkcs11.CKM_EC_KEY_PAIR_GEN, nil) // finds: use:ECDSA
	pkcs11.NewMechanism(pkcs11.CKM_SHA256_RSA_PKCS, nil) // finds: use:RSA
	pkcs11.NewMechanism(pkcs11.CKM_DES3_CBC, nil)        // finds: use:3DES weak-cipher
	pkcs11.NewMechanism(pkcs11.CKM_VENDOR_DEFINED, nil)
}
