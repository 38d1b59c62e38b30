package runtime

import (
	"regexp"
	"strings"
)

// labelUser is, on a data volume, the user whom the person is in its containers.
const labelUser = "dev.colabtray.user"

// ordinaryUser returns the numbers of the user that Jupyter runs as, which for
// root is whom images of docker-stacks go on as; empty where they are not known,
// or it is root.
func ordinaryUser(user string, env []string) string {
	variable := func(name string) (value string) {
		for _, pair := range env {
			if v, is := strings.CutPrefix(pair, name+"="); is {
				value = v
			}
		}
		return value
	}
	uid, gid, _ := strings.Cut(user, ":")
	if !userNumber.MatchString(uid) {
		uid, gid = variable("NB_UID"), ""
	}
	if !userNumber.MatchString(gid) {
		gid = variable("NB_GID")
	}
	if !userNumber.MatchString(uid) || !userNumber.MatchString(gid) {
		return ""
	}
	return uid + ":" + gid
}

// userNumber is the number of a user or group other than root.
var userNumber = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)
