// SPDX-License-Identifier: GPL-2.0
/*
 * Filters in ss's words, into the program that the kernel runs on each socket:
 *
 *   FILTER := [ (state | exclude) STATE ]... [ EXPRESSION ]
 *
 * A compiled piece of L bytes is left at its end by what passes and 4 bytes
 * behind it by what does not, so that pieces are put together without looking
 * inside:
 *
 *   A and B   A B          what fails in A goes 4 behind the end of B
 *   A or B    A jump B     who passes A jumps over B; who does not is at B
 *   not A     A jump       who passes A jumps 4 behind the end
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <net/if.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "xss.h"

static const char * const state_names[XTCP_NR_STATES] = {
	[XTCP_ESTABLISHED] = "established",
	[XTCP_SYN_SENT] = "syn-sent",
	[XTCP_SYN_RECV] = "syn-recv",
	[XTCP_FIN_WAIT1] = "fin-wait-1",
	[XTCP_FIN_WAIT2] = "fin-wait-2",
	[XTCP_TIME_WAIT] = "time-wait",
	[XTCP_CLOSE] = "closed",
	[XTCP_CLOSE_WAIT] = "close-wait",
	[XTCP_LAST_ACK] = "last-ack",
	[XTCP_LISTEN] = "listening",
	[XTCP_CLOSING] = "closing",
};

const char *state_name(unsigned int state)
{
	if (state < XTCP_NR_STATES && state_names[state])
		return state_names[state];
	return "unknown";
}

static uint32_t states_of(const char *word)
{
	const uint32_t bucket = STATE(XTCP_TIME_WAIT) | STATE(XTCP_SYN_RECV);
	const uint32_t connected = ALL_STATES & ~(STATE(XTCP_LISTEN) |
						  STATE(XTCP_CLOSE));
	unsigned int i;

	for (i = 1; i < XTCP_NR_STATES; i++)
		if (!strcasecmp(word, state_names[i]))
			return STATE(i);
	if (!strcasecmp(word, "listen"))
		return STATE(XTCP_LISTEN);
	if (!strcasecmp(word, "estab"))
		return STATE(XTCP_ESTABLISHED);
	if (!strcasecmp(word, "all"))
		return ALL_STATES;
	if (!strcasecmp(word, "connected"))
		return connected;
	if (!strcasecmp(word, "synchronized"))
		return connected & ~STATE(XTCP_SYN_SENT);
	if (!strcasecmp(word, "bucket"))
		return bucket;
	if (!strcasecmp(word, "big"))
		return ALL_STATES & ~bucket;
	errx(2, "no such state: '%s'", word);
}

/* ----------------------------------------------------------------- words */

#define WORDS_MAX	256

static char *words[WORDS_MAX + 1];
static unsigned int n_words, at;

static void add_word(const char *from, size_t len)
{
	if (n_words == WORDS_MAX)
		errx(2, "the filter has more than %d words", WORDS_MAX);
	words[n_words++] = strndup(from, len);
}

/* "(sport=:80)" is six words, like "( sport = :80 )". */
static void split(const char *s)
{
	size_t n;

	while (*s) {
		n = 0;
		if (isspace((unsigned char)*s)) {
			s++;
			continue;
		}
		if (strchr("()", *s))
			n = 1;
		else if (strchr("=!<>", *s))
			n = s[1] == '=' ? 2 : 1;
		else if (strchr("&|", *s))
			n = s[1] == s[0] ? 2 : 1;
		if (!n)
			n = strcspn(s, " \t\n()=!<>&|");
		add_word(s, n);
		s += n;
	}
}

static const char *peek(void)
{
	return words[at];
}

static bool next_is(const char *word)
{
	if (!peek() || strcasecmp(peek(), word))
		return false;
	at++;
	return true;
}

static const char *next_word(const char *what)
{
	if (!peek())
		errx(2, "the filter ends where %s should stand", what);
	return words[at++];
}

/* ---------------------------------------------------------------- pieces */

struct piece {
	unsigned char code[CODE_MAX];
	size_t len;
};

static struct piece *new_piece(void)
{
	struct piece *p = must_alloc(NULL, sizeof(*p));

	p->len = 0;
	return p;
}

static void append(struct piece *p, const void *code, size_t len)
{
	if (p->len + len > CODE_MAX)
		errx(2, "the filter is too long");
	memcpy(p->code + p->len, code, len);
	p->len += len;
}

static void append_jump(struct piece *p, size_t by)
{
	struct inet_diag_bc_op op = { INET_DIAG_BC_JMP, sizeof(op), by };

	append(p, &op, sizeof(op));
}

/* Bytes of an operation and its operand. */
static size_t op_len(const struct inet_diag_bc_op *op)
{
	/* A jump's yes is 4; any other one passes to the end of its operand. */
	return op->yes;
}

static struct piece *both(struct piece *a, struct piece *b)
{
	struct inet_diag_bc_op op;
	size_t i;

	for (i = 0; i < a->len; i += op_len(&op)) {
		memcpy(&op, a->code + i, sizeof(op));
		if (i + op.no == a->len + sizeof(op))
			op.no += b->len;
		memcpy(a->code + i, &op, sizeof(op));
	}
	append(a, b->code, b->len);
	free(b);
	return a;
}

static struct piece *either(struct piece *a, struct piece *b)
{
	append_jump(a, sizeof(struct inet_diag_bc_op) + b->len);
	append(a, b->code, b->len);
	free(b);
	return a;
}

static struct piece *opposite(struct piece *a)
{
	append_jump(a, 2 * sizeof(struct inet_diag_bc_op));
	return a;
}

/* One operation with its operand. */
static struct piece *leaf(int code, const void *operand, size_t len)
{
	struct inet_diag_bc_op op = { .code = code };
	struct piece *p = new_piece();

	op.yes = sizeof(op) + len;
	op.no = op.yes + sizeof(op);
	append(p, &op, sizeof(op));
	append(p, operand, len);
	return p;
}

/* ------------------------------------------------------------ conditions */

enum compare { IS_EQ, IS_NE, IS_GE, IS_LE, IS_GT, IS_LT };

static enum compare comparison(void)
{
	static const struct {
		const char *word;
		enum compare how;
	} known[] = {
		{ "=", IS_EQ }, { "==", IS_EQ }, { "eq", IS_EQ }, { "!=", IS_NE },
		{ "ne", IS_NE }, { "neq", IS_NE }, { ">=", IS_GE }, { "ge", IS_GE },
		{ "geq", IS_GE }, { "<=", IS_LE }, { "le", IS_LE }, { "leq", IS_LE },
		{ ">", IS_GT }, { "gt", IS_GT }, { "<", IS_LT }, { "lt", IS_LT },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (next_is(known[i].word))
			return known[i].how;
	return IS_EQ;
}

static struct piece *equal_only(struct piece *p, enum compare how,
				const char *what)
{
	if (how != IS_EQ && how != IS_NE)
		errx(2, "%s can be equal or not, but is not greater or less", what);
	return how == IS_NE ? opposite(p) : p;
}

/* ":80", "80", ":ssh" */
static int port_number(const char *word)
{
	const char *name = *word == ':' ? word + 1 : word;
	struct servent *service;
	char *end;
	long n;

	n = strtol(name, &end, 10);
	if (*name && !*end && n >= 0 && n <= 65535)
		return n;
	service = getservbyname(name, NULL);
	if (!service)
		errx(2, "no such port: '%s'", word);
	return ntohs(service->s_port);
}

static struct piece *port_condition(bool local)
{
	enum compare how = comparison();
	struct inet_diag_bc_op port = { INET_DIAG_BC_NOP, sizeof(port), 0 };
	int code;

	port.no = port_number(next_word("a port"));
	switch (how) {
	case IS_GE:
	case IS_LT:
		code = local ? INET_DIAG_BC_S_GE : INET_DIAG_BC_D_GE;
		break;
	case IS_LE:
	case IS_GT:
		code = local ? INET_DIAG_BC_S_LE : INET_DIAG_BC_D_LE;
		break;
	default:
		code = local ? INET_DIAG_BC_S_EQ : INET_DIAG_BC_D_EQ;
	}
	if (how == IS_NE || how == IS_LT || how == IS_GT)
		return opposite(leaf(code, &port, sizeof(port)));
	return leaf(code, &port, sizeof(port));
}

static struct piece *host_leaf(bool local, int family, const void *addr,
			       int bits, int port)
{
	struct {
		struct inet_diag_hostcond c;
		unsigned char addr[16];
	} operand = {
		.c = { .family = family, .prefix_len = bits, .port = port },
	};
	size_t len = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;

	if (len)
		memcpy(operand.addr, addr, len);
	return leaf(local ? INET_DIAG_BC_S_COND : INET_DIAG_BC_D_COND, &operand,
		    sizeof(operand.c) + len);
}

/* Cuts ":port" off a host; IPv6 addresses with a port stand in brackets. */
static char *cut_port(char *host)
{
	char *colon = strrchr(host, ':');
	char *bracket = strchr(host, ']');

	if (!colon || (bracket && colon < bracket))
		return NULL;
	if (!bracket && colon != strchr(host, ':'))
		return NULL;	/* several colons: an IPv6 address */
	*colon = '\0';
	return colon + 1;
}

static int prefix_of(char *host, int most)
{
	char *slash = strchr(host, '/'), *end;
	long bits;

	if (!slash)
		return most;
	*slash = '\0';
	bits = strtol(slash + 1, &end, 10);
	if (!slash[1] || *end || bits < 0 || bits > most)
		errx(2, "no such prefix: '/%s'", slash + 1);
	return bits;
}

static struct piece *named_host(bool local, const char *host, int port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *all, *a;
	struct piece *p = NULL;
	int error;

	error = getaddrinfo(host, NULL, &hints, &all);
	if (error)
		errx(2, "%s: %s", host, gai_strerror(error));
	for (a = all; a; a = a->ai_next) {
		const struct sockaddr_in *v4 = (const void *)a->ai_addr;
		const struct sockaddr_in6 *v6 = (const void *)a->ai_addr;
		struct piece *one;

		if (a->ai_family == AF_INET)
			one = host_leaf(local, AF_INET, &v4->sin_addr, 32, port);
		else
			one = host_leaf(local, AF_INET6, &v6->sin6_addr, 128,
					port);
		p = p ? either(p, one) : one;
	}
	freeaddrinfo(all);
	return p;
}

static struct piece *host_condition(bool local)
{
	enum compare how = comparison();
	char *host = strdup(next_word("an address"));
	char *name = host, *end, *port_word, addr[16];
	struct piece *p;
	int port = -1, bits;

	if (!host)
		err(1, NULL);
	port_word = cut_port(name);
	if (port_word && strcmp(port_word, "*"))
		port = port_number(port_word);
	if (*name == '[') {
		end = strchr(name, ']');
		if (!end || end[1])
			errx(2, "no such address: '%s'", name);
		*end = '\0';
		name++;
	}
	bits = prefix_of(name, strchr(name, ':') ? 128 : 32);
	if (!*name || !strcmp(name, "*"))
		p = host_leaf(local, AF_UNSPEC, NULL, 0, port);
	else if (inet_pton(AF_INET, name, addr) == 1)
		p = host_leaf(local, AF_INET, addr, bits, port);
	else if (inet_pton(AF_INET6, name, addr) == 1)
		p = host_leaf(local, AF_INET6, addr, bits, port);
	else
		p = named_host(local, name, port);
	free(host);
	return equal_only(p, how, "an address");
}

static struct piece *device_condition(void)
{
	enum compare how = comparison();
	const char *word = next_word("a device");
	uint32_t index = if_nametoindex(word);

	if (!index)
		index = strtoul(word, NULL, 10);
	if (!index)
		errx(2, "no such device: '%s'", word);
	return equal_only(leaf(INET_DIAG_BC_DEV_COND, &index, sizeof(index)),
			  how, "a device");
}

static struct piece *mark_condition(void)
{
	enum compare how = comparison();
	const char *word = next_word("a mark");
	struct inet_diag_markcond c = { .mask = ~0u };
	char *end;

	c.mark = strtoul(word, &end, 0);
	if (*end == '/')
		c.mask = strtoul(end + 1, &end, 0);
	if (!*word || *end)
		errx(2, "no such mark: '%s'", word);
	c.mark &= c.mask;
	return equal_only(leaf(INET_DIAG_BC_MARK_COND, &c, sizeof(c)), how,
			  "a mark");
}

/* ----------------------------------------------------------- expressions */

static struct piece *any_of(void);

static struct piece *one(void)
{
	struct piece *p;

	if (next_is("!") || next_is("not"))
		return opposite(one());
	if (next_is("(")) {
		p = any_of();
		if (!next_is(")"))
			errx(2, "')' is missing in the filter");
		return p;
	}
	if (next_is("sport"))
		return port_condition(true);
	if (next_is("dport"))
		return port_condition(false);
	if (next_is("src"))
		return host_condition(true);
	if (next_is("dst"))
		return host_condition(false);
	if (next_is("dev"))
		return device_condition();
	if (next_is("fwmark"))
		return mark_condition();
	if (next_is("autobound"))
		return leaf(INET_DIAG_BC_AUTO, NULL, 0);
	errx(2, "not understood in the filter: '%s'",
	     next_word("a condition"));
}

/* Conditions side by side must all be true. */
static struct piece *all_of(void)
{
	struct piece *p = one();

	while (peek() && strcmp(peek(), ")") && strcasecmp(peek(), "or") &&
	       *peek() != '|') {
		if (!next_is("and") && !next_is("&"))
			next_is("&&");
		p = both(p, one());
	}
	return p;
}

static struct piece *any_of(void)
{
	struct piece *p = all_of();

	while (next_is("or") || next_is("|") || next_is("||"))
		p = either(p, all_of());
	return p;
}

/* Returns what is left to list after "state" and "exclude". */
static uint32_t state_words(uint32_t states)
{
	bool told = false;

	for (;;) {
		if (next_is("state")) {
			if (!told)
				states = 0;
			told = true;
			states |= states_of(next_word("a state"));
		} else if (next_is("exclude") || next_is("excl")) {
			if (!told)
				states = ALL_STATES;
			told = true;
			states &= ~states_of(next_word("a state"));
		} else {
			return states;
		}
	}
}

void parse_filter(struct question *q, char **args, uint32_t default_states)
{
	struct piece *p;

	for (; *args; args++)
		split(*args);
	q->states = state_words(default_states);
	if (!peek())
		return;
	p = any_of();
	if (peek())
		errx(2, "not understood in the filter: '%s'", peek());
	memcpy(q->code, p->code, p->len);
	q->code_len = p->len;
	free(p);
}
