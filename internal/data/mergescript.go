package data

// mergeScript moves the staged files to where their names are free in the volume, in a
// helper. Nothing is lost whenever it is interrupted: files of the volume are unchanged,
// and the staged files still exist where they were read from. [script] removes what is
// left of the staged files.
//
//	$1  keep: a file whose name is taken goes aside, unless the two are equal
//	    seed: a file whose name is taken is left out
//	$2  the root of the volume
//	$3  the directory for files that go aside
const mergeScript = `
LC_ALL=C; export LC_ALL
cd "$2" || exit 1
d=.colab-tray-restore
mode=$1
aside=./$3
owner=$(stat -c %u:%g "$d/new") || exit 1

exists() { [ -e "$1" ] || [ -L "$1" ]; }
directory() { [ -d "$1" ] && ! [ -L "$1" ]; }

same() {
	if [ -L "$1" ] || [ -L "$2" ]; then
		[ -L "$1" ] && [ -L "$2" ] && [ "$(readlink -- "$1")" = "$(readlink -- "$2")" ]
	else
		[ -f "$1" ] && [ -f "$2" ] && cmp -s -- "$1" "$2"
	fi
}

makedirs() { # dir
	directory "$1" && return 0
	case $1 in ./*) makedirs "${1%/*}" || return 1 ;; esac
	mkdir -- "$1" && chown "$owner" "$1"
}

setaside() { # from, the intended directory
	a=$aside
	while exists "$a$2/${1##*/}"; do a=$a-more; done
	makedirs "$a$2" && mv -- "$1" "$a$2/"
}

merge() { # from, to
	for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
		exists "$f" || continue
		if ! exists "$2/${f##*/}"; then
			mv -- "$f" "$2/" || return 1
		elif directory "$f" && directory "$2/${f##*/}"; then
			merge "$f" "$2/${f##*/}" || return 1
		elif [ "$mode" = keep ] && ! same "$f" "$2/${f##*/}"; then
			setaside "$f" "${2#.}" || return 1
		fi
	done
}

merge "$d/new" . || exit 1
case $owner in 0:*) ;; *) chown "$owner" . || exit 1 ;; esac # so that Jupyter can write there
sync
rm -rf "$d"
`
