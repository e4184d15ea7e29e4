package example

import (
	"os"

	"github.com/go-chi/jwtauth/v5"
	"github.com/gorilla/csrf"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

var store = sessions.NewCookieStore([]byte("a secret of this source")) // finds: use:HMAC-SHA-256 hardcoded-key

func stores() {
	sessions.NewCookieStore([]byte(os.Getenv("SESSION_KEY")))              // finds: use:HMAC-SHA-256
	sessions.NewCookieStore(securecookie.GenerateRandomKey(32))            // finds: use:HMAC-SHA-256
	securecookie.New([]byte("hash key"), []byte("block key"))              // finds: use:HMAC-SHA-256 hardcoded-key
	csrf.Protect([]byte("32-byte-long-auth-key"), csrf.Secure(true))       // finds: use:HMAC-SHA-256 hardcoded-key
	jwtauth.New("HS256", []byte("secret"), nil)                            // finds: use:HMAC-SHA-256 hardcoded-key
	jwtauth.New("HS256", []byte(os.Getenv("TOKEN_KEY")), nil)              // finds: use:HMAC-SHA-256
}
