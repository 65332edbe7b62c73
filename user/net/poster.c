// SPDX-License-Identifier: GPL-3.0-or-later
#include "poster.h"

#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>

#include "../util/log.h"
#include "../util/memory.h"

#define NOBODY	      65534
#define CONNECT_LIMIT 5 /* seconds */
#define AT_ONCE	      32
#define LOOK_MS	      50
#define GRACE_MS      3000 /* for what is under way when nobody asks any more */

struct poster {
	pid_t pid;
	int sock;
};

struct request {
	uint32_t id;
	uint32_t url; /* bytes of the address; the body is behind it */
	char bytes[POST_REQUEST_MAX];
};

/**
 * Loaded by the process that asks, and by no other: libcurl brings more than twenty libraries, which would be
 * several MiB in a process that is never to talk to anybody.
 */
#define LIBCURL "libcurl.so.4"

static struct {
	__typeof__(curl_slist_append) *append;
	__typeof__(curl_easy_init) *init;
	CURLcode (*set)(CURL *curl, CURLoption option, ...);
	__typeof__(curl_easy_perform) *perform;
	CURLcode (*get)(CURL *curl, CURLINFO info, ...);
	__typeof__(curl_easy_strerror) *fault;
} libcurl;

static int load_curl(void)
{
	static const struct {
		const char *name;
		void **to;
	} wanted[] = {
		{"curl_slist_append", (void **)&libcurl.append},
		{"curl_easy_init", (void **)&libcurl.init},
		{"curl_easy_setopt", (void **)&libcurl.set},
		{"curl_easy_perform", (void **)&libcurl.perform},
		{"curl_easy_getinfo", (void **)&libcurl.get},
		{"curl_easy_strerror", (void **)&libcurl.fault},
	};
	void *library = dlopen(LIBCURL, RTLD_NOW);

	for (size_t i = 0; library && i < ARRAY_SIZE(wanted); i++) {
		*wanted[i].to = dlsym(library, wanted[i].name);
		if (!*wanted[i].to)
			library = NULL;
	}
	return library ? 0 : log_error(-ENOENT, "no witness can be asked: %s", dlerror());
}

static void answer_with(int sock, const struct post_answer *answer)
{
	send(sock, answer, offsetof(struct post_answer, body) + answer->size, MSG_NOSIGNAL);
}

/* ---- one request ---- */

static size_t take_body(char *bytes, size_t one, size_t count, void *context)
{
	struct post_answer *answer = context;

	if (count > sizeof(answer->body) - answer->size) {
		snprintf(answer->fault, sizeof(answer->fault), "its answer is longer than %d bytes",
			 POST_ANSWER_MAX);
		return 0;
	}
	memcpy(answer->body + answer->size, bytes, count);
	answer->size += (uint32_t)count;
	return one * count;
}

static struct curl_slist *headers(void)
{
	static const char *const lines[] = {"Content-Type: text/plain; charset=utf-8", "Expect:"};
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		list = need(libcurl.append(list, lines[i]));
	return list;
}

/** Certificates are checked and redirects not followed: so it is where nobody says otherwise. */
static void post(const struct request *request, size_t size, struct post_answer *answer)
{
	_cleanup_free_ char *url = need(strndup(request->bytes, request->url));
	CURL *curl = libcurl.init();
	char error[CURL_ERROR_SIZE] = "";
	const char *type = NULL;
	long status = 0;
	CURLcode code;

	libcurl.set(need(curl), CURLOPT_URL, url);
	libcurl.set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	libcurl.set(curl, CURLOPT_POSTFIELDSIZE, (long)(size - request->url));
	libcurl.set(curl, CURLOPT_POSTFIELDS, request->bytes + request->url);
	libcurl.set(curl, CURLOPT_HTTPHEADER, headers());
	libcurl.set(curl, CURLOPT_USERAGENT, "custodes");
	libcurl.set(curl, CURLOPT_NOSIGNAL, 1L);
	libcurl.set(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_LIMIT);
	libcurl.set(curl, CURLOPT_TIMEOUT, (long)POST_SECONDS);
	libcurl.set(curl, CURLOPT_WRITEFUNCTION, take_body);
	libcurl.set(curl, CURLOPT_WRITEDATA, answer);
	libcurl.set(curl, CURLOPT_ERRORBUFFER, error);
	code = libcurl.perform(curl);
	if (code) {
		if (!*answer->fault)
			snprintf(answer->fault, sizeof(answer->fault), "%s",
				 *error ? error : libcurl.fault(code));
		answer->size = 0;
		return;
	}
	libcurl.get(curl, CURLINFO_RESPONSE_CODE, &status);
	libcurl.get(curl, CURLINFO_CONTENT_TYPE, &type);
	answer->status = (uint32_t)status;
	snprintf(answer->type, sizeof(answer->type), "%s", type ? type : "");
}

__attribute__((noreturn)) static void serve(int sock, pid_t parent, const struct request *request,
					    size_t size)
{
	struct post_answer *answer = need(calloc(1, sizeof(*answer)));

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0); /* it was gone before that */
	answer->id = request->id;
	post(request, size, answer);
	answer_with(sock, answer);
	_exit(0);
}

/* ---- the process that begins them ---- */

struct began {
	pid_t pid;
	uint32_t id;
};

/** A request whose process died without a word is answered all the same. */
static void reap(int sock, struct began began[AT_ONCE])
{
	struct post_answer answer = {.fault = "the process that asked it died"};
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < AT_ONCE; i++) {
			if (began[i].pid != pid)
				continue;
			began[i].pid = 0;
			answer.id = began[i].id;
			if (status)
				answer_with(sock, &answer);
		}
	}
}

static void begin(int sock, struct began began[AT_ONCE], const struct request *request, size_t size)
{
	struct post_answer answer = {.id = request->id, .fault = "too many requests at once"};
	struct began *place = began;
	pid_t self = getpid();

	while (place < began + AT_ONCE && place->pid)
		place++;
	place = place == began + AT_ONCE ? NULL : place;
	if (place)
		*place = (struct began){fork(), request->id};
	if (place && !place->pid)
		serve(sock, self, request, size);
	if (place && place->pid > 0)
		return;
	if (place)
		place->pid = 0;
	answer_with(sock, &answer);
}

static bool any(const struct began began[AT_ONCE])
{
	bool found = false;

	for (size_t i = 0; i < AT_ONCE; i++)
		found |= began[i].pid > 0;
	return found;
}

__attribute__((noreturn)) static void work(int sock)
{
	struct request *request = need(malloc(sizeof(*request)));
	struct began began[AT_ONCE] = {};
	struct pollfd end = {.fd = sock, .events = POLLIN};

	while (true) {
		const size_t head = offsetof(struct request, bytes);
		ssize_t size;

		reap(sock, began);
		if (poll(&end, 1, 10 * LOOK_MS) <= 0)
			continue;
		size = recv(sock, request, sizeof(*request), 0);
		if (size <= 0)
			break;
		if ((size_t)size >= head && request->url <= (size_t)size - head)
			begin(sock, began, request, (size_t)size - head);
	}
	for (int waited = 0; waited < GRACE_MS && any(began); waited += LOOK_MS) {
		poll(NULL, 0, LOOK_MS);
		reap(sock, began);
	}
	_exit(0); /* and with it what still asks */
}

/** Nothing is left but the socket, which becomes descriptor 3, and stderr. */
static int give_up_everything(int sock)
{
	static const int deaf[] = {SIGTERM, SIGINT, SIGHUP};

	for (size_t i = 0; i < ARRAY_SIZE(deaf); i++) /* they are for the first process, whose end ends us */
		signal(deaf[i], SIG_IGN);
	prctl(PR_SET_NAME, "custodes-post");
	if (sock != 3 && dup2(sock, 3) < 0)
		return -errno;
	if (syscall(SYS_close_range, 4, ~0U, 0) || chdir("/"))
		return -errno;
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

/* ---- the process that it works for ---- */

int poster_start(struct poster **poster)
{
	struct poster *p = need(calloc(1, sizeof(*p)));
	int socks[2], r;

	*poster = NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks)) {
		free(p);
		return log_error(-errno, "socketpair");
	}
	p->pid = fork();
	if (!p->pid) {
		r = give_up_everything(socks[1]);
		if (r)
			log_error(r, "who talks to others cannot give its privileges up");
		else if (!load_curl())
			work(3);
		_exit(1);
	}
	p->sock = socks[0];
	close(socks[1]);
	*poster = p;
	return p->pid < 0 ? log_error(-errno, "fork") : 0;
}

int poster_send(struct poster *poster, uint32_t id, const char *url, const struct buf *body)
{
	_cleanup_(buf_free) struct buf message = {};
	const uint32_t head[2] = {id, (uint32_t)strlen(url)};

	buf_bytes(&message, head, sizeof(head));
	buf_str(&message, url);
	buf_bytes(&message, body->data, body->size);
	if (message.size > sizeof(struct request))
		return -EMSGSIZE;
	if (send(poster->sock, message.data, message.size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return errno == EAGAIN ? -EAGAIN : -EPIPE;
	return 0;
}

int poster_receive(struct poster *poster, struct post_answer *answer)
{
	const ssize_t head = offsetof(struct post_answer, body);
	ssize_t size = recv(poster->sock, answer, sizeof(*answer), MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (size < head || answer->size != (uint32_t)(size - head))
		return -EPIPE;
	answer->type[sizeof(answer->type) - 1] = answer->fault[sizeof(answer->fault) - 1] = '\0';
	return 1;
}

/** Without privileges nobody of another user can be killed: it ends by itself once its socket has. */
void poster_stop(struct poster **poster)
{
	struct poster *p = TAKE_PTR(*poster);
	struct pollfd end = {.fd = -1, .events = POLLIN};

	if (!p)
		return;
	shutdown(p->sock, SHUT_WR);
	if (p->pid > 0) {
		end.fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
		poll(&end, 1, GRACE_MS + 10 * LOOK_MS);
		waitpid(p->pid, NULL, WNOHANG);
	}
	closep(&end.fd);
	closep(&p->sock);
	free(p);
}
