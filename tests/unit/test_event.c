// SPDX-License-Identifier: GPL-3.0-or-later
#include "unit.h"

#include <errno.h>

#include "../../bpf/abi/stats.h"
#include "../../user/event/event.h"
#include "../../user/event/finding.h"

static void numbers_are_for_ever(void **state)
{
	/* They stand in captures: this list may grow, and no row of it may change. */
	(void)state;
	assert_int_equal(EV_FORK, 1);
	assert_int_equal(EV_EXEC, 2);
	assert_int_equal(EV_EXIT, 3);
	assert_int_equal(EV_CONNECT, 4);
	assert_int_equal(EV_SEND, 5);
	assert_int_equal(EV_FLOW, 6);
	assert_int_equal(EV_START, 100);
	assert_int_equal(EV_STOP, 101);
	assert_int_equal(EV_CLOCK, 102);
	assert_int_equal(EV_LOSS, 103);
	assert_int_equal(EV_DOCUMENT, 104);
	assert_int_equal(EV_POLICY, 105);
	assert_int_equal(EV_EXECUTABLE, 106);
	assert_int_equal(EV_PROCESS, 107);
	assert_int_equal(EV_PLACE, 108);
	assert_int_equal(EV_ACTION, 109);
	assert_int_equal(LOSS_RING, 0);
	assert_int_equal(LOSS_PENDING, 5);
	assert_int_equal(LOSS_RECURSION, 16);
	assert_int_equal(LOSS_MALFORMED, 19);
}

static void a_sound_event_passes(void **state)
{
	struct draft draft;
	struct ev_process *process = DRAFT(&draft, PROCESS, process, 7);
	const struct ev_head *event;

	(void)state;
	draft_text(&draft, &process->user, "clamav");
	draft_text(&draft, &process->unit, "clamav-daemon.service");
	event = draft_end(&draft);
	assert_int_equal(event->size % 8, 0);
	assert_int_equal(event_check(event, event->size), 0);
	assert_int_equal(event_view(event, process->unit).size, 21);
	assert_memory_equal(event_view(event, process->unit).at, "clamav-daemon.service", 21);
}

static void an_unsound_event_does_not(void **state)
{
	struct draft draft;
	struct ev_process *process = DRAFT(&draft, PROCESS, process, 7);
	struct ev_head *event;

	(void)state;
	draft_text(&draft, &process->user, "clamav");
	event = (struct ev_head *)draft_end(&draft);
	for (size_t size = 0; size < event->size; size++)
		assert_int_equal(event_check(event, size), -EBADMSG);
	process->user.len = 60000;
	assert_int_equal(event_check(event, event->size), -EBADMSG);
	process->user.len = 6;
	event->size -= 4;
	assert_int_equal(event_check(event, event->size), -EBADMSG);
	event->size = sizeof(struct ev_head);
	assert_int_equal(event_check(event, event->size), -EBADMSG); /* shorter than its kind */
}

/** Of each kind each string, wherever its row stands. */
static void every_string_is_looked_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < event_string_count; i++) {
		_Alignas(8) uint8_t bytes[1024] = {};
		struct ev_head *event = (struct ev_head *)bytes;
		struct ev_str str = {.off = 1000, .len = 24};

		event->kind = event_strings[i].kind;
		event->size = sizeof(bytes);
		memcpy(bytes + event_strings[i].offset, &str, sizeof(str));
		assert_int_equal(event_check(event, sizeof(bytes)), 0);
		str.len++;
		memcpy(bytes + event_strings[i].offset, &str, sizeof(str));
		if (!event_check(event, sizeof(bytes)))
			fail_msg("%s.%s: it may end behind its event", event_kind_name(event->kind),
				 event_strings[i].name);
	}
}

static void an_unknown_kind_is_carried(void **state)
{
	struct draft draft;
	struct ev_head *event;

	(void)state;
	DRAFT(&draft, STOP, stop, 1);
	event = (struct ev_head *)draft_end(&draft);
	event->kind = 4711;
	assert_int_equal(event_check(event, event->size), 0);
	event->kind = 50; /* between those that are known */
	assert_int_equal(event_check(event, event->size), 0);
	assert_null(event_kind_name(50));
	assert_null(event_kind_name(4711));
}

static void what_does_not_fit_is_cut(void **state)
{
	static char large[EVENT_MAX];
	struct draft draft;
	struct ev_process *process = DRAFT(&draft, PROCESS, process, 7);
	const struct ev_head *event;

	(void)state;
	memset(large, 'a', sizeof(large));
	assert_false(draft_str(&draft, &process->args, large, sizeof(large)));
	event = draft_end(&draft);
	assert_in_range(event->size, EVENT_MAX - 16, EVENT_MAX);
	assert_int_equal(event_check(event, event->size), 0);
}

static void a_path_is_read_from_its_names(void **state)
{
	static const char names[] = "kesl\0libexec\0kesl\0kaspersky\0opt\0/";
	struct draft draft;
	struct ev_exec *exec = DRAFT(&draft, EXEC, exec, 1);
	_cleanup_(buf_free) struct buf path = {};

	(void)state;
	draft_str(&draft, &exec->path, names, sizeof(names));
	draft_end(&draft);
	event_path(&exec->head, exec->path, exec->head.flags & EXEC_PATH_CUT, &path);
	assert_string_equal(path.data, "/opt/kaspersky/kesl/libexec/kesl");
}

/** The id is the same for the same place in the same log, and for no other. */
static void ids_are_deterministic(void **state)
{
	struct outcome one = {.what = WHAT_RULE_PRODUCT, .position = 12, .key = "k"}, two = one;
	const struct outcome_log log = {.origin = "custodes/a"}, other = {.origin = "custodes/b"};
	char a[33], b[33];

	(void)state;
	outcome_id(&one, &log, a);
	outcome_id(&two, &log, b);
	assert_string_equal(a, b);
	outcome_id(&two, &other, b);
	assert_string_not_equal(a, b);
	two.position = 13;
	outcome_id(&two, &log, b);
	assert_string_not_equal(a, b);
	two = one, two.key = "l";
	outcome_id(&two, &log, b);
	assert_string_not_equal(a, b);
	two = one, two.what = WHAT_RULE_DESTINATION;
	outcome_id(&two, &log, b);
	assert_string_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_for_ever),	     cmocka_unit_test(a_sound_event_passes),
		cmocka_unit_test(an_unsound_event_does_not), cmocka_unit_test(an_unknown_kind_is_carried),
		cmocka_unit_test(what_does_not_fit_is_cut),  cmocka_unit_test(a_path_is_read_from_its_names),
		cmocka_unit_test(ids_are_deterministic),     cmocka_unit_test(every_string_is_looked_at),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
