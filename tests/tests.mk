# SPDX-License-Identifier: GPL-3.0-or-later
# Every test runs a program built with ASan and UBSan; what is measured is not.

TEST_BUILD := build/asan
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_TESTS := $(UNIT_SOURCES:%.c=$(TEST_BUILD)/%)
EVIDENCE_PROGRAMS := $(patsubst tests/evidence/%.c,$(TEST_BUILD)/tests/evidence/%,$(sort $(wildcard tests/evidence/*.c)))
LIVE_PROGRAMS := $(patsubst tests/live/programs/%.c,build/live/%,$(sort $(wildcard tests/live/programs/*.c)))

BYPASS_PROGRAMS := $(patsubst tests/live/bypass/%.c,build/bypass/%,$(sort $(wildcard tests/live/bypass/*.c)))

EVIDENCE_PROGRAMS := $(patsubst %.c,$(TEST_BUILD)/%,$(sort $(wildcard tests/evidence/*.c)))

SCENARIO_PROGRAMS := build/scenarios/ring build/scenarios/hook.so

.PHONY: test check attacks coverage bench scenarios scenarios-full scenario-programs test-kernels test-programs live-programs
test: bootstrap
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(MAKE) --no-print-directory FLAVOUR=asan test-programs
	$(Q)tests/run $(SUITES)

check: bootstrap
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/check/run

# Debian's kernels under QEMU: make test-kernels [KERNELS="5.10 6.1"] [SUITES=...]
test-kernels:
	@tools/bootstrap build test kernels foreign
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(MAKE) --no-print-directory FLAVOUR=asan test-programs
	$(Q)tests/kernels/run $(KERNELS)

# What is seen of each way to hide: on this kernel, and on those that test-kernels has run.
coverage: bootstrap
	$(Q)$(MAKE) --no-print-directory FLAVOUR=asan test-programs
	@rm -f build/coverage
	@COVERAGE=$(CURDIR)/build/coverage CUSTODES=$(CURDIR)/$(TEST_BUILD)/custodes PROGRAMS=$(CURDIR)/build/live \
		bats tests/live/bypass.bats
	@tests/kernels/coverage build/coverage $(wildcard build/kernels/*/coverage)

bench:
	@tools/bootstrap build bench
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/bench/run $(BENCH)

# What is found, on real attacks and on what a product does all day; writes docs/DETECTION.md.
scenarios scenarios-full: bootstrap
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/scenarios/run $(if $(filter scenarios-full,$@),--seeds $(or $(SEEDS),10))

# What can be done to a capture, all of it: some minutes; writes docs/ATTACKS.md.
attacks: bootstrap
	$(Q)$(MAKE) --no-print-directory all build/release/tests/evidence/attacks
	$(Q)tests/evidence/attacks

# Called with FLAVOUR=asan. What uses a token has no sanitizer: see tests/evidence/token.bash.
test-programs: $(TEST_BUILD)/custodes $(UNIT_TESTS) $(EVIDENCE_PROGRAMS) live-programs
	$(Q)$(MAKE) -s --no-print-directory FLAVOUR=release build/release/custodes \
		build/release/tests/evidence/make-log build/release/tests/evidence/attacks

live-programs: $(LIVE_PROGRAMS) $(BYPASS_PROGRAMS)

$(TEST_BUILD)/tests/unit/%: $(TEST_BUILD)/tests/unit/%.o $(USER_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(USER_LDFLAGS) $(LDFLAGS) $^ $(USER_LDLIBS) -lcmocka $(LDLIBS) -o $@

$(BUILD)/tests/evidence/%: $(BUILD)/tests/evidence/%.o $(USER_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(USER_LDFLAGS) $(LDFLAGS) $^ $(USER_LDLIBS) $(LDLIBS) -o $@

# Programs that are watched: static, so that an exec is nothing but an exec.
build/live/%: tests/live/programs/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SYSROOT_FLAG) -std=gnu17 -D_GNU_SOURCE -O1 -g -static $(WARN) -MMD -MP -MF $@.d $< -o $@

build/bypass/%: tests/live/bypass/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SYSROOT_FLAG) -std=gnu17 -D_GNU_SOURCE -O1 -g -static $(WARN) -MMD -MP -MF $@.d $< -o $@

# What a family cannot do in Python: tests/scenarios/run asks for it.
scenario-programs: $(SCENARIO_PROGRAMS)

build/scenarios/%: tests/scenarios/programs/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SYSROOT_FLAG) -std=gnu17 -D_GNU_SOURCE -O1 -g -static $(WARN) -MMD -MP -MF $@.d $< -o $@

build/scenarios/%.so: tests/scenarios/programs/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SYSROOT_FLAG) -std=gnu17 -D_GNU_SOURCE -O1 -g -shared -fPIC $(WARN) -MMD -MP -MF $@.d $< -o $@

.SECONDARY: $(UNIT_SOURCES:%.c=$(TEST_BUILD)/%.o) $(EVIDENCE_PROGRAMS:%=%.o) build/release/tests/evidence/make-log.o \
	build/release/tests/evidence/attacks.o
-include $(UNIT_SOURCES:%.c=$(TEST_BUILD)/%.d) $(EVIDENCE_PROGRAMS:%=%.d) $(LIVE_PROGRAMS:%=%.d) $(BYPASS_PROGRAMS:%=%.d) \
	$(SCENARIO_PROGRAMS:%=%.d)

# ---- fuzzing: make fuzz [SECONDS=60]; with clang's libFuzzer, ASan and UBSan ----

FUZZERS := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(sort $(wildcard tests/fuzz/*.c)))
FUZZ_OBJECTS := $(USER_SOURCES:%.c=build/fuzz/obj/%.o)
FUZZ_CFLAGS := -std=gnu17 -g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	$(shell pkg-config --cflags $(LIBS) 2>/dev/null)
SECONDS ?= 60

.PHONY: fuzz
fuzz:
	@tools/bootstrap build fuzz
	$(Q)$(MAKE) --no-print-directory all $(FUZZERS)
	$(Q)tests/fuzz/run $(SECONDS)

build/fuzz/obj/%.o: %.c build/policies.bundle build/sensor.bpf.o
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(USER_CPPFLAGS) $(FUZZ_CFLAGS) -Wa,-Ibuild -c $< -o $@

build/fuzz/%: tests/fuzz/%.c $(FUZZ_OBJECTS)
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) $(USER_CPPFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer,address,undefined $< $(FUZZ_OBJECTS) $(USER_LDLIBS) -o $@

.SECONDARY: $(FUZZ_OBJECTS)
