/* In place of share/link.c and share/stream.c, where hiredis is not there: no configuration lets it come so
 * far. */
#include "heloscope/share/link.h"
#include "heloscope/share/stream.h"

struct share_link *
share_link_new(struct event_base *base, const struct share_settings *settings,
	       const struct share_link_user *user)
{
	(void)base;
	(void)settings;
	(void)user;
	return NULL;
}

void
share_link_free(struct share_link *link)
{
	(void)link;
}

void
share_link_end(struct share_link *link, const char *reason)
{
	(void)link;
	(void)reason;
}

unsigned
share_link_longer_ms(unsigned ms)
{
	return ms;
}

bool
share_link_is_ready(const struct share_link *link)
{
	(void)link;
	return false;
}

bool
share_link_is_down(const struct share_link *link)
{
	(void)link;
	return true;
}

void
share_link_hurry(struct share_link *link)
{
	(void)link;
}

bool
share_link_send(struct share_link *link, const struct span *words, size_t count)
{
	(void)link;
	(void)words;
	(void)count;
	return false;
}

struct share_stream *
share_stream_new(const struct share_settings *settings, const char *reader)
{
	(void)settings;
	(void)reader;
	return NULL;
}

void
share_stream_free(struct share_stream *stream)
{
	(void)stream;
}

bool
share_stream_read(struct share_stream *stream, bool is_for_all, struct stream_batch *batch,
		  struct error *error)
{
	(void)stream;
	(void)is_for_all;
	(void)batch;
	(void)error;
	return false;
}

uint64_t
share_stream_lost(const struct share_stream *stream)
{
	(void)stream;
	return 0;
}

bool
share_stream_done(struct share_stream *stream, const struct stream_batch *batch, struct error *error)
{
	(void)stream;
	(void)batch;
	(void)error;
	return false;
}

uint64_t
share_stream_gone(const struct share_stream *stream)
{
	(void)stream;
	return 0;
}

void
share_stream_tell_again(struct share_stream *stream)
{
	(void)stream;
}
