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
	jwt.Parse(text, func(token *jwt.Token) (any, error) { return key, nil }) // finds: use:JSON_Web_Signature
}

func unchecked(text string, claims jwt.MapClaims) {
	jwt.NewParser().ParseUnverified(text, claims) // finds: unverified-signature
	new(jwt.Parser).ParseUnverified(text, claims) // finds: unverified-signature
}

// Its key's name is read first. What other parts of a program verify doesn't count.

func named(text string, claims jwt.MapClaims, keys map[string]any) {
	first, _, _ := jwt.NewParser().ParseUnverified(text, claims) // finds: use:JSON_Web_Signature
	jwt.Parse(text, func(*jwt.Token) (any, error) { return keys[first.Header["kid"].(string)], nil }) // finds: use:JSON_Web_Signature
}

func main() {
	named("text", nil, nil)
	unchecked("text", nil)
}

func unsigned(text, secret string) {
	jwt.Parse(text, func(token *jwt.Token) (any, error) { return jwt.UnsafeAllowNoneSignatureType, nil }) // finds: unverified-signature
	jwt.Parse(text, func(token *jwt.Token) (any, error) { return []byte(secret), nil }) // finds: use:JSON_Web_Signature
}
