package engine

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"colabtray/internal/config"
)

// Account is the account in a container that Jupyter runs as.
type Account struct {
	UID, GID int
	Home     string
	WorkDir  string
}

// HomeOf returns the home and the working directory that Jupyter has in containers of
// an image; the numbers of the account are left 0. The variables of env come before
// those of the image. HomeOf calls passwd, which reads /etc/passwd, only when neither
// sets HOME: the engine then sets HOME from that file.
func HomeOf(c ImageConfig, env []config.Variable, passwd func() ([]byte, error)) (Account, error) {
	a := Account{WorkDir: path.Join("/", c.WorkDir), Home: Environment(c.Env, "HOME")}
	for _, v := range env {
		if v.Name == "HOME" {
			a.Home = v.Value.Reveal()
		}
	}
	if a.Home == "" {
		text, err := passwd()
		if err != nil {
			return a, err
		}
		user, _, _ := strings.Cut(c.User, ":")
		found, _ := findAccount(text, user)
		a.Home = found.Home
	}
	a.Home = path.Join("/", a.Home)
	return a, nil
}

// AccountOf is like HomeOf, and also returns the numbers of the user and its group.
func AccountOf(c ImageConfig, env []config.Variable, passwd func() ([]byte, error)) (Account, error) {
	read := sync.OnceValues(passwd)
	a, err := HomeOf(c, env, read)
	if err != nil {
		return a, err
	}
	text, err := read()
	if err != nil {
		return a, err
	}
	user, group, _ := strings.Cut(c.User, ":")
	found, ok := findAccount(text, user)
	if !ok {
		found.UID, _ = strconv.Atoi(user)
	}
	if gid, err := strconv.Atoi(group); err == nil {
		found.GID = gid
	}
	a.UID, a.GID = found.UID, found.GID
	return a, nil
}

// findAccount finds an account by its name or number in the text of /etc/passwd. An
// empty user means root.
func findAccount(passwd []byte, user string) (Account, bool) {
	if user == "" {
		user = "0"
	}
	lines := bufio.NewScanner(bytes.NewReader(passwd))
	for lines.Scan() {
		field := strings.Split(lines.Text(), ":")
		if len(field) < 6 || field[0] != user && field[2] != user {
			continue
		}
		uid, err := strconv.Atoi(field[2])
		gid, bad := strconv.Atoi(field[3])
		if err == nil && bad == nil {
			return Account{UID: uid, GID: gid, Home: field[5]}, true
		}
	}
	return Account{}, false
}

// Passwd reads /etc/passwd in a container, running or not. It returns nil when the file
// does not exist; the engine then knows users by number alone.
func Passwd(ctx context.Context, e Engine, id string) ([]byte, error) {
	archive, err := e.Get(ctx, id, "/etc/passwd")
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	return ReadFile(archive)
}

// AccountIn returns the account that Jupyter runs as in a container.
func AccountIn(ctx context.Context, e Engine, c Container) (Account, error) {
	return AccountOf(c.Setting(), nil, func() ([]byte, error) { return Passwd(ctx, e, c.ID) })
}

// OrdinaryUser returns "UID:GID" of the user that Jupyter runs as. A container of
// docker-stacks that starts as root goes on as NB_UID:NB_GID, so that is returned then.
// The result is empty when the numbers are not known, or when the user is root.
func OrdinaryUser(user string, env []string) string {
	variable := func(name string) (value string) {
		for _, pair := range env {
			if v, is := strings.CutPrefix(pair, name+"="); is {
				value = v
			}
		}
		return value
	}
	uid, gid, _ := strings.Cut(user, ":")
	if !UserNumber.MatchString(uid) {
		uid, gid = variable("NB_UID"), ""
	}
	if !UserNumber.MatchString(gid) {
		gid = variable("NB_GID")
	}
	if !UserNumber.MatchString(uid) || !UserNumber.MatchString(gid) {
		return ""
	}
	return uid + ":" + gid
}

// UserNumber matches the number of a user or group other than root.
var UserNumber = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)
