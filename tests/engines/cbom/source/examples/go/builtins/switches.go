// Checks that a setting turns off, and checks that are off without one.
package tools

import (
	"crypto/tls"
	"crypto/x509"
	"os"
)

type Options struct {
	SkipVerify bool
	Legacy     bool
	Minimum    string
	Pool       *x509.CertPool
}

func configured(options Options) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12} // finds: use:TLSv1.2
	if options.SkipVerify && options.Pool == nil {
		config.InsecureSkipVerify = true // finds: use:TLS
	}
	if options.Pool == nil {
		config.InsecureSkipVerify = true // finds: use:TLS disabled-certificate-check
	}
	if options.Legacy {
		config.MinVersion = tls.VersionTLS10 // finds: use:TLSv1.0
	}
	switch options.Minimum {
	case "1.0":
		config.MinVersion = tls.VersionTLS10 // finds: use:TLSv1.0
	case "":
		config.MinVersion = tls.VersionTLS11 // finds: use:TLSv1.1 weak-protocol
	}
	return config
}

func fromEnvironment() *tls.Config {
	skip := false
	if os.Getenv("SERVICE_INSECURE") != "" {
		skip = true
	}
	return &tls.Config{InsecureSkipVerify: skip} // finds: use:TLS
}
