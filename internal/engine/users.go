package engine

import (
	"regexp"
	"strings"
)

// LabelUser is, on a data volume, the user whom the person is in its containers.
const LabelUser = "dev.colabtray.user"

// OrdinaryUser returns the numbers of the user that Jupyter runs as, which for
// root is whom images of docker-stacks go on as; empty where they are not known,
// or it is root.
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

// UserNumber is the number of a user or group other than root.
var UserNumber = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)
