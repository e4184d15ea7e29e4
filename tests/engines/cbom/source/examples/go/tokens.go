package example

import (
	"time"

	"aidantwoods.dev/go-paseto"
	gbr "github.com/gbrlsnchs/jwt/v3"
	kit "github.com/go-kit/kit/auth/jwt"
	golang "github.com/golang-jwt/jwt/v5"
	gf "github.com/gogf/gf-jwt/v2"
	iris "github.com/kataras/iris/v12/middleware/jwt"
	"github.com/kataras/jwt"
	old "github.com/o1egl/paseto"
	pascal "github.com/pascaldekloe/jwt"
)

var secret = []byte("a constant secret of 32 bytes ...")

func tokens(key []byte, token []byte, claims any) {
	_, _ = jwt.Sign(jwt.HS256, key, claims)                    // finds: use:HMAC-SHA-256
	_, _ = jwt.Sign(jwt.HS256, secret, claims)                 // finds: use:HMAC-SHA-256 hardcoded-key
	_, _ = jwt.Verify(jwt.NONE, nil, token)                    // finds: unverified-signature
	_, _ = jwt.Decode(token)                                   // finds: use:JSON_Web_Signature unverified-signature
	_ = iris.NewSigner(iris.HS512, "secret", time.Hour)        // finds: use:HMAC-SHA-512 hardcoded-key
	_ = gbr.NewHS256([]byte("secret"))                         // finds: use:HMAC-SHA-256 hardcoded-key
	_ = kit.NewSigner("kid", secret, golang.SigningMethodHS256, nil) // finds: use:HMAC-SHA-256 hardcoded-key
	_ = gf.GfJWTMiddleware{Key: []byte("secret key")}          // finds: use:JSON_Web_Signature hardcoded-key
	_, _ = old.NewV2().Encrypt(secret, claims, nil)            // finds: use:XChaCha20-Poly1305 hardcoded-key
	_, _ = paseto.V4SymmetricKeyFromBytes(key)                 // finds: use:XChaCha20
}

func read(token []byte) {
	_, _ = pascal.ParseWithoutCheck(token) // finds: use:JSON_Web_Signature unverified-signature
}

func checked(token, key []byte) {
	_, _ = pascal.HMACCheck(token, key) // finds: use:JSON_Web_Signature
	_, _ = pascal.ParseWithoutCheck(token) // finds: use:JSON_Web_Signature
}
