# The API gateway's modules: build, run, test, measure. `make help` lists all.
# Everything is written below $(BUILD), `install` and `bench` excepted.

BUILD         ?= build
NGINX         ?= /usr/sbin/nginx
NGINX_SRC     ?=
APIGW_MODULES ?= transform auth ratelimit
JOBS          ?= $(shell nproc)
PORT          ?= 8080
TLS_PORT      ?= 8443
TESTS         ?= t/auth/*.t t/ratelimit/*.t t/transform/*.t t/suite/*.t
MINUTES       ?= 10
CORE          ?=
PAIRS         ?= 20
POLICY        ?= all
DESTDIR       ?=
MODULES_DIR   ?= /usr/lib/nginx/modules
BIN_DIR       ?= /usr/local/bin

export BUILD NGINX NGINX_SRC APIGW_MODULES JOBS PORT TLS_PORT TESTS MINUTES
export CORE PAIRS POLICY OFFLINE CC

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

CORES      := $(wildcard common/apigw_*.c ngx_http_apigw_*_module/apigw_*.c)
HEADERS    := $(wildcard common/*.h ngx_http_apigw_*_module/*.h)
GLUE       := $(wildcard common/ngx_http_*.c ngx_http_apigw_*_module/ngx_*.c)
LUA        := $(wildcard common/*.lua ngx_http_apigw_*_module/*.lua)
CONFIGS    := config $(wildcard ngx_http_apigw_*_module/config)
UNIT       := $(patsubst t/unit/%.c,%,$(wildcard t/unit/*_test.c))
BENCH      := $(addprefix $(BUILD)/bench/,json_project revocation_find)
FUZZ       := $(patsubst t/fuzz/%.c,%,$(wildcard t/fuzz/*_fuzz.c))
MODULES    := $(APIGW_MODULES:%=$(BUILD)/ngx_http_apigw_%_module.so)
TOOLS      := $(patsubst tools/%.c,$(BUILD)/bin/%,$(wildcard tools/*.c))
TOOL_LIB   := $(wildcard tools/lib/*.c)
SOURCES    := $(GLUE) $(CORES) $(HEADERS) $(LUA) $(CONFIGS)

INCS       := -Icommon $(addprefix -I,$(wildcard ngx_http_apigw_*_module)) \
              -I$(BUILD)/gen
WARN       := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wpointer-arith \
              -Wshadow -Wstrict-prototypes
SANITIZE   := -fsanitize=address,undefined -fno-sanitize-recover=all \
              -fno-omit-frame-pointer -g -O1
CORE_LIBS  := -ljwt -lcjson -lhiredis -lcrypto -lz
TOOL_LIBS  := $(CORE_LIBS)


.PHONY: all
all: $(MODULES) $(TOOLS)      ## build the dynamic modules and the tools

.PHONY: run
run: all $(BUILD)/.deps-run   ## the quickstart gateway in the foreground, PORT=8080
	@tools/run

.PHONY: demo
demo: all $(BUILD)/.deps-run  ## the guided tour: each step's request and answer
	@tools/demo

.PHONY: help
help:                         ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile \
	    | awk -F'\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

.PHONY: clean
clean:                        ## remove everything that was built
	rm -rf --one-file-system $(BUILD)

.PHONY: install
install: all                  ## modules to MODULES_DIR, tools to BIN_DIR
	install -d $(DESTDIR)$(MODULES_DIR) $(DESTDIR)$(BIN_DIR)
	install -m 644 $(MODULES) $(DESTDIR)$(MODULES_DIR)/
	install -m 755 $(TOOLS) $(DESTDIR)$(BIN_DIR)/

.PHONY: uninstall
uninstall:                    ## remove what install put there
	rm -f $(addprefix $(DESTDIR)$(MODULES_DIR)/,$(notdir $(MODULES)))
	rm -f $(addprefix $(DESTDIR)$(BIN_DIR)/,$(notdir $(TOOLS)))


# Modules, tools

$(BUILD)/.deps-%: tools/install-deps
	tools/install-deps $*
	mkdir -p $(BUILD)
	touch $@

$(BUILD)/.deps-test: t/lib/node/package-lock.json

$(MODULES) &: $(SOURCES) tools/build-modules | $(BUILD)/.deps-build
	tools/build-modules

$(BUILD)/bin/%: tools/%.c $(TOOL_LIB) $(wildcard tools/lib/*.h) \
                $(BUILD)/obj/libcores.a
	mkdir -p $(@D)
	$(CC) $(WARN) -O2 -g $(INCS) -Itools/lib $< $(TOOL_LIB) -o $@ \
	    $(BUILD)/obj/libcores.a $(TOOL_LIBS)

$(BUILD)/obj/libcores.a: $(CORES:%.c=$(BUILD)/obj/%.o)
	rm -f $@
	ar rcs $@ $^

$(BUILD)/obj/%.o: %.c $(HEADERS) | $(BUILD)/.deps-build
	mkdir -p $(@D)
	$(CC) $(WARN) -O2 -g $(INCS) -c $< -o $@


# Unit tests and fuzz targets: the cores alone, under ASan and UBSan

$(BUILD)/unit/libcores.a: $(CORES:%.c=$(BUILD)/unit/%.o)
	rm -f $@
	ar rcs $@ $^

$(BUILD)/unit/%.o: %.c $(HEADERS) | $(BUILD)/.deps-test
	mkdir -p $(@D)
	$(CC) $(WARN) $(SANITIZE) $(INCS) -c $< -o $@

$(BUILD)/unit/%_test: t/unit/%_test.c t/unit/apigw_test.h \
                      $(BUILD)/unit/libcores.a
	$(CC) $(WARN) $(SANITIZE) $(INCS) -It/unit $< -o $@ \
	    $(BUILD)/unit/libcores.a $(CORE_LIBS)

# A fuzz target with gcc: t/fuzz/replay.c feeds it the corpus once.
$(BUILD)/unit/%_fuzz: t/fuzz/%_fuzz.c t/fuzz/replay.c $(BUILD)/unit/libcores.a
	$(CC) $(WARN) $(SANITIZE) $(INCS) -It/unit $< t/fuzz/replay.c -o $@ \
	    $(BUILD)/unit/libcores.a $(CORE_LIBS)

$(BUILD)/fuzz/libcores.a: $(CORES:%.c=$(BUILD)/fuzz/%.o)
	rm -f $@
	ar rcs $@ $^

$(BUILD)/fuzz/%.o: %.c $(HEADERS) | $(BUILD)/.deps-fuzz
	mkdir -p $(@D)
	clang $(WARN) $(SANITIZE) -fsanitize=fuzzer-no-link $(INCS) -c $< -o $@

$(BUILD)/fuzz/%_fuzz: t/fuzz/%_fuzz.c $(BUILD)/fuzz/libcores.a
	clang $(WARN) $(SANITIZE) -fsanitize=fuzzer $(INCS) -It/unit $< -o $@ \
	    $(BUILD)/fuzz/libcores.a $(CORE_LIBS)

UNITS := $(UNIT:%=$(BUILD)/unit/%) $(FUZZ:%=$(BUILD)/unit/%)

.PHONY: test-unit
test-unit: $(UNITS)           ## the cores alone, under ASan and UBSan
	@TESTS= tools/run-tests $^

.PHONY: fuzz
fuzz: $(patsubst %,$(BUILD)/fuzz/%_fuzz,$(or $(CORE),$(FUZZ:%_fuzz=%)))  ## MINUTES=10 per core, CORE=name for one
	tools/fuzz $^


# The suites, and nginx itself built for them

$(BUILD)/static/sbin/nginx: $(SOURCES) tools/build-nginx | $(BUILD)/.deps-test
	tools/build-nginx static

$(BUILD)/asan/sbin/nginx: $(SOURCES) tools/build-nginx | $(BUILD)/.deps-test
	tools/build-nginx asan

.PHONY: test
test: all $(UNITS) $(BUILD)/static/sbin/nginx | $(BUILD)/.deps-test  ## every suite, TESTS=glob for some files
	@tools/run-tests $(UNITS)

.PHONY: test-hup
test-hup: all $(BUILD)/static/sbin/nginx | $(BUILD)/.deps-test  ## the suites, each test block by a reload
	@tools/test-hup

.PHONY: test-asan
test-asan: all $(BUILD)/asan/sbin/nginx | $(BUILD)/.deps-test  ## the suites on nginx with ASan and UBSan
	@tools/test-asan

.PHONY: check
check: all $(BUILD)/static/sbin/nginx | $(BUILD)/.deps-check  ## style, exports, analysers, documentation
	@tools/check

.PHONY: try-fresh
try-fresh: | $(BUILD)/.deps-fresh  ## run, demo and test in a bare Debian 12
	@tools/try-fresh

$(BUILD)/bench/%: bench/%.c $(BUILD)/obj/libcores.a
	mkdir -p $(@D)
	$(CC) $(WARN) -O2 -g $(INCS) $< -o $@ $(BUILD)/obj/libcores.a \
	    $(CORE_LIBS)

.PHONY: bench
bench: all $(BENCH) | $(BUILD)/.deps-bench  ## POLICY=auth|ratelimit|transform, PAIRS=20
	@tools/bench
