package data

import "errors"

// scriptOldData is the exit code of the script when the old data are in place.
const scriptOldData = 3

var errOldData = errors.New("the old data are in place")

// script replaces the data with the staged files, in a helper, which goes on when this
// program is killed. Whenever the script is interrupted, to run it with "recover" leads
// to the old data or to the new data, and never to a mixture:
//
//	no marker      the old data count; the staged files are removed
//	moving         the new data count; the old data are being moved away
//	moving, moved  the old data are away; the new data are being moved up
//
// A move is a rename within one file system. When the old data cannot be moved away,
// they are moved back.
//
//	$1  commit or recover
//	$2  the root of the volume
//
// The exit code is 0 when the new data are in place, or nothing was staged, and 3 when
// the old data are in place.
const script = `
LC_ALL=C; export LC_ALL
cd "$2" || exit 1
d=.colab-tray-restore

exists() { [ -e "$1" ] || [ -L "$1" ]; }

moveall() { # from, to
	for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
		exists "$f" || continue
		[ "$f" = "./$d" ] && continue
		if exists "$2/${f##*/}"; then # created meanwhile
			rm -rf -- "$2/${f##*/}" || return 1
		fi
		mv -- "$f" "$2/" || return 1
	done
}

if [ "$1" = commit ]; then
	: > "$d/moving" || exit 1
	sync
fi
if [ -e "$d/moving" ]; then
	if ! [ -e "$d/moved" ]; then
		mkdir -p "$d/old" || exit 1
		if ! moveall . "$d/old"; then
			moveall "$d/old" . || exit 1
			sync
			rm -f "$d/moving" || exit 1
			sync
			rm -rf "$d"
			echo "The old data could not be moved away."
			exit 3
		fi
		sync
		: > "$d/moved" || exit 1
		sync
	fi
	moveall "$d/new" . || exit 1
	if [ "$(id -u)" = 0 ]; then # else the volume's root is not ours, and a cluster's to care for
		chown "$(stat -c %u:%g "$d/new")" . && chmod "$(stat -c %a "$d/new")" . || exit 1
	fi
	sync
	rm -f "$d/moving" || exit 1
	sync
elif [ -e "$d" ] && ! [ -e "$d/moved" ]; then
	rm -rf "$d"
	exit 3
fi
rm -rf "$d"
`
