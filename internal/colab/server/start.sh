#!/bin/sh
# Starts Jupyter so that Colab can use it. Written by Colab Tray.
#
# It works with Notebook 6 and with Jupyter Server 2 in all its forms, needs no
# network unless the profile has packages to install, and changes nothing that
# the image or the person has set, but for what Colab needs. Arguments are the
# command to start Jupyter with.
: "${HOME:=/root}"
export HOME

# Notebooks can install software for themselves: commands are found at once,
# and modules as well, because Python looks at the user's site directory only
# when it is there as Python starts.
PATH=$HOME/.local/bin:$PATH
export PATH
mkdir -p "$HOME/.local/bin"
for python in python3 python; do
	if site=$("$python" -m site --user-site 2>/dev/null) || [ -n "$site" ]; then
		mkdir -p "$site"
		break
	fi
done

# The profile's packages are installed once in each container, into the data
# volume: what the container of before had of its own, or for another Python, a new
# one may lack. Without them Jupyter starts all the same, and the next start tries
# again.
wanted=/opt/colab-tray/packages.txt
installed=$HOME/.local/share/colab-tray/packages.txt
here=/var/tmp/colab-tray-packages.txt
if [ -s "$wanted" ] && [ "$(cat "$wanted" "$wanted")" != "$(cat "$installed" "$here" 2>/dev/null)" ]; then
	echo "Colab Tray: installing the packages of the profile:" $(cat "$wanted")
	if "$python" -m pip install --user --no-input --disable-pip-version-check --requirement "$wanted" &&
		mkdir -p "${installed%/*}" && cp "$wanted" "$installed" && cp "$wanted" "$here"; then
		echo "Colab Tray: the packages are installed."
	else
		echo "Colab Tray: not all packages could be installed; see above. The next start tries again." >&2
	fi
fi

# The settings take themselves out of this variable again, so that kernels do
# not see them.
JUPYTER_CONFIG_PATH=/opt/colab-tray/jupyter${JUPYTER_CONFIG_PATH:+:$JUPYTER_CONFIG_PATH}
export JUPYTER_CONFIG_PATH

[ $# -eq 0 ] || exec "$@"

# The image's own way of starting Jupyter comes first.
for start in start-notebook.py start-notebook.sh; do
	if command -v "$start" >/dev/null; then
		exec "$start"
	fi
done
for server in lab server notebook; do
	if command -v "jupyter-$server" >/dev/null; then
		exec "jupyter-$server" --no-browser
	fi
done
echo "Colab Tray: this image has no Jupyter server." >&2
exit 127
