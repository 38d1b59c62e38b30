# The procedure that Colab Tray replaces, for Notebook 6 only: start the container;
# every second look for the server's process, its info file and a page with the title
# "Home Page"; then print the address.
name=$1
docker start "$name" >/dev/null || exit 1
docker exec -i "$name" sh -s <<'INSIDE'
dir=$HOME/.local/share/jupyter/runtime
while :; do
	for pid in /proc/[0-9]*; do
		case $(tr '\0' ' ' <"$pid/cmdline" 2>/dev/null) in
		*jupyter-notebook*) ;;
		*) continue ;;
		esac
		info=$dir/nbserver-${pid#/proc/}.json
		[ -f "$info" ] || continue
		token=$(sed -n 's/.*"token": "\([^"]*\)".*/\1/p' "$info")
		python3 - "$token" <<-'PAGE' && exit 0
			import sys, urllib.request
			page = urllib.request.urlopen("http://localhost:8888/tree?token=" + sys.argv[1]).read()
			if b"<title>Home Page" not in page:
			    sys.exit(1)
			print("http://localhost:8888/?token=" + sys.argv[1])
		PAGE
	done
	sleep 1
done
INSIDE
