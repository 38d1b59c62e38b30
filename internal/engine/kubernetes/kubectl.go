package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/child"
	"colabtray/internal/config"
)

// kubectl is the person's own program, at a namespace of a cluster.
type kubectl struct {
	program string
	cluster config.Cluster // what is empty, kubectl chooses
}

// errNoKubectl means that there is no kubectl program.
var errNoKubectl = errors.New("there is no kubectl")

// command returns a kubectl command. What the address names is part of a word, so it is
// never an option.
func (k kubectl) command(arguments ...string) *exec.Cmd {
	var options []string
	if k.cluster.Context != "" {
		options = append(options, "--context="+k.cluster.Context)
	}
	if k.cluster.Namespace != "" {
		options = append(options, "--namespace="+k.cluster.Namespace)
	}
	cmd := exec.Command(k.program, slices.Concat(options, arguments)...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "LC_ALL=") }), "LC_ALL=C")
	return cmd
}

// line returns the kubectl command that a person is told to run.
func (k kubectl) line() string {
	line := "kubectl"
	if k.cluster.Context != "" {
		line += " --context=" + config.ShellWord(k.cluster.Context)
	}
	if k.cluster.Namespace != "" {
		line += " --namespace=" + config.ShellWord(k.cluster.Namespace)
	}
	return line
}

// toolError is a kubectl command that failed.
type toolError struct {
	exit int    // -1 for none
	said string // the end of what it said
}

func (e *toolError) Error() string { return "kubectl failed: " + e.said }

// failed returns the error of a child that has ended; nil for one that has succeeded.
func failed(c *child.Child) error {
	if c.Err() == nil {
		return nil
	}
	failure := &toolError{-1, lastWords(c.Said.String())}
	var exit *exec.ExitError
	if errors.As(c.Err(), &exit) {
		failure.exit = exit.ExitCode()
	}
	if failure.said == "" {
		failure.said = c.Err().Error()
	}
	return failure
}

// lastWords returns the end of what kubectl said, where the cause is, without what it
// says of its own libraries.
func lastWords(said string) string {
	var kept []string
	for line := range strings.Lines(said) {
		if line = strings.TrimSpace(line); line != "" && !ownLog.MatchString(line) {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		return words(said)
	}
	const most = 4
	return words(strings.Join(kept[max(0, len(kept)-most):], " "))
}

// ownLog matches a line of the log of kubectl's libraries.
var ownLog = regexp.MustCompile(`^[IWEF][0-9]{4} [0-9:.]+ +[0-9]+ `)

// run runs a command to its end, or until ctx ends. The command reads in, and its output
// is written to out; either can be nil.
func run(ctx context.Context, cmd *exec.Cmd, in io.Reader, out io.Writer) error {
	cmd.Stdin, cmd.Stdout = in, out
	c, err := child.Start(cmd)
	if err != nil {
		return startError(err)
	}
	select {
	case <-c.Ended():
		return failed(c)
	case <-ctx.Done():
		c.Kill()
		<-c.Ended()
		return context.Cause(ctx)
	}
}

func startError(err error) error {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %w", errNoKubectl, err)
	}
	return err
}

// bounded keeps the beginning of an output, and ends the command that writes more.
type bounded struct{ bytes.Buffer }

// mostOutput is how much kubectl may tell of itself.
const mostOutput = 1 << 20

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > mostOutput {
		return 0, io.ErrShortBuffer
	}
	return b.Buffer.Write(p)
}

// oldestKubectl is the minor version of the oldest kubectl: clusters that are in service
// take one that is a version older than they, and this one is far below.
const oldestKubectl = 25

// errTooOldKubectl means that kubectl is too old.
var errTooOldKubectl = errors.New("kubectl is too old")

// checkVersion returns an error when kubectl is missing or too old.
func (k kubectl) checkVersion(ctx context.Context) error {
	var out bounded
	if err := run(ctx, k.command("version", "--client", "-o", "json"), nil, &out); err != nil {
		return err
	}
	major, minor, err := versionOf(out.Bytes())
	if err != nil {
		return err
	}
	if major == 1 && minor < oldestKubectl || major < 1 {
		return fmt.Errorf("%w: it is %d.%d", errTooOldKubectl, major, minor)
	}
	return nil
}

// versionOf reads what `kubectl version --client -o json` writes. A provider's minor
// version can end with a plus sign.
func versionOf(text []byte) (major, minor int, err error) {
	var told struct {
		ClientVersion struct{ Major, Minor string } `json:"clientVersion"`
	}
	if err := json.Unmarshal(text, &told); err != nil {
		return 0, 0, fmt.Errorf("kubectl's version: %w", err)
	}
	major, err = strconv.Atoi(told.ClientVersion.Major)
	if err == nil {
		minor, err = strconv.Atoi(strings.TrimRight(told.ClientVersion.Minor, "+"))
	}
	if err != nil {
		return 0, 0, fmt.Errorf("kubectl's version: %w", err)
	}
	return major, minor, nil
}

// errNoContext means that kubectl's configuration has no such context, or no current one.
var errNoContext = errors.New("kubectl has no such context")

// resolve returns the context and the namespace that kubectl uses.
func (k kubectl) resolve(ctx context.Context) (config.Cluster, error) {
	var out bounded
	// It leaves out what is secret.
	err := run(ctx, k.command("config", "view", "--minify", "-o", "json"), nil, &out)
	var failure *toolError
	if errors.As(err, &failure) && (strings.Contains(failure.said, "current-context must exist") || strings.Contains(failure.said, "cannot locate context")) {
		return config.Cluster{}, fmt.Errorf("%w: %s", errNoContext, failure.said)
	}
	if err != nil {
		return config.Cluster{}, err
	}
	return clusterOf(out.Bytes(), k.cluster.Namespace)
}

// clusterOf reads what `kubectl config view --minify -o json` writes. A namespace of the
// address comes before that of the context.
func clusterOf(text []byte, namespace string) (config.Cluster, error) {
	var told struct {
		Current  string `json:"current-context"`
		Contexts []struct {
			Name    string
			Context struct{ Namespace string }
		}
	}
	if err := json.Unmarshal(text, &told); err != nil {
		return config.Cluster{}, fmt.Errorf("kubectl's configuration: %w", err)
	}
	c := config.Cluster{Context: told.Current, Namespace: namespace}
	for _, one := range told.Contexts {
		if one.Name == told.Current && c.Namespace == "" {
			c.Namespace = one.Context.Namespace
		}
	}
	if c.Namespace == "" {
		c.Namespace = "default" // as kubectl does
	}
	if c.Context == "" {
		return c, errNoContext
	}
	if !config.IsClusterLabel(c.Namespace) {
		return c, fmt.Errorf("kubectl's configuration names the namespace %q", c.Namespace)
	}
	return c, nil
}
