#include "heloscope/records/scan.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "heloscope/base/thread.h"

#define PIECE_SIZE (4U << 20) /* octets */
#define THREADS_MAX 16
#define TOLD_EACH 1024 /* records after which it is told how far we are */

/* The lines that begin in a stretch of a file. */
struct piece {
	const struct audit_file *file;
	size_t from, until;
	void *part;
	size_t passed_over;
	bool is_read, has_fault;
	struct error fault;
};

struct job {
	const struct audit_reader *reader;
	struct piece *pieces;
	size_t count, size;   /* of pieces; octets on the disk */
	pthread_mutex_t lock; /* guards the two below, and `is_read` of pieces */
	pthread_cond_t has_read;
	size_t taken, done; /* pieces; octets */
};

/* Count what was read, and perhaps tell how far that is. */
static void
advance(struct job *job, size_t octets, bool is_told)
{
	(void)pthread_mutex_lock(&job->lock);
	job->done += octets;
	if (is_told && job->reader->tell != NULL && job->size > 0)
		job->reader->tell((int)(100 * job->done / job->size));
	(void)pthread_mutex_unlock(&job->lock);
}

static void
take_line(const struct job *job, struct piece *piece, struct span line)
{
	piece->passed_over += job->reader->take(piece->part, line) ? 0 : 1;
}

static void
read_lines(struct job *job, struct piece *piece, struct file_lines *lines)
{
	enum line_state state = LINE_READ;
	size_t told_at = piece->from, count = 0;

	if (piece->from > 0) { /* the line that began before, of which this may be the end */
		file_lines_seek(lines, (off_t)piece->from - 1);
		state = file_lines_next(lines);
	}
	while (state <= LINE_TOO_LONG && (size_t)lines->at < piece->until
	       && (state = file_lines_next(lines)) <= LINE_TOO_LONG) {
		if (state == LINE_READ)
			take_line(job, piece, lines->line);
		else
			piece->passed_over++;
		if (++count % TOLD_EACH == 0 && piece->file->is_seekable) {
			advance(job, (size_t)lines->at - told_at, true);
			told_at = (size_t)lines->at;
		}
	}
	advance(job, piece->file->is_seekable ? (size_t)lines->at - told_at : piece->file->size, false);
}

static void
read_opened(struct job *job, struct piece *piece, FILE *file)
{
	struct file_lines lines;

	file_lines_init(&lines, file);
	read_lines(job, piece, &lines);
	piece->has_fault = lines.fault != 0;
	if (piece->has_fault)
		audit_file_tell_fault(piece->file, &lines, &piece->fault);
	file_lines_clear(&lines);
}

static void
read_piece(struct job *job, struct piece *piece)
{
	FILE *file = audit_file_open(piece->file, &piece->fault);

	piece->has_fault = file == NULL;
	if (file != NULL) {
		read_opened(job, piece, file);
		(void)fclose(file);
	}
	(void)pthread_mutex_lock(&job->lock);
	piece->is_read = true;
	(void)pthread_cond_signal(&job->has_read);
	(void)pthread_mutex_unlock(&job->lock);
}

static void *
read_pieces(void *context)
{
	struct job *job = context;
	size_t next;

	for (;;) {
		(void)pthread_mutex_lock(&job->lock);
		next = job->taken++;
		(void)pthread_mutex_unlock(&job->lock);
		if (next >= job->count)
			return NULL;
		read_piece(job, &job->pieces[next]);
	}
}

/* Pieces of a file: what is read in order, or cannot be sought in, is one. */
static size_t
count_pieces(const struct audit_reader *reader, const struct audit_file *file)
{
	return reader->begin_part == NULL || !file->is_seekable ? 1 : file->size / PIECE_SIZE + 1;
}

/* False when memory ran out. */
static bool
make_pieces(struct job *job, const struct audit_files *files)
{
	size_t count = 0;

	for (size_t i = 0; i < files->count; i++)
		count += count_pieces(job->reader, &files->items[i]);
	job->pieces = calloc(count + 1, sizeof *job->pieces);
	for (size_t i = 0; i < files->count && job->pieces != NULL; i++) {
		const struct audit_file *file = &files->items[i];
		const size_t pieces = count_pieces(job->reader, file);

		job->size += file->size;
		for (size_t j = 0; j < pieces; j++) {
			struct piece *piece = &job->pieces[job->count];
			const bool is_last = j + 1 == pieces;

			*piece = (struct piece){ .file = file, .part = job->reader->context };
			piece->from = j * PIECE_SIZE;
			piece->until = !is_last            ? piece->from + PIECE_SIZE
				       : file->is_seekable ? file->size
							   : SIZE_MAX;
			if (job->reader->begin_part != NULL)
				piece->part = job->reader->begin_part(job->reader->context);
			if (piece->part == NULL)
				return false;
			job->count++;
		}
	}
	return job->pieces != NULL;
}

static void
wait_for(struct job *job, const struct piece *piece)
{
	(void)pthread_mutex_lock(&job->lock);
	while (!piece->is_read)
		(void)pthread_cond_wait(&job->has_read, &job->lock);
	(void)pthread_mutex_unlock(&job->lock);
}

/* Put together, in order, what has been read; of pieces that nobody reads only the parts are ended. */
static void
end_pieces(struct job *job, bool are_read, struct audit_reading *reading)
{
	for (size_t i = 0; i < job->count; i++) {
		struct piece *piece = &job->pieces[i];

		if (are_read)
			wait_for(job, piece);
		reading->passed_over += piece->passed_over;
		if (piece->has_fault && !reading->has_fault)
			reading->fault = piece->fault;
		reading->has_fault = reading->has_fault || piece->has_fault;
		if (job->reader->end_part != NULL)
			job->reader->end_part(job->reader->context, piece->part);
	}
}

/* How many threads are started; with none, the caller reads. */
static size_t
start_threads(struct job *job, pthread_t *threads)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	const size_t wanted = processors < 1             ? 1
			      : processors > THREADS_MAX ? THREADS_MAX
							 : (size_t)processors;
	size_t count = 0;

	if (job->reader->begin_part == NULL)
		return 0;
	while (count < wanted && count < job->count && thread_start(&threads[count], read_pieces, job))
		count++;
	return count;
}

void
audit_read(const struct audit_files *files, const struct audit_reader *reader, struct audit_reading *reading)
{
	struct job job = { .reader = reader,
			   .lock = PTHREAD_MUTEX_INITIALIZER,
			   .has_read = PTHREAD_COND_INITIALIZER };
	pthread_t threads[THREADS_MAX];
	const bool has_memory = make_pieces(&job, files);
	const size_t count = has_memory ? start_threads(&job, threads) : 0;

	*reading = (struct audit_reading){ .has_fault = !has_memory };
	error_set(&reading->fault, "out of memory");
	if (has_memory && count == 0)
		(void)read_pieces(&job);
	end_pieces(&job, has_memory, reading);
	for (size_t i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
	free(job.pieces);
}
