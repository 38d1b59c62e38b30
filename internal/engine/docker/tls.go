package docker

import (
	"crypto/x509"
	"errors"
	"strings"

	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// tlsProblem tells why there is no secure connection to the engine at an endpoint; nil
// where something else is wrong.
func tlsProblem(p endpoint, err error) *problem.Problem {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var named x509.HostnameError
	says := func(words string) bool { return strings.Contains(err.Error(), words) }
	var hint string
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		hint = i18n.T("problem.tlsExpiredHint", "host", p.host)
	case errors.As(err, &unknown), errors.As(err, &invalid):
		hint = i18n.T("problem.tlsAuthorityHint", "host", p.host)
	case errors.As(err, &named):
		hint = i18n.T("problem.tlsNameHint", "host", p.host)
	case says("remote error: tls:"): // what the engine says of this computer's certificate
		hint = i18n.T("problem.tlsClientHint", "host", p.host)
	case says("sent an HTTP request to an HTTPS server"):
		hint = i18n.T("problem.tlsWantedHint", "host", p.host)
	case says("gave HTTP response to HTTPS client"):
		hint = i18n.T("problem.tlsNoneHint", "host", p.host)
	default:
		return nil
	}
	return &problem.Problem{
		Code:  problem.EngineTLS,
		Short: i18n.T("problem.tls", "engine", p.infoBeforeAnswer().Name),
		Hint:  hint,
		Err:   err,
	}
}
