# test_demo: contrib/demo's scene on what was built here: it ends well, and shows what it promises.
set -eu
: "${srcdir:=.}" "${builddir:=.}"
shown=$(mktemp)
trap 'rm -f "$shown"' EXIT
/usr/bin/python3 -B "$srcdir/tests/integration/demo.py" "$builddir" >"$shown" 2>&1 || {
	tail -n 100 "$shown"
	exit 1
}
sh "$srcdir/tests/demo-shows" "$shown"
