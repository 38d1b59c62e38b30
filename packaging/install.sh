#!/bin/sh
# Installs Colab Tray for this person alone: it asks nothing and needs no root.
#
#   ./install.sh             into ~/.local
#   ./install.sh --remove    removes what it put there, and nothing else
#
# PREFIX is another folder than ~/.local. A copy of this script is kept as
# ~/.local/share/colab-tray/install.sh, so that the archive need not be.
set -eu
umask 022
PREFIX=${PREFIX:-${HOME:?}/.local}
own=share/colab-tray
list=$own/installed # what was put there, a path a line; those of folders end in /

say() { echo "install.sh: $*" >&2; }
fail() { say "$*"; exit 1; }

# place SOURCE DESTINATION puts a file there as a whole, also over a program that
# runs, and notes it with the folders that were made for it.
place() {
    folders "$(dirname "$2")"
    cp "$1" "$PREFIX/$2.new"
    mv -f "$PREFIX/$2.new" "$PREFIX/$2"
    echo "$2" >>"$new"
}

# folders FOLDER makes a folder and those above it, and notes those that it made or
# an earlier installation made.
folders() {
    [ "$1" != . ] || return 0
    folders "$(dirname "$1")"
    if [ ! -d "$PREFIX/$1" ]; then
        mkdir "$PREFIX/$1"
        echo "$1/" >>"$new"
    elif grep -qxF "$1/" "$before"; then
        echo "$1/" >>"$new"
    fi
}

# clear LIST removes the files that a list names, then the folders that are empty.
clear() {
    while read -r path; do
        case $path in
        */ | /* | *..*) ;;
        *) rm -f "$PREFIX/$path" ;;
        esac
    done <"$1"
    sort -r "$1" | while read -r path; do
        case $path in
        /* | *..*) ;;
        */) rmdir "$PREFIX/$path" 2>/dev/null || true ;;
        esac
    done
}

# refresh tells the desktop that icons changed. (Of applications it watches the folder.)
refresh() { [ ! -d "$PREFIX/share/icons/hicolor" ] || touch "$PREFIX/share/icons/hicolor"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
before=$work/before new=$work/new
: >"$before"
: >"$new"
[ ! -f "$PREFIX/$list" ] || cp "$PREFIX/$list" "$before"

case ${1:-} in
--remove)
    [ -s "$before" ] || fail "nothing of it is in $PREFIX"
    clear "$before"
    refresh
    say "removed from $PREFIX; settings, runtimes and their data are still there"
    exit
    ;;
"") ;;
*) fail "usage: ./install.sh [--remove]" ;;
esac

cd "$(dirname "$0")"
[ -x bin/colab-tray ] || fail "run it in the folder that the archive was unpacked to"
mkdir -p "$PREFIX"
PREFIX=$(cd "$PREFIX" && pwd)

# The desktop and systemd need not look for programs in this folder.
program=$PREFIX/bin/colab-tray
case $program in
*[!A-Za-z0-9/._+-]*) entry= ;; # what would have to be quoted is found by its name
*) entry=$program ;;
esac
mkdir "$work/made"
sed "s|^\(Try\)\{0,1\}Exec=colab-tray|\1Exec=${entry:-colab-tray}|" \
    share/applications/dev.colabtray.ColabTray.desktop >"$work/made/desktop"
sed "s|^ExecStart=/usr/bin/|ExecStart=${entry:+$PREFIX/bin/}|" lib/systemd/user/colab-tray.service >"$work/made/service"

find bin share -type f | sort >"$work/files"
while read -r file; do
    case $file in
    share/applications/*.desktop) place "$work/made/desktop" "$file" ;;
    *) place "$file" "$file" ;;
    esac
done <"$work/files"
place "$work/made/service" share/systemd/user/colab-tray.service
place install.sh "$own/install.sh"
echo "$list" >>"$new"

# What an earlier version had and this one has not.
grep -vxFf "$new" "$before" >"$work/gone" || true
clear "$work/gone"
sort -u "$new" >"$PREFIX/$list"
refresh

say "installed in $PREFIX; start Colab Tray from the applications menu"
case :$PATH: in
*:$PREFIX/bin:*) ;;
*) say "to use it in a terminal, put $PREFIX/bin on your PATH" ;;
esac
