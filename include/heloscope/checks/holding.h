/*
 * holding: an inquiry from within, what it holds, and how it lets go of that. For the files that it is made
 * of (inquiry.c, asking.c, feeding.c, running.c) and nobody else. All is guarded by its lock, and each
 * function but inquiry_release() wants it locked.
 */
#ifndef HELOSCOPE_CHECKS_HOLDING_H
#define HELOSCOPE_CHECKS_HOLDING_H

#include <pthread.h>
#include <stdint.h>

#include "heloscope/base/refcount.h"
#include "heloscope/checks/check.h"

/* A question and its answer. Lives in its stage's arena; small, since sessions that wait hold a dozen. */
struct lookup {
	struct lookup *next;
	struct dns_answer *answer; /* NULL while awaited, and when it is too much */
	struct request *request;   /* NULL once answered */
	uint32_t hash;
	uint32_t paid_list; /* one more than the number of the list whose budget paid for it; 0: none */
	uint32_t asked_ms;  /* of clock_now_ms(), cut */
	uint16_t type;      /* enum dns_type */
	uint8_t check;      /* for which it was asked, in the table */
	uint8_t lacks;   /* enum dns_status: why there is no answer, and will be none; DNS_NOERROR: nothing */
	bool is_of_list; /* a question to a list of the configuration */
	char name[];
};

/* What the resolver holds while a question is in flight; outlives the lookup if need be. */
struct request {
	struct inquiry *inquiry; /* counted */
	struct lookup *lookup;   /* NULL: nobody waits any more */
	bool is_of_list;
	size_t list;       /* its number, of a question to one */
	uint32_t asked_ms; /* as the lookup has it, which may have gone */
	/* Once the answer has come, until it is taken: */
	struct request *next;
	struct dns_answer *answer;
};

/* Answers that have come and are not taken; see arrivals.h. */
struct arrivals {
	pthread_mutex_t
		lock; /* guards all here; nobody waits for anything with it, or takes another behind it */
	pthread_cond_t condition;
	struct request *first, *last; /* in the order in which they came */
	bool is_scheduled;            /* a run that will take them */
	bool has_news;                /* for who waits */
};

struct stage_state {
	struct arena arena;
	struct workspace *work; /* lies in the arena; NULL: nobody has asked for it */
	struct lookup *lookups;
	unsigned count;
};

/* What a check holds of questions and answers, in octets. */
struct purse {
	uint32_t used, limit;
};

struct inquiry {
	struct refcount references; /* the owner's, one a request, one a scheduled run */
	pthread_mutex_t lock;       /* guards all below */
	uint32_t held;              /* octets of all arenas below, and of answers */
	struct arrivals arrivals;   /* with a lock of their own */
	struct inquiry_needs needs;
	char *helo; /* as given, or NULL */
	enum stage stage;
	uint32_t entered_ms[STAGES]; /* of clock_now_ms(), cut */
	bool is_closed;
	bool is_complete;                /* nothing is left that can be run */
	bool is_over;                    /* nothing is run any more for this message */
	bool has_expired;                /* the deadline of the stages that are waited for */
	uint32_t wait_began_ms, wait_ms; /* of the last wait; cut as struct lookup's */
	bool was_cut_short;              /* by a deadline, in this message */
	bool has_lost_helo;              /* memory ran out, which is not the same as no HELO */
	uint32_t done[READINGS_MAX];     /* checks, as bits, that are done for each reading of the sender */
	size_t begun;                    /* readings that are checked */
	size_t reading_index;
	struct purse purses[INQUIRY_CHECKS_MAX];
	size_t running; /* the check that is run */
	struct stage_state stages[STAGES];
	struct facts facts;
	struct facts *reading; /* that is being checked: `facts`, or in the end one of facts.other */
	/* What each check keeps of what it is fed, and behind them what is kept for all; NULL: nothing was
	 * fed. */
	struct workspace *fed;
};

/* Let go of all that is known only since a stage. */
void inquiry_forget_since(struct inquiry *inquiry, enum stage since);

/* Give back one reference; unlocked, unless it cannot be the last. */
void inquiry_release(struct inquiry *inquiry);

/* Whether the check with that number is fed the message, of which names are asked that a sender chose. */
bool inquiry_is_fed(const struct inquiry *inquiry, size_t check);

/* Whether the session may hold so many octets of answers more. */
bool inquiry_has_room(const struct inquiry *inquiry, size_t octets);

/* Take octets out of a check's purse; of an answer, also out of what all together may hold. False when they
 * are not there. */
bool inquiry_charge(struct inquiry *inquiry, size_t check, size_t octets);
bool inquiry_charge_answer(struct inquiry *inquiry, size_t check, uint32_t octets);

#endif
