package example

import (
	"github.com/golang-jwt/jwt/v5"
	old "github.com/dgrijalva/jwt-go"
)

func tokens(key []byte, claims jwt.MapClaims, text string) {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims) // finds: use:HMAC-SHA-256
	token.SignedString(key)
	token.SignedString([]byte("secret")) // finds: hardcoded-key
	jwt.NewWithClaims(jwt.SigningMethodNone, claims) // finds: unverified-signature
	old.New(old.SigningMethodRS256) // finds: use:RSA
	jwt.NewParser().ParseUnverified(text, claims) // finds: unverified-signature
	new(jwt.Parser).ParseUnverified(text, claims) // finds: unverified-signature
	jwt.Parse(text, func(token *jwt.Token) (any, error) { return key, nil }) // finds: use:JSON_Web_Signature
}

func unsigned(text, secret string) {
	jwt.Parse(text, func(token *jwt.Token) (any, error) { return jwt.UnsafeAllowNoneSignatureType, nil }) // finds: unverified-signature
	jwt.Parse(text, func(token *jwt.Token) (any, error) { return []byte(secret), nil }) // finds: use:JSON_Web_Signature
}
