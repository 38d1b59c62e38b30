package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// failure makes of an error of this package one that the callers of an engine decide on,
// with the problem that a person can act on.
func (e *Engine) failure(err error) error {
	var p *problem.Problem
	var refused *apiError
	var failure *toolError
	var way *wayError
	var cannot *cannotError
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.As(err, &p), isOurs(err):
		return err
	case errors.Is(err, errNoKubectl):
		return unreachable(missingProblem(err))
	case errors.Is(err, errTooOldKubectl):
		return unreachable(tooOldProblem(err))
	case errors.Is(err, errNoContext):
		return unreachable(contextProblem(e.asked.Context, err))
	case errors.As(err, &cannot):
		return cannotProblem(cannot)
	case errors.As(err, &refused):
		return e.refusal(refused)
	case errors.As(err, &way):
		return unreachable(e.wayProblem(way.said, err))
	case errors.As(err, &failure):
		if p := e.toldProblem(failure.said); p != nil {
			return p
		}
		return unreachable(e.wayProblem(failure.said, err))
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", engine.ErrSilent, err)
	case errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // kubectl has ended
		return fmt.Errorf("%w: %w", engine.ErrUnreachable, err)
	}
	var network *net.OpError
	if errors.As(err, &network) {
		return fmt.Errorf("%w: %w", engine.ErrUnreachable, err)
	}
	return err
}

// isOurs reports whether an error is one of package engine already.
func isOurs(err error) bool {
	for _, one := range []error{
		engine.ErrUnreachable, engine.ErrSilent, engine.ErrNotFound, engine.ErrConflict, engine.ErrImageNotFound, engine.ErrNetwork, engine.ErrPlatform, engine.ErrDiskFull,
	} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

// unreachable marks a problem for which nothing of the cluster can be known.
func unreachable(p *problem.Problem) error { return fmt.Errorf("%w: %w", engine.ErrUnreachable, p) }

// refusal makes an error of what the API refused.
func (e *Engine) refusal(refused *apiError) error {
	switch {
	case refused.Code == http.StatusUnauthorized:
		return unreachable(e.loginProblem("", refused))
	case refused.Code == http.StatusForbidden:
		return e.forbidden(refused)
	case refused.Code == http.StatusNotFound && refused.Details.Kind == "namespaces":
		return e.namespaceProblem(refused)
	case refused.Code == http.StatusNotFound:
		return fmt.Errorf("%w: %w", engine.ErrNotFound, refused)
	case refused.Reason == "AlreadyExists":
		return fmt.Errorf("%w: %w", engine.ErrConflict, refused)
	case refused.Code == http.StatusUnprocessableEntity:
		return refusedProblem(refused.Message, refused)
	case refused.Code == http.StatusTooManyRequests, refused.Code >= 500:
		return fmt.Errorf("%w: %w", engine.ErrUnreachable, refused)
	default:
		return refused
	}
}

// forbidden tells why something is forbidden: a quota, a rule of the namespace, or a right
// that is missing. A right to read is missed before anything can be known.
func (e *Engine) forbidden(refused *apiError) error {
	switch {
	case strings.Contains(refused.Message, "exceeded quota"), strings.Contains(refused.Message, "failed quota"):
		return quotaProblem(refused)
	case missingRight(refused.Message) == "":
		return refusedProblem(refused.Message, refused)
	}
	p := e.rightProblem(missingRight(refused.Message), refused)
	if strings.Contains(refused.Message, "cannot list") || strings.Contains(refused.Message, "cannot watch") {
		return unreachable(p)
	}
	return p
}

// right matches how a cluster names a right that is missing, in the API and in what
// kubectl says.
var right = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`cannot ([a-z]{1,20}) resource "([a-z/]{1,100})"`) })

// missingRight returns a right that is missing, such as "create pods"; empty for none.
func missingRight(message string) string {
	found := right().FindStringSubmatch(message)
	if found == nil {
		return ""
	}
	return found[1] + " " + found[2]
}

// toldProblem returns the problem that kubectl tells of in its own words; nil when these
// tell of none that is known.
func (e *Engine) toldProblem(said string) error {
	text := strings.ToLower(said)
	switch missing := missingRight(said); {
	case missing != "":
		return e.rightProblem(missing, errors.New(words(said)))
	case strings.Contains(text, "you must be logged in to the server"), strings.Contains(text, "(unauthorized)"):
		return unreachable(e.loginProblem(said, errors.New(words(said))))
	case strings.Contains(text, "error from server (notfound)"):
		return fmt.Errorf("%w: %s", engine.ErrNotFound, words(said))
	}
	return nil
}

// loginSigns are words with which a way of logging in fails.
var loginSigns = []string{
	"getting credentials", "exec plugin", "executable", "oauth2", "id-token", "token has expired", "expired token", "refresh token", "invalid_grant",
	"you must be logged in", "unauthorized", "reauth",
}

// wayProblem tells why kubectl has no answer of the cluster.
func (e *Engine) wayProblem(said string, err error) *problem.Problem {
	text := strings.ToLower(said)
	for _, sign := range loginSigns {
		if strings.Contains(text, sign) {
			return e.loginProblem(said, err)
		}
	}
	return &problem.Problem{
		Code: problem.ClusterUnreachable, Short: i18n.T("problem.clusterUnreachable", "cluster", e.Which().Machine),
		Hint:    i18n.T("problem.clusterUnreachableHint", "said", i18n.FullStop(words(said))),
		Command: e.tool().line() + " get pods", Err: err,
	}
}

func (e *Engine) loginProblem(said string, err error) *problem.Problem {
	hint := i18n.T("problem.clusterLoginHint")
	if said != "" {
		hint = i18n.T("problem.kubectlSaid", "said", i18n.FullStop(words(said))) + " " + hint
	}
	return &problem.Problem{
		Code: problem.ClusterLogin, Short: i18n.T("problem.clusterLogin", "cluster", e.Which().Machine), Hint: hint,
		Command: e.tool().line() + " get pods", Err: err,
	}
}

func addressProblem(address string) *problem.Problem {
	return &problem.Problem{
		Code: problem.NoClusterContext, Short: i18n.T("config.noEngine", "address", i18n.Escaped(address)), Hint: i18n.T("config.engineHint"),
		Command: "colab-tray config edit",
	}
}

func missingProblem(err error) *problem.Problem {
	return &problem.Problem{Code: problem.NoKubectl, Short: i18n.T("problem.kubectlMissing"), Hint: i18n.T("problem.kubectlMissingHint"), Err: err}
}

func tooOldProblem(err error) *problem.Problem {
	return &problem.Problem{
		Code: problem.NoKubectl, Short: i18n.T("problem.kubectlTooOld"),
		Hint:    i18n.T("problem.kubectlTooOldHint", "version", fmt.Sprintf("1.%d", oldestKubectl)),
		Command: "kubectl version --client", Err: err,
	}
}

func contextProblem(context string, err error) *problem.Problem {
	p := &problem.Problem{
		Code: problem.NoClusterContext, Short: i18n.T("problem.clusterContextNone"), Hint: i18n.T("problem.clusterContextNoneHint"),
		Command: "kubectl config get-contexts", Err: err,
	}
	if context != "" {
		p.Short, p.Hint = i18n.T("problem.clusterContext", "context", i18n.Line(context)), i18n.T("problem.clusterContextHint")
	}
	return p
}

func (e *Engine) namespaceProblem(err error) *problem.Problem {
	return &problem.Problem{
		Code: problem.NoNamespace, Short: i18n.T("problem.clusterNamespace", "cluster", e.Which().Machine, "namespace", e.tool().cluster.Namespace),
		Hint: i18n.T("problem.clusterNamespaceHint"), Command: "kubectl config get-contexts", Err: err,
	}
}

func (e *Engine) rightProblem(right string, err error) *problem.Problem {
	k := e.tool()
	return &problem.Problem{
		Code: problem.ClusterDenied, Short: i18n.T("problem.clusterDenied", "namespace", k.cluster.Namespace),
		Hint: i18n.T("problem.clusterDeniedHint", "right", right), Command: k.line() + " auth can-i " + right, Err: err,
	}
}

func quotaProblem(err *apiError) *problem.Problem {
	return &problem.Problem{
		Code: problem.ClusterQuota, Short: i18n.T("problem.clusterQuota"),
		Hint: i18n.T("problem.clusterQuotaHint", "said", i18n.FullStop(words(err.Message))), Err: err,
	}
}

// refusedProblem tells that a cluster does not take what it was given.
func refusedProblem(said string, err error) *problem.Problem {
	return &problem.Problem{
		Code: problem.ClusterRefused, Short: i18n.T("problem.clusterRefused"),
		Hint: i18n.T("problem.clusterRefusedHint", "said", i18n.FullStop(words(said))), Err: err,
	}
}

func cannotProblem(err *cannotError) *problem.Problem {
	return &problem.Problem{
		Code: problem.ClusterCannot, Short: i18n.T("problem.clusterCannot", "settings", engine.JoinNames(err.settings)),
		Hint: i18n.T("problem.clusterCannotHint"), Command: "colab-tray config edit", Err: err,
	}
}
