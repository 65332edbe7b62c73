# SPDX-License-Identifier: GPL-3.0-or-later
#
#   make           build ./custodes           make demo    see it work on this kernel (root)
#   make test      every test (root)          make check   style, floors, budgets, linters
#   make bench     what it costs (root)       make install DESTDIR= PREFIX=/usr
#   make scenarios what is found (root)       make scenarios-full SEEDS=10
#
# V=1 shows the commands. Only tools/bootstrap ever needs a network.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
# Where another architecture's headers and libraries are; with CC, ARCH and pkg-config's own variables.
SYSROOT ?=
PREFIX ?= /usr/local
VERSION := 0.1.0

# release, or asan: what every test runs.
FLAVOUR ?= release
BUILD := build/$(FLAVOUR)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

ARCH := $(shell uname -m)
BPF_ARCH := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(ARCH)))
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)

LIBS := libbpf libelf zlib libcjson libzstd libcrypto libmaxminddb libcap-ng
SYSROOT_FLAG := $(if $(SYSROOT),--sysroot=$(SYSROOT))
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wundef -Wvla \
	-Wformat=2 -Wno-format-truncation -Wno-format-nonliteral
FLAGS_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
FLAGS_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

USER_CPPFLAGS := -D_GNU_SOURCE -DCUSTODES_VERSION='"$(VERSION)"'
USER_CFLAGS := $(SYSROOT_FLAG) -std=gnu17 -g -fPIE $(WARN) $(FLAGS_$(FLAVOUR)) -Wa,-Ibuild $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
USER_LDFLAGS := $(SYSROOT_FLAG) -pie -Wl,-z,relro,-z,now,-z,noexecstack $(filter -fsanitize=%,$(FLAGS_$(FLAVOUR)))
USER_LDLIBS := $(shell pkg-config --libs $(LIBS) 2>/dev/null) -lloc -lpthread -ldl
BPF_CFLAGS := -target bpf -D__TARGET_ARCH_$(BPF_ARCH) -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter \
	$(if $(MULTIARCH),-I$(SYSROOT)/usr/include/$(MULTIARCH))

USER_SOURCES := $(sort $(wildcard user/*/*.c user/*/*/*.c))
USER_OBJECTS := $(USER_SOURCES:%.c=$(BUILD)/%.o)
BPF_SOURCES := $(sort $(wildcard bpf/*.bpf.c))
POLICY_FILES := $(sort $(patsubst policies/%,%,$(wildcard policies/*/*.json)))

.PHONY: all
all: custodes

needs := $(strip $(foreach tool,$(CC) $(CLANG) pkg-config,$(if $(shell command -v $(tool)),,$(tool))) \
	$(foreach lib,$(LIBS),$(if $(shell pkg-config --exists $(lib) 2>/dev/null && echo y),,$(lib))))

$(BUILD)/.ready:
	$(if $(needs),$(error not installed: $(needs). Run tools/bootstrap as root))
	@mkdir -p $(@D) && touch $@

custodes: $(BUILD)/custodes
	$(Q)$(if $(filter release,$(FLAVOUR)),cp -f $< $@,:)

$(BUILD)/custodes: $(USER_OBJECTS) $(BUILD)/user/main.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(USER_LDFLAGS) $(LDFLAGS) $^ $(USER_LDLIBS) $(LDLIBS) -o $@

$(BUILD)/%.o: %.c | $(BUILD)/.ready
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CPPFLAGS) $(CPPFLAGS) $(USER_CFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# ---- the kernel half: its pages, as one object, embedded ----

build/sensor.bpf.o: $(BPF_SOURCES) build/bpf/abi.checked | $(BUILD)/.ready
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP $(BPF_SOURCES:%=-include %) -x c -c /dev/null -o $@

# The contract without a hidden byte, by both compilers.
build/bpf/abi.checked: bpf/abi/check.c $(wildcard bpf/abi/*.h bpf/abi/*.def) | $(BUILD)/.ready
	$(call say,ABI,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -Wpadded -Werror -fsyntax-only $<
	$(Q)$(CLANG) $(BPF_CFLAGS) -Wpadded -fsyntax-only $<
	@touch $@

build/policies.bundle: tools/bundle $(POLICY_FILES:%=policies/%) $(wildcard policies policies/*)
	$(call say,BUNDLE,$@)
	@mkdir -p $(@D)
	$(Q)tools/bundle policies $(POLICY_FILES) >$@

$(BUILD)/user/policy/documents.o: build/policies.bundle
$(BUILD)/user/sensor/object.o: build/sensor.bpf.o

-include $(USER_OBJECTS:.o=.d) $(BUILD)/user/main.d build/sensor.bpf.d
-include tests/tests.mk

# ---- for people ----

.PHONY: bootstrap demo install clean
bootstrap:
	@tools/bootstrap

demo: bootstrap
	$(Q)$(MAKE) --no-print-directory all
	$(Q)./custodes demo

install: all
	install -Dm755 custodes $(DESTDIR)$(PREFIX)/sbin/custodes
	install -Dm644 docs/man/custodes.8 $(DESTDIR)$(PREFIX)/share/man/man8/custodes.8
	install -d $(DESTDIR)/usr/lib/systemd/system
	sed 's|/usr/sbin/custodes|$(PREFIX)/sbin/custodes|' tools/systemd/custodes.service \
		>$(DESTDIR)/usr/lib/systemd/system/custodes.service

clean:
	rm -rf build custodes
