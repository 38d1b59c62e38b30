package gateway

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"colabtray/internal/secret"
)

const (
	colab = "https://colab.research.google.com"
	token = "0123456789abcdef"
)

// forToken accepts the token of the tests.
func forToken(t secret.Secret) bool { return t == secret.New(token) }

// head returns a request to port 8888 with lines of its head.
func head(first string, lines ...string) string {
	host := "Host: localhost:8888"
	for _, line := range lines {
		if strings.HasPrefix(line, "Host:") {
			host = line
		}
	}
	text := first + " HTTP/1.1\r\n" + host + "\r\n"
	for _, line := range lines {
		if !strings.HasPrefix(line, "Host:") {
			text += line + "\r\n"
		}
	}
	return text + "\r\n"
}

func TestDecide(t *testing.T) {
	t.Parallel()
	const origin = "Origin: " + colab
	for name, test := range map[string]struct {
		head string
		want verdict
	}{
		"connect":                    {head("GET /api/colab/build-info?token="+token, origin), wakes},
		"connect by address":         {head("GET /api/colab/build-info?token="+token, origin, "Host: 127.0.0.1:8888"), wakes},
		"token in a header":          {head("GET /api/colab/build-info", origin, "Authorization: token "+token), wakes},
		"token as a bearer":          {head("GET /api/colab/build-info", origin, "authorization: Bearer "+token), wakes},
		"a kernel for a cell":        {head("POST /api/kernels?token="+token, origin), wakes},
		"a session for a cell":       {head("POST /api/sessions?token="+token, origin), wakes},
		"kernels are polled":         {head("GET /api/kernels?token="+token, origin), asleep},
		"sessions are polled":        {head("GET /api/sessions?token="+token, origin), asleep},
		"kernelspecs":                {head("GET /api/kernelspecs?token="+token, origin), asleep},
		"files are polled":           {head("GET /api/contents/var/colab/app.log?token="+token, origin), asleep},
		"the socket is opened again": {head("GET /api/kernels/1/channels?session_id=2&token="+token, origin, "Connection: Upgrade", "Upgrade: websocket"), asleep},
		"the old way's socket":       {head("GET /http_over_websocket?token="+token, origin, "Connection: Upgrade", "Upgrade: websocket"), asleep},
		"another method":             {head("POST /api/colab/build-info?token="+token, origin), asleep},
		"Jupyter's own page":         {head("GET /lab?token=" + token), asleep},
		"Jupyter's page makes one":   {head("POST /api/kernels?token="+token, "Origin: http://localhost:8888"), asleep},
		"no origin":                  {head("GET /api/colab/build-info?token=" + token), asleep},
		"preflight":                  {head("OPTIONS /api/colab/build-info?token="+token, origin, "Access-Control-Request-Method: GET"), preflight},
		"preflight without token":    {head("OPTIONS /api/kernels", origin, "Access-Control-Request-Method: POST"), preflight},
		"OPTIONS alone":              {head("OPTIONS /api/kernels", origin), forbiddenToken},
		"no token":                   {head("GET /api/colab/build-info", origin), forbiddenToken},
		"empty token":                {head("GET /api/colab/build-info?token=", origin, "Authorization: token"), forbiddenToken},
		"wrong token":                {head("GET /api/colab/build-info?token=x"+token, origin), forbiddenToken},
		"first of two tokens":        {head("GET /api/colab/build-info?token=x&token="+token, origin), forbiddenToken},
		"basic":                      {head("GET /api/colab/build-info", origin, "Authorization: Basic "+token), forbiddenToken},
		"another page":               {head("GET /api/colab/build-info?token="+token, "Origin: https://evil.example"), forbiddenOrigin},
		"its preflight":              {head("OPTIONS /api/kernels", "Origin: https://evil.example", "Access-Control-Request-Method: POST"), forbiddenOrigin},
		"a page like Colab":          {head("GET /api/colab/build-info?token="+token, "Origin: https://colab.research.google.com.evil.example"), forbiddenOrigin},
		"a file":                     {head("GET /api/colab/build-info?token="+token, "Origin: null"), forbiddenOrigin},
		"two origins":                {head("GET /api/colab/build-info?token="+token, origin, "Origin: https://evil.example"), forbiddenOrigin},
		"empty origin":               {head("GET /api/colab/build-info?token="+token, "Origin:"), forbiddenOrigin},
		"another host":               {head("GET /api/colab/build-info?token="+token, origin, "Host: evil.example:8888"), misdirected},
		"another port":               {head("GET /api/colab/build-info?token="+token, origin, "Host: localhost:8889"), misdirected},
		"no port":                    {head("GET /api/colab/build-info?token="+token, origin, "Host: localhost"), misdirected},
		"no host":                    {head("GET /api/colab/build-info?token="+token, origin, "Host:"), misdirected},
		"a proxy's request":          {head("GET http://localhost:8888/api/colab/build-info?token="+token, origin), misdirected},
		"HTTP/2":                     {"PRI * HTTP/2.0\r\n\r\n", misdirected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(test.head)))
			if err != nil {
				t.Fatal(err)
			}
			if got := decide(r, 8888, &Waking{Origin: colab, Token: forToken}); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}
