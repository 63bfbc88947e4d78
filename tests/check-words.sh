#!/bin/sh
# No text that people read holds a word of tests/words-not-used: strings of the program, manual pages, README, NEWS,
# configuration, catalogue, snippets, completion, the page of report, golden texts.
set -eu
cd "${srcdir:=.}"
srcdir=. # so that the name of the folder it lies in is not searched
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The strings of C, lex and yacc, without comments: FILE:LINE:TEXT.
strings_of() {
	awk '
	FNR == 1 { is_comment = 0 }
	{
		text = ""; is_string = 0; has_string = 0
		for (i = 1; i <= length($0); i++) {
			c = substr($0, i, 1); two = substr($0, i, 2)
			if (is_comment) { if (two == "*/") { is_comment = 0; i++ } }
			else if (is_string && c == "\\") { text = text (two == "\\n" ? " " : substr($0, i + 1, 1)); i++ }
			else if (c == "\"" && !(substr($0, i - 1, 3) == "\047\"\047")) { is_string = !is_string; has_string = 1; text = text (is_string ? "" : " ") }
			else if (is_string) text = text c
			else if (two == "/*") { is_comment = 1; i++ }
		}
		if (has_string) print FILENAME ":" FNR ":" text
	}' "$@"
}
# Other texts in the same form.
lines_of() { for file; do sed "s|^|$file:|" "$file" | awk -F: 'BEGIN { OFS = ":" } { $1 = $1 ":" NR; print }'; done; }

sed '/^#/d; s/ *=>.*//' "$srcdir/tests/words-not-used" >"$scratch/patterns"
[ "$(wc -l <"$scratch/patterns")" -gt 20 ] || { echo "tests/words-not-used cannot be read"; exit 1; }
look() {
	grep -Ei -f "$scratch/patterns" "$1" || [ $? -eq 1 ] || { echo "tests/words-not-used: a pattern is not valid"; exit 1; }
}

{
	find "$srcdir/milter" \( -name '*.c' -o -name '*.l' -o -name '*.y' \) | sort | while read -r file; do strings_of "$file"; done
	lines_of "$srcdir"/milter/*.[158] "$srcdir"/milter/review/*_page.html "$srcdir/README" "$srcdir/NEWS" \
		"$srcdir"/etc/* "$srcdir"/tests/golden/*.txt \
		$(find "$srcdir/contrib" -type f | sort)
} >"$scratch/texts"
[ "$(grep -c '\.c:' "$scratch/texts")" -gt 1000 ] || { echo "the strings of the program cannot be read"; exit 1; }

status=0
# Every pattern finds its word where it is planted, also in a string that goes on behind another, and none in a comment.
while IFS= read -r line; do
	case $line in '' | '#'*) continue ;; esac
	pattern=${line%% =>*} example=${line##* <= }
	printf '/* at hand */ say("%%s", "%s /* a folder */");\n' "$example" >"$scratch/planted.c"
	strings_of "$scratch/planted.c" | grep -Eiq -e "$pattern" || { echo "$pattern: not found in its example"; status=1; }
done <"$srcdir/tests/words-not-used"
printf 'say("it is at %s");\n' hand >"$scratch/planted.c"
strings_of "$scratch/planted.c" >"$scratch/planted"
[ -n "$(look "$scratch/planted")" ] || { echo "a planted word is not found"; status=1; }
printf '/* a stranger, at hand */ say("all is fine");\n' >"$scratch/planted.c"
strings_of "$scratch/planted.c" >"$scratch/planted"
[ -z "$(look "$scratch/planted")" ] || { echo "a word in a comment is found"; status=1; }

found=$(look "$scratch/texts")
if [ -n "$found" ]; then
	echo "$found" | sed "s|^$srcdir/||" | cut -c1-200
	echo "words that tests/words-not-used rules out, which says what to write instead"
	status=1
fi
exit $status
