#include "heloscope/cli/why_page_trend.h"

#include "heloscope/base/document.h"
#include "heloscope/cli/why_page_parts.h"

static const struct {
	const char *key, *title, *style;
} kinds[] = {
	{ "delivered", "Delivered", "all" },
	{ "deferred", "Deferred", "deferred" },
	{ "refused", "Refused", "refused" },
};

#define KINDS (sizeof kinds / sizeof kinds[0])
#define HEIGHT 100
#define WIDTH 10 /* of a bar, with what is between */

static json_int_t
sum_of(const json_t *row)
{
	json_int_t sum = 0;

	for (size_t i = 0; i < KINDS; i++)
		sum += document_number_of(row, kinds[i].key);
	return sum;
}

/* Refused at the bottom, so that it can be compared. */
static void
put_bar(struct output *out, const json_t *row, size_t at, json_int_t most)
{
	json_int_t bottom = 0;

	for (size_t i = KINDS; i-- > 0;) {
		const json_int_t count = document_number_of(row, kinds[i].key);
		const json_int_t low = bottom * HEIGHT / most, high = (bottom + count) * HEIGHT / most;

		if (count > 0)
			output_put(
				out,
				"<rect class=\"%s\" x=\"%zu\" width=\"8\" y=\"%lld\" height=\"%lld\"><title>%s: %s %lld</title></rect>",
				kinds[i].style, at * WIDTH + 1, (long long)(HEIGHT - high),
				(long long)(high > low ? high - low : 1), document_text_of(row, "time"),
				kinds[i].title, (long long)count);
		bottom += count;
	}
}

static void
put_chart(struct output *out, const json_t *trend, size_t count)
{
	json_int_t most = 1;

	for (size_t i = 0; i < count; i++)
		if (sum_of(json_array_get(trend, i)) > most)
			most = sum_of(json_array_get(trend, i));
	output_put(
		out,
		"<svg viewBox=\"0 0 %zu %d\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"From %s to %s, at most %lld at a time\">",
		count * WIDTH, HEIGHT, document_text_of(json_array_get(trend, 0), "time"),
		document_text_of(json_array_get(trend, count - 1), "time"), (long long)most);
	for (size_t i = 0; i < count; i++)
		put_bar(out, json_array_get(trend, i), i, most);
	output_put(out, "</svg>\n");
}

void
why_page_put_trend(struct output *out, const json_t *trend)
{
	const size_t count = json_array_size(trend);

	if (count == 0)
		return;
	output_put(out, "<section id=\"trend\"><h2>Over time</h2>\n");
	put_chart(out, trend, count);
	output_put(
		out,
		"<p class=\"faint\">Refused at the bottom, above it deferred, then delivered; times are UTC.</p>\n"
		"<details><summary>As numbers</summary><table><thead><tr><th>Time</th>");
	for (size_t i = 0; i < KINDS; i++)
		output_put(out, "<th class=\"number\">%s</th>", kinds[i].title);
	output_put(out, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < count; i++) {
		const json_t *row = json_array_get(trend, i);

		output_put(out, "<tr><td>%s</td>", document_text_of(row, "time"));
		for (size_t j = 0; j < KINDS; j++)
			output_put(out, "<td class=\"number\">%lld</td>",
				   (long long)document_number_of(row, kinds[j].key));
		output_put(out, "</tr>\n");
	}
	output_put(out, "</tbody></table></details></section>\n");
}
