// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "memory.h"

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t asked, done;
	unsigned int left;
	bool ending;
	int result;
	int (*work)(void *context);
	void *context;
};

static void *run(void *argument)
{
	struct worker *worker = argument;

	pthread_mutex_lock(&worker->lock);
	for (;;) {
		int result;

		while (!worker->left && !worker->ending)
			pthread_cond_wait(&worker->asked, &worker->lock);
		if (!worker->left)
			break;
		result = worker->result;
		pthread_mutex_unlock(&worker->lock);
		if (!result)
			result = worker->work(worker->context);
		pthread_mutex_lock(&worker->lock);
		worker->result = result;
		worker->left--;
		pthread_cond_signal(&worker->done);
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

int worker_begin(struct worker **worker, int (*work)(void *context), void *context)
{
	struct worker *w = need(calloc(1, sizeof(*w)));
	sigset_t all, before;
	int r;

	*worker = NULL;
	w->work = work;
	w->context = context;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->asked, NULL);
	pthread_cond_init(&w->done, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = -pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r) {
		free(w);
		return r;
	}
	*worker = w;
	return 0;
}

int worker_wait(struct worker *worker, unsigned int left)
{
	int result;

	pthread_mutex_lock(&worker->lock);
	while (worker->left > left)
		pthread_cond_wait(&worker->done, &worker->lock);
	result = worker->result;
	pthread_mutex_unlock(&worker->lock);
	return result;
}

void worker_ask(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->left++;
	pthread_cond_signal(&worker->asked);
	pthread_mutex_unlock(&worker->lock);
}

void worker_end(struct worker **worker)
{
	struct worker *w = *worker;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_signal(&w->asked);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->asked);
	pthread_cond_destroy(&w->done);
	pthread_mutex_destroy(&w->lock);
	free(w);
	*worker = NULL;
}
