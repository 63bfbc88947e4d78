#include "heloscope/wiring/judge.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "heloscope/base/ipaddr.h"
#include "heloscope/daemon/listener.h"
#include "heloscope/base/symlink.h"
#include "heloscope/daemon/macros.h"
#include "heloscope/wiring/reach.h"

#define FOUND_SIZE 2000
#define PATH_SIZE 1024
#define WORD_SIZE (4 * PATH_SIZE + 2) /* of a path in quotes */

unsigned
wiring_patience(const struct config *config)
{
	return (config->timeout_ms + 999) / 1000 + 2;
}

/* Where an MTA listens. */

bool
wiring_is_for_users(struct span port)
{
	static const char *const ports[] = { "submission", "submissions", "smtps", "587", "465" };

	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
		if (span_equals_nocase(port, span_of(ports[i])))
			return true;
	return false;
}

bool
wiring_is_on_loopback(struct span host)
{
	static const struct span mark = { "IPv6:", 5 };
	struct ipaddr address;

	if (host.length > 1 && host.at[0] == '[' && host.at[host.length - 1] == ']')
		host = (struct span){ host.at + 1, host.length - 2 };
	else if (span_starts_with_nocase(host, mark))
		host = span_from(host, mark.length);
	return span_equals_nocase(host, SPAN("localhost"))
	       || (ipaddr_parse(host, &address) && ipaddr_is_loopback(&address));
}

/* Macros. */

/* The next of names that stand between blanks and commas, without braces; empty at the end. */
static struct span
next_name(struct span *rest)
{
	return span_word(rest, " \t,{}");
}

static bool
has_name(struct span list, struct span name)
{
	for (struct span one = next_name(&list); one.length > 0; one = next_name(&list))
		if (span_equals(one, name))
			return true;
	return false;
}

void
wiring_add_missing_macros(const struct config *config, int stage, const struct span *lists, size_t count,
			  struct strbuf *missing)
{
	char memory[200];
	struct strbuf wanted = STRBUF_OVER(memory);
	struct span rest;

	macros_add(config, stage, &wanted);
	rest = span_of(memory);
	for (struct span name = next_name(&rest); name.length > 0; name = next_name(&rest)) {
		bool is_there = false;

		for (size_t i = 0; i < count && !is_there; i++)
			is_there = has_name(lists[i], name);
		if (is_there)
			continue;
		strbuf_add(missing, missing->length > 0 ? " " : "");
		strbuf_add(missing, name.length > 1 ? "{" : "");
		strbuf_add_span(missing, name);
		strbuf_add(missing, name.length > 1 ? "}" : "");
	}
}

/* The socket. */

/* RuntimeDirectory= of our unit: made anew, and given to the filter's user and group, at each start. */
#define RUNTIME_DIRECTORY "/run/heloscope"

void
wiring_cure_socket(struct wiring *wiring, struct wiring_finding *finding, const char *listen,
		   const char *user)
{
	const char *path = listener_path(listen), *slash = path != NULL ? strrchr(path, '/') : NULL;
	char directory[LISTENER_PATH_SIZE], link[LISTENER_PATH_SIZE], word[WORD_SIZE];
	struct strbuf quoted = STRBUF_OVER(word), link_text = STRBUF_OVER(link);
	bool is_own;

	if (slash == NULL) /* memory ran out for it */
		return;
	is_own = listener_own_directory(path, directory);
	strbuf_add_shell_word(&quoted, directory);
	if (symlink_tell(directory, &link_text)) /* install(1) would follow it */
		return;
	if (strcmp(directory, RUNTIME_DIRECTORY) == 0)
		wiring_cure(&wiring->findings, finding, CURE_SHELL, "usermod -a -G %s %s",
			    wiring->config->user, user);
	else
		wiring_cure(&wiring->findings, finding, CURE_SHELL, "install -d -o %s -g %s -m 2750 %s",
			    wiring->config->user, user, word);
	if (is_own)
		wiring_cure(&wiring->findings, finding, CURE_FILTER, "listen \"%s\" { mode 0660 }", listen);
	else
		wiring_cure(&wiring->findings, finding, CURE_FILTER, "listen \"unix:%s%s\" { mode 0660 }",
			    directory, slash);
}

void
wiring_cure_by_restart(struct wiring *wiring, struct wiring_finding *finding)
{
	wiring_cure(&wiring->findings, finding, CURE_SHELL, "systemctl restart heloscope-milter");
}

/* Whether the socket lies in a directory that is not there, and that no start of the service makes. */
static bool
lacks_directory(const char *listen)
{
	const char *path = listener_path(listen);
	char directory[LISTENER_PATH_SIZE];
	struct stat status;

	return path != NULL && listener_own_directory(path, directory)
	       && strcmp(directory, RUNTIME_DIRECTORY) != 0 && stat(directory, &status) != 0
	       && errno == ENOENT;
}

/* Whether the filter is to listen elsewhere: then it does not matter who can reach its socket now. */
static bool
is_to_move(const struct wiring_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		for (size_t j = 0; j < findings->items[i].cure_count; j++)
			if (findings->items[i].cures[j].file == CURE_FILTER)
				return true;
	return false;
}

static void
cure_mode(struct wiring *wiring, struct wiring_finding *finding, const char *mode, const char *path)
{
	char word[WORD_SIZE], link[WORD_SIZE];
	struct strbuf quoted = STRBUF_OVER(word), link_text = STRBUF_OVER(link);

	if (symlink_tell(path, &link_text)) /* chmod(1) would follow it */
		return;
	strbuf_add_shell_word(&quoted, path);
	wiring_cure(&wiring->findings, finding, CURE_SHELL, "chmod %s %s", mode, word);
}

void
wiring_judge_reach(struct wiring *wiring, const struct caller *caller)
{
	static const enum finding_kind kinds[] = {
		[REACH_MISSING] = FINDING_SOCKET_MISSING, [REACH_CLOSED] = FINDING_SOCKET_CLOSED,
		[REACH_SHUT] = FINDING_SOCKET_CLOSED,     [REACH_NOBODY] = FINDING_NOBODY_LISTENS,
		[REACH_UNSEEN] = FINDING_SOCKET_UNSEEN,   [REACH_UNSAFE] = FINDING_SOCKET_UNSAFE,
	};
	char memory[FOUND_SIZE], path[PATH_SIZE];
	struct strbuf found = STRBUF_OVER(memory), where = STRBUF_OVER(path);
	const enum reach reach = reach_look(wiring->config->listen, caller, &found, &where);
	struct wiring_finding *finding;

	if (reach == REACH_GOOD
	    || (reach != REACH_NOBODY && reach != REACH_UNSEEN && is_to_move(&wiring->findings)))
		return;
	finding = wiring_find(&wiring->findings, kinds[reach], "listen", span_of(memory));
	if (reach == REACH_SHUT || reach == REACH_UNSAFE) { /* passed through, but not read; not written */
		cure_mode(wiring, finding, reach == REACH_SHUT ? "a+x" : "go-w", path);
		return;
	}
	if (reach == REACH_CLOSED || (reach == REACH_MISSING && lacks_directory(wiring->config->listen)))
		wiring_cure_socket(wiring, finding, wiring->config->listen, caller->user);
	if (reach != REACH_UNSEEN)
		wiring_cure_by_restart(wiring, finding);
}

void
wiring_judge_trial(struct wiring *wiring, const struct trial *trial, enum trial_trace trace,
		   const char *mailbox)
{
	struct wiring_findings *findings = &wiring->findings;
	const struct span reply = span_of(trial->reply[0] != '\0' ? trial->reply : "no answer");

	if (!trial->is_sent) {
		(void)wiring_find(findings, FINDING_TRIAL_REFUSED, "--send", reply);
		return;
	}
	if (trace == TRACE_NONE)
		(void)wiring_find(findings, FINDING_TRIAL_UNSEEN, "--send", reply);
	else if (trace == TRACE_UNKNOWN && !trial->is_arrived) /* else the forged field tells */
		(void)wiring_find(findings, FINDING_TRIAL_UNKNOWN, "--send", reply);
	if (mailbox != NULL && !trial->is_arrived)
		(void)wiring_find(findings, FINDING_TRIAL_LATE, mailbox, reply);
	if (trial->is_forged)
		(void)wiring_find(findings, FINDING_TRIAL_FORGED, mailbox, SPAN(""));
}
