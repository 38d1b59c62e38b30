package docker

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// TestTLS reaches a real engine over TLS with certificates of a context or of the
// environment. Why there is no secure connection is told at once, by its cause.
func TestTLS(t *testing.T) {
	host := testenv.Engine(t)
	home := testenv.DockerHome(t)
	right, wrong, late := filepath.Join(home, "right"), filepath.Join(home, "wrong"), filepath.Join(home, "late")
	own, known := testenv.Certificate(t, right)
	testenv.Certificate(t, wrong)
	old := expired(t, own, late)
	mutual := func(of tls.Certificate) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{of}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: known}
	}
	const here = "127.0.0.1:0"
	safe, outdated, plain := relayTo(t, host, here, mutual(own)), relayTo(t, host, here, mutual(old)), relayTo(t, host, here, nil)
	renamed := relayTo(t, host, "127.0.0.2:0", mutual(own))
	for name, files := range map[string]string{
		"safe":   fmt.Sprintf(",ca=%[1]s/ca.pem,cert=%[1]s/cert.pem,key=%[1]s/key.pem", right),
		"nobody": fmt.Sprintf(",ca=%s/ca.pem", right),
		"bare":   "",
	} {
		testenv.DockerCommand(t, "context", "create", name, "--docker", "host="+safe+files)
	}
	type env = map[string]string
	asked := func(address, files string) env {
		return env{"DOCKER_HOST": address, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": files}
	}
	for name, c := range map[string]struct {
		env  env
		want string // the hint; empty where it answers
	}{
		"of a context":                {env: env{"DOCKER_CONTEXT": "safe"}},
		"of the environment":          {env: asked(safe, right)},
		"another authority":           {asked(safe, wrong), "problem.tlsAuthorityHint"},
		"the engine's has expired":    {asked(outdated, right), "problem.tlsExpiredHint"},
		"another name":                {asked(renamed, right), "problem.tlsNameHint"},
		"none of this computer":       {env{"DOCKER_CONTEXT": "nobody"}, "problem.tlsClientHint"},
		"this computer's has expired": {asked(safe, late), "problem.tlsClientHint"},
		"not that of this computer":   {env{"DOCKER_HOST": safe, "DOCKER_TLS": "1", "DOCKER_CERT_PATH": wrong}, "problem.tlsClientHint"},
		"a context without files":     {env{"DOCKER_CONTEXT": "bare"}, "problem.tlsWantedHint"},
		"an engine without":           {asked(plain, right), "problem.tlsNoneHint"},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			d, err := New("")
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			info, err := d.Connect(t.Context())
			if c.want == "" {
				if _, inspect := d.Inspect(t.Context(), "no-such-container"); err != nil || inspect != nil || info.Host != safe {
					t.Errorf("%+v: %v, %v", info, err, inspect)
				}
				return
			}
			var p *problem.Problem
			if !errors.As(err, &p) || !errors.Is(err, engine.ErrUnreachable) || p.Code != problem.EngineTLS || p.Hint != i18n.T(c.want, "host", info.Host) {
				t.Errorf("%v, the problem is %+v", err, p)
			}
		})
	}
}

// expired makes a certificate of an authority that is valid no more, in the files that
// docker looks for in a directory.
func expired(t *testing.T, authority tls.Certificate, dir string) tls.Certificate {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := *authority.Leaf
	template.SerialNumber, template.IsCA = big.NewInt(2), false
	template.NotBefore, template.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, &template, authority.Leaf, &private.PublicKey, authority.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		"ca.pem":   {Type: "CERTIFICATE", Bytes: authority.Leaf.Raw},
		"cert.pem": {Type: "CERTIFICATE", Bytes: der},
		"key.pem":  {Type: "EC PRIVATE KEY", Bytes: secret},
	} {
		testenv.Write(t, filepath.Join(dir, file), string(pem.EncodeToMemory(block)))
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}

// relayTo offers an engine at an address of TCP, over TLS if there is a configuration.
func relayTo(t *testing.T, host, at string, secured *tls.Config) (address string) {
	t.Helper()
	listener := testenv.Listen(t, "tcp", at)
	address = "tcp://" + listener.Addr().String()
	if secured != nil {
		listener = tls.NewListener(listener, secured)
	}
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", "docker" },
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(host, "unix://"))
		}},
	}}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return address
}
