package tunnel

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// Destination is what ssh is told about a box.
type Destination struct {
	user, host string
	port       int // 0 where the address names none
	socket     string
}

// ParseDestination reads an address of the form
// ssh://[user@]host[:port][/path/of/engine.sock]. The host can be an alias of the
// person's ssh configuration. That configuration can put host and user into a command
// for a shell (ProxyCommand), so both have harmless characters only.
func ParseDestination(address string) (Destination, error) {
	if strings.ContainsFunc(address, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return Destination{}, errors.New("an ssh address has no space and no control character in it")
	}
	u, err := url.Parse(address)
	if err != nil {
		return Destination{}, errors.Unwrap(err) // not the address, which can have a password in it
	}
	d := Destination{user: u.User.Username(), host: u.Hostname()}
	_, password := u.User.Password()
	switch {
	case u.Scheme != "ssh":
		return Destination{}, errors.New("the address does not begin with ssh://")
	case password:
		return Destination{}, errors.New("an ssh address has no password in it")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return Destination{}, errors.New("an ssh address has neither a query nor a fragment")
	case !harmless(d.host, "._-:%+") || strings.Contains(d.host, ":") && !isAddress(d.host):
		return Destination{}, errors.New("this is no name of a host for ssh")
	case u.User != nil && !harmless(d.user, "._-@+"):
		return Destination{}, errors.New("this is no name of a user for ssh")
	}
	if port := u.Port(); port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return Destination{}, errors.New("this is no port")
		}
		d.port = int(n)
	}
	if u.Path != "" && u.Path != "/" {
		if err := checkPath(u.Path); err != nil {
			return Destination{}, err
		}
		d.socket = u.Path
	}
	return d, nil
}

// harmless reports whether a name consists of letters, digits and some other
// characters, and is not an option.
func harmless(name, others string) bool {
	return name != "" && name[0] != '-' && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(others, r)
	})
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// checkPath tells whether ssh can be told of a socket: in the description of a forward
// some characters have a meaning.
func checkPath(path string) error {
	if path == "" || path[0] != '/' || !harmless(path, "/._-+@,= ") {
		return errors.New("this is no path of a socket that ssh can forward")
	}
	return nil
}

// String returns the address, without the path.
func (d Destination) String() string {
	host := d.host
	switch {
	case d.port != 0:
		host = net.JoinHostPort(host, strconv.Itoa(d.port))
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	if d.user != "" {
		host = d.user + "@" + host
	}
	return "ssh://" + host
}

// Host returns what a person types after ssh: the host, with the user and the port
// where the address has them.
func (d Destination) Host() string {
	var words []string
	if d.port != 0 {
		words = append(words, "-p", strconv.Itoa(d.port))
	}
	host := d.host
	if d.user != "" {
		host = d.user + "@" + host
	}
	return strings.Join(append(words, host), " ")
}

// SocketPath returns the path of the engine's socket on the box, "" when the address
// names none.
func (d Destination) SocketPath() string { return d.socket }

// arguments are ssh's last options and the host.
func (d Destination) arguments() []string {
	var all []string
	if d.user != "" {
		all = append(all, "-l", d.user)
	}
	if d.port != 0 {
		all = append(all, "-p", strconv.Itoa(d.port))
	}
	return append(all, "--", d.host)
}
