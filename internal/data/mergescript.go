package data

// mergeScript puts what was staged into the volume, in a helper, where nothing is
// in its place. Whenever it is broken off nothing is lost: what was there before is
// as it was, and what is to come is still where it was read from. What is left of
// the staging [script] removes.
//
//	$1  keep: what finds its place taken goes aside, unless it is the same
//	    seed: it is left out
//	$2  the root of the volume
//	$3  the directory for what goes aside
const mergeScript = `
LC_ALL=C; export LC_ALL
cd "$2" || exit 1
d=.colab-tray-restore
mode=$1
aside=./$3
owner=$(stat -c %u:%g "$d/new") || exit 1

there() { [ -e "$1" ] || [ -L "$1" ]; }
directory() { [ -d "$1" ] && ! [ -L "$1" ]; }

same() {
	if [ -L "$1" ] || [ -L "$2" ]; then
		[ -L "$1" ] && [ -L "$2" ] && [ "$(readlink -- "$1")" = "$(readlink -- "$2")" ]
	else
		[ -f "$1" ] && [ -f "$2" ] && cmp -s -- "$1" "$2"
	fi
}

place() { # a directory, with those above it
	directory "$1" && return 0
	case $1 in ./*) place "${1%/*}" || return 1 ;; esac
	mkdir -- "$1" && chown "$owner" "$1"
}

putaside() { # from, the directory that it was to go to
	a=$aside
	while there "$a$2/${1##*/}"; do a=$a-more; done
	place "$a$2" && mv -- "$1" "$a$2/"
}

merge() { # from, to
	for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
		there "$f" || continue
		if ! there "$2/${f##*/}"; then
			mv -- "$f" "$2/" || return 1
		elif directory "$f" && directory "$2/${f##*/}"; then
			merge "$f" "$2/${f##*/}" || return 1
		elif [ "$mode" = keep ] && ! same "$f" "$2/${f##*/}"; then
			putaside "$f" "${2#.}" || return 1
		fi
	done
}

merge "$d/new" . || exit 1
case $owner in 0:*) ;; *) chown "$owner" . || exit 1 ;; esac # who works there may write there
sync
rm -rf "$d"
`
