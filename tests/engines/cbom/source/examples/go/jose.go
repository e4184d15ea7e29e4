package example

import (
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/lestrrat-go/jwx/v2/jwa"
	jwxt "github.com/lestrrat-go/jwx/v2/jwt"
	jwa3 "github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwe"
)

func encrypting(text []byte, key any) {
	_, _ = jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.RSA1_5, Key: key}, nil)     // finds: use:AES use:RSA weak-padding
	_, _ = jwe.Encrypt(text, jwe.WithKey(jwa3.RSA_OAEP_256(), key))                                   // finds: use:RSA
	_, _ = jwe.Encrypt(text, jwe.WithKey(jwa3.DIRECT(), key), jwe.WithContentEncryption(jwa3.A256GCM())) // finds: use:AES
}

func signing(given []byte) {
	_, _ = jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte("secret")}, nil) // finds: use:HMAC-SHA-256 hardcoded-key
	_, _ = jose.NewSigner(jose.SigningKey{
		Algorithm: jose.RS256, // finds: use:RSA
		Key:       given,
	}, nil)
	_, _ = jwxt.Sign(nil, jwxt.WithKey(jwa.HS256, []byte("secret"))) // finds: use:HMAC-SHA-256 hardcoded-key
	_, _ = jwxt.Sign(nil, jwxt.WithKey(jwa.HS512, given)) // finds: use:HMAC-SHA-512
}

func reading(text string, given []byte) {
	token, _ := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.ES256}) // finds: use:JSON_Web_Signature
	claims := map[string]any{}
	_ = token.UnsafeClaimsWithoutVerification(&claims) // finds: unverified-signature
	_ = token.Claims(given, &claims)
	_ = token.Claims([]byte("secret"), &claims) // finds: hardcoded-key
	_, _ = jwxt.ParseInsecure([]byte(text)) // finds: unverified-signature
	_, _ = jwxt.Parse([]byte(text), jwxt.WithVerify(false)) // finds: unverified-signature
}

type SigningKey struct{ Key []byte }

func own() SigningKey { return SigningKey{Key: []byte("secret")} }
