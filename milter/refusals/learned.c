#include "heloscope/refusals/learned.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/refusals/normal.h"
#include "heloscope/refusals/stage.h"

#define ROUNDS 8 /* through all lessons */
#define MARGIN 3 /* by which a category has to be ahead, a text of one feature */
/* Primes: lessons that stand side by side are alike, and come one after the other in vain. The other is for
 * those whose number the first divides, so that each comes. */
#define STRIDE 7919
#define OTHER_STRIDE 7907
#define SEEN_MIN 2 /* lessons that have a feature of which something is learned */
#define SCALE 256  /* of the weights that are kept */
#define WIDTH 32   /* of a row of weights, one for each category */

_Static_assert(CATEGORIES <= WIDTH, "a row has room for all categories");

struct weights {
	int32_t of[WIDTH];
};

struct sums {
	int64_t of[WIDTH];
};

struct learned {
	const struct notion_words *words;
	struct lesson *lessons; /* NULL: none are left to learn */
	size_t lesson_count;
	pthread_mutex_t lock;           /* until all is learned */
	uint16_t rows[FEATURE_NUMBERS]; /* of each feature: its row; 0: nothing is known of it */
	struct weights *weights;        /* the first is of what is not known */
	size_t row_count;
	bool has_learned;
	unsigned char parties[CATEGORIES][2]; /* who acts mostly, of 4xx and others */
};

/* A lesson, ready. */
struct exercise {
	struct features features;
	enum refusal_category category;
};

struct school {
	struct learned *learned;
	struct exercise *exercises;
	size_t count;
	struct weights *now; /* of each row, after the last step */
	struct sums *sums;   /* what was added, times the steps that came behind it */
	unsigned parties[CATEGORIES][2][PARTIES];
};

static bool
is_temporary(unsigned code_class)
{
	return code_class == 4;
}

/* Lessons. */

static void
prepare(struct school *school, const struct notion_words *words, const struct lesson *lesson)
{
	struct exercise *exercise = &school->exercises[school->count++];
	const struct codes codes = codes_find(lesson->text);
	char memory[BOUND_REFUSAL_TEXT + 1];
	struct strbuf normal = STRBUF_OVER(memory);
	struct place_text text;
	struct sights sights = { .count = 0 };
	struct span reply;
	enum refusal_stage stage;

	normal_add(&normal, lesson->text, codes.reply);
	normal_blot_addresses(&normal);
	reply = (struct span){ normal.text, normal.length };
	stage = stage_take(&reply);
	place_text_init(&text, reply);
	notions_find(words, &text, &sights);
	features_find(&text, &sights, &codes, stage, &exercise->features);
	exercise->category = lesson->category;
	school->parties[lesson->category][is_temporary(codes_class(&codes))][lesson->party]++;
}

/* A row for each feature that several lessons have. */
static void
number_rows(struct school *school)
{
	struct learned *learned = school->learned;

	for (size_t i = 0; i < school->count; i++)
		for (size_t k = 0; k < school->exercises[i].features.count; k++)
			if (learned->rows[school->exercises[i].features.items[k]] < SEEN_MIN)
				learned->rows[school->exercises[i].features.items[k]]++;
	learned->row_count = 1;
	for (size_t i = 0; i < FEATURE_NUMBERS; i++)
		learned->rows[i] = learned->rows[i] < SEEN_MIN || learned->row_count > UINT16_MAX
					   ? 0
					   : (uint16_t)learned->row_count++;
}

/* Learning. */

static struct weights
add_up(const struct learned *learned, const struct weights *weights, const struct features *features,
       size_t *known)
{
	struct weights sum = { { 0 } };

	*known = 0;
	for (size_t i = 0; i < features->count; i++) {
		const size_t row = learned->rows[features->items[i]];

		*known += row != 0;
		for (size_t k = 0; k < WIDTH; k++)
			sum.of[k] += weights[row].of[k];
	}
	return sum;
}

/* The category that is ahead, but for one. */
static size_t
first_of(const struct weights *sum, size_t but)
{
	size_t first = but == 0 ? 1 : 0;

	for (size_t i = first + 1; i < CATEGORIES; i++)
		if (i != but && sum->of[i] > sum->of[first])
			first = i;
	return first;
}

static void
change(struct school *school, const struct features *features, size_t category, int32_t by, int64_t left)
{
	for (size_t i = 0; i < features->count; i++) {
		const size_t row = school->learned->rows[features->items[i]];

		if (row == 0)
			continue;
		school->now[row].of[category] += by;
		school->sums[row].of[category] += by * left;
	}
}

/* `left`: steps up to the end. */
static void
learn_one(struct school *school, const struct exercise *exercise, int64_t left)
{
	size_t known;
	const struct weights sum = add_up(school->learned, school->now, &exercise->features, &known);
	const size_t rival = first_of(&sum, exercise->category);
	const int64_t ahead = (int64_t)sum.of[exercise->category] - sum.of[rival];

	if (ahead > 0 && ahead * ahead >= (int64_t)(MARGIN * MARGIN * known))
		return;
	change(school, &exercise->features, exercise->category, 1, left);
	change(school, &exercise->features, rival, -1, left);
}

static void
learn(struct school *school)
{
	const size_t stride = school->count % STRIDE != 0 ? STRIDE : OTHER_STRIDE;
	const size_t steps = ROUNDS * school->count;
	size_t at = 0;

	for (size_t step = 0; step < steps; step++) {
		at = (at + stride + (step % school->count == 0)) % school->count;
		learn_one(school, &school->exercises[at], (int64_t)(steps - step));
	}
	for (size_t row = 0; row < school->learned->row_count; row++)
		for (size_t i = 0; i < CATEGORIES; i++)
			school->learned->weights[row].of[i] =
				(int32_t)(school->sums[row].of[i] * SCALE / (int64_t)steps);
}

/* Who acts mostly. */
static void
judge_parties(struct school *school)
{
	for (size_t category = 0; category < CATEGORIES; category++)
		for (size_t temporary = 0; temporary < 2; temporary++) {
			const unsigned *votes = school->parties[category][temporary];
			size_t best = 0;

			for (size_t i = 1; i < PARTIES; i++)
				if (votes[i] > votes[best])
					best = i;
			school->learned->parties[category][temporary] = (unsigned char)best;
		}
}

/* False when memory ran out. */
static bool
attend(struct school *school)
{
	struct learned *learned = school->learned;

	school->exercises = calloc(learned->lesson_count, sizeof *school->exercises);
	if (school->exercises == NULL)
		return false;
	for (size_t i = 0; i < learned->lesson_count; i++)
		prepare(school, learned->words, &learned->lessons[i]);
	number_rows(school);
	school->now = calloc(learned->row_count, sizeof *school->now);
	school->sums = calloc(learned->row_count, sizeof *school->sums);
	learned->weights = calloc(learned->row_count, sizeof *learned->weights);
	return school->now != NULL && school->sums != NULL && learned->weights != NULL;
}

static void
go_to_school(struct learned *learned)
{
	struct school school = { .learned = learned };

	if (attend(&school)) {
		learn(&school);
		judge_parties(&school);
		learned->has_learned = true;
	}
	free(school.exercises);
	free(school.now);
	free(school.sums);
}

/* Once, when it is first asked: most that are asked of a catalogue is in it. */
static void
make_ready(struct learned *learned)
{
	(void)pthread_mutex_lock(&learned->lock);
	if (learned->lessons != NULL)
		go_to_school(learned);
	free(learned->lessons);
	learned->lessons = NULL;
	(void)pthread_mutex_unlock(&learned->lock);
}

struct learned *
learned_new(const struct notion_words *words, const struct lesson *lessons, size_t count)
{
	struct learned *learned = calloc(1, sizeof *learned);

	if (learned == NULL)
		return NULL;
	(void)pthread_mutex_init(&learned->lock, NULL);
	learned->words = words;
	if (count < LESSONS_MIN)
		return learned;
	learned->lessons = calloc(count, sizeof *learned->lessons);
	if (learned->lessons == NULL) {
		learned_free(learned);
		return NULL;
	}
	memcpy(learned->lessons, lessons, count * sizeof *lessons);
	learned->lesson_count = count;
	return learned;
}

void
learned_free(struct learned *learned)
{
	if (learned == NULL)
		return;
	(void)pthread_mutex_destroy(&learned->lock);
	free(learned->lessons);
	free(learned->weights);
	free(learned);
}

/* Saying. */

/* How far ahead of `known` features: the square root of what that comes to in each. */
static unsigned
lead_of(int64_t ahead, size_t known)
{
	const int64_t square =
		ahead * ahead * LEAD_OF_ONE * LEAD_OF_ONE / ((int64_t)SCALE * SCALE * (int64_t)(known + 1));
	unsigned lead = 0;

	while (lead < LEAD_MAX && (int64_t)(lead + 1) * (lead + 1) <= square)
		lead++;
	return lead;
}

struct learned_view
learned_view(struct learned *learned, const struct features *features, unsigned code_class)
{
	struct weights sum;
	size_t known, first;

	make_ready(learned);
	if (!learned->has_learned)
		return (struct learned_view){ CATEGORY_UNKNOWN, PARTY_UNKNOWN, 0 };
	sum = add_up(learned, learned->weights, features, &known);
	first = first_of(&sum, CATEGORIES);
	return (struct learned_view){
		(enum refusal_category)first,
		(enum refusal_party)learned->parties[first][is_temporary(code_class)],
		lead_of((int64_t)sum.of[first] - sum.of[first_of(&sum, first)], known),
	};
}
