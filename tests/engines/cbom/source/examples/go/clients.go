package example

import (
	"github.com/apache/pulsar-client-go/pulsar"
	"github.com/go-git/go-git/v5"
	"github.com/gocql/gocql"
	"github.com/hashicorp/vault/api"
	"github.com/imroc/req/v3"
)

func clients(path string) {
	_ = &api.TLSConfig{Insecure: true}                                                   // finds: disabled-certificate-check
	_ = &api.TLSConfig{CACert: path}
	_ = pulsar.ClientOptions{URL: "pulsar+ssl://h", TLSAllowInsecureConnection: true}     // finds: disabled-certificate-check
	_ = &gocql.SslOptions{CaPath: path, EnableHostVerification: false}                   // finds: disabled-certificate-check
	_, _ = git.PlainClone(path, false, &git.CloneOptions{URL: "h", InsecureSkipTLS: true}) // finds: disabled-certificate-check
	_ = req.C().EnableInsecureSkipVerify()                                               // finds: disabled-certificate-check
}
