package example

import (
	"os"

	"github.com/go-chi/jwtauth/v5"
	jwtware "github.com/gofiber/contrib/jwt"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/encryptcookie"
	"github.com/gorilla/csrf"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	echojwt "github.com/labstack/echo-jwt/v4"
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

func middlewares(app *fiber.App) {
	echojwt.JWT([]byte("secret"))          // finds: use:HMAC-SHA-256 hardcoded-key
	echojwt.JWT([]byte(os.Getenv("KEY")))  // finds: use:HMAC-SHA-256
	echojwt.WithConfig(echojwt.Config{
		SigningMethod: "HS512",
		SigningKey:    []byte("secret"), // finds: use:HMAC-SHA-512 hardcoded-key
	})
	app.Use(jwtware.New(jwtware.Config{
		SigningKey: jwtware.SigningKey{Key: []byte("secret")}, // finds: use:HMAC-SHA-256 hardcoded-key
	}))
	app.Use(encryptcookie.New(encryptcookie.Config{Key: "9J2Tdvs12V0HVD10bCEVKzoGjrEEHRnpEGkftXmDbNY="})) // finds: use:AES hardcoded-key
	app.Use(encryptcookie.New(encryptcookie.Config{Key: encryptcookie.GenerateKey(32)}))                  // finds: use:AES
}
