/*
 * Whoever has nothing to do reads the next block of lines, which is quick, and then works at it, which is
 * not, while others read on; what it made of it is put to the rest when all blocks before it have been. So
 * files that cannot be sought in are read on all processors, too, and never is there more in memory than a
 * block and a part for each thread, however unequal the work is.
 */
#include "heloscope/records/scan.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/thread.h"

#define BLOCK_SIZE (1U << 20) /* octets; the line with which it is full may stand out */
#define THREADS_MAX 16

struct block {
	char *text; /* lines, each with a line end */
	size_t length;
	size_t number;
	size_t passed_over;
};

struct job {
	const struct record_log_reader *reader;
	const struct record_files *files;
	size_t size;          /* octets on the disk */
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t has_ended;
	size_t read, ended; /* blocks */
	size_t file;        /* that is read now, or opened next */
	FILE *opened;       /* or NULL */
	struct file_lines lines;
	size_t done; /* octets of the files before it, */
	size_t told; /* and those that were told to be read */
	struct record_log_reading *reading;
};

/* The first reason is told. */
static void
note_fault(struct job *job, const struct error *fault)
{
	if (!job->reading->has_fault)
		job->reading->fault = *fault;
	job->reading->has_fault = true;
}

static void
note_lack_of_memory(struct job *job)
{
	struct error fault;

	error_set(&fault, "out of memory");
	(void)pthread_mutex_lock(&job->lock);
	note_fault(job, &fault);
	(void)pthread_mutex_unlock(&job->lock);
}

/* Files. All of these with the lock. */

/* False when there is none any more. */
static bool
open_file(struct job *job)
{
	struct error fault;

	for (; job->opened == NULL && job->file < job->files->count; job->file++) {
		job->opened = record_file_open(&job->files->items[job->file], &fault);
		if (job->opened != NULL) {
			file_lines_init(&job->lines, job->opened);
			return true;
		}
		note_fault(job, &fault);
	}
	return job->opened != NULL;
}

static void
close_file(struct job *job)
{
	const struct record_file *file = &job->files->items[job->file++];
	struct error fault;

	if (job->lines.fault != 0) {
		record_file_tell_fault(file, &job->lines, &fault);
		note_fault(job, &fault);
	}
	file_lines_clear(&job->lines);
	(void)fclose(job->opened);
	job->opened = NULL;
	job->done += file->size;
}

/* Whether lines may come that were there when the files were found: a log that is written has no end. */
static bool
has_more(const struct job *job)
{
	const struct record_file *file = &job->files->items[job->file];

	return !file->is_seekable || (size_t)job->lines.at < file->size;
}

/* The next line of all. False behind the last. */
static bool
next_line(struct job *job)
{
	while (open_file(job)) {
		const enum line_state state = has_more(job) ? file_lines_next(&job->lines) : LINES_END;

		if (state == LINE_READ)
			return true;
		if (state == LINE_TOO_LONG)
			job->reading->passed_over++;
		else
			close_file(job);
	}
	return false;
}

static void
tell(struct job *job)
{
	const bool is_within = job->opened != NULL && job->files->items[job->file].is_seekable;
	const size_t done = job->done + (is_within ? (size_t)job->lines.at : 0);

	if (job->reader->tell != NULL)
		job->reader->tell(job->reader->told, (int64_t)(done - job->told));
	job->told = done;
}

/* Blocks. */

/* False when nothing is left. */
static bool
read_block(struct job *job, struct block *block)
{
	block->length = block->passed_over = 0;
	(void)pthread_mutex_lock(&job->lock);
	while (block->length < BLOCK_SIZE && next_line(job)) {
		const struct span line = job->lines.line;

		memcpy(block->text + block->length, line.at, line.length);
		block->length += line.length;
		block->text[block->length++] = '\n';
	}
	if (block->length > 0) {
		block->number = job->read++;
		tell(job);
	}
	(void)pthread_mutex_unlock(&job->lock);
	return block->length > 0;
}

/* Take the lines of a block. */
static void
take_lines(const struct job *job, struct block *block, void *part)
{
	for (const char *at = block->text, *end = at + block->length; at < end;) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));

		if (!job->reader->take(part, (struct span){ at, (size_t)(line_end - at) }))
			block->passed_over++;
		at = line_end + 1;
	}
}

/* Put a part to the rest when it is its turn; only this thread does then. */
static void
end_block(struct job *job, const struct block *block, void *part)
{
	(void)pthread_mutex_lock(&job->lock);
	while (job->ended != block->number)
		(void)pthread_cond_wait(&job->has_ended, &job->lock);
	(void)pthread_mutex_unlock(&job->lock);
	if (part != NULL && job->reader->end_part != NULL)
		job->reader->end_part(job->reader->context, part);
	(void)pthread_mutex_lock(&job->lock);
	job->reading->passed_over += block->passed_over;
	job->ended++;
	(void)pthread_cond_broadcast(&job->has_ended);
	(void)pthread_mutex_unlock(&job->lock);
}

static void *
read_blocks(void *context)
{
	struct job *job = context;
	const struct record_log_reader *reader = job->reader;
	struct block block = { .text = malloc(BLOCK_SIZE + BOUND_LINE_READ + 1) };
	void *part;

	if (block.text == NULL)
		note_lack_of_memory(job);
	while (block.text != NULL && read_block(job, &block)) {
		part = reader->begin_part != NULL ? reader->begin_part(reader->context) : reader->context;
		if (part != NULL)
			take_lines(job, &block, part);
		else
			note_lack_of_memory(job);
		end_block(job, &block, part);
	}
	free(block.text);
	return NULL;
}

/* How many threads are of use. */
static size_t
count_threads(const struct job *job)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = job->size / BLOCK_SIZE + 1;

	if (job->reader->begin_part == NULL)
		return 1;
	for (size_t i = 0; i < job->files->count; i++)
		if (!job->files->items[i].is_seekable)
			most = THREADS_MAX;
	if (processors > 0 && (size_t)processors < most)
		most = (size_t)processors;
	return most < THREADS_MAX ? most : THREADS_MAX;
}

void
record_log_read(const struct record_files *files, const struct record_log_reader *reader,
		struct record_log_reading *reading)
{
	struct job job = { .reader = reader,
			   .files = files,
			   .lock = PTHREAD_MUTEX_INITIALIZER,
			   .has_ended = PTHREAD_COND_INITIALIZER,
			   .reading = reading };
	pthread_t threads[THREADS_MAX];
	size_t wanted, count = 0;

	*reading = (struct record_log_reading){ .passed_over = 0 };
	for (size_t i = 0; i < files->count; i++)
		job.size += files->items[i].size;
	wanted = count_threads(&job) - 1; /* the caller is one */
	while (count < wanted && thread_start(&threads[count], read_blocks, &job))
		count++;
	(void)read_blocks(&job);
	for (size_t i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
}
