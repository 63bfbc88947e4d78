#!/bin/sh
# The manual pages are clean; every setting has its item in heloscope.conf(5) and its line in the sample, and every
# keyword of the grammar stands in a manual and in etc/; every method stands wherever methods are listed or
# described; README has the codes of replies.
set -eu
: "${srcdir:=.}" "${builddir:=.}"
manual=$srcdir/milter/heloscope.conf.5 refusals=$srcdir/milter/heloscope-refusals.5 sample=$srcdir/etc/heloscope.conf
status=0
say() { echo "$1"; status=1; }
command -v mandoc >/dev/null || { echo "skipped: mandoc is missing (Debian package: mandoc)"; exit 77; }
for page in "$srcdir"/milter/*.[158]; do
	# the pages refer to each other before they are installed
	if mandoc -Tlint "$page" | grep -v 'referenced manual not found'; then status=1; fi
done

# No section stands twice: two texts of one thing part sooner or later.
for page in "$srcdir"/milter/*.[158]; do
	twice=$(grep -E '^\.S[hs] ' "$page" | sort | uniq -d)
	[ -z "$twice" ] || say "$page: twice: $twice"
done

# The installed pages name the directory that was configured.
! grep -n "/etc/heloscope" "$srcdir"/milter/*.[158] || say "a manual page names /etc/heloscope; expected @confdir@"
for page in "$builddir"/man/*.[158]; do
	! grep -nE "@[a-z_]+@" "$page" || say "$page: a name that configure should have filled in was left in it"
done
# Columns that do not fit fall apart in groff, though not in mandoc.
! grep -n "^\.Bl -column" "$srcdir"/milter/*.[158] || say "a list in columns; expected one with tags"

# The rows of config/settings.c, a line each: section, name, and the setting behind which it stands, or "-".
settings=$(awk '
	function print_row() { if (name != "") print section, name, behind; name = ""; behind = "-" }
	/^static const struct setting settings/ { is_table = 1 }
	is_table && /^};/ { print_row(); exit }
	is_table && match($0, /\.name = "[^"]*"/) { print_row(); name = substr($0, RSTART + 9, RLENGTH - 10) }
	is_table && match($0, /\.section = SECTION_[A-Z_]*/) { section = substr($0, RSTART + 19, RLENGTH - 19) }
	is_table && match($0, /\.behind = "[^"]*"/) { behind = substr($0, RSTART + 11, RLENGTH - 12) }
	' "$srcdir/milter/config/settings.c")
[ "$(echo "$settings" | wc -l)" -eq "$(grep -c '\.name = "' "$srcdir/milter/config/settings.c")" ] &&
	[ "$(echo "$settings" | wc -l)" -gt 30 ] || say "config/settings.c: its rows cannot be read"

# Whoever writes an entry of refusals.conf finds its tokens in the manual.
for token in $(sed -n 's/^\tROW([A-Z_]*, *"\([a-z-]*\)".*/\1/p' "$srcdir/include/heloscope/config/refusals.h"); do
	sed -n '/^\.It Cm category Ar token/,/^\.It Cm permanent/p' "$refusals" | grep -Eq "^\.Cm ([a-z-]+ , )*$token( |\$)" ||
		say "the token $token of the catalogue of refusals is missing in $refusals"
done

# A part of the manual, and a block of the sample.
part() { awk -v name="$1" '/^\.S[hs] / { is_in = substr($0, 5) == name } is_in' "$manual"; }
block() { sed -n "/^$1 {/,/^}/p" "$sample"; }
has() { grep -Eq -- "$1"; }
want() { # section, name, behind
	case $1:$3 in
	TOP:-) part SETTINGS | has "^\.It Cm ([a-z-]+ , )*$2( |\$)" && has "^#?$2( |\$)" <"$sample" ;;
	TOP:*) part SETTINGS | has "^\.It Cm $3 .*Cm $2 " && has "^#?($3|  ) .* $2 " <"$sample" ;;
	SOCKET:-) part SETTINGS | has "^\.It Cm listen .*Cm $2 " && has "^#.*{ .*$2 .*}" <"$sample" ;;
	CONTROL:-) part SETTINGS | has "^\.It Cm control .*Cm $2 " && has "^#.*{ .*$2 .*}" <"$sample" ;;
	SHARE:-) part SETTINGS | has "^\.It Cm share $2 " && has "^#share $2 " <"$sample" ;;
	REDIS:-) part SETTINGS | has "^\.It Cm share .*Cm $2 " && has "^#share .*{ .*$2 .*}" <"$sample" && part "Many hosts" | has "^\.It Cm $2 " ;;
	SPF:-) part SETTINGS | has "^\.It Cm $2 " && block spf | has "^ +#?$2 " ;;
	RESOLVER:-) part Resolver | has "^\.It Cm $2 " && block resolver | has "^ +#?$2 " ;;
	TRUST:-) part Trust | has "^\.It Cm $2 " && block trust | has "^ +#?$2 " ;;
	LOOK_BACK:-) part "Looking back" | has "^\.It Cm $2 " && block "look-back no" | has "^ +#?$2 " ;;
	*) false ;;
	esac
}
while read -r section name behind; do
	want "$section" "$name" "$behind" ||
		say "$name ($section): no item of its own in heloscope.conf(5), or no line in etc/heloscope.conf"
done <<-END
	$settings
END

# Keywords: in one of the two manuals as one word of a .Cm or, where it stands among plain words, of a .Ql; in the examples in lines that are no prose.
keywords=$(grep -o '{ "[a-z0-9-]*", [A-Z_0-9]* }' "$srcdir/milter/config/lex.l" | sed 's/{ "\([a-z0-9-]*\)".*/\1/')
[ "$(echo "$keywords" | wc -l)" -gt 30 ] || say "no keywords found in config/lex.l"
commands=$(cat "$manual" "$refusals" | grep '^\.' | grep -Eo '(Cm|^\.Ql) [^A-Z]*' | tr -s ' ' '\n')
examples=$(cat "$sample" "$srcdir/etc/lists.conf" "$srcdir/etc/refusals.conf" | sed '/^ *# [^ ]/d; s/"[^"]*"//g; s/[^a-z0-9-]/\n/g')
for keyword in $keywords; do
	echo "$commands" | grep -qx -- "$keyword" || say "$keyword: neither in heloscope.conf(5) nor in heloscope-refusals(5)"
	echo "$examples" | grep -qx -- "$keyword" || say "$keyword: not in etc/"
done
# Methods (facts/methods.h): name, word of policies, method in fields; and its key in a record (milter/records).
methods=$(sed -n 's/^[ 	]*ROW([A-Z_]*, *\([a-z_]*\), *"\([a-z-]*\)", *"\([a-z-]*\)",.*/\1 \2 \3/p' "$srcdir/include/heloscope/facts/methods.h")
[ "$(echo "$methods" | wc -l)" -ge 10 ] || say "facts/methods.h: its rows cannot be read"
# The words of an item of a manual page: what stands below it until the next one, a word a line.
item() { # page, item
	awk -v item="$2" '/^\.(It|El|Ss|Sh)/ { is_in = index($0 " ", item " ") == 1 } is_in' "$srcdir/milter/$1" | tr -s ' ' '\n'
}
among() { grep -qx -- "$1"; }
while read -r name word method; do
	key=$(sed -n "s/^const struct codec codec_$name = { \"\([a-z-]*\)\",.*/\1/p" "$srcdir"/milter/records/*.c)
	[ -n "$key" ] || say "$word: no codec_$name with its key in milter/records"
	item heloscope.conf.5 ".It Cm disable" | among "$word" || say "$word: not in heloscope.conf(5), disable"
	item heloscope.conf.5 ".It Ar check Cm in" | among "$word" || say "$word: not in heloscope.conf(5), conditions"
	item heloscope-milter.8 ".It Li Authentication-Results" | among "$method" || say "$method: not in heloscope-milter(8), fields"
	item heloscope-records.5 ".It Li checks" | among "$key" || say "$key: not in heloscope-records(5), checks"
	has "^\.It Li ([a-z-]+ , )*$key( |\$)" <"$srcdir/milter/heloscope-records.5" || say "$key: no item of its own in heloscope-records(5)"
	has "^        \"$key\": \{" <"$srcdir/etc/records.schema.json" || say "$key: not in records.schema.json"
	has "^        $method=" <"$srcdir/README" || say "$method: not in the field that README shows"
	sed -n '/^# Checks that are not wanted:/,/^#disable/p' "$sample" | tr -s ' ,.' '\n' | among "$word" || say "$word: not in etc/heloscope.conf, disable"
done <<-END
	$methods
END
# Codes of replies: those that the program can give stand in README's table, and no others.
for code in $(grep -ohE '"[17]\.[0-9]+"' "$srcdir"/milter/words/*.c | tr -d '"'); do echo "550 5.$code"; done >codes.program.$$
for code in $(grep -ohE '"4\.[0-9]+\.[0-9]+"' "$srcdir"/milter/words/*.c | tr -d '"'); do echo "451 $code"; done >>codes.program.$$
sed -n 's/^	\.code = \([0-9]*\),/\1/p; s/^	\.xcode = "\([0-9.]*\)",/ \1/p' "$srcdir/milter/daemon/message.c" "$srcdir/milter/daemon/verdicts.c" | paste -sd '\0\n' >>codes.program.$$
sed -n '/^What the codes mean/,/^The code is that/s/^    \([45][0-9][0-9] [45]\.[0-9]*\.[0-9]*\) .*/\1/p' "$srcdir/README" | sort -u >codes.readme.$$
[ "$(wc -l <codes.readme.$$)" -gt 5 ] || say "README: its table of codes cannot be read"
sort -u -o codes.program.$$ codes.program.$$
differing=$(comm -3 codes.program.$$ codes.readme.$$)
[ -z "$differing" ] || say "codes of replies that only the program has, or (further right) only README: $differing"
rm -f codes.program.$$ codes.readme.$$
exit $status
